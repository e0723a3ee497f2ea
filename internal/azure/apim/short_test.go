package apim

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestShortBodies sends less than was promised: then the connection ends, or nothing
// comes. A policy that needs no body answers; a backend is never told that such a body is
// whole; and the next call is as any other.
func TestShortBodies(t *testing.T) {
	seen := make(chan string, 100)
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		seen <- fmt.Sprintf("%s %q %v", r.URL.Path, body, err == nil)
	}))
	defer backend.Close()
	for name, c := range map[string]struct {
		document, status string
		ends             bool
		passes           bool // calls come to the backend
	}{
		"answered, then it ends":  {`<return-response><set-status code="202" reason="Accepted" /></return-response>`, "202", true, false},
		"answered, then silence":  {`<return-response><set-status code="202" reason="Accepted" /></return-response>`, "202", false, false},
		"refused, then silence":   {`<check-header name="X-None" failed-check-httpcode="403" failed-check-error-message="no" ignore-case="true" />`, "403", false, false},
		"passed on, then it ends": {"", "", true, true},
		"read, then it ends":      {`<set-variable name="b" value="@(context.Request.Body.As<string>(preserveContent: true))" />`, "", true, true},
	} {
		front, key := newFront(t, backend.URL, "<policies><inbound><base />"+c.document+"</inbound><backend><base /></backend><outbound><base /></outbound></policies>")
		at := strings.TrimPrefix(front.URL, "http://")
		head := " HTTP/1.1\r\nHost: h\r\nOcp-Apim-Subscription-Key: " + key + "\r\n"
		conn, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "POST /api/x"+head+"Content-Length: 10\r\n\r\nsome"); err != nil {
			t.Fatal(err)
		}
		if c.ends {
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil { //nolint:errcheck,forcetypeassert // it is one
				t.Fatal(err)
			}
		}
		status := ""
		if reply, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
			status = reply.Status[:3]
			_ = reply.Body.Close()
		}
		if c.status != "" && status != c.status || c.status == "" && status[:min(1, len(status))] == "2" {
			t.Errorf("%s: answers %s, want %s", name, status, c.status)
		}
		_ = conn.Close()
		if status := raw(t, at, "POST /api/next"+head+"Content-Length: 3\r\n\r\nabc"); c.passes && status != "200" {
			t.Errorf("%s: the next call: %s", name, status)
		}
		for c.passes {
			if got := <-seen; got == `/next "abc" true` {
				break
			} else if !strings.HasPrefix(got, "/x ") || !strings.HasSuffix(got, " false") {
				t.Errorf("%s: the backend saw %s", name, got)
			}
		}
		if len(seen) > 0 {
			t.Errorf("%s: the backend saw more: %s", name, <-seen)
		}
	}
}
