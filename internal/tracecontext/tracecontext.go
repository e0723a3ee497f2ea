// Package tracecontext reads and continues the W3C trace context, the header traceparent.
//
//	00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
//	   trace                            span             flags
//
// https://www.w3.org/TR/trace-context/
package tracecontext

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

const length = 55

// Valid reports whether a text is a context.
func Valid(s string) bool {
	return len(s) == length && s[2] == '-' && s[35] == '-' && s[52] == '-' && strings.Trim(s, "0123456789abcdef-") == "" &&
		strings.IndexByte(s[3:35], '-') < 0 && strings.IndexByte(s[36:52], '-') < 0
}

// Trace is the trace's id, 32 digits; "" where the text is no context.
func Trace(s string) string {
	if !Valid(s) {
		return ""
	}
	return s[3:35]
}

// Span is the span's id, 16 digits; "" where the text is no context.
func Span(s string) string {
	if !Valid(s) {
		return ""
	}
	return s[36:52]
}

// Child is the context of a new span: in the trace of its parent where that is a context,
// else in a new one.
func Child(parent string) string {
	const spanAt, bytes = 16, 24
	var random [bytes]byte
	_, _ = rand.Read(random[:]) // it never fails
	b := append(make([]byte, 0, length), "00-"...)
	if Valid(parent) {
		b = append(b, parent[3:35]...)
	} else {
		b = hex.AppendEncode(b, random[:spanAt])
	}
	b = hex.AppendEncode(append(b, '-'), random[spanAt:])
	if Valid(parent) {
		return string(append(b, parent[52:]...))
	}
	return string(append(b, "-01"...))
}
