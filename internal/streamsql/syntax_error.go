package streamsql

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// SyntaxError is a script that cannot run, with the place that is at fault.
type SyntaxError struct {
	Msg        string // what is wrong and what would be valid
	Start, End int    // byte offsets in the script, End exclusive
	Line, Col  int    // of Start, from 1; Col counts characters
}

// Error gives line, column and message.
func (e *SyntaxError) Error() string { return positioned(e.Line, e.Col, e.Msg) }

// Unwrap gives the error its kind: an invalid request.
func (e *SyntaxError) Unwrap() error { return &fault.Error{Kind: fault.Invalid, Msg: e.Msg} }

func positioned(line, col int, msg string) string {
	return fmt.Sprintf("line %d, column %d: %s", line, col, msg)
}

// span is a range of byte offsets in the script, end exclusive.
type span struct{ start, end int }

// to joins two spans.
func (s span) to(e span) span { return span{s.start, e.end} }

// lineCol returns line and column of a byte offset, from 1.
func lineCol(text string, offset int) (line, col int) {
	before := text[:min(offset, len(text))]
	bol := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[bol:]) + 1
}

// errorAt makes a SyntaxError for a span of text.
func errorAt(text string, at span, format string, args ...any) *SyntaxError {
	at.start = min(at.start, len(text))
	at.end = max(min(at.end, len(text)), at.start)
	e := &SyntaxError{Msg: fmt.Sprintf(format, args...), Start: at.start, End: at.end}
	e.Line, e.Col = lineCol(text, at.start)
	return e
}
