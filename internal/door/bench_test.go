package door

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// BenchmarkHTTP is a request over a real socket, through the door and through
// an http.Server alone: the difference is what the door costs. A point read
// does some 20 µs more than this handler.
func BenchmarkHTTP(b *testing.B) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header()["Content-Type"] = []string{"application/json"}
		w.Write([]byte("{}"))
	})
	for name, request := range map[string]string{
		"get":  "GET /dbs/d/colls/c/docs/1 HTTP/1.1\r\nHost: localhost:8081\r\n\r\n",
		"post": "POST /dbs/d/colls/c/docs HTTP/1.1\r\nHost: localhost:8081\r\nContent-Length: 1000\r\n\r\n" + strings.Repeat("x", 1000),
	} {
		b.Run(name+"/alone", func(b *testing.B) {
			l := testkit.Listen(b)
			server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, IdleTimeout: idleLimit}
			go server.Serve(l)
			defer server.Close()
			roundTrips(b, l, request)
		})
		b.Run(name+"/door", func(b *testing.B) {
			l := testkit.Listen(b)
			set := New(Options{})
			set.add(set.made(Port{Account: site, TLS: Either}, l, false))
			set.Route(answers(h))
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- set.Run(ctx) }()
			defer func() { cancel(); <-done }()
			roundTrips(b, l, request)
		})
	}
}

func roundTrips(b *testing.B, l net.Listener, request string) {
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := io.WriteString(c, request); err != nil {
			b.Fatal(err)
		}
		for line := ""; line != "\r\n"; {
			if line, err = r.ReadString('\n'); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := r.Discard(2); err != nil {
			b.Fatal(err)
		}
	}
}
