package storage

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// http.Server answers by itself what it cannot read as a request: an address with a
// broken escape, a header without a colon, a head that is too long. It does so with one
// write and a line of text, and closes the connection. Clients of the services look for
// an error of theirs, so that a connection of KeepNames says it in their shape.

// plainHead is what stands behind the status line of such an answer.
const plainHead = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// Write writes, what http.Server says by itself in the service's own shape.
func (c *namedConn) Write(b []byte) (int, error) {
	if !c.answering.Load() {
		if e := unread(b, c.head.last); e != nil {
			if _, err := c.Conn.Write(e.whole(c.service, c.head.last)); err != nil {
				return 0, err
			}
			return len(b), nil
		}
	}
	return c.Conn.Write(b)
}

// Idle: the answer before is written. Without it the connection takes no answer for
// http.Server's own, once it has begun one.
func (c *namedConn) Idle() { c.answering.Store(false) }

// unread is the error for what http.Server wrote about the request of a line (METHOD
// URI); nil: it is something else.
func unread(b []byte, line string) *Error {
	status, rest, ok := bytes.Cut(b, []byte(plainHead))
	code, found := bytes.CutPrefix(status, []byte("HTTP/1.1 "))
	if !ok || !found || len(code) < 3 {
		return nil
	}
	n, err := strconv.Atoi(string(code[:3]))
	if err != nil || n < 400 {
		return nil
	}
	_, uri, _ := strings.Cut(line, " ")
	_, reason, _ := bytes.Cut(rest, []byte(": "))
	switch {
	case n == http.StatusRequestHeaderFieldsTooLarge:
		return Fail("InvalidHeaderValue").WithStatus(n).With("Reason", "The first line and the headers are too long together.")
	case n == http.StatusNotImplemented:
		return Unsupported("A Transfer-Encoding other than chunked", "Send chunks, or a Content-Length.")
	case n == http.StatusBadRequest && len(reason) == 0 && unparsable(uri):
		return Fail("InvalidUri").With("Reason", "The address cannot be read: a % has to be followed by two hexadecimal digits, and is itself %25.")
	case len(reason) == 0:
		return Fail("InvalidHeaderValue").WithStatus(n).With("Reason", "The first line or a header cannot be read.")
	}
	return Fail("InvalidHeaderValue").WithStatus(n).With("Reason", "The request cannot be read: "+string(reason)+".")
}

func unparsable(uri string) bool {
	_, err := url.ParseRequestURI(uri)
	return err != nil
}

// whole is the error as a whole answer, after which the connection ends.
func (e *Error) whole(s Service, line string) []byte {
	now, r := time.Now(), &Request{ID: uuid.New()}
	text, kind := e.body(s, r, now)
	h := http.Header{
		"Connection":      {"close"},
		"Content-Length":  {strconv.Itoa(len(text))},
		"Content-Type":    {kind},
		"Date":            {now.UTC().Format(http.TimeFormat)},
		"Server":          {s.server()},
		"X-Ms-Error-Code": {e.Code},
		"X-Ms-Request-Id": {r.ID},
		"X-Ms-Version":    {Newest},
	}
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + strconv.Itoa(e.Status) + " " + http.StatusText(e.Status) + "\r\n")
	_ = h.Write(&b) // a buffer takes everything
	b.WriteString("\r\n")
	if !strings.HasPrefix(line, http.MethodHead+" ") {
		b.Write(text)
	}
	return b.Bytes()
}
