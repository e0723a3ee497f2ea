package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// base notes what was left to it.
type base struct {
	http.Transport
	asked atomic.Int64
}

func (b *base) RoundTrip(r *http.Request) (*http.Response, error) {
	b.asked.Add(1)
	return b.Transport.RoundTrip(r)
}

func newTransport(t *testing.T, handler http.HandlerFunc) (tr *Transport, left *base, dials *atomic.Int64, url string) {
	t.Helper()
	testkit.NoLeaks(t)
	back := httptest.NewServer(handler)
	t.Cleanup(back.Close)
	dials, left = &atomic.Int64{}, &base{}
	tr = &Transport{Base: left, Client: &Client{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}}
	t.Cleanup(tr.CloseIdleConnections)
	t.Cleanup(left.CloseIdleConnections)
	return tr, left, dials, back.URL
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header()["X-Kept"] = r.Header["X-Kept"]
	switch r.URL.Path {
	case "/hints":
		w.WriteHeader(http.StatusEarlyHints)
	case "/chunks":
		_, _ = io.WriteString(w, "piece ")
		_ = http.NewResponseController(w).Flush()
	case "/none":
		w.WriteHeader(http.StatusNoContent)
		return
	}
	fmt.Fprintf(w, "%s %s %s %d %s", r.Method, r.Host, r.RequestURI, r.ContentLength, body)
}

// TestTransport asks in all ways over one connection; what does not fit goes another
// way, and arrives as well.
func TestTransport(t *testing.T) {
	tr, left, dials, url := newTransport(t, echo)
	host := strings.TrimPrefix(url, "http://")
	for _, c := range []struct {
		method, path, body, want string
		others                   int64
	}{
		{"GET", "/a%2Fb?q=%20x", "", "GET " + host + " /a%2Fb?q=%20x 0 ", 0},
		{"POST", "/", "text", "POST " + host + " / 4 text", 0},
		{"POST", "/", "", "POST " + host + " / 0 ", 0},
		{"DELETE", "/", "", "DELETE " + host + " / 0 ", 0},
		{"HEAD", "/", "", "", 0},
		{"GET", "/none", "", "", 0},
		{"GET", "/hints", "", "GET " + host + " /hints 0 ", 0},
		{"GET", "/chunks", "", "piece GET " + host + " /chunks 0 ", 0},
		{"PUT", "/", strings.Repeat("x", maxBody+1), fmt.Sprint("PUT ", host, " / ", maxBody+1, " ", strings.Repeat("x", maxBody+1)), 1},
	} {
		r := request(t, c.method, url+c.path, c.body)
		r.Header.Add("X-Kept", "1")
		r.Header.Add("X-Kept", "2")
		before := left.asked.Load()
		resp, err := tr.RoundTrip(r)
		if err != nil {
			t.Fatalf("%s %s: %v", c.method, c.path, err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || string(got) != c.want || fmt.Sprint(resp.Header["X-Kept"]) != "[1 2]" || left.asked.Load()-before != c.others {
			t.Errorf("%s %s: %.80q %v, %v", c.method, c.path, got, resp.Header, err)
		}
		_ = resp.Body.Close()
	}
	if dials.Load() != 1 {
		t.Errorf("%d connections", dials.Load())
	}
}

// TestTransportRefuses: what would end a line or begin another request is left to
// net/http, which refuses it.
func TestTransportRefuses(t *testing.T) {
	tr, left, dials, url := newTransport(t, echo)
	for name, spoil := range map[string]func(*http.Request){
		"value":  func(r *http.Request) { r.Header.Set("X-A", "b\r\nX-Evil: 1") },
		"name":   func(r *http.Request) { r.Header["X-A: b\r\nX-Evil"] = []string{"1"} },
		"method": func(r *http.Request) { r.Method = "GET / HTTP/1.1\r\nX-Evil:" },
		"query":  func(r *http.Request) { r.URL.RawQuery = "a HTTP/1.1\r\nX-Evil: 1" },
		"host":   func(r *http.Request) { r.URL.Host = "h\r\nX-Evil: 1" },
	} {
		r := request(t, http.MethodGet, url+"/", "")
		r.Body = nil
		spoil(r)
		before := left.asked.Load()
		resp, err := tr.RoundTrip(r)
		if err == nil {
			_ = resp.Body.Close()
		}
		if err == nil || left.asked.Load() == before || dials.Load() != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTransportEnds: a context that ends closes the connection of a body that goes on,
// so does closing the body, and a connection that was hung up on is not used again.
func TestTransportEnds(t *testing.T) {
	var hangUp atomic.Bool
	tr, _, dials, url := newTransport(t, func(w http.ResponseWriter, r *http.Request) {
		if hangUp.Load() {
			w.Header().Set("Connection", "close")
			return
		}
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, "first")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	stop := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	resp, err := tr.RoundTrip(request(t, http.MethodGet, url, "").WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 5)
	if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "first" {
		t.Fatalf("%q, %v", first, err)
	}
	cancel(stop)
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, stop) {
		t.Errorf("after the context's end: %v", err)
	}
	_ = resp.Body.Close()
	if resp, err = tr.RoundTrip(request(t, http.MethodGet, url, "")); err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	hangUp.Store(true)
	for range 2 {
		if resp, err = tr.RoundTrip(request(t, http.MethodGet, url, "")); err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	if dials.Load() != 4 {
		t.Errorf("%d connections, want one for each request", dials.Load())
	}
	if _, err := tr.RoundTrip(request(t, http.MethodGet, "http://127.0.0.1:1/", "")); !errors.Is(err, ErrNotSent) { //nolint:bodyclose // there is no response
		t.Errorf("nobody listens: %v", err)
	}
}
