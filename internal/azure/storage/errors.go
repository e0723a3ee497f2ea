package storage

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Error is an error in the services' own terms.
type Error struct {
	Status  int
	Code    string
	Message string    // the vendor's text of the code, which programs match
	Extra   []Element // elements beside Code and Message (XML), for people and SDKs
	Header  []Element // headers of the reply
	cause   error     // for the log alone
}

// Element is one name and its value.
type Element struct{ Name, Value string }

// Error is what logs show.
func (e *Error) Error() string {
	s := e.Code + ": " + e.Message
	for _, x := range e.Extra {
		s += " " + x.Name + ": " + x.Value
	}
	return s
}

// Unwrap is what the log tells in addition.
func (e *Error) Unwrap() error { return e.cause }

// Fail is the error of a code, with the vendor's status and text. A code that is not
// in the table is an InternalError that names it, and fails the tests.
func Fail(code string) *Error {
	row, ok := codes[code]
	if !ok {
		e := Fail("InternalError")
		e.cause = errors.New("unknown error code " + code)
		return e
	}
	return &Error{Status: row.status, Code: code, Message: row.text}
}

// Known reports whether Fail has a status and a text for the code.
func Known(code string) bool {
	_, ok := codes[code]
	return ok
}

// With adds an element that says more.
func (e *Error) With(name, value string) *Error {
	e.Extra = append(e.Extra, Element{name, clip(value, 4<<10)})
	return e
}

// Ours reports whether the request failed for a reason of ours, which the log should
// tell. What is not supported is the client's to change.
func (e *Error) Ours() bool { return e.Status >= 500 && e.Code != "NotImplemented" }

// WithHeader adds a header to the reply.
func (e *Error) WithHeader(name, value string) *Error {
	e.Header = append(e.Header, Element{name, value})
	return e
}

// WithStatus has another status than the code's usual one.
func (e *Error) WithStatus(status int) *Error {
	e.Status = status
	return e
}

// Because keeps what the log should tell.
func (e *Error) Because(err error) *Error {
	e.cause = err
	return e
}

// InvalidHeader is the 400 about a header's value.
func InvalidHeader(name, value string) *Error {
	return Fail("InvalidHeaderValue").With("HeaderName", name).With("HeaderValue", value)
}

// MissingHeader is the 400 about a header that is needed.
func MissingHeader(name string) *Error {
	return Fail("MissingRequiredHeader").With("HeaderName", name)
}

// InvalidQuery is the 400 about a parameter's value; reason may be empty.
func InvalidQuery(name, value, reason string) *Error {
	e := Fail("InvalidQueryParameterValue").With("QueryParameterName", name).With("QueryParameterValue", value)
	if reason != "" {
		e.With("Reason", reason)
	}
	return e
}

// OutOfRange is the 400 about a parameter whose number is out of bounds.
func OutOfRange(name, value string, low, high int64) *Error {
	return Fail("OutOfRangeQueryParameterValue").With("QueryParameterName", name).With("QueryParameterValue", value).
		With("MinimumAllowed", strconv.FormatInt(low, 10)).With("MaximumAllowed", strconv.FormatInt(high, 10))
}

// Unsupported refuses what Azure has and Lazuli has not.
func Unsupported(feature, instead string) *Error {
	e := Fail("NotImplemented").With("Reason", feature+" is not supported by Lazuli. "+instead)
	return e
}

// kindCodes is the code of an engine's error that has none of its own.
// errors_test.go walks fault.Kinds, so that a new kind cannot be forgotten.
var kindCodes = map[fault.Kind]string{
	fault.Internal:           "InternalError",
	fault.NotFound:           "ResourceNotFound",
	fault.Conflict:           "ResourceAlreadyExists",
	fault.PreconditionFailed: "ConditionNotMet",
	fault.TooLarge:           "RequestBodyTooLarge",
	fault.Throttled:          "ServerBusy",
	fault.Invalid:            "InvalidInput",
	fault.Unauthorized:       "AuthenticationFailed",
	fault.Forbidden:          "AuthorizationFailure",
	fault.Gone:               "ResourceNotFound",
	fault.Unavailable:        "ServerBusy",
}

// FromFault turns any error into one of the services. Of our own troubles the client
// reads the vendor's sentence alone: causes name files of this machine. The services
// look for their engine's codes before.
func FromFault(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Fail("OperationTimedOut").Because(err)
	}
	kind := fault.KindOf(err)
	e = Fail(kindCodes[kind]).Because(err)
	switch kind {
	case fault.Internal:
	case fault.Unavailable:
		var engine *fault.Error
		if errors.As(err, &engine) && engine.Msg != "" {
			e.With("Reason", engine.Msg)
		}
	default:
		e.With("Reason", err.Error())
	}
	return e
}

// iso7 is the form of times in errors.
const iso7 = "2006-01-02T15:04:05.0000000Z"

// body is the text of the reply, and its media type.
func (e *Error) body(s Service, r *Request, now time.Time) (text []byte, kind string) {
	message := e.Message + "\nRequestId:" + r.ID + "\nTime:" + now.UTC().Format(iso7)
	if s == Table {
		return e.json(message), "application/json;odata=minimalmetadata;streaming=true;charset=utf-8"
	}
	b := append([]byte(XMLHeader), "<Error><Code>"...)
	b = AppendXML(b, e.Code)
	b = append(b, "</Code><Message>"...)
	b = AppendXML(b, message)
	b = append(b, "</Message>"...)
	for _, x := range e.Extra {
		b = AppendElement(b, x.Name, x.Value)
	}
	return append(b, "</Error>"...), "application/xml"
}

func (e *Error) json(message string) []byte {
	type text struct {
		Lang  string `json:"lang"`
		Value string `json:"value"`
	}
	for _, x := range e.Extra {
		if x.Name == "Reason" || x.Name == "AuthenticationErrorDetail" {
			message += "\n" + x.Name + ":" + x.Value
		}
	}
	b, err := json.Marshal(map[string]any{"odata.error": map[string]any{"code": e.Code, "message": text{"en-US", message}}})
	if err != nil {
		panic(err) // of texts: it never fails
	}
	return b
}

// hasBody reports whether an answer to the method with the status has a body.
func hasBody(method string, status int) bool {
	return method != http.MethodHead && status != http.StatusNotModified && status != http.StatusNoContent
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}
