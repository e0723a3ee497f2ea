package binding

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/nearest"
)

// A binding remembers which of its properties its kind asks for while it is set
// up, so that no property passes in silence: what was asked for is heeded, and
// what was not has no effect, which somebody who wrote it wants to know.

// Note is a property of a declaration that has no effect.
type Note struct{ Property, Why string }

// read returns a property that counts.
func (b *Binding) read(name string) []byte {
	b.Heeds(name)
	return bytes.TrimSpace(b.props[strings.ToLower(name)])
}

// forget undoes that properties were asked for.
func (b *Binding) forget(names ...string) {
	for _, name := range names {
		if lower := strings.ToLower(name); b.props[lower] != nil {
			b.unread[lower] = name
		}
		b.known = slices.DeleteFunc(b.known, func(known string) bool { return known == name })
	}
}

// Heeds says that the kind heeds properties that it reads from the fields of the
// binding, or from Raw.
func (b *Binding) Heeds(names ...string) {
	if b.unread == nil {
		return
	}
	for _, name := range names {
		delete(b.unread, strings.ToLower(name))
		b.known = append(b.known, name)
	}
}

// Ignored says that a property which the vendor's host knows has no effect here,
// and why.
func (b *Binding) Ignored(name, why string) {
	written, there := b.unread[strings.ToLower(name)]
	if there && !b.idle(name) {
		b.notes = append(b.notes, Note{written, why})
	}
	b.Heeds(name)
}

// Notes are the properties without effect: those that the kind says, and those
// that it never asked for. It is called once, when the binding has been set up.
func (b *Binding) Notes() []Note {
	for _, lower := range slices.Sorted(maps.Keys(b.unread)) {
		if b.idle(lower) {
			continue
		}
		why := "a binding of type " + b.Type + " has no such property here"
		if meant := nearest.Name(lower, b.known); meant != "" {
			why += "; did you mean " + meant + "?"
		}
		b.notes = append(b.notes, Note{b.unread[lower], why})
	}
	notes := b.notes
	b.unread, b.known, b.notes = nil, nil, nil
	return notes
}

// Unmet is the error of a binding that asks for the types of an SDK where its kind
// has none: the function could not read what it would be handed. It is called once
// the kind has set the binding up.
func (b *Binding) Unmet() error {
	for _, name := range []string{"properties", "sdkbinding"} {
		if written, unread := b.unread[name]; unread && !b.idle(name) {
			return fault.New(fault.Invalid, "binding "+b.Name, "%s: %s hands over values, not types of an SDK; only blobs can be handed over so", written, b.Type)
		}
	}
	return nil
}

// idle reports whether a property says nothing: it is null, or says what is so
// without it.
func (b *Binding) idle(name string) bool {
	name = strings.ToLower(name)
	raw := bytes.TrimSpace(b.props[name])
	switch name {
	case "datatype":
		return b.DataType == Undefined
	case "cardinality":
		return !b.Many
	case "sdkbinding":
		return !isTrue(raw)
	case "properties":
		return !deferred(raw)
	}
	return len(raw) == 0 || bytes.Equal(raw, []byte("null")) || bytes.Equal(raw, []byte(`""`))
}

// deferred reports whether properties ask for the types of an SDK. What else
// workers keep there is their own.
func deferred(raw []byte) bool {
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return len(raw) > 0 && !bytes.Equal(raw, []byte("null"))
	}
	for name, v := range all {
		if strings.EqualFold(name, "supportsDeferredBinding") && isTrue(v) {
			return true
		}
	}
	return false
}

func isTrue(raw []byte) bool { return strings.EqualFold(strings.Trim(string(raw), `" `), "true") }
