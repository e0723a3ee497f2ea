package functions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Document is one JSON document, as text. In a change feed it is complete,
// with the system properties _rid, _self, _etag and _ts.
type Document []byte

// Decode parses the document into v, with the rules of [json.Unmarshal].
func (d Document) Decode(v any) error {
	if err := json.Unmarshal(d, v); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	return nil
}

// MarshalJSON returns the document's text.
func (d Document) MarshalJSON() ([]byte, error) { return d, nil }

// Documents are what a handler hands to its output. An element is anything
// that [json.Marshal] turns into a JSON object; a [Document], a
// [json.RawMessage] or a []byte is taken as the text of one. Broken JSON inside
// a document fails the invocation, as any document does that cannot be stored.
//
// Each document is stored by upsert: one with the id and partition key of a
// stored document replaces it, so that an invocation that runs twice leaves one.
type Documents []any

// documentList is the JSON array that a host stores: each document is encoded
// once, straight into it.
type documentList struct {
	text  strings.Builder
	enc   *json.Encoder
	count int
	// anyValue lets in what is not an object, which an event may be.
	anyValue bool
}

// add appends one document. After an error the list must not be used.
func (l *documentList) add(doc any) error {
	start := l.text.Len() + 1
	if l.count == 0 {
		l.text.WriteByte('[')
	} else {
		l.text.WriteByte(',')
	}
	if err := l.encode(doc); err != nil {
		return fmt.Errorf("document %d: %w", l.count, err)
	}
	if !l.anyValue && l.text.String()[start] != '{' {
		return fmt.Errorf("document %d: %T is not encoded as a JSON object", l.count, doc)
	}
	l.count++
	return nil
}

// errBadDocument is about text that would break the list. What stands inside
// the braces is checked where it is stored, and not twice.
var errBadDocument = errors.New("the text is not one complete JSON value")

func (l *documentList) encode(doc any) error {
	var raw []byte
	switch d := doc.(type) {
	case Document:
		raw = d
	case json.RawMessage:
		raw = d
	case []byte:
		raw = d
	default:
		if l.enc == nil {
			l.enc = json.NewEncoder(&l.text)
			l.enc.SetEscapeHTML(false)
		}
		return l.enc.Encode(doc)
	}
	raw = bytes.Trim(raw, jsonSpace)
	if l.anyValue && !json.Valid(raw) || !l.anyValue && !closed(raw) {
		return errBadDocument
	}
	l.text.Write(raw)
	return nil
}

// grow makes room for documents that are text already, so that a large batch
// is not copied again and again.
func (l *documentList) grow(docs []any) {
	size := 0
	for _, doc := range docs {
		switch d := doc.(type) {
		case Document:
			size += len(d) + 1
		case json.RawMessage:
			size += len(d) + 1
		case []byte:
			size += len(d) + 1
		}
	}
	l.text.Grow(size)
}

// json returns the array's text. The list must not be added to afterwards.
func (l *documentList) json() string {
	l.text.WriteByte(']')
	return l.text.String()
}
