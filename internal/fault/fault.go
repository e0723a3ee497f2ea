// Package fault gives errors a kind that every service can map to its own
// wire shape.
//
// Engines return errors that carry a Kind and the name of the resource; they
// know no HTTP status and no AMQP condition. Each service under internal/azure
// has one table from Kind to its own codes.
package fault

import (
	"errors"
	"fmt"
)

// Kind classifies what went wrong, in the engine's own terms.
type Kind uint8

// The kinds. Internal is the zero value: an error nobody classified is ours.
const (
	Internal Kind = iota
	NotFound
	Conflict
	PreconditionFailed
	TooLarge
	Throttled
	Invalid
	Unauthorized
	Forbidden
	Gone
	Unavailable
)

var kindNames = [...]string{
	Internal:           "internal",
	NotFound:           "not found",
	Conflict:           "conflict",
	PreconditionFailed: "precondition failed",
	TooLarge:           "too large",
	Throttled:          "throttled",
	Invalid:            "invalid",
	Unauthorized:       "unauthorized",
	Forbidden:          "forbidden",
	Gone:               "gone",
	Unavailable:        "unavailable",
}

// Kinds returns every kind, so that a test can demand that a service's error
// table is complete.
func Kinds() []Kind {
	kinds := make([]Kind, len(kindNames))
	for i := range kinds {
		kinds[i] = Kind(i)
	}
	return kinds
}

// String returns the kind in words.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", k)
}

// Error is an error of a known kind about a named resource.
type Error struct {
	Kind     Kind
	Resource string // what it is about, for instance "hub telemetry_events"; may be empty
	Msg      string // a sentence without a final dot
	Err      error  // the cause, or nil
}

// Error joins resource, message and cause with colons.
func (e *Error) Error() string {
	s := e.Msg
	if s == "" {
		s = e.Kind.String()
	}
	if e.Resource != "" {
		s = e.Resource + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of the kind about the resource.
func New(kind Kind, resource, format string, args ...any) *Error {
	return &Error{Kind: kind, Resource: resource, Msg: fmt.Sprintf(format, args...)}
}

// Wrap returns an error of the kind that keeps err as its cause, or nil when
// err is nil.
func Wrap(kind Kind, resource string, err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kind, Resource: resource, Msg: fmt.Sprintf(format, args...), Err: err}
}

// KindOf returns the kind of the outermost Error in err's chain, or Internal
// when there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}
