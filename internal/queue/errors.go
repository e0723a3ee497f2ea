package queue

import (
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// The codes of errors, in the words of the protocol.
const (
	QueueNotFound              fault.Code = "QueueNotFound"
	QueueAlreadyExists         fault.Code = "QueueAlreadyExists"
	MessageNotFound            fault.Code = "MessageNotFound"
	PopReceiptMismatch         fault.Code = "PopReceiptMismatch"
	InvalidQueryParameterValue fault.Code = "InvalidQueryParameterValue"
)

// codes says what kind of fault each is.
var codes = fault.Codes{
	QueueNotFound:              fault.NotFound,
	QueueAlreadyExists:         fault.Conflict,
	MessageNotFound:            fault.NotFound,
	PopReceiptMismatch:         fault.Invalid,
	InvalidQueryParameterValue: fault.Invalid,
}

// Codes returns every code, so that a test can demand that a service's table of
// errors is complete.
func Codes() []fault.Code { return codes.All() }

// goneError is what a queue answers that was deleted under whoever holds it.
func (q *Queue) goneError() *fault.Refusal {
	return &fault.Refusal{Code: QueueNotFound, Fault: fault.New(fault.Gone, "queue "+q.name, "it was deleted")}
}
