package wire

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// Recovered logs a panic of an operation with its stack; the service answers with what
// it returns, which says nothing of it. A deliberate abort goes on to net/http, which
// closes the connection.
func Recovered(p any, log *slog.Logger, operation string, request slog.Attr) error {
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	log.With(request).Error("request panicked", "operation", operation, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	return errors.New("panic")
}
