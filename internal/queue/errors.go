package queue

import (
	"fmt"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Code says why an operation was refused, in the words of the protocol.
type Code string

// The codes of errors.
const (
	QueueNotFound              Code = "QueueNotFound"
	QueueAlreadyExists         Code = "QueueAlreadyExists"
	MessageNotFound            Code = "MessageNotFound"
	PopReceiptMismatch         Code = "PopReceiptMismatch"
	InvalidQueryParameterValue Code = "InvalidQueryParameterValue"
)

// kinds says what kind of fault each code is.
var kinds = map[Code]fault.Kind{
	QueueNotFound:              fault.NotFound,
	QueueAlreadyExists:         fault.Conflict,
	MessageNotFound:            fault.NotFound,
	PopReceiptMismatch:         fault.Invalid,
	InvalidQueryParameterValue: fault.Invalid,
}

// Codes returns every code, so that a test can demand that a service's table of
// errors is complete.
func Codes() []Code {
	all := make([]Code, 0, len(kinds))
	for code := range kinds {
		all = append(all, code)
	}
	slices.Sort(all)
	return all
}

// Error is a refusal. It is a fault.Error too.
type Error struct {
	Code Code
	err  *fault.Error
}

// Error says what was refused and why.
func (e *Error) Error() string { return e.err.Error() }

// Unwrap returns the fault.Error, which has the kind and the resource.
func (e *Error) Unwrap() error { return e.err }

func newError(code Code, resource, format string, args ...any) *Error {
	return &Error{code, &fault.Error{Kind: kinds[code], Resource: resource, Msg: fmt.Sprintf(format, args...)}}
}

// goneError is what a queue answers that was deleted under whoever holds it.
func (q *Queue) goneError() *Error {
	return &Error{QueueNotFound, &fault.Error{Kind: fault.Gone, Resource: "queue " + q.name, Msg: "it was deleted"}}
}
