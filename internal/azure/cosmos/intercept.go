package cosmos

import (
	"net/http"
	"time"
)

// Refusal is an error for a wire.Rule: an HTTP status with a sub-status, and how long
// the client is to wait, as 429 says it; 0 says nothing.
func Refusal(status, sub int, retryAfter time.Duration) error {
	return &apiError{
		status: status, sub: sub, code: http.StatusText(status),
		msg: "The request was refused by an intercept rule.", retry: int(retryAfter.Milliseconds()),
	}
}
