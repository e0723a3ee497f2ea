package fault

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Code says why an engine refuses, in the words of its domain, where a Kind says too
// little: "PopReceiptMismatch". "" is none.
type Code string

// Codes are the codes of an engine, and what kind of fault each is.
type Codes map[Code]Kind

// All returns every code in order, so that a test can demand that a service's table of
// errors is complete.
func (c Codes) All() []Code { return slices.Sorted(maps.Keys(c)) }

// New returns a refusal for the reason that code names, about the resource.
func (c Codes) New(code Code, resource, format string, args ...any) *Refusal {
	return &Refusal{code, &Error{Kind: c[code], Resource: resource, Msg: fmt.Sprintf(format, args...)}}
}

// Wrap returns a refusal that keeps err as its cause.
func (c Codes) Wrap(code Code, resource string, err error, format string, args ...any) *Refusal {
	r := c.New(code, resource, format, args...)
	r.Fault.Err = err
	return r
}

// Refusal is an Error with its reason.
type Refusal struct {
	Code  Code
	Fault *Error
}

// Error says what is refused and why.
func (r *Refusal) Error() string { return r.Fault.Error() }

// Unwrap returns the Error, so that Is and KindOf see its kind.
func (r *Refusal) Unwrap() error { return r.Fault }

// RefusalOf returns the outermost Refusal in err's chain, or nil.
func RefusalOf(err error) *Refusal {
	var r *Refusal
	errors.As(err, &r)
	return r
}

// CodeOf returns the code of the outermost Refusal in err's chain, or "".
func CodeOf(err error) Code {
	if r := RefusalOf(err); r != nil {
		return r.Code
	}
	return ""
}
