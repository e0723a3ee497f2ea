package apim

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// BenchmarkCall is a call with a key, a header that is set and a rate limit, to a
// backend that answers at once over a kept connection: what the gateway does but for
// the caller's connection, which the door has.
func BenchmarkCall(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go answerAll(l)
	front, key := newFront(b, "http://"+l.Addr().String(), passing)
	h := front.Config.Handler
	header := http.Header{"Ocp-Apim-Subscription-Key": {key}, "Accept": {"*/*"}, "User-Agent": {"bench"}}
	b.ReportAllocs()
	for b.Loop() {
		ctx, cancel := context.WithCancel(context.Background())
		r := (&http.Request{
			Method: "GET", URL: &url.URL{Path: "/api/x"}, RequestURI: "/api/x", Host: "h", RemoteAddr: "127.0.0.1:1",
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header.Clone(), Body: http.NoBody,
		}).WithContext(ctx)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		cancel()
		if w.Code != http.StatusOK || w.Body.Len() != 15 {
			b.Fatal(w.Code, w.Body)
		}
	}
}

// answerAll answers each request of each connection with the same bytes.
func answerAll(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			in := bufio.NewReader(c)
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if strings.TrimSpace(line) != "" {
					continue
				}
				if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}"); err != nil {
					return
				}
			}
		}()
	}
}
