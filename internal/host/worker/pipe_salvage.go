package worker

import (
	"bytes"
	"encoding/json"
)

// salvage reads the members of a header that cannot be read whole, up to what is
// wrong: where the frame ends, and whose it is. Without the sizes of its parts
// nobody knows where the next frame begins, and why is returned.
func salvage(header []byte, why error) (*pipeMessage, error) {
	m := &pipeMessage{unread: why}
	d := json.NewDecoder(bytes.NewReader(header))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, why
	}
	for d.More() {
		var into any = new(json.RawMessage)
		name, err := d.Token()
		switch name {
		case "parts":
			into = &m.Parts
		case "verb":
			into = &m.Verb
		case "id":
			into = &m.ID
		}
		if err != nil || d.Decode(into) != nil {
			break
		}
	}
	if m.Parts == nil {
		return nil, why
	}
	return m, nil
}

// refused is what a message that could not be read means to who waits for it:
// what was asked failed, because of that. It is false when nobody waits.
func (m *pipeMessage) refused() (*pipeMessage, bool) {
	switch m.Verb {
	case "invoke", "init", "index", "load", "reload":
		return &pipeMessage{Verb: m.Verb, ID: m.ID, Status: "failed", Error: &pipeError{Message: m.unread.Error()}}, true
	}
	return nil, false
}
