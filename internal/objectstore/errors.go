package objectstore

import (
	"fmt"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Code says why an operation is refused, in the words of the domain.
type Code string

// The codes.
const (
	ContainerNotFound                     Code = "ContainerNotFound"
	ContainerAlreadyExists                Code = "ContainerAlreadyExists"
	BlobNotFound                          Code = "BlobNotFound"
	BlobAlreadyExists                     Code = "BlobAlreadyExists"
	ConditionNotMet                       Code = "ConditionNotMet"
	NotModified                           Code = "NotModified" // a read's condition says that the reader has it already
	UnsatisfiableCondition                Code = "UnsatisfiableCondition"
	MultipleConditionHeadersNotSupported  Code = "MultipleConditionHeadersNotSupported"
	SequenceNumberConditionNotMet         Code = "SequenceNumberConditionNotMet"
	AppendPositionConditionNotMet         Code = "AppendPositionConditionNotMet"
	MaxBlobSizeConditionNotMet            Code = "MaxBlobSizeConditionNotMet"
	LeaseIDMissing                        Code = "LeaseIdMissing"
	LeaseLost                             Code = "LeaseLost"
	LeaseAlreadyPresent                   Code = "LeaseAlreadyPresent"
	LeaseIDMismatchWithBlobOperation      Code = "LeaseIdMismatchWithBlobOperation"
	LeaseIDMismatchWithContainerOperation Code = "LeaseIdMismatchWithContainerOperation"
	LeaseIDMismatchWithLeaseOperation     Code = "LeaseIdMismatchWithLeaseOperation"
	LeaseNotPresentWithBlobOperation      Code = "LeaseNotPresentWithBlobOperation"
	LeaseNotPresentWithContainerOperation Code = "LeaseNotPresentWithContainerOperation"
	LeaseNotPresentWithLeaseOperation     Code = "LeaseNotPresentWithLeaseOperation"
	LeaseIsBreakingAndCannotBeAcquired    Code = "LeaseIsBreakingAndCannotBeAcquired"
	LeaseIsBreakingAndCannotBeChanged     Code = "LeaseIsBreakingAndCannotBeChanged"
	LeaseIsBrokenAndCannotBeRenewed       Code = "LeaseIsBrokenAndCannotBeRenewed"
	InvalidLeaseID                        Code = "InvalidLeaseId"       // no GUID
	InvalidLeaseDuration                  Code = "InvalidLeaseDuration" // neither -1 nor 15 to 60; a break period not 0 to 60
	SnapshotsPresent                      Code = "SnapshotsPresent"
	InvalidOperation                      Code = "InvalidOperation"
	InvalidSnapshot                       Code = "InvalidSnapshot" // the time text of a snapshot or version is none
	InvalidBlobType                       Code = "InvalidBlobType"
	InvalidBlockList                      Code = "InvalidBlockList"
	InvalidBlobOrBlock                    Code = "InvalidBlobOrBlock" // block ids of a blob differ in length
	InvalidBlockID                        Code = "InvalidBlockId"
	BlockListTooLong                      Code = "BlockListTooLong"
	BlockCountExceedsLimit                Code = "BlockCountExceedsLimit"
	InvalidRange                          Code = "InvalidRange"
	InvalidPageRange                      Code = "InvalidPageRange"
	InvalidSize                           Code = "InvalidSize"
	RequestBodyTooLarge                   Code = "RequestBodyTooLarge"
	BlobIsSealed                          Code = "BlobIsSealed"
	BlobArchived                          Code = "BlobArchived"
	BlobUsesCustomerSpecifiedEncryption   Code = "BlobUsesCustomerSpecifiedEncryption"
	InvalidResourceName                   Code = "InvalidResourceName"
	InvalidMarker                         Code = "InvalidMarker"
	CannotVerifyCopySource                Code = "CannotVerifyCopySource" // the source of a copy is not there
	SourceConditionNotMet                 Code = "SourceConditionNotMet"
	NoPendingCopyOperation                Code = "NoPendingCopyOperation"
	PreviousSnapshotNotFound              Code = "PreviousSnapshotNotFound"
	AccountGone                           Code = "AccountGone"
	BlobDamaged                           Code = "BlobDamaged" // bytes on the disk are not what was written
	ServerBusy                            Code = "ServerBusy"  // the disk is full, or the store is closing
	InternalError                         Code = "InternalError"
)

// kinds classifies each code.
func kinds() map[Code]fault.Kind {
	return map[Code]fault.Kind{
		ContainerNotFound:                     fault.NotFound,
		ContainerAlreadyExists:                fault.Conflict,
		BlobNotFound:                          fault.NotFound,
		BlobAlreadyExists:                     fault.Conflict,
		ConditionNotMet:                       fault.PreconditionFailed,
		NotModified:                           fault.PreconditionFailed,
		UnsatisfiableCondition:                fault.Invalid,
		MultipleConditionHeadersNotSupported:  fault.Invalid,
		SequenceNumberConditionNotMet:         fault.PreconditionFailed,
		AppendPositionConditionNotMet:         fault.PreconditionFailed,
		MaxBlobSizeConditionNotMet:            fault.PreconditionFailed,
		LeaseIDMissing:                        fault.PreconditionFailed,
		LeaseLost:                             fault.PreconditionFailed,
		LeaseAlreadyPresent:                   fault.Conflict,
		LeaseIDMismatchWithBlobOperation:      fault.PreconditionFailed,
		LeaseIDMismatchWithContainerOperation: fault.PreconditionFailed,
		LeaseIDMismatchWithLeaseOperation:     fault.Conflict,
		LeaseNotPresentWithBlobOperation:      fault.PreconditionFailed,
		LeaseNotPresentWithContainerOperation: fault.PreconditionFailed,
		LeaseNotPresentWithLeaseOperation:     fault.Conflict,
		LeaseIsBreakingAndCannotBeAcquired:    fault.Conflict,
		LeaseIsBreakingAndCannotBeChanged:     fault.Conflict,
		LeaseIsBrokenAndCannotBeRenewed:       fault.Conflict,
		InvalidLeaseID:                        fault.Invalid,
		InvalidLeaseDuration:                  fault.Invalid,
		SnapshotsPresent:                      fault.Conflict,
		InvalidOperation:                      fault.Invalid,
		InvalidSnapshot:                       fault.Invalid,
		InvalidBlobType:                       fault.Conflict,
		InvalidBlockList:                      fault.Invalid,
		InvalidBlobOrBlock:                    fault.Invalid,
		InvalidBlockID:                        fault.Invalid,
		BlockListTooLong:                      fault.Invalid,
		BlockCountExceedsLimit:                fault.Conflict,
		InvalidRange:                          fault.Invalid,
		InvalidPageRange:                      fault.Invalid,
		InvalidSize:                           fault.Invalid,
		RequestBodyTooLarge:                   fault.TooLarge,
		BlobIsSealed:                          fault.Conflict,
		BlobArchived:                          fault.Conflict,
		BlobUsesCustomerSpecifiedEncryption:   fault.Conflict,
		InvalidResourceName:                   fault.Invalid,
		InvalidMarker:                         fault.Invalid,
		CannotVerifyCopySource:                fault.NotFound,
		SourceConditionNotMet:                 fault.PreconditionFailed,
		NoPendingCopyOperation:                fault.Conflict,
		PreviousSnapshotNotFound:              fault.Conflict,
		AccountGone:                           fault.Gone,
		BlobDamaged:                           fault.Internal,
		ServerBusy:                            fault.Unavailable,
		InternalError:                         fault.Internal,
	}
}

// Codes returns every code in order, so that a test can demand that a service's
// error table is complete.
func Codes() []Code {
	all := make([]Code, 0, 64)
	for c := range kinds() {
		all = append(all, c)
	}
	slices.Sort(all)
	return all
}

// Error is a refusal with its reason. It is a fault.Error of the code's kind.
type Error struct {
	Code  Code
	Fault *fault.Error
}

// Error says what is refused and why.
func (e *Error) Error() string { return e.Fault.Error() }

// Unwrap returns the fault, so that fault.Is and fault.KindOf see the kind.
func (e *Error) Unwrap() error { return e.Fault }

// refuse returns an error of the code about the resource.
func refuse(code Code, resource, format string, args ...any) error {
	return &Error{code, &fault.Error{Kind: kinds()[code], Resource: resource, Msg: fmt.Sprintf(format, args...)}}
}

// wrap returns an error of the code that keeps err as its cause.
func wrap(code Code, resource string, err error, format string, args ...any) error {
	return &Error{code, &fault.Error{Kind: kinds()[code], Resource: resource, Msg: fmt.Sprintf(format, args...), Err: err}}
}

// codeOf returns the code for an error of the store below.
func codeOf(err error) Code {
	if fault.Is(err, fault.Unavailable) {
		return ServerBusy
	}
	return InternalError
}
