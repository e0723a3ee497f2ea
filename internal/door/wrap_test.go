package door

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// seen counts what a port's Wrap saw.
type seen struct {
	net.Conn
	bytes atomic.Int64
}

func (s *seen) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.bytes.Add(int64(n))
	return n, err
}
func (s *seen) NetConn() net.Conn { return s.Conn }

type secureSeen struct{ *seen }

func (s secureSeen) ConnectionState() tls.ConnectionState {
	return s.Conn.(*tls.Conn).ConnectionState()
}

type seenKey struct{}

// TestWrap: what a port puts between the connection and the server sees requests in
// the clear, with TLS and without, and the request finds it again; the account in a
// path is found where the host says none.
func TestWrap(t *testing.T) {
	testkit.NoLeaks(t)
	p := Port{
		TLS: Either,
		Wrap: func(c net.Conn) net.Conn {
			s := &seen{Conn: c}
			if _, ok := c.(*tls.Conn); ok {
				return secureSeen{s}
			}
			return s
		},
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, seenKey{}, c) },
	}
	route := Route{
		Type: site.Type,
		InPath: func(a resource.Account, _ *http.Request) resource.Account {
			a.Name = "in the path"
			return a
		},
		HTTP: func(a resource.Account) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var s *seen
				switch c := r.Context().Value(seenKey{}).(type) {
				case *seen:
					s = c
				case secureSeen:
					s = c.seen
				}
				fmt.Fprintf(w, "%s: secure=%v seen=%v %s", a.Name, r.TLS != nil, s.bytes.Load() > 50, r.Proto)
			})
		},
	}
	l := open(t, testkit.Listen(t), p, Names{}, route)
	for scheme, secure := range map[string]bool{"http": false, "https": true} {
		want := fmt.Sprintf("in the path: secure=%v seen=true HTTP/1.1", secure)
		if got, err := l.get(scheme); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", scheme, got, err, want)
		}
	}
}
