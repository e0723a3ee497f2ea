package functions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// jsonList is the JSON array that a host takes an output's values from: each
// is encoded once, straight into it.
type jsonList struct {
	text  strings.Builder
	enc   *json.Encoder
	count int
	noun  string // what a value is, for messages
	// object demands JSON objects; otherwise any JSON may be a value.
	object bool
	// bytesAreText takes a []byte as a text, and not as the JSON of a value.
	bytesAreText bool
}

// add appends one value. After an error the list must not be used.
func (l *jsonList) add(v any) error {
	start := l.text.Len() + 1
	if l.count == 0 {
		l.text.WriteByte('[')
	} else {
		l.text.WriteByte(',')
	}
	if err := l.encode(v); err != nil {
		return fmt.Errorf("%s %d: %w", l.noun, l.count, err)
	}
	if l.object && l.text.String()[start] != '{' {
		return fmt.Errorf("%s %d: %T is not encoded as a JSON object", l.noun, l.count, v)
	}
	l.count++
	return nil
}

// errBadText is about text that would break the list. What stands inside the
// braces of an object is checked where it is stored, and not twice.
var errBadText = errors.New("the text is not one complete JSON value")

func (l *jsonList) encode(v any) error {
	var raw []byte
	switch d := v.(type) {
	case Document:
		raw = d
	case json.RawMessage:
		raw = d
	case []byte:
		if l.bytesAreText {
			return l.encodeText(d)
		}
		raw = d
	default:
		return l.encodeValue(v)
	}
	raw = bytes.Trim(raw, jsonSpace)
	if !l.object && !json.Valid(raw) || l.object && !closed(raw) {
		return errBadText
	}
	l.text.Write(raw)
	return nil
}

func (l *jsonList) encodeValue(v any) error {
	if l.enc == nil {
		l.enc = json.NewEncoder(&l.text)
		l.enc.SetEscapeHTML(false)
	}
	return l.enc.Encode(v)
}

func (l *jsonList) encodeText(text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("the bytes are not text in UTF-8")
	}
	return l.encodeValue(string(text))
}

// grow makes room for values that are text already, so that a large batch is
// not copied again and again.
func (l *jsonList) grow(values []any) {
	size := 0
	for _, v := range values {
		switch d := v.(type) {
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

func (l *jsonList) mark() mark { return mark{l.text.Len(), l.count} }

// cut forgets what was added since the mark.
func (l *jsonList) cut(to mark) {
	kept := l.text.String()[:to.bytes]
	l.text, l.enc, l.count = strings.Builder{}, nil, to.count
	l.text.WriteString(kept)
}

func (l *jsonList) data() *funcrpc.TypedData {
	if l.text.Len() == 0 {
		return nil
	}
	return jsonData(l.json())
}

// json returns the array's text. The list must not be added to afterwards.
func (l *jsonList) json() string {
	l.text.WriteByte(']')
	return l.text.String()
}
