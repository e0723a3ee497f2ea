// Package binding is the model of a function's declaration: its bindings, its
// trigger and its retry policy, read from what a worker reports or from a
// function.json, and checked.
//
// Names of properties and enumerations are compared without regard to case,
// because each language writes its own. The package gives no meaning to a
// property: that is the business of the trigger or output of that type.
package binding

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Direction says which way a binding's data flows.
type Direction uint8

// The directions.
const (
	In Direction = iota
	Out
	InOut
)

// DataType says in which form a trigger's data is wanted.
type DataType uint8

// The data types.
const (
	Undefined DataType = iota
	String
	Binary
	Stream
)

// Return is the name of the binding that takes a function's return value.
const Return = "$return"

// Binding is one binding of a function.
type Binding struct {
	Name      string
	Type      string // as written, for instance "eventHubTrigger"
	Direction Direction
	DataType  DataType
	Many      bool // cardinality "many"
	// Raw is the declaration as the worker or file gave it.
	Raw json.RawMessage

	props map[string]json.RawMessage // by lower-case name
	names map[string]string          // as they are written, by lower-case name
	// unread are the properties that nobody has asked for, as they are written, by
	// lower-case name; nil once Notes has told.
	unread map[string]string
	known  []string // what was asked for, until Notes has told
	notes  []Note
}

// Parse reads one binding declaration.
func Parse(raw []byte) (Binding, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return Binding{}, fault.Wrap(fault.Invalid, "binding", err, "not a JSON object")
	}
	b := Binding{Raw: bytes.Clone(raw), props: make(map[string]json.RawMessage, len(fields)), names: make(map[string]string, len(fields)), unread: make(map[string]string, len(fields))}
	for name, v := range fields {
		lower := strings.ToLower(name)
		b.props[lower], b.names[lower], b.unread[lower] = v, name, name
	}
	b.Name, b.Type = b.Text("name"), b.Text("type")
	if b.Type == "" {
		return Binding{}, fault.New(fault.Invalid, "binding "+b.Name, "has no type")
	}
	if b.Name == "" {
		return Binding{}, fault.New(fault.Invalid, "binding of type "+b.Type, "has no name")
	}
	if err := b.enums(); err != nil {
		return Binding{}, err
	}
	return b, nil
}

func (b *Binding) enums() error {
	directions := map[string]Direction{"": In, "in": In, "out": Out, "inout": InOut}
	types := map[string]DataType{"": Undefined, "undefined": Undefined, "string": String, "binary": Binary, "stream": Stream}
	cardinalities := map[string]bool{"": false, "one": false, "many": true}
	defer b.forget("dataType", "cardinality") // whether they count is for the kind to say
	var ok bool
	if b.Direction, ok = directions[strings.ToLower(b.Text("direction"))]; !ok {
		return b.invalid("direction", "in, out or inout")
	}
	if b.DataType, ok = types[strings.ToLower(b.Text("dataType"))]; !ok {
		return b.invalid("dataType", "string, binary or stream")
	}
	if b.Many, ok = cardinalities[strings.ToLower(b.Text("cardinality"))]; !ok {
		return b.invalid("cardinality", "one or many")
	}
	return nil
}

func (b *Binding) invalid(property, allowed string) error {
	return fault.New(fault.Invalid, "binding "+b.Name, "%s must be %s, is %q", property, allowed, b.Text(property))
}

// IsTrigger reports whether the binding starts the function.
func (b *Binding) IsTrigger() bool { return hasSuffixFold(b.Type, "trigger") }

// Is reports whether the binding is of the type, in any case.
func (b *Binding) Is(typ string) bool { return strings.EqualFold(b.Type, typ) }

// IsOutput reports whether the function's result feeds the binding.
func (b *Binding) IsOutput() bool { return b.Direction != In }

// Text returns a property as text, "" when it is absent or null. Numbers and
// booleans are returned as their JSON text.
func (b *Binding) Text(name string) string {
	raw := b.read(name)
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return ""
	}
	var s string
	if raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// Texts returns a property that is an array of strings, or one string.
func (b *Binding) Texts(name string) []string {
	var list []string
	if json.Unmarshal(b.read(name), &list) == nil {
		return list
	}
	if s := b.Text(name); s != "" {
		return []string{s}
	}
	return nil
}

// Bool returns a property that is true or false, given bare or as text.
func (b *Binding) Bool(name string) (bool, error) {
	switch strings.ToLower(b.Text(name)) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, b.invalid(name, "true or false")
}

// Int returns a whole-number property, given bare or as text.
func (b *Binding) Int(name string, fallback int) (int, error) {
	s := b.Text(name)
	if s == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, b.invalid(name, "a whole number")
	}
	return n, nil
}

// MapText replaces every text property by f of it: how %settings% are filled
// in. The first error is returned with the property's name.
func (b *Binding) MapText(f func(string) (string, error)) error {
	for name, raw := range b.props {
		if len(raw) == 0 || raw[0] != '"' {
			continue
		}
		var before string
		if json.Unmarshal(raw, &before) != nil {
			continue
		}
		after, err := f(before)
		if err != nil {
			return fmt.Errorf("binding %s, %s: %w", b.Name, b.names[name], err)
		}
		if after != before {
			b.props[name], _ = json.Marshal(after)
		}
	}
	return nil
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}
