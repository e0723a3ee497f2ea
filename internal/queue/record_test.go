package queue

import (
	"bytes"
	"testing"
)

// FuzzState: what reads as a state is written as it was, and nothing brings the reader
// down.
func FuzzState(f *testing.F) {
	s := state{id: ID{1, 2}, inserted: 1, expires: never, visible: 3, pop: 4, dequeued: 5, size: 6}
	f.Add(s.append(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseState(b)
		if err == nil && !bytes.Equal(s.append(nil), b) {
			t.Fatalf("%x becomes %x", b, s.append(nil))
		}
		id, ok := ParseID(string(b))
		if ok && id.String() != string(bytes.ToLower(b)) {
			t.Fatalf("%s becomes %s", b, id)
		}
	})
}

// FuzzReceipt: no text is a receipt but one that was given, for its message alone.
func FuzzReceipt(f *testing.F) {
	s := &Store{secret: []byte("secret")}
	m := state{id: ID{1}, pop: 1 << 60}
	f.Add(s.receipt(&m))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		pop, ok := s.readReceipt(m.id, text)
		if ok && s.receipt(&state{id: m.id, pop: pop}) != text {
			t.Fatalf("%q is taken", text)
		}
		if _, ok := s.readReceipt(ID{2}, text); ok {
			t.Fatalf("%q is good for another message", text)
		}
	})
}
