package terminal

import (
	"io"
	"sync"
	"unicode/utf8"
)

// Writer guards a terminal: text, line ends, tabs and colours (the escape
// sequences ESC [ … m) pass, every other control character is shown as Clean
// shows it. It may be written to from several goroutines.
type Writer struct {
	mu   sync.Mutex // guards what follows
	out  io.Writer
	held []byte // the begin of a character or colour that the next Write ends
	line []byte // buffer
}

// NewWriter returns a guard before out.
func NewWriter(out io.Writer) *Writer { return &Writer{out: out} }

// Write shows p. It takes all of it, or fails as out failed.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.held) == 0 && harmless(p) {
		return w.out.Write(p)
	}
	text := append(w.held, p...)
	w.line = w.line[:0]
	for len(text) > 0 {
		n := w.next(text)
		if n == 0 {
			break // cut in the middle: the next Write brings the rest
		}
		text = text[n:]
	}
	w.held = append([]byte(nil), text...)
	if _, err := w.out.Write(w.line); err != nil {
		return 0, err
	}
	return len(p), nil
}

// harmless reports whether p is plain ASCII with line ends: nearly everything.
func harmless(p []byte) bool {
	for _, b := range p {
		if b >= 0x7f || b < ' ' && b != '\n' && b != '\t' {
			return false
		}
	}
	return true
}

// next appends the first character or colour of text to w.line and returns its
// length in text, 0 when more is needed to tell.
func (w *Writer) next(text []byte) int {
	if text[0] == 0x1b {
		n, whole := colour(text)
		if !whole {
			return 0
		}
		if n > 0 {
			w.line = append(w.line, text[:n]...)
			return n
		}
	}
	if !utf8.FullRune(text) {
		return 0
	}
	r, size := utf8.DecodeRune(text)
	switch {
	case r == utf8.RuneError && size == 1:
		w.line = appendByte(w.line, text[0])
	case r != '\n' && acts(r):
		w.line = appendEscape(w.line, r)
	default:
		w.line = append(w.line, text[:size]...)
	}
	return size
}

// maxColour bounds a colour's sequence; 24-bit fore- and background need 36.
const maxColour = 40

// colour returns the length of the colour sequence that text begins with, 0
// when it is another one. whole is false when text ends before it is clear.
func colour(text []byte) (n int, whole bool) {
	for i, b := range text[1:min(len(text), maxColour)] {
		switch {
		case i == 0 && b == '[', i > 0 && (b >= '0' && b <= '9' || b == ';'):
		case i > 0 && b == 'm':
			return i + 2, true
		default:
			return 0, true
		}
	}
	return 0, len(text) >= maxColour
}
