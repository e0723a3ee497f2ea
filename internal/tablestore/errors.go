package tablestore

import (
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// The codes of errors, in the words of the protocol.
const (
	TableNotFound                fault.Code = "TableNotFound"
	TableAlreadyExists           fault.Code = "TableAlreadyExists"
	ResourceNotFound             fault.Code = "ResourceNotFound"
	EntityAlreadyExists          fault.Code = "EntityAlreadyExists"
	UpdateConditionNotSatisfied  fault.Code = "UpdateConditionNotSatisfied"
	InvalidResourceName          fault.Code = "InvalidResourceName"
	InvalidInput                 fault.Code = "InvalidInput"
	OutOfRangeInput              fault.Code = "OutOfRangeInput"
	TooManyProperties            fault.Code = "TooManyProperties"
	DuplicatePropertiesSpecified fault.Code = "DuplicatePropertiesSpecified"
	PropertyNameInvalid          fault.Code = "PropertyNameInvalid"
	PropertyNameTooLong          fault.Code = "PropertyNameTooLong"
	PropertyValueTooLarge        fault.Code = "PropertyValueTooLarge"
	KeyValueTooLarge             fault.Code = "KeyValueTooLarge"
	EntityTooLarge               fault.Code = "EntityTooLarge"
	InvalidDuplicateRow          fault.Code = "InvalidDuplicateRow"
	DifferentPartitions          fault.Code = "CommandsInBatchActOnDifferentPartitions"
)

// codes says what kind of fault each is.
var codes = fault.Codes{
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
func Codes() []fault.Code { return codes.All() }

// BatchError says which operation of a transaction failed it.
type BatchError struct {
	Index int // from 0
	Err   error
}

// Error names the operation.
func (e *BatchError) Error() string { return fmt.Sprintf("operation %d: %v", e.Index, e.Err) }

// Unwrap returns what the operation failed with.
func (e *BatchError) Unwrap() error { return e.Err }
