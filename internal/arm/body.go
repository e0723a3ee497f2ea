package arm

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"reflect"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Body is a resource as JSON. Numbers are json.Number, so that they keep their text.
// Methods take a path of names: Text("properties", "sku", "name").
type Body map[string]any

// ParseBody reads a JSON object; nothing at all is an empty one.
func ParseBody(text []byte) (Body, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return Body{}, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var b map[string]any
	if err := d.Decode(&b); err != nil {
		return nil, fault.Wrap(fault.Invalid, "request content", err, "it is no JSON object")
	}
	if _, err := d.Token(); err != io.EOF || b == nil {
		return nil, fault.New(fault.Invalid, "request content", "it is not one JSON object")
	}
	return b, nil
}

// Get is what is at a path, or nil.
func (b Body) Get(path ...string) any {
	var at any = map[string]any(b)
	for _, name := range path {
		m, ok := asObject(at)
		if !ok {
			return nil
		}
		at = m[name]
	}
	return at
}

func asObject(v any) (map[string]any, bool) {
	switch m := v.(type) {
	case map[string]any:
		return m, m != nil
	case Body:
		return m, m != nil
	}
	return nil, false
}

// Text is the text at a path, or "".
func (b Body) Text(path ...string) string {
	s, _ := b.Get(path...).(string)
	return s
}

// Bool is the truth at a path, or false.
func (b Body) Bool(path ...string) bool {
	t, _ := b.Get(path...).(bool)
	return t
}

// Int is the whole number at a path; false when there is none.
func (b Body) Int(path ...string) (int64, bool) {
	switch n := b.Get(path...).(type) {
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	case int:
		return int64(n), true
	case int64:
		return n, true
	case string:
		i, err := strconv.ParseInt(n, 10, 64)
		return i, err == nil
	}
	return 0, false
}

// Object is the object at a path; nil when there is none.
func (b Body) Object(path ...string) Body {
	m, ok := asObject(b.Get(path...))
	if !ok {
		return nil
	}
	return m
}

// List is the list at a path, or nil.
func (b Body) List(path ...string) []any {
	l, _ := b.Get(path...).([]any)
	return l
}

// Objects are the objects of the list at a path.
func (b Body) Objects(path ...string) (all []Body) {
	for _, v := range b.List(path...) {
		if m, ok := asObject(v); ok {
			all = append(all, m)
		}
	}
	return all
}

// Texts are the texts of the list at a path.
func (b Body) Texts(path ...string) (all []string) {
	for _, v := range b.List(path...) {
		if s, ok := v.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

// Has reports whether there is something other than null at a path.
func (b Body) Has(path ...string) bool { return b.Get(path...) != nil }

// Set puts a value at a path, making the objects on the way. What is on the way and
// no object is replaced.
func (b Body) Set(value any, path ...string) {
	at := map[string]any(b)
	for _, name := range path[:len(path)-1] {
		next, ok := asObject(at[name])
		if !ok {
			next = map[string]any{}
			at[name] = next
		}
		at = next
	}
	at[path[len(path)-1]] = value
}

// Default is Set where there is nothing, or null.
func (b Body) Default(value any, path ...string) {
	if !b.Has(path...) {
		b.Set(value, path...)
	}
}

// Remove takes away what is at a path.
func (b Body) Remove(path ...string) {
	if m := b.Object(path[:len(path)-1]...); m != nil {
		delete(m, path[len(path)-1])
	}
}

// Clone is a copy that shares nothing.
func (b Body) Clone() Body {
	if b == nil {
		return nil
	}
	m, _ := clone(map[string]any(b)).(map[string]any)
	return m
}

func clone(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, v := range x {
			out[k] = clone(v)
		}
		return out
	case Body:
		return clone(map[string]any(x))
	case []any:
		out := make([]any, len(x))
		for n, v := range x {
			out[n] = clone(v)
		}
		return out
	}
	return v
}

// Merge is a merge patch (RFC 7396): objects are merged, null takes away, everything
// else replaces.
func (b Body) Merge(patch Body) Body {
	out := maps.Clone(b)
	if out == nil {
		out = Body{}
	}
	for name, v := range patch {
		into, had := asObject(out[name])
		with, is := asObject(v)
		switch {
		case v == nil:
			delete(out, name)
		case had && is:
			out[name] = map[string]any(Body(into).Merge(with))
		default:
			out[name] = clone(v)
		}
	}
	return out
}

// same compares two values as JSON has them.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	if errX != nil || errY != nil {
		return false
	}
	var u, v any
	return json.Unmarshal(x, &u) == nil && json.Unmarshal(y, &v) == nil && reflect.DeepEqual(u, v)
}

// JSON is the text.
func (b Body) JSON() []byte {
	text, err := json.Marshal(b)
	if err != nil {
		panic("arm: a body holds what is no JSON: " + err.Error())
	}
	return text
}
