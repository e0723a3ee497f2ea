package insights

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// errorOf is the service's status and code of each kind of fault.
var errorOf = map[fault.Kind]struct {
	status int
	code   string
}{
	fault.Internal:           {http.StatusInternalServerError, "InternalServerError"},
	fault.NotFound:           {http.StatusNotFound, "PathNotFoundError"},
	fault.Conflict:           {http.StatusConflict, "Conflict"},
	fault.PreconditionFailed: {http.StatusPreconditionFailed, "PreconditionFailed"},
	fault.TooLarge:           {http.StatusRequestEntityTooLarge, "RequestEntityTooLarge"},
	fault.Throttled:          {http.StatusTooManyRequests, "TooManyRequests"},
	fault.Invalid:            {http.StatusBadRequest, "BadArgumentError"},
	fault.Unauthorized:       {http.StatusUnauthorized, "AuthenticationFailed"},
	fault.Forbidden:          {http.StatusForbidden, "InsufficientAccessError"},
	fault.Gone:               {http.StatusGone, "Gone"},
	fault.Unavailable:        {http.StatusServiceUnavailable, "ServiceUnavailable"},
}

func statusOf(err error) (status int, code string) {
	e := errorOf[fault.KindOf(err)]
	return e.status, e.code
}

// writeError writes an error as the query API words them.
func writeError(w http.ResponseWriter, status int, code, message string) {
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(errorBody(code, message)) // the client may be gone
}

func errorBody(code, message string) []byte {
	b := appendText([]byte(`{"error":{"message":`), message)
	b = appendText(append(b, `,"code":`...), code)
	return append(b, "}}"...)
}
