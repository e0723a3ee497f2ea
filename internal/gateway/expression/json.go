package expression

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// TokenKind is what a Token is.
type TokenKind uint8

// The kinds of tokens.
const (
	Scalar TokenKind = iota
	ObjectToken
	ArrayToken
)

// Token is a JToken: a JObject, JArray or JValue. The order of properties is kept.
type Token struct {
	Kind       TokenKind
	Properties []*Property
	Items      []*Token
	Value      any // of a scalar: nil, bool, string, int64, float64, Time

	in *Token // the array that it was put into, which Remove() takes it out of
}

// Property is a JProperty.
type Property struct {
	Name  string
	Value *Token

	in *Token // the object that it was put into
}

func (t *Token) typeName() string {
	return [...]string{Scalar: "JValue", ObjectToken: "JObject", ArrayToken: "JArray"}[t.Kind]
}

// Find returns a property of an object, or nil.
func (t *Token) Find(name string) *Token {
	for _, p := range t.Properties {
		if p.Name == name {
			return p.Value
		}
	}
	return nil
}

// Set puts a property of an object.
func (t *Token) Set(name string, v *Token) {
	for _, p := range t.Properties {
		if p.Name == name {
			p.Value = v
			return
		}
	}
	t.Properties = append(t.Properties, &Property{name, v, t})
}

func (t *Token) remove(name string) bool {
	for i, p := range t.Properties {
		if p.Name == name {
			t.Properties = append(t.Properties[:i:i], t.Properties[i+1:]...)
			return true
		}
	}
	return false
}

const (
	maxJSONDepth  = 100
	maxJSONTokens = 500_000
	maxJSONText   = 16 << 20
)

// ParseJSON reads a JSON text.
func ParseJSON(text []byte) (*Token, error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	d.UseNumber()
	left := maxJSONTokens
	t, err := readToken(d, 0, &left)
	if err != nil {
		return nil, fmt.Errorf("the text is no JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("the text is no JSON: more stands behind its end")
	}
	return t, nil
}

func readToken(d *json.Decoder, depth int, left *int) (*Token, error) {
	if *left--; *left < 0 || depth > maxJSONDepth {
		return nil, fmt.Errorf("it is too deep or has too many values")
	}
	x, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch x := x.(type) {
	case json.Delim:
		if x == '{' {
			return readObject(d, depth, left)
		}
		t := &Token{Kind: ArrayToken}
		for d.More() {
			item, err := readToken(d, depth+1, left)
			if err != nil {
				return nil, err
			}
			item.in = t
			t.Items = append(t.Items, item)
		}
		_, err := d.Token()
		return t, err
	case json.Number:
		if n, err := strconv.ParseInt(x.String(), 10, 64); err == nil {
			return &Token{Value: n}, nil
		}
		f, err := x.Float64()
		return &Token{Value: f}, err
	}
	return &Token{Value: x}, nil
}

func readObject(d *json.Decoder, depth int, left *int) (*Token, error) {
	t, at := &Token{Kind: ObjectToken}, map[string]int{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := readToken(d, depth+1, left)
		if err != nil {
			return nil, err
		}
		key, _ := name.(string)
		if i, twice := at[key]; twice {
			t.Properties[i].Value = v
			continue
		}
		at[key] = len(t.Properties)
		t.Properties = append(t.Properties, &Property{key, v, t})
	}
	_, err := d.Token()
	return t, err
}

// Text is ToString(): of a value the value itself, else JSON on many lines.
func (t *Token) Text() string {
	if t.Kind == Scalar {
		return textOf(t.Value)
	}
	return t.JSON(true)
}

// JSON writes the token, on many lines as Newtonsoft does or on one.
func (t *Token) JSON(indented bool) string {
	var out strings.Builder
	t.write(&out, indented, 0)
	return out.String()
}

// newLine is Environment.NewLine of the vendor's gateway.
const newLine = "\r\n"

func (t *Token) write(out *strings.Builder, indented bool, depth int) {
	if depth > 4*maxJSONDepth || out.Len() > maxJSONText { // only a token that holds itself, or one thing very often
		out.WriteString("null")
		return
	}
	line := func(depth int) {
		if indented {
			out.WriteString(newLine + strings.Repeat("  ", depth))
		}
	}
	switch t.Kind {
	case Scalar:
		out.WriteString(scalarJSON(t.Value))
	case ArrayToken:
		out.WriteByte('[')
		for i, item := range t.Items {
			if i > 0 {
				out.WriteByte(',')
			}
			line(depth + 1)
			item.write(out, indented, depth+1)
		}
		if len(t.Items) > 0 {
			line(depth)
		}
		out.WriteByte(']')
	case ObjectToken:
		out.WriteByte('{')
		for i, p := range t.Properties {
			if i > 0 {
				out.WriteByte(',')
			}
			line(depth + 1)
			out.WriteString(jsonString(p.Name))
			out.WriteByte(':')
			if indented {
				out.WriteByte(' ')
			}
			p.Value.write(out, indented, depth+1)
		}
		if len(t.Properties) > 0 {
			line(depth)
		}
		out.WriteByte('}')
	}
}

func scalarJSON(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case string:
		return jsonString(v)
	case float64:
		s := realText(v)
		if strings.Trim(s, "-0123456789") == "" {
			s += ".0"
		}
		return s
	case Time:
		s, _ := formatTime(v, "yyyy-MM-ddTHH:mm:ss.FFFFFFFK")
		return jsonString(strings.Replace(s, ".Z", "Z", 1))
	case int32, int64, byte:
		return textOf(v)
	}
	return jsonString(textOf(v))
}

