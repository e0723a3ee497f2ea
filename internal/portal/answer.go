package portal

import (
	"encoding/json"
	"net/http"
	"time"
)

// patience is how long a browser may take nothing of a long answer.
const patience = 10 * time.Second

// Answer is an answer that is written while it comes to be: rows that are
// searched for, lines that are followed. A browser that takes nothing for ten
// seconds is let go. A write that fails says that the browser is gone.
type Answer struct {
	w       http.ResponseWriter
	control *http.ResponseController
	values  *json.Encoder
}

// NDJSON is the media type of an Answer of Values.
const NDJSON = "application/x-ndjson; charset=utf-8"

// NewAnswer begins an answer; close it after use.
func NewAnswer(w http.ResponseWriter, media string) *Answer {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	return &Answer{w, http.NewResponseController(w), json.NewEncoder(w)}
}

// Write writes bytes.
func (a *Answer) Write(p []byte) (int, error) {
	a.allow()
	return a.w.Write(p)
}

// Value writes a value as a line of JSON.
func (a *Answer) Value(v any) error {
	a.allow()
	return a.values.Encode(v)
}

// Flush hands over what was written.
func (a *Answer) Flush() error {
	a.allow()
	return a.control.Flush()
}

// allow gives the browser time for what is written next.
func (a *Answer) allow() {
	_ = a.control.SetWriteDeadline(time.Now().Add(patience)) // a recorder in a test has none
}

// Close hands over what is left, and leaves the connection as it was: the next
// request on it has its own time.
func (a *Answer) Close() {
	_ = a.Flush()
	_ = a.control.SetWriteDeadline(time.Time{})
}
