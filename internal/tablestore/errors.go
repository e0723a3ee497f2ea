package tablestore

import (
	"fmt"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Code says why an operation was refused, in the words of the protocol.
type Code string

// The codes of errors.
const (
	TableNotFound                Code = "TableNotFound"
	TableAlreadyExists           Code = "TableAlreadyExists"
	ResourceNotFound             Code = "ResourceNotFound"
	EntityAlreadyExists          Code = "EntityAlreadyExists"
	UpdateConditionNotSatisfied  Code = "UpdateConditionNotSatisfied"
	InvalidResourceName          Code = "InvalidResourceName"
	InvalidInput                 Code = "InvalidInput"
	OutOfRangeInput              Code = "OutOfRangeInput"
	TooManyProperties            Code = "TooManyProperties"
	DuplicatePropertiesSpecified Code = "DuplicatePropertiesSpecified"
	PropertyNameInvalid          Code = "PropertyNameInvalid"
	PropertyNameTooLong          Code = "PropertyNameTooLong"
	PropertyValueTooLarge        Code = "PropertyValueTooLarge"
	KeyValueTooLarge             Code = "KeyValueTooLarge"
	EntityTooLarge               Code = "EntityTooLarge"
	InvalidDuplicateRow          Code = "InvalidDuplicateRow"
	DifferentPartitions          Code = "CommandsInBatchActOnDifferentPartitions"
)

// kinds says what kind of fault each code is.
var kinds = map[Code]fault.Kind{
	TableNotFound:                fault.NotFound,
	TableAlreadyExists:           fault.Conflict,
	ResourceNotFound:             fault.NotFound,
	EntityAlreadyExists:          fault.Conflict,
	UpdateConditionNotSatisfied:  fault.PreconditionFailed,
	InvalidResourceName:          fault.Invalid,
	InvalidInput:                 fault.Invalid,
	OutOfRangeInput:              fault.Invalid,
	TooManyProperties:            fault.Invalid,
	DuplicatePropertiesSpecified: fault.Invalid,
	PropertyNameInvalid:          fault.Invalid,
	PropertyNameTooLong:          fault.Invalid,
	PropertyValueTooLarge:        fault.TooLarge,
	KeyValueTooLarge:             fault.TooLarge,
	EntityTooLarge:               fault.TooLarge,
	InvalidDuplicateRow:          fault.Invalid,
	DifferentPartitions:          fault.Invalid,
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

// BatchError says which operation of a transaction failed it.
type BatchError struct {
	Index int // from 0
	Err   error
}

// Error names the operation.
func (e *BatchError) Error() string { return fmt.Sprintf("operation %d: %v", e.Index, e.Err) }

// Unwrap returns what the operation failed with.
func (e *BatchError) Unwrap() error { return e.Err }
