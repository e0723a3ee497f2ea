package blob

import (
	"errors"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// wireCode is how a code of the engine looks on the wire, when it is not the
// service's own code of that name.
type wireCode struct {
	code   string
	status int    // 0: the code's usual one
	header string // the header that is at fault, or ""
	query  string // the query parameter that is at fault, or ""
}

// wireCodes are the codes of the engine that the service has under another name.
// errors_test.go walks objectstore.Codes, so that a new one cannot be forgotten.
var wireCodes = map[fault.Code]wireCode{
	objectstore.NotModified:            {code: "ConditionNotMet", status: http.StatusNotModified},
	objectstore.InvalidLeaseID:         {code: "InvalidHeaderValue", header: "x-ms-lease-id"},
	objectstore.InvalidLeaseDuration:   {code: "InvalidHeaderValue", header: "x-ms-lease-duration"},
	objectstore.InvalidSnapshot:        {code: "InvalidQueryParameterValue", query: "snapshot"},
	objectstore.InvalidSize:            {code: "InvalidHeaderValue", header: "x-ms-blob-content-length"},
	objectstore.InvalidMarker:          {code: "OutOfRangeInput", query: "marker"},
	objectstore.AccountGone:            {code: "ResourceNotFound"},
	objectstore.BlobDamaged:            {code: "InternalError"},
	objectstore.CannotVerifyCopySource: {code: "CannotVerifyCopySource", status: http.StatusNotFound},
	objectstore.InvalidBlockID:         {code: "InvalidQueryParameterValue", query: "blockid"},
}

// asError turns any error into one of the service's.
func asError(err error) *storage.Error {
	var ours *storage.Error
	if errors.As(err, &ours) {
		return ours
	}
	engine := fault.RefusalOf(err)
	if engine == nil {
		return storage.FromFault(err)
	}
	row, renamed := wireCodes[engine.Code]
	if !renamed {
		row.code = string(engine.Code)
	}
	e := storage.Fail(row.code).Because(err)
	if row.status != 0 {
		e.WithStatus(row.status)
	}
	if row.header != "" {
		e.With("HeaderName", row.header)
	}
	if row.query != "" {
		e.With("QueryParameterName", row.query)
	}
	if reason := tells(engine); reason != "" {
		e.With("Reason", reason)
	}
	return e
}

// tells is what the engine says that the vendor's sentence of the code does not:
// which blob is damaged and where, what the disk lacks. It names no files.
func tells(e *fault.Refusal) string {
	switch e.Code {
	case objectstore.BlobDamaged:
		return e.Fault.Resource + ": " + e.Fault.Msg
	case objectstore.InternalError:
		return ""
	}
	if e.Fault.Kind == fault.NotFound || e.Fault.Kind == fault.PreconditionFailed {
		return ""
	}
	return e.Fault.Msg
}
