package functions

import (
	"encoding/json"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// statuses maps what went wrong to HTTP.
var statuses = map[fault.Kind]int{
	fault.Internal:           http.StatusInternalServerError,
	fault.NotFound:           http.StatusNotFound,
	fault.Conflict:           http.StatusConflict,
	fault.PreconditionFailed: http.StatusPreconditionFailed,
	fault.TooLarge:           http.StatusRequestEntityTooLarge,
	fault.Throttled:          http.StatusTooManyRequests,
	fault.Invalid:            http.StatusBadRequest,
	fault.Unauthorized:       http.StatusUnauthorized,
	fault.Forbidden:          http.StatusForbidden,
	fault.Gone:               http.StatusGone,
	fault.Unavailable:        http.StatusServiceUnavailable,
}

func statusOf(k fault.Kind) int {
	if code, ok := statuses[k]; ok {
		return code
	}
	return http.StatusInternalServerError
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_, err = w.Write(append(b, '\n'))
	_ = err // the client is gone
}
