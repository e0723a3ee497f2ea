// Package expression is the C# subset of policy expressions: @(expression) and
// @{ statements; return value; }.
//
// Compile parses a text and refuses types, members and statements that are not
// there, with line and column. Eval walks the tree with limits on steps, time and the
// size of what is made. Values keep their .NET types, because casts depend on them:
//
//	null nil · bool bool · int int32 · long int64 · double float64 · char Char
//	string string · byte byte · byte[] []byte · T[] and List<T> *List · Dictionary *Dict
//	JToken *Token, *Property · DateTime(Offset) Time · TimeSpan Span · Guid Guid · …
//
// What the host gives (context and below it) are Objects. Types are not checked
// before a run: a wrong one is an error of the run, as a wrong cast is in C#.
//
// Rules: https://learn.microsoft.com/azure/api-management/api-management-policy-expressions
package expression

import (
	"fmt"
)

// Pos is a place in a text; both count from 1.
type Pos struct{ Line, Column int }

// Error is a fault of an expression, of its text or of a run.
type Error struct {
	Pos     Pos
	Message string
	Err     error // the cause, or nil
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Pos.Line, e.Pos.Column, e.Message)
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

func faultAt(p Pos, format string, args ...any) *Error {
	return &Error{Pos: p, Message: fmt.Sprintf(format, args...)}
}
