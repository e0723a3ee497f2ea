package door

import (
	"io"
	"net/http"
	"time"
)

// A request's body must come: bodyGrace in all, and a second more for each
// bodyRate bytes that came. Only time spent waiting for the client counts.
// (Kestrel, which is in front of functions in Azure, has such a rule with 240
// bytes a second.)
const (
	bodyGrace = 30 * time.Second
	bodyRate  = 1 << 10 // bytes a second
	// leftover bounds how long the rest of a body that the handler did not
	// want may take to arrive, before the connection is closed.
	leftover = 5 * time.Second
)

// serveTimed serves a request whose body has a deadline that moves on while it
// comes. http.Server.ReadTimeout is not that: it also bounds how long a handler
// may work, because its end cancels the request's context.
func serveTimed(h http.Handler, w http.ResponseWriter, r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody {
		h.ServeHTTP(w, r)
		return
	}
	socket, ok := w.(deadliner)
	if !ok { // a recorder, in a test
		h.ServeHTTP(w, r)
		return
	}
	b := &body{ReadCloser: r.Body, socket: socket, http2: r.ProtoMajor == 2}
	r.Body = b
	h.ServeHTTP(w, r)
	if !b.ended {
		_ = socket.SetReadDeadline(time.Now().Add(leftover))
	}
}

// deadliner is what net/http's writers are, as http.ResponseController knows.
type deadliner interface {
	SetReadDeadline(time.Time) error
}

// body is a request's body that must come in time.
type body struct {
	io.ReadCloser
	socket deadliner
	http2  bool
	came   int64
	waited time.Duration
	ended  bool
}

func (b *body) Read(p []byte) (int, error) {
	begin := time.Now()
	left := bodyGrace + time.Duration(b.came/bodyRate)*time.Second - b.waited
	_ = b.socket.SetReadDeadline(begin.Add(left)) // fails when the connection is gone, as Read will
	n, err := b.ReadCloser.Read(p)
	b.came += int64(n)
	if err == nil {
		b.waited += time.Since(begin)
		if b.http2 { // there a deadline ends the body also while nobody reads
			_ = b.socket.SetReadDeadline(time.Time{})
		}
		return n, nil
	}
	b.ended = true
	if err == io.EOF {
		_ = b.socket.SetReadDeadline(time.Time{})
	}
	return n, err
}
