package liquid

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// nothing is empty and blank.
type nothing struct{}

// numbers are those of a range.
type numbers struct{ low, high int64 }

const maxRange = 1 << 30

func (n numbers) len() int {
	if n.high < n.low {
		return 0
	}
	return int(min(n.high-n.low, maxRange-1) + 1)
}

// operand is what has a value.
type operand interface {
	value(r *render) (any, error)
}

type literal struct{ of any }

func (l literal) value(*render) (any, error) { return l.of, nil }

type spanOf struct{ low, high operand }

func (s *spanOf) value(r *render) (any, error) {
	var ends [2]int64
	for i, o := range []operand{s.low, s.high} {
		v, err := o.value(r)
		if err != nil {
			return nil, err
		}
		f, _ := number(v)
		ends[i] = int64(min(max(f, -maxRange), maxRange))
	}
	return numbers{ends[0], ends[1]}, nil
}

// variable is a name and what is asked of its value, step by step. What is not there
// is nil, and so is all that is asked of it.
type variable struct {
	name  string
	steps []operand
}

func (v *variable) value(r *render) (any, error) {
	at := plain(r.lookup(v.name))
	for _, s := range v.steps {
		if err := r.step(1); err != nil {
			return nil, err
		}
		key, err := s.value(r)
		if err != nil {
			return nil, err
		}
		if at, err = member(at, key); err != nil {
			return nil, err
		}
		at = plain(at)
	}
	return at, nil
}

// plain is a value without what wraps it.
func plain(v any) any {
	switch v := v.(type) {
	case *expression.Token:
		if v == nil {
			return nil
		}
		if v.Kind == expression.Scalar {
			return plain(v.Value)
		}
	case int32:
		return int64(v)
	case int:
		return int64(v)
	case expression.Char:
		return string(rune(v))
	}
	return v
}

// member is an item of a list by its number, a member by its name, or one of size,
// first and last.
func member(of, key any) (any, error) {
	name := Text(key)
	switch v := of.(type) {
	case *expression.Token:
		if v.Kind == expression.ObjectToken {
			if p := property(v, name); p != nil {
				return p, nil
			}
			break
		}
	case forloop:
		m, _ := v.member(name)
		return m, nil
	case *expression.Dict:
		for _, k := range v.Keys {
			if strings.EqualFold(expression.Text(k), name) {
				return v.Values[k], nil
			}
		}
	case expression.Pair:
		return map[string]any{"key": v.Key, "value": v.Value}[strings.ToLower(name)], nil
	case expression.Object:
		if m, ok, err := v.Get(name); ok || err != nil {
			return m, err
		}
		if d, ok := v.(expression.Indexed); ok {
			if m, err := d.Index(name); err == nil {
				return m, nil
			}
			return nil, nil //nolint:nilnil // what is not there is nil
		}
	}
	items, isList := listOf(of)
	if n, ok := number(key); ok && isList {
		if i := int(min(max(n, -maxRange), maxRange)); i < 0 && -i <= len(items) {
			return items[len(items)+i], nil
		} else if i >= 0 && i < len(items) {
			return items[i], nil
		}
		return nil, nil //nolint:nilnil // what is not there is nil
	}
	switch strings.ToLower(name) {
	case "size", "length", "count":
		if s, ok := of.(string); ok {
			return int64(len([]rune(s))), nil
		}
		if isList {
			return int64(len(items)), nil
		}
	case "first":
		if len(items) > 0 {
			return items[0], nil
		}
	case "last":
		if len(items) > 0 {
			return items[len(items)-1], nil
		}
	}
	return nil, nil //nolint:nilnil // what is not there is nil
}

// property is a property by its name, with case first and then without.
func property(t *expression.Token, name string) *expression.Token {
	if v := t.Find(name); v != nil {
		return v
	}
	for _, p := range t.Properties {
		if strings.EqualFold(p.Name, name) {
			return p.Value
		}
	}
	return nil
}

// listOf are the items of a list.
func listOf(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case *expression.List:
		return v.Items, true
	case *expression.Token:
		if v.Kind == expression.ArrayToken {
			all := make([]any, len(v.Items))
			for i, x := range v.Items {
				all[i] = plain(x)
			}
			return all, true
		}
	case numbers:
		if v.len() > MaxSteps {
			return nil, false
		}
		all := make([]any, v.len())
		for i := range all {
			all[i] = v.low + int64(i)
		}
		return all, true
	}
	return nil, false
}

// itemsOf are what a loop walks through: of an object, [name, value].
func itemsOf(v any) []any {
	if all, ok := listOf(v); ok {
		return all
	}
	switch v := v.(type) {
	case *expression.Token:
		var all []any
		for _, p := range v.Properties {
			all = append(all, []any{p.Name, plain(p.Value)})
		}
		return all
	case expression.Listed:
		return v.Items()
	case string:
		if v != "" {
			return []any{v}
		}
	}
	return nil
}

// Text is a value as a template writes it: nothing of nil, lists item by item, of an
// object the text that stands beside its members.
func Text(v any) string {
	v = plain(v)
	switch v := v.(type) {
	case nil, nothing:
		return ""
	case bool:
		if v {
			return "true"
		}
		return "false"
	case string:
		return v
	case *expression.Token:
		if v.Kind == expression.ObjectToken {
			return Text(property(v, "#text"))
		}
	case numbers:
		return Text(v.low) + ".." + Text(v.high)
	case forloop:
		return ""
	}
	if all, ok := listOf(v); ok {
		var out strings.Builder
		for _, x := range all {
			out.WriteString(Text(x))
		}
		return out.String()
	}
	return expression.Text(v)
}

// number is a value as a number; texts that are one count.
func number(v any) (float64, bool) {
	if _, is := v.(bool); is {
		return 0, false
	}
	if s, is := v.(string); is {
		return parseNumber(s)
	}
	return expression.Number(v)
}
