package cosmos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/cosmossql"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Sub-statuses that SDKs act upon. A wrong one makes a client loop, so they
// are sent only where a rule demands them.
const (
	subNone           = 0
	subKeyMismatch    = 1001 // 400: partition key of body and header differ
	subCrossPartition = 1004 // 400: the query needs a plan
	subRIDMismatch    = 1024 // 400: the container was recreated
	subSessionAhead   = 1002 // 404: the session token is ahead of this store
	subOwnerMissing   = 1003 // 404: the database or container is missing
	subRangeGone      = 1002 // 410: unknown partition key range
	subKeyDisabled    = 5202 // 401: local authentication is off
	subNoToken        = 5300 // 403: no token opens this
	subNoRole         = 5301 // 403: the token's bearer lacks the role
)

// apiError is an error in the service's own shape.
type apiError struct {
	status int    // HTTP status
	sub    int    // x-ms-substatus
	code   string // "code" of the body
	msg    string // "message" of the body, without the activity id
	info   string // "additionalErrorInfo": the query plan of a 400/1004
	retry  int    // x-ms-retry-after-ms of a 429, else 0
}

func (e *apiError) Error() string { return e.code + ": " + e.msg }

// kindStatus is how one kind of engine error looks on the wire.
type kindStatus struct {
	status int
	code   string
	text   string // the service's sentence; the engine's own words follow it
}

// kindTable maps every fault kind. errors_test.go walks fault.Kinds, so a new
// kind cannot be forgotten.
var kindTable = map[fault.Kind]kindStatus{
	fault.Internal:           {http.StatusInternalServerError, "InternalServerError", "Unknown server error occurred when processing this request."},
	fault.NotFound:           {http.StatusNotFound, "NotFound", "Entity with the specified id does not exist in the system."},
	fault.Conflict:           {http.StatusConflict, "Conflict", "Entity with the specified id already exists in the system."},
	fault.PreconditionFailed: {http.StatusPreconditionFailed, "PreconditionFailed", "One of the specified pre-condition is not met."},
	fault.TooLarge:           {http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Request size is too large."},
	fault.Throttled:          {http.StatusTooManyRequests, "TooManyRequests", "Request rate is large."},
	fault.Invalid:            {http.StatusBadRequest, "BadRequest", "One of the input values is invalid."},
	fault.Unauthorized:       {http.StatusUnauthorized, "Unauthorized", "The input authorization token can't serve the request."},
	fault.Forbidden:          {http.StatusForbidden, "Forbidden", "The request is not allowed."},
	fault.Gone:               {http.StatusGone, "Gone", "The requested resource is no longer available at the server."},
	fault.Unavailable:        {http.StatusServiceUnavailable, "ServiceUnavailable", "Service is currently unavailable."},
}

// throttleRetryMS is the wait a 429 asks for.
const throttleRetryMS = 100

// asAPIError turns any error into the service's shape. An error of ours keeps
// its details for the log: the client reads the kind's sentence, and what the
// engine said in its own words. Causes and resources name files of this machine.
func asAPIError(err error) *apiError {
	var e *apiError
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &apiError{status: http.StatusRequestTimeout, code: "RequestTimeout", msg: "Request timed out."}
	}
	kind := fault.KindOf(err)
	row := kindTable[kind]
	out := &apiError{status: row.status, code: row.code, msg: row.text}
	switch kind {
	case fault.Internal, fault.Unavailable:
		var engine *fault.Error
		if errors.As(err, &engine) && engine.Msg != "" {
			out.msg += " " + engine.Msg
		}
	default:
		out.msg += " " + err.Error()
	}
	if kind == fault.Throttled {
		out.retry = throttleRetryMS
	}
	return out
}

// badRequest is a 400 with a sub-status.
func badRequest(sub int, format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, sub: sub, code: "BadRequest", msg: fmt.Sprintf(format, args...)}
}

// unsupported is the refusal of a feature of the service that Lazuli does not
// have. It names the feature and what to do instead.
func unsupported(feature, instead string) *apiError {
	return badRequest(subNone, "%s is not supported by Lazuli. %s", feature, instead)
}

// notFound is a 404 that names the resource.
func notFound(what string) *apiError {
	row := kindTable[fault.NotFound]
	return &apiError{status: row.status, code: row.code, msg: row.text + " Resource: " + clip(what, 300)}
}

// preconditionFailed is a 412 that names the resource.
func preconditionFailed(what string) *apiError {
	row := kindTable[fault.PreconditionFailed]
	return &apiError{status: row.status, code: row.code, msg: row.text + " Resource: " + clip(what, 300)}
}

// ownerMissing turns the NotFound of a parent lookup into 404/1003.
func ownerMissing(err error) error {
	if fault.KindOf(err) != fault.NotFound {
		return err
	}
	e := asAPIError(err)
	e.sub = subOwnerMissing
	e.msg = "Owner resource does not exist. " + err.Error()
	return e
}

// unauthorized is a 401 with the service's sentence.
func unauthorized(format string, args ...any) *apiError {
	row := kindTable[fault.Unauthorized]
	return &apiError{status: row.status, code: row.code, msg: fmt.Sprintf(format, args...)}
}

// jsonError keeps an apiError and turns anything else met while reading a
// body into a 400 about it.
func jsonError(err error, what string) error {
	var e *apiError
	if errors.As(err, &e) {
		return e
	}
	return badRequest(subNone, "The request body is not the JSON of a %s: %s.", what, jsonProblem(err))
}

// jsonProblem says what is wrong with a body in the client's terms: encoding/json
// speaks of Go types.
func jsonProblem(err error) string {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err.Error()
	}
	what := "it"
	if wrong.Field != "" {
		what = "the property '" + clip(wrong.Field, 80) + "'"
	}
	given, _, _ := strings.Cut(wrong.Value, " ") // "number 1.5"
	article := " is a "
	if strings.HasPrefix(given, "a") || strings.HasPrefix(given, "o") { // array, object
		article = " is an "
	}
	return what + article + given + " where the service expects " + jsonType(wrong.Type)
}

// jsonType is what JSON calls the values of a Go type.
func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return jsonType(t.Elem())
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return "a whole number of fitting size"
}

// writeError refines an engine's error of a single write.
func writeError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, docstore.ErrKeyMismatch) {
		return badRequest(subKeyMismatch, "PartitionKey extracted from document doesn't match the one specified in the header. %v", err)
	}
	return err
}

// sqlErrorText is the message of a query that cannot run:
//
//	{"errors":[{"severity":"Error","location":{"start":7,"end":9},"code":"SC1001","message":"…"}]}
func sqlErrorText(se *cosmossql.SyntaxError) string {
	b := []byte(`{"errors":[{"severity":"Error","location":{"start":`)
	b = strconv.AppendInt(b, int64(se.Start), 10)
	b = append(b, `,"end":`...)
	b = strconv.AppendInt(b, int64(se.End), 10)
	b = append(b, `},"code":`...)
	b = appendQuoted(b, se.Code)
	b = append(b, `,"message":`...)
	b = appendQuoted(b, se.Error())
	return string(append(b, `}]}`...))
}
