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
	Details []Detail // what is wrong with single properties
}

// Detail is what is wrong with one property.
type Detail struct {
	Code    string `json:"code"`
	Target  string `json:"target,omitempty"`
	Message string `json:"message"`
}

// Error is the code and the message.
func (f *Failure) Error() string {
	text := f.Code + ": " + f.Message
	for _, d := range f.Details {
		text += " " + d.Target + ": " + d.Message
	}
	return text
}

// Fail makes a Failure.
func Fail(status int, code, format string, args ...any) *Failure {
	return &Failure{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// kinds are what the kinds of faults are here. No status says "try again" of what
// would fail again: clients repeat every 5xx but 501 for half an hour.
var kinds = map[fault.Kind]Failure{
	fault.Internal:           {Status: http.StatusInternalServerError, Code: "InternalServerError"},
	fault.NotFound:           {Status: http.StatusNotFound, Code: "ResourceNotFound"},
	fault.Conflict:           {Status: http.StatusConflict, Code: "Conflict"},
	fault.PreconditionFailed: {Status: http.StatusPreconditionFailed, Code: "PreconditionFailed"},
	fault.TooLarge:           {Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLarge"},
	fault.Throttled:          {Status: http.StatusTooManyRequests, Code: "TooManyRequests"},
	fault.Invalid:            {Status: http.StatusBadRequest, Code: "BadRequest"},
	fault.Unauthorized:       {Status: http.StatusUnauthorized, Code: "AuthenticationFailed"},
	fault.Forbidden:          {Status: http.StatusForbidden, Code: "AuthorizationFailed"},
	fault.Gone:               {Status: http.StatusNotFound, Code: "ResourceNotFound"},
	fault.Unavailable:        {Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable"},
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
