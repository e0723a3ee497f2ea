package storage

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// unreadServer answers 200 with plainHead in its body, and asks Begin's way for each
// request, as the services do.
func unreadServer(t *testing.T, s Service) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, h *http.Request) {
		answers(h)
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte(trap))
	}))
	server.Listener = wrapping{server.Listener, KeepNames(s)}
	server.Config.ConnContext = NamesContext
	server.Config.MaxHeaderBytes = 8 << 10
	server.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if watched, ok := c.(interface{ Idle() }); ok && state == http.StateIdle {
			watched.Idle()
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// trap is what http.Server says by itself, as the content of a blob.
const trap = "HTTP/1.1 400 Bad Request" + plainHead + "400 Bad Request"

type wrapping struct {
	net.Listener
	wrap func(net.Conn) net.Conn
}

func (l wrapping) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.wrap(c), nil
}

// TestUnreadable: what http.Server refuses before anybody sees it is told in the
// service's shape, also behind a request that was answered; and the same text in a body
// is left alone.
func TestUnreadable(t *testing.T) {
	const good = "GET /a/c/b HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, c := range []struct {
		service       Service
		request, code string
		status        int
	}{
		{Blob, "GET /a/c/%zz HTTP/1.1\r\nHost: x\r\n\r\n", "InvalidUri", 400},
		{Queue, "GET /a/q/messages/50% HTTP/1.1\r\nHost: x\r\n\r\n", "InvalidUri", 400},
		{Table, "GET /a/T(PartitionKey='%',RowKey='') HTTP/1.1\r\nHost: x\r\n\r\n", "InvalidUri", 400},
		{Blob, "HEAD /a/c/%zz HTTP/1.1\r\nHost: x\r\n\r\n", "InvalidUri", 400},
		{Blob, "GET /a/c/b HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", "InvalidHeaderValue", 400},
		{Blob, "GET /a/c/b HTTP/1.1\r\n\r\n", "InvalidHeaderValue", 400},
		{Blob, "GET /a/c/b HTTP/3.1\r\nHost: x\r\n\r\n", "InvalidHeaderValue", 505},
		{Blob, "PUT /a/c/b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "NotImplemented", 501},
		{Blob, "PUT /a/c/b HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "InvalidHeaderValue", 400},
		{Blob, "GET /a/c/b HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 20<<10) + "\r\n\r\n", "InvalidHeaderValue", 431},
	} {
		for _, before := range []string{"", good} {
			all := said(t, unreadServer(t, c.service), before+c.request)
			if before != "" {
				first, rest, found := strings.Cut(all, trap)
				if !found || !strings.HasPrefix(first, "HTTP/1.1 200 OK") {
					t.Fatalf("the answer before: %q", all)
				}
				all = rest
			}
			checkUnread(t, c.request, all, c.service, c.status, c.code)
		}
	}
}

func checkUnread(t *testing.T, request, all string, s Service, status int, code string) {
	t.Helper()
	head, body, _ := strings.Cut(all, "\r\n\r\n")
	for _, want := range []string{fmt.Sprintf("HTTP/1.1 %d ", status), "\r\nX-Ms-Error-Code: " + code, "\r\nServer: " + s.server(), "\r\nX-Ms-Request-Id: "} {
		if !strings.Contains(head, want) {
			t.Errorf("%.60q: %q is not in %q", request, want, head)
		}
	}
	shape := "<Error><Code>" + code + "</Code><Message>"
	if s == Table {
		shape = `{"odata.error":{"code":"` + code + `"`
	}
	switch {
	case strings.HasPrefix(request, "HEAD"):
		if body != "" {
			t.Errorf("an answer to HEAD has a body: %q", body)
		}
	case !strings.Contains(body, shape):
		t.Errorf("%.60q: %q is not in %q", request, shape, body)
	}
}

// said is all that a server answers to bytes on a connection.
func said(t *testing.T, addr, request string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	all, _ := io.ReadAll(c) // the end may be a reset: the server did not read all
	return string(all)
}
