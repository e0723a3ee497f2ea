package streamsql

import (
	"regexp"
	"unsafe"
)

// A Scratch grows in blocks, each twice the last, between these sizes, so that
// after a few batches one block serves a batch.
const (
	scratchMin = 16 << 10
	scratchMax = 4 << 20
)

// Scratch is the memory of one goroutine that evaluates expressions: text that
// expressions compute, and the runtimes of JavaScript functions. The zero value
// is ready. It must not be shared between goroutines.
type Scratch struct {
	chunk []byte                    // current block; its length is what is used
	args  []Value                   // stack of arguments of functions that are being called
	regs  map[string]*regexp.Regexp // compiled patterns
	js    map[*jsScript]*jsRuntime
}

// Reset makes all text of the scratch invalid and its memory free for reuse.
// Call it when a batch of rows is done, after cloning what is kept.
func (s *Scratch) Reset() { s.chunk = s.chunk[:0] }

// buffer returns an empty slice that has room for n bytes in the block; what
// is appended becomes a string by keep. Between the two no other buffer may be
// taken, so operands are evaluated first. A nil Scratch takes from the heap.
func (s *Scratch) buffer(n int) []byte {
	if s == nil {
		return make([]byte, 0, n)
	}
	if cap(s.chunk)-len(s.chunk) < n {
		s.chunk = make([]byte, 0, max(min(max(2*cap(s.chunk), scratchMin), scratchMax), n))
	}
	return s.chunk[len(s.chunk):len(s.chunk)]
}

// keep makes a string of b, which began as a buffer and may have outgrown it.
func (s *Scratch) keep(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s != nil && cap(s.chunk)-len(s.chunk) == cap(b) {
		s.chunk = s.chunk[:len(s.chunk)+len(b)]
	}
	return unsafe.String(&b[0], len(b))
}

// maxRegexes bounds the patterns that a Scratch remembers.
const maxRegexes = 256

func (s *Scratch) regex(pattern string) *regexp.Regexp {
	if s == nil {
		return nil
	}
	return s.regs[pattern]
}

// addRegex remembers a compiled pattern; when there are too many (patterns that
// come from the data) it starts over.
func (s *Scratch) addRegex(pattern string, re *regexp.Regexp) {
	if s == nil {
		return
	}
	if s.regs == nil || len(s.regs) >= maxRegexes {
		s.regs = map[string]*regexp.Regexp{}
	}
	s.regs[string([]byte(pattern))] = re
}
