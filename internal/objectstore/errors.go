package objectstore

import (
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// The codes of errors, in the words of the protocol.
const (
	ContainerNotFound                     fault.Code = "ContainerNotFound"
	ContainerAlreadyExists                fault.Code = "ContainerAlreadyExists"
	BlobNotFound                          fault.Code = "BlobNotFound"
	BlobAlreadyExists                     fault.Code = "BlobAlreadyExists"
	ConditionNotMet                       fault.Code = "ConditionNotMet"
	NotModified                           fault.Code = "NotModified" // a read's condition says that the reader has it already
	UnsatisfiableCondition                fault.Code = "UnsatisfiableCondition"
	MultipleConditionHeadersNotSupported  fault.Code = "MultipleConditionHeadersNotSupported"
	SequenceNumberConditionNotMet         fault.Code = "SequenceNumberConditionNotMet"
	AppendPositionConditionNotMet         fault.Code = "AppendPositionConditionNotMet"
	MaxBlobSizeConditionNotMet            fault.Code = "MaxBlobSizeConditionNotMet"
	LeaseIDMissing                        fault.Code = "LeaseIdMissing"
	LeaseLost                             fault.Code = "LeaseLost"
	LeaseAlreadyPresent                   fault.Code = "LeaseAlreadyPresent"
	LeaseIDMismatchWithBlobOperation      fault.Code = "LeaseIdMismatchWithBlobOperation"
	LeaseIDMismatchWithContainerOperation fault.Code = "LeaseIdMismatchWithContainerOperation"
	LeaseIDMismatchWithLeaseOperation     fault.Code = "LeaseIdMismatchWithLeaseOperation"
	LeaseNotPresentWithBlobOperation      fault.Code = "LeaseNotPresentWithBlobOperation"
	LeaseNotPresentWithContainerOperation fault.Code = "LeaseNotPresentWithContainerOperation"
	LeaseNotPresentWithLeaseOperation     fault.Code = "LeaseNotPresentWithLeaseOperation"
	LeaseIsBreakingAndCannotBeAcquired    fault.Code = "LeaseIsBreakingAndCannotBeAcquired"
	LeaseIsBreakingAndCannotBeChanged     fault.Code = "LeaseIsBreakingAndCannotBeChanged"
	LeaseIsBrokenAndCannotBeRenewed       fault.Code = "LeaseIsBrokenAndCannotBeRenewed"
	InvalidLeaseID                        fault.Code = "InvalidLeaseId"       // no GUID
	InvalidLeaseDuration                  fault.Code = "InvalidLeaseDuration" // neither -1 nor 15 to 60; a break period not 0 to 60
	SnapshotsPresent                      fault.Code = "SnapshotsPresent"
	InvalidOperation                      fault.Code = "InvalidOperation"
	InvalidSnapshot                       fault.Code = "InvalidSnapshot" // the time text of a snapshot or version is none
	InvalidBlobType                       fault.Code = "InvalidBlobType"
	InvalidBlockList                      fault.Code = "InvalidBlockList"
	InvalidBlobOrBlock                    fault.Code = "InvalidBlobOrBlock" // block ids of a blob differ in length
	InvalidBlockID                        fault.Code = "InvalidBlockId"
	BlockListTooLong                      fault.Code = "BlockListTooLong"
	BlockCountExceedsLimit                fault.Code = "BlockCountExceedsLimit"
	InvalidRange                          fault.Code = "InvalidRange"
	InvalidPageRange                      fault.Code = "InvalidPageRange"
	InvalidSize                           fault.Code = "InvalidSize"
	RequestBodyTooLarge                   fault.Code = "RequestBodyTooLarge"
	BlobIsSealed                          fault.Code = "BlobIsSealed"
	BlobArchived                          fault.Code = "BlobArchived"
	BlobUsesCustomerSpecifiedEncryption   fault.Code = "BlobUsesCustomerSpecifiedEncryption"
	InvalidResourceName                   fault.Code = "InvalidResourceName"
	InvalidMarker                         fault.Code = "InvalidMarker"
	CannotVerifyCopySource                fault.Code = "CannotVerifyCopySource" // the source of a copy is not there
	SourceConditionNotMet                 fault.Code = "SourceConditionNotMet"
	NoPendingCopyOperation                fault.Code = "NoPendingCopyOperation"
	PendingCopyOperation                  fault.Code = "PendingCopyOperation"
	CopyIDMismatch                        fault.Code = "CopyIdMismatch"
	InfiniteLeaseDurationRequired         fault.Code = "InfiniteLeaseDurationRequired"
	PreviousSnapshotNotFound              fault.Code = "PreviousSnapshotNotFound"
	AccountGone                           fault.Code = "AccountGone"
	BlobDamaged                           fault.Code = "BlobDamaged" // bytes on the disk are not what was written
	ServerBusy                            fault.Code = "ServerBusy"  // the disk is full, or the store is closing
	InternalError                         fault.Code = "InternalError"
)

// codes says what kind of fault each is.
var codes = fault.Codes{
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
	PendingCopyOperation:                  fault.Conflict,
	CopyIDMismatch:                        fault.Conflict,
	InfiniteLeaseDurationRequired:         fault.PreconditionFailed,
	PreviousSnapshotNotFound:              fault.Conflict,
	AccountGone:                           fault.Gone,
	BlobDamaged:                           fault.Internal,
	ServerBusy:                            fault.Unavailable,
	InternalError:                         fault.Internal,
}

// Codes returns every code, so that a test can demand that a service's table of
// errors is complete.
func Codes() []fault.Code { return codes.All() }

// codeOf returns the code for an error of the store below.
func codeOf(err error) fault.Code {
	if fault.Is(err, fault.Unavailable) {
		return ServerBusy
	}
	return InternalError
}
