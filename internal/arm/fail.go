package arm

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Failure is a refusal with a status and a code of Azure's own, where a fault's kind
// says too little.
type Failure struct {
	Status  int
	Code    string
	Message string
}

// Error is the code and the message.
func (f *Failure) Error() string { return f.Code + ": " + f.Message }

// Fail makes a Failure.
func Fail(status int, code, format string, args ...any) *Failure {
	return &Failure{status, code, fmt.Sprintf(format, args...)}
}

// kinds are what the kinds of faults are here. No status says "try again" of what
// would fail again: clients repeat every 5xx but 501 for half an hour.
var kinds = map[fault.Kind]Failure{
	fault.Internal:           {http.StatusInternalServerError, "InternalServerError", ""},
	fault.NotFound:           {http.StatusNotFound, "ResourceNotFound", ""},
	fault.Conflict:           {http.StatusConflict, "Conflict", ""},
	fault.PreconditionFailed: {http.StatusPreconditionFailed, "PreconditionFailed", ""},
	fault.TooLarge:           {http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", ""},
	fault.Throttled:          {http.StatusTooManyRequests, "TooManyRequests", ""},
	fault.Invalid:            {http.StatusBadRequest, "BadRequest", ""},
	fault.Unauthorized:       {http.StatusUnauthorized, "AuthenticationFailed", ""},
	fault.Forbidden:          {http.StatusForbidden, "AuthorizationFailed", ""},
	fault.Gone:               {http.StatusNotFound, "ResourceNotFound", ""},
	fault.Unavailable:        {http.StatusServiceUnavailable, "ServiceUnavailable", ""},
}

// FailureOf is an error as Azure tells it.
func FailureOf(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	out := kinds[fault.KindOf(err)]
	out.Message = err.Error()
	return &out
}

// gone reports whether an error says that there is no such thing.
func gone(err error) bool {
	return err != nil && FailureOf(err).Status == http.StatusNotFound
}
