package storage

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// kinds are what the services' statuses mean. 409 is told by its code besides.
var kinds = map[int]fault.Kind{
	http.StatusBadRequest: fault.Invalid, http.StatusUnauthorized: fault.Unauthorized, http.StatusForbidden: fault.Forbidden,
	http.StatusNotFound: fault.NotFound, http.StatusConflict: fault.Conflict, http.StatusPreconditionFailed: fault.PreconditionFailed,
	http.StatusRequestEntityTooLarge: fault.TooLarge, http.StatusTooManyRequests: fault.Throttled,
}

// Fault gives an error of a client its kind, with what the service says in place of
// the SDK's dump of the exchange. What no service has answered is fault.Unavailable.
// An error of a context stays as it is, and so does nil. resource is what was asked
// for, such as "blob X of setting Y".
func Fault(err error, resource string) error {
	var said *azcore.ResponseError
	var known *fault.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &known):
		return err
	case errors.As(err, &said):
		return Refused(said.StatusCode, said.ErrorCode, resource, short{err, reasonOf(said)})
	}
	if dump := dumped.FindStringSubmatch(err.Error()); dump != nil {
		status, _ := strconv.Atoi(dump[1]) // three digits
		return Refused(status, dump[2], resource, short{err, reasonIn(dump[3])})
	}
	return fault.Wrap(fault.Unavailable, resource, short{err, ""}, "it cannot be reached")
}

// dumped finds status, code and body in the text of an answer that a client made a text
// of: azcosmos, which asks for the account before anything else, keeps no more.
var dumped = regexp.MustCompile(`(?s)\nRESPONSE ([1-9]\d\d): [^\n]*\nERROR CODE: ([^\n]*)\n-+\n(.*)`)

// Refused is the error of a refusal that says a status and a code. cause may be nil.
func Refused(status int, code, resource string, cause error) error {
	kind, ok := kinds[status]
	if !ok {
		kind = fault.Unavailable
	}
	// azcosmos gives the status line as the code.
	code = strings.TrimPrefix(code, strconv.Itoa(status)+" ")
	return fault.Wrap(kind, resource, cause, "the account answers %d %s", status, code)
}

// longestReason bounds what is told of a service's own words.
const longestReason = 1000

// reasonOf is why a service refuses, in its own words, where it says so in JSON.
func reasonOf(said *azcore.ResponseError) string {
	if said.RawResponse == nil || said.RawResponse.Body == nil {
		return ""
	}
	body, err := runtime.Payload(said.RawResponse) // the client has read it
	if err != nil {
		return ""
	}
	return reasonIn(string(body))
}

// reasonIn finds the reason in a body, behind which there may be more text.
func reasonIn(body string) string {
	var answer struct{ Message string }
	if json.NewDecoder(strings.NewReader(body)).Decode(&answer) != nil {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(answer.Message), "\n")
	if len(line) > longestReason {
		line = strings.ToValidUTF8(line[:longestReason], "") + "…"
	}
	return strings.TrimSpace(line)
}

// short is an error told in one line: SDKs append the exchange. reason is what the
// service says of it, or "".
type short struct {
	err    error
	reason string
}

// Error is the reason, or the first line of the error that says something.
func (s short) Error() string {
	if s.reason != "" {
		return s.reason
	}
	var said *azcore.ResponseError
	if errors.As(s.err, &said) {
		return said.ErrorCode
	}
	line, _, _ := strings.Cut(strings.TrimSpace(s.err.Error()), "\n")
	return line
}

// Unwrap returns the whole of it.
func (s short) Unwrap() error { return s.err }
