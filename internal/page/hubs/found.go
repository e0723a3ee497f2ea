package hubs

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/broker"
)

// What a row shows of an event. All of it is GET …/events/SEQUENCE.
const (
	previewBytes = 1 << 10
	previewValue = 128 // of a value that the filter found
	previewKey   = 256
)

// Found is an event in a list: a line of events:search and of events:tail.
type Found struct {
	P int                        `json:"p"`           // partition
	S int64                      `json:"s"`           // sequence number
	T int64                      `json:"t"`           // enqueued, unix milliseconds
	K string                     `json:"k,omitempty"` // partition key
	N int                        `json:"n"`           // bytes of the body
	B string                     `json:"b"`           // the body's beginning, unless it is no text
	X bool                       `json:"x,omitempty"` // it is no text
	M map[string]json.RawMessage `json:"m,omitempty"` // what the filter's fields hold
}

// found is the record that was matched last as a row.
func (m *matcher) found(partition int, r *broker.Record) Found {
	f := Found{P: partition, S: r.Sequence, T: r.EnqueuedAt.UnixMilli(), K: string(cut([]byte(r.Key), previewKey))}
	if err := m.open(r); err != nil {
		f.B, f.N = err.Error(), len(r.Body)
		return f
	}
	e := &m.event
	f.N = len(e.Body)
	if head := cut(e.Body, previewBytes); utf8.Valid(head) {
		f.B = string(head)
	} else {
		f.X = true
	}
	for i := range m.late {
		c := &m.late[i]
		if c.show == nil {
			continue
		}
		if value := c.show(e); value != nil {
			if f.M == nil {
				f.M = map[string]json.RawMessage{}
			}
			f.M[c.name] = short(value)
		}
	}
	return f
}

// cut is the beginning of a text, to a whole character.
func cut(text []byte, limit int) []byte {
	if len(text) <= limit {
		return text
	}
	end := limit
	for end > limit-utf8.UTFMax && end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// short is a JSON value that is not too long, else the beginning of it as a text.
func short(value []byte) json.RawMessage {
	if len(value) <= previewValue && json.Valid(value) {
		return append(json.RawMessage{}, value...)
	}
	text := value
	if value[0] == '"' {
		text = unquote(value)
	}
	out, err := json.Marshal(string(cut(text, previewValue)) + "…")
	if err != nil {
		return json.RawMessage(`"…"`)
	}
	return out
}
