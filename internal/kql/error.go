package kql

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Class says what an Error is about, in the words of the query API.
type Class uint8

const (
	// SyntaxError: the text is no query.
	SyntaxError Class = iota
	// SemanticError: a name, a type or an argument is wrong, or something that
	// the language has is not supported here.
	SemanticError
	// LimitError: the query asks for more than a limit allows.
	LimitError
	// RunError: a value met while running made the query fail.
	RunError
)

// String is the code of the class in the query API.
func (c Class) String() string {
	return [...]string{"SyntaxError", "SemanticError", "QueryLimitError", "QueryExecutionError"}[c]
}

// Error is what is wrong with a query, and where.
type Error struct {
	Class Class
	// Code is the vendor's: SYN0002, SEM0100 and so on; E_QUERY_RESULT_SET_TOO_LARGE
	// and E_RUNAWAY_QUERY for limits.
	Code string
	// Message is a sentence without a final dot.
	Message string
	// Line and Pos count from 1, Pos in characters; 0 where there is no place.
	Line, Pos int
	// Token is the text at that place.
	Token string
}

// Error gives the message with its code and place.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%s: %s (line %d, position %d)", e.Code, e.Message, e.Line, e.Pos)
}

// Unwrap gives the kind of fault: too large for limits, invalid for the rest.
func (e *Error) Unwrap() error {
	if e.Class == LimitError {
		return &fault.Error{Kind: fault.TooLarge, Msg: e.Message}
	}
	return &fault.Error{Kind: fault.Invalid, Msg: e.Message}
}

// stop carries an error out of the loops that run a query: Run catches it.
type stop struct{ err error }

// syntaxError is a SyntaxError at a place of the text, in the vendor's words,
// with what is wrong behind them.
func syntaxError(text string, at span, why string) *Error {
	e := place(text, at)
	e.Class, e.Code = SyntaxError, "SYN0002"
	e.Message = fmt.Sprintf("Query could not be parsed at '%s' on line [%d,%d]: %s", e.Token, e.Line, e.Pos, why)
	return e
}

// place gives an Error its line, position and token.
func place(text string, at span) *Error {
	from := min(at.from, len(text))
	before := text[:from]
	line := 1 + strings.Count(before, "\n")
	pos := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	token := text[from:min(max(at.to, from), len(text))]
	if r := []rune(token); len(r) > 100 {
		token = string(r[:100])
	}
	if token == "" {
		token = "end of query"
	}
	return &Error{Line: line, Pos: pos, Token: token}
}
