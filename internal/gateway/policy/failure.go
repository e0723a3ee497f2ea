package policy

import (
	"errors"
	"net/http"
)

// Failure is why an exchange went wrong: context.LastError, and the reply where no
// on-error section says another.
type Failure struct {
	Source, Reason, Message        string
	Scope, Section, Path, PolicyID string

	Status  int
	Header  http.Header
	Shown   string // the message of the reply; "": none
	Silent  bool   // the reply has no body
	Missing bool   // the fault is of the policy: the reply says nothing of it
}

// Error implements error.
func (f *Failure) Error() string { return f.Source + ": " + f.Reason + ": " + f.Message }

// refuse is a failure whose reply has the message.
func refuse(status int, source, reason, message string) *Failure {
	return &Failure{Source: source, Reason: reason, Message: message, Status: status, Shown: message}
}

// InternalError is the message of replies to faults that callers are not told of.
const InternalError = "Internal server error"

// broken is a fault of a policy itself: callers see an Internal server error.
func broken(source, reason, message string) *Failure {
	return &Failure{Source: source, Reason: reason, Message: message, Status: http.StatusInternalServerError, Shown: InternalError, Missing: true}
}

// ended is not a fault: the pipeline is over, and the response stands.
var errEnded = errors.New("the pipeline is over")

// errFound ends a section: the response was in the cache.
var errFound = errors.New("the response is in the cache")

// failureOf is an error as a failure, with the place of the step that it came from.
func failureOf(x *Exchange, s *step, err error) error {
	if errors.Is(err, errEnded) || errors.Is(err, errFound) {
		return err
	}
	var f *Failure
	if !errors.As(err, &f) {
		f = broken(s.name, "ExpressionValueEvaluationFailure", err.Error())
	}
	if f.Section == "" {
		f.Section, f.Path, f.PolicyID = x.section.String(), s.path, s.id
		if d := x.document(); d != nil {
			f.Scope = d.Level.String()
		}
	}
	return f
}
