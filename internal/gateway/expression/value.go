package expression

import (
	"strings"
	"time"
)

// Char is .NET's char.
type Char rune

// List is an array or a List<T>.
type List struct {
	Items []any
	Elem  string // String; Object where it is not known
	Fixed bool   // an array
}

// NewList is an array of values.
func NewList(elem string, items ...any) *List { return &List{items, elem, true} }

// Strings is a string[].
func Strings(items []string) *List {
	l := &List{Items: make([]any, len(items)), Elem: "String", Fixed: true}
	for i, s := range items {
		l.Items[i] = s
	}
	return l
}

// Dict is a dictionary in the order of its keys' coming. Keys are strings or numbers.
type Dict struct {
	Keys   []any
	Values map[any]any
	Fold   bool // strings are compared without case
}

// NewDict is an empty dictionary.
func NewDict() *Dict { return &Dict{Values: map[any]any{}} }

func (d *Dict) key(k any) any {
	if s, ok := k.(string); ok && d.Fold {
		return strings.ToLower(s)
	}
	return k
}

// Set puts a value.
func (d *Dict) Set(k, v any) {
	k = d.key(k)
	if _, there := d.Values[k]; !there {
		d.Keys = append(d.Keys, k)
	}
	d.Values[k] = v
}

// Find returns a value.
func (d *Dict) Find(k any) (any, bool) {
	v, ok := d.Values[d.key(k)]
	return v, ok
}

// Remove takes a value out.
func (d *Dict) Remove(k any) bool {
	k = d.key(k)
	if _, there := d.Values[k]; !there {
		return false
	}
	delete(d.Values, k)
	for i, x := range d.Keys {
		if x == k {
			d.Keys = append(d.Keys[:i:i], d.Keys[i+1:]...)
			break
		}
	}
	return true
}

// Pair is a KeyValuePair.
type Pair struct{ Key, Value any }

// Group is what GroupBy gives.
type Group struct {
	Key   any
	Items []any
}

// Time is a DateTime, or with Offset a DateTimeOffset.
type Time struct {
	time.Time
	Offset bool
	Local  bool // DateTimeKind.Local or Unspecified
}

// Span is a TimeSpan.
type Span time.Duration

// Guid is a Guid, in lower case with dashes.
type GUID string

// Enum is a value of an enumeration.
type Enum struct {
	Type, Name string
	Number     int32
}

// Exception is a caught error.
type Exception struct{ Type, Message string }

// Anonymous is new { A = 1 }.
type Anonymous struct {
	Names  []string
	Values []any
}

// closure is a lambda with what it sees.
type closure struct {
	of    *lambda
	frame *frame
}

// typeNameOf is the .NET type of a value.
func typeNameOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "Boolean"
	case int32:
		return "Int32"
	case int64:
		return "Int64"
	case float64:
		return "Double"
	case byte:
		return "Byte"
	case Char:
		return "Char"
	case string:
		return "String"
	case []byte:
		return "Byte[]"
	case *List:
		if v.Fixed {
			return v.Elem + "[]"
		}
		return "List"
	case *Dict:
		return "Dictionary"
	case Pair:
		return "KeyValuePair"
	case *Group:
		return "IGrouping"
	case *Token:
		return v.typeName()
	case *Property:
		return "JProperty"
	case Time:
		if v.Offset {
			return "DateTimeOffset"
		}
		return "DateTime"
	case Span:
		return "TimeSpan"
	case GUID:
		return "Guid"
	case Enum:
		return v.Type
	case *Exception:
		return v.Type
	case *Certificate:
		return "X509Certificate2"
	case *Anonymous:
		return "anonymous type"
	case *closure:
		return "lambda"
	case Object:
		return v.TypeName()
	}
	return "Object"
}
