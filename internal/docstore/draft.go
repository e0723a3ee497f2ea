package docstore

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

const (
	maxDocBytes = 2 << 20 // of a document without system properties (the service's limit)
	maxIDBytes  = 1023    // of an item's id (the service's limit)
)

// draft is a document from outside, checked and ready to be stamped.
type draft struct {
	text    []byte   // the object without system properties and closing brace; may alias the caller's body
	members []member // its properties, as offsets into text
	id      string
	key     string // the encoded partition key
	ttl     int32  // 0 when the document has none
}

var errDuplicate = errors.New("property appears twice")

// draft checks a document.
func (c *Container) draft(body []byte, scratch []member) (draft, error) {
	if len(body) > maxDocBytes+stampLen+4096 {
		return draft{}, tooLarge(len(body))
	}
	members, err := scanObject(body, scratch)
	if err != nil {
		return draft{}, fault.Wrap(fault.Invalid, "document", err, "not a JSON object")
	}
	if name, ok := duplicate(body, members); ok {
		return draft{}, fault.Wrap(fault.Invalid, "document", errDuplicate, "property %q", name)
	}
	d := draft{}
	d.text, d.members = withoutSystem(body, members)
	if len(d.text) >= maxDocBytes {
		return draft{}, tooLarge(len(d.text) + 1)
	}
	if err := d.readID(); err != nil {
		return draft{}, err
	}
	if err := d.readKey(c); err != nil {
		return draft{}, err
	}
	return d, d.readTTL(c.ttl())
}

func tooLarge(size int) error {
	return fault.New(fault.TooLarge, "document", "%d bytes; the limit is %d", size, maxDocBytes)
}

// duplicate returns a top-level name that occurs twice. Which of the two a
// reader sees would depend on the reader.
func duplicate(doc []byte, members []member) (string, bool) {
	if len(members) > 24 {
		seen := make(map[string]struct{}, len(members))
		for _, m := range members {
			name := string(m.name(doc))
			if _, twice := seen[name]; twice {
				return name, true
			}
			seen[name] = struct{}{}
		}
		return "", false
	}
	for i, m := range members {
		name := m.name(doc)
		for _, o := range members[:i] {
			if bytes.Equal(name, o.name(doc)) {
				return string(name), true
			}
		}
	}
	return "", false
}

// withoutSystem returns the object without its system properties and closing
// brace. When they are absent, or at the end as in a document that was read
// before, the text is a prefix of doc; otherwise it is put together anew.
func withoutSystem(doc []byte, members []member) ([]byte, []member) {
	kept := len(members)
	for kept > 0 && isSystem(members[kept-1].name(doc)) {
		kept--
	}
	inside := false
	for _, m := range members[:kept] {
		inside = inside || isSystem(m.name(doc))
	}
	switch {
	case kept == 0:
		return []byte{'{'}, nil
	case !inside:
		return doc[:members[kept-1].valueEnd], members[:kept]
	}
	text := []byte{'{'}
	var moved []member
	for _, m := range members {
		if isSystem(m.name(doc)) {
			continue
		}
		if len(moved) > 0 {
			text = append(text, ',')
		}
		shift := int32(len(text)) - (m.nameStart - 1)
		text = append(text, doc[m.nameStart-1:m.valueEnd]...)
		moved = append(moved, member{m.nameStart + shift, m.nameEnd + shift, m.valueStart + shift, m.valueEnd + shift})
	}
	return text, moved
}

// get returns the raw value of a top-level property, or nil.
func (d *draft) get(name string) []byte { return lookup(d.text, d.members, name) }

func lookup(doc []byte, members []member, name string) []byte {
	for _, m := range members {
		if sameName(m.name(doc), name) {
			return m.value(doc)
		}
	}
	return nil
}

func (d *draft) readID() error {
	raw := d.get("id")
	if len(raw) == 0 || raw[0] != '"' {
		return fault.New(fault.Invalid, "document", "property id is missing or not a string")
	}
	d.id = text(raw)
	return checkID(d.id)
}

// checkID tells whether an item may have the id.
func checkID(id string) error {
	if id == "" || len(id) > maxIDBytes {
		return fault.New(fault.Invalid, "document", "id must have 1 to %d bytes", maxIDBytes)
	}
	return nil
}

func (d *draft) readKey(c *Container) error {
	var room [64]byte
	enc := room[:0]
	for i, names := range c.keyPaths {
		raw := d.get(names[0])
		if raw != nil && len(names) > 1 {
			raw = find(raw, names[1:])
		}
		var err error
		if enc, err = appendKeyComponent(enc, raw, c.keyText[i]); err != nil {
			return err
		}
	}
	d.key = string(enc)
	return nil
}

// readTTL reads the document's own time to live. A wrong one is only refused
// where it would be looked at.
func (d *draft) readTTL(containerTTL *int32) error {
	raw := d.get("ttl")
	if raw == nil {
		return nil
	}
	n, err := strconv.ParseInt(string(raw), 10, 32)
	if err == nil && (n == -1 || n > 0) {
		d.ttl = int32(n)
		return nil
	}
	if containerTTL != nil {
		return fault.New(fault.Invalid, "document", "property ttl must be -1 or a positive number of seconds, at most %d", 1<<31-1)
	}
	return nil
}