// jsonString writes a string as Newtonsoft does: nothing is escaped that need not be.
func jsonString(s string) string {
	var out strings.Builder
	out.WriteByte('"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\r':
			out.WriteString(`\r`)
		case r == '\t':
			out.WriteString(`\t`)
		case r == '\b':
			out.WriteString(`\b`)
		case r == '\f':
			out.WriteString(`\f`)
		case r < 0x20 || r == 0x85 || r == 0x2028 || r == 0x2029:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r) // bytes that are no text become U+FFFD
		}
		i += n
	}
	out.WriteByte('"')
	return out.String()
}

// fromValue is JToken.FromObject.
func fromValue(v any) (*Token, bool) {
	left := maxJSONTokens
	return fromValueAt(v, 0, &left)
}

func fromValueAt(v any, depth int, left *int) (*Token, bool) {
	if *left--; *left < 0 || depth > maxJSONDepth {
		return nil, false
	}
	switch v := v.(type) {
	case *Token:
		return v, true
	case nil, bool, string, int64, float64, Time:
		return &Token{Value: v}, true
	case int32:
		return &Token{Value: int64(v)}, true
	case byte:
		return &Token{Value: int64(v)}, true
	case GUID, Char, Span, Enum:
		return &Token{Value: textOf(v)}, true
	case []byte:
		return &Token{Value: toBase64(v)}, true
	case *Property:
		t := &Token{Kind: ObjectToken}
		t.Set(v.Name, v.Value)
		return t, true
	case *Dict:
		t := &Token{Kind: ObjectToken}
		for _, k := range v.Keys {
			item, ok := fromValueAt(v.Values[k], depth+1, left)
			if !ok {
				return nil, false
			}
			t.Set(textOf(k), item)
		}
		return t, true
	case *Anonymous:
		t := &Token{Kind: ObjectToken}
		for i, name := range v.Names {
			item, ok := fromValueAt(v.Values[i], depth+1, left)
			if !ok {
				return nil, false
			}
			t.Set(name, item)
		}
		return t, true
	}
	items, ok := itemsOf(v)
	if !ok {
		return nil, false
	}
	t := &Token{Kind: ArrayToken}
	for _, x := range items {
		item, ok := fromValueAt(x, depth+1, left)
		if !ok {
			return nil, false
		}
		item.in = t
		t.Items = append(t.Items, item)
	}
	return t, true
}

func deepEqual(a, b *Token) bool { return a == b || a.JSON(false) == b.JSON(false) }
