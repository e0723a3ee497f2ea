package hubs

import (
	"encoding/json"
	"net/http"
	"time"
)

// patience is how long a client may take nothing.
const patience = 10 * time.Second

// lines writes JSON, a value a line, as the values come. A write that fails says
// that the client is gone, which nobody but the request's context needs to tell.
type lines struct {
	w   http.ResponseWriter
	enc *json.Encoder
	out *http.ResponseController
}

func newLines(w http.ResponseWriter) *lines {
	h := w.Header()
	h.Set("Content-Type", "application/x-ndjson; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	l := &lines{w, json.NewEncoder(w), http.NewResponseController(w)}
	l.allow()
	return l
}

// allow gives the client time for what is written next.
func (l *lines) allow() {
	_ = l.out.SetWriteDeadline(time.Now().Add(patience)) // a recorder in a test has none
}

func (l *lines) write(v any) { _ = l.enc.Encode(v) }

// close hands over what is left, and leaves the connection as it was: the next
// request on it has its own time.
func (l *lines) close() {
	_ = l.out.Flush()
	_ = l.out.SetWriteDeadline(time.Time{})
}

// flush hands over what was written.
func (l *lines) flush() {
	_ = l.out.Flush()
	l.allow()
}
