package storage

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

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
	case !errors.As(err, &said):
		return fault.Wrap(fault.Unavailable, resource, short{err}, "it cannot be reached")
	}
	return Refused(said.StatusCode, said.ErrorCode, resource, short{err})
}

// Refused is the error of a refusal that says a status and a code. cause may be nil.
func Refused(status int, code, resource string, cause error) error {
	kind, ok := kinds[status]
	if !ok {
		kind = fault.Unavailable
	}
	return fault.Wrap(kind, resource, cause, "the account answers %d %s", status, code)
}

// short is an error told in one line: SDKs append the exchange.
type short struct{ err error }

// Error is the first line of the error that says something.
func (s short) Error() string {
	var said *azcore.ResponseError
	if errors.As(s.err, &said) {
		return said.ErrorCode
	}
	line, _, _ := strings.Cut(strings.TrimSpace(s.err.Error()), "\n")
	return line
}

// Unwrap returns the whole of it.
func (s short) Unwrap() error { return s.err }
