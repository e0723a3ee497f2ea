package amqp

import "errors"

// The error conditions of the protocol (part 2, sections 2.8.15 to 2.8.18).
// Services add their own symbols.
const (
	ErrInternal              Symbol = "amqp:internal-error"
	ErrNotFound              Symbol = "amqp:not-found"
	ErrUnauthorized          Symbol = "amqp:unauthorized-access"
	ErrDecode                Symbol = "amqp:decode-error"
	ErrResourceLimit         Symbol = "amqp:resource-limit-exceeded"
	ErrNotAllowed            Symbol = "amqp:not-allowed"
	ErrInvalidField          Symbol = "amqp:invalid-field"
	ErrNotImplemented        Symbol = "amqp:not-implemented"
	ErrResourceLocked        Symbol = "amqp:resource-locked"
	ErrPreconditionFailed    Symbol = "amqp:precondition-failed"
	ErrResourceDeleted       Symbol = "amqp:resource-deleted"
	ErrIllegalState          Symbol = "amqp:illegal-state"
	ErrFrameSizeTooSmall     Symbol = "amqp:frame-size-too-small"
	ErrConnectionForced      Symbol = "amqp:connection:forced"
	ErrFraming               Symbol = "amqp:connection:framing-error"
	ErrWindowViolation       Symbol = "amqp:session:window-violation"
	ErrErrantLink            Symbol = "amqp:session:errant-link"
	ErrHandleInUse           Symbol = "amqp:session:handle-in-use"
	ErrUnattachedHandle      Symbol = "amqp:session:unattached-handle"
	ErrDetachForced          Symbol = "amqp:link:detach-forced"
	ErrTransferLimitExceeded Symbol = "amqp:link:transfer-limit-exceeded"
	ErrMessageSizeExceeded   Symbol = "amqp:link:message-size-exceeded"
	ErrLinkRedirect          Symbol = "amqp:link:redirect"
	ErrStolen                Symbol = "amqp:link:stolen"
)

// Errors of the local side.
var (
	// ErrClosed is the cause of calls on a link, session or connection that
	// has ended without an error of its own.
	ErrClosed = errors.New("amqp: closed")
	// ErrLater, returned by ConnHandler.Attach, postpones the answer: the
	// handler promises to call Link.Accept or Link.Refuse.
	ErrLater = errors.New("amqp: the attach is answered later")
)

// Error is the protocol's error type (part 2, section 2.8.14): it travels in
// Detach, End, Close and the Rejected outcome.
type Error struct {
	Condition   Symbol
	Description string
	Info        Map // may be nil
}

// Error returns condition and description.
func (e *Error) Error() string {
	if e.Description == "" {
		return string(e.Condition)
	}
	return string(e.Condition) + ": " + e.Description
}

// asError turns any error into one that can travel: an *Error in the chain as
// it is, anything else as amqp:internal-error with the error's text.
func asError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Condition: ErrInternal, Description: err.Error()}
}
