package relay

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// through is a server that passes all on to a program by c.
func through(t *testing.T, c *Client, program http.Handler) (front *httptest.Server, dials *atomic.Int64, address string) {
	t.Helper()
	testkit.NoLeaks(t)
	back := httptest.NewServer(program)
	t.Cleanup(back.Close)
	dials = &atomic.Int64{}
	address = strings.TrimPrefix(back.URL, "http://")
	c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	front = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Fits(r) {
			http.Error(w, "does not fit", http.StatusNotImplemented)
			return
		}
		if err := c.Do(r.Context(), w, r, Request{Address: address, Set: http.Header{"X-Set": {"ours"}, "X-Gone": nil}}); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}))
	t.Cleanup(front.Close)
	t.Cleanup(c.CloseIdle)
	return front, dials, address
}

// answer is a response that was read to its end.
type answer struct {
	code            int
	header, trailer http.Header
}

func do(t *testing.T, r *http.Request) (answer, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, resp.Trailer}, string(body)
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestWhatPasses: method, target, host, headers and body arrive as they came, but for
// headers of one connection and those that are replaced; so does the response.
func TestWhatPasses(t *testing.T) {
	front, dials, _ := through(t, &Client{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Add("X-Many", "1")
		w.Header().Add("X-Many", "2")
		w.Header().Set("Connection", "X-Hop")
		w.Header().Set("X-Hop", "mine")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s host=%s set=%v gone=%v hop=%q agent=%q length=%d body=%s", r.Method, r.RequestURI, r.Host,
			r.Header["X-Set"], r.Header["X-Gone"], r.Header.Get("X-Hop"), r.Header["User-Agent"], r.ContentLength, body)
	}))
	for _, tc := range []struct{ method, body, want string }{
		{"GET", "", `length=0 body=`},
		{"POST", "hello", `length=5 body=hello`},
		{"POST", "", `length=0 body=`},
		{"DELETE", "x", `length=1 body=x`},
	} {
		r := request(t, tc.method, front.URL+"/a%20b/c?q=1&q=%zz;", tc.body)
		r.Host = "app.test"
		r.Header = http.Header{"X-Set": {"theirs"}, "X-Gone": {"theirs"}, "Connection": {"X-Hop"}, "X-Hop": {"theirs"}, "User-Agent": {""}}
		got, body := do(t, r)
		want := tc.method + ` /a%20b/c?q=1&q=%zz; host=app.test set=[ours] gone=[] hop="" agent=[] ` + tc.want
		if body != want || got.code != http.StatusTeapot || got.header.Get("X-Hop") != "" {
			t.Errorf("%d %v\n%q, want\n%q", got.code, got.header, body, want)
		}
		if many := got.header["X-Many"]; len(many) != 2 {
			t.Errorf("X-Many %q", many)
		}
	}
	if n := dials.Load(); n != 1 {
		t.Errorf("%d connections for four requests", n)
	}
}

// TestResponses: those without a body, with chunks and trailers, and hints before them.
func TestResponses(t *testing.T) {
	front, _, _ := through(t, &Client{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/none":
			w.WriteHeader(http.StatusNoContent)
		case "/large":
			fmt.Fprint(w, strings.Repeat("x", 100_000))
		case "/trailer":
			w.Header().Set("Trailer", "X-Sum")
			w.Header().Set("Link", "<a>")
			w.WriteHeader(http.StatusEarlyHints)
			fmt.Fprint(w, "text")
			w.(http.Flusher).Flush()
			w.Header().Set("X-Sum", "4")
		}
	}))
	if got, body := do(t, request(t, "GET", front.URL+"/none", "")); got.code != http.StatusNoContent || body != "" {
		t.Errorf("%d %q", got.code, body)
	}
	if got, body := do(t, request(t, "GET", front.URL+"/large", "")); got.code != http.StatusOK || len(body) != 100_000 {
		t.Errorf("%d, %d bytes", got.code, len(body))
	}
	if got, body := do(t, request(t, "HEAD", front.URL+"/large", "")); got.code != http.StatusOK || body != "" {
		t.Errorf("%d %q", got.code, body)
	}
	if got, body := do(t, request(t, "GET", front.URL+"/trailer", "")); body != "text" || got.trailer.Get("X-Sum") != "4" || len(got.header["Link"]) != 1 {
		t.Errorf("%q %v %v", body, got.header, got.trailer)
	}
}

// TestStreams: what has come passes before more of it does, in chunks and without.
func TestStreams(t *testing.T) {
	for _, length := range []string{"", "11"} {
		more := make(chan struct{})
		front, _, _ := through(t, &Client{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if length != "" {
				w.Header().Set("Content-Length", length)
			}
			w.(http.Flusher).Flush()
			<-more
			fmt.Fprint(w, "first\n")
			w.(http.Flusher).Flush()
			<-more
			fmt.Fprint(w, "last\n")
		}))
		resp, err := http.DefaultClient.Do(request(t, "GET", front.URL, ""))
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(resp.Body)
		for _, want := range []string{"first\n", "last\n"} {
			more <- struct{}{}
			if line, err := lines.ReadString('\n'); err != nil || line != want {
				t.Errorf("line %q, %v, want %q", line, err, want)
			}
		}
		if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
			t.Errorf("then %q, %v", rest, err)
		}
		resp.Body.Close()
	}
}

// TestProgramsThatEnd: a connection that was hung up on is not used again; a response
// that breaks off breaks off for the client; no response is an error that says whether
// the request was sent.
func TestProgramsThatEnd(t *testing.T) {
	c := &Client{}
	front, dials, _ := through(t, c, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/break" {
			w.Header().Set("Content-Length", "10")
			fmt.Fprint(w, "half")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		if r.URL.Path == "/close" {
			w.Header().Set("Connection", "close")
		}
		if r.URL.Path == "/nothing" {
			panic(http.ErrAbortHandler)
		}
	}))
	for range 3 {
		if got, _ := do(t, request(t, "POST", front.URL+"/close", "x")); got.code != http.StatusOK {
			t.Errorf("status %d", got.code)
		}
	}
	if n := dials.Load(); n != 3 {
		t.Errorf("%d connections for 3 requests of which each closes its own", n)
	}
	resp, err := http.DefaultClient.Do(request(t, "GET", front.URL+"/break", ""))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("a whole answer %q of one that broke off", body)
	}
	resp.Body.Close()
	if got, body := do(t, request(t, "POST", front.URL+"/nothing", "x")); got.code != http.StatusBadGateway || strings.Contains(body, ErrNotSent.Error()) {
		t.Errorf("%d %q", got.code, body)
	}
	l, err := testkit.Loopback()
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	err = c.Do(t.Context(), httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), Request{Address: nobody})
	if !errors.Is(err, ErrNotSent) {
		t.Errorf("nobody listens: %v", err)
	}
}

// TestProgramThatDies: of a request that a program got before it died it is not said that
// it was not sent, though nobody listens when it is asked again.
func TestProgramThatDies(t *testing.T) {
	c := &Client{}
	front, _, _ := through(t, c, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/die" {
			panic(http.ErrAbortHandler)
		}
	}))
	do(t, request(t, "GET", front.URL, "")) // its connection is kept
	c.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED }
	if got, body := do(t, request(t, "GET", front.URL+"/die", "")); got.code != http.StatusBadGateway || !strings.Contains(body, "read the response: ") {
		t.Errorf("%d %q", got.code, body)
	}
}

// TestHungUpMeanwhile: a kept connection whose other end has gone is found out before
// a request is put on it, one that cannot be asked twice too.
func TestHungUpMeanwhile(t *testing.T) {
	c := &Client{}
	front, dials, _ := through(t, c, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	do(t, request(t, "POST", front.URL, "x"))
	c.mu.Lock()
	for _, all := range c.kept {
		for _, k := range all {
			k.Conn.(*net.TCPConn).CloseRead() //nolint:errcheck // reading ends here, as if the other end had gone
		}
	}
	c.mu.Unlock()
	if got, body := do(t, request(t, "POST", front.URL, "x")); got.code != http.StatusOK {
		t.Errorf("%d %q", got.code, body)
	}
	if n := dials.Load(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

// TestContextEnds: a caller that has gone ends the request, before the response and in
// the middle of it.
func TestContextEnds(t *testing.T) {
	for _, path := range []string{"/silent", "/half"} {
		came, over := make(chan struct{}), make(chan struct{})
		c := &Client{}
		_, _, address := through(t, c, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/half" {
				w.(http.Flusher).Flush()
			}
			close(came)
			<-r.Context().Done()
			close(over)
		}))
		ctx, cancel := context.WithCancel(t.Context())
		head := func(*http.Response) { cancel() }
		if path == "/silent" {
			go func() { <-came; cancel() }()
		}
		func() {
			defer func() {
				if broke := recover(); (broke != nil) != (path == "/half") {
					t.Errorf("%s: %v", path, broke)
				}
			}()
			err := c.Do(ctx, httptest.NewRecorder(), httptest.NewRequest("GET", path, nil), Request{Address: address, Head: head})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", path, err)
			}
		}()
		select {
		case <-over:
		case <-time.After(20 * time.Second):
			t.Error("the program did not hear that its caller has gone")
		}
	}
}

// TestFits: what streams towards the program or changes the protocol is not for Do.
func TestFits(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"chunks":  func(r *http.Request) { r.ContentLength, r.TransferEncoding = -1, []string{"chunked"} },
		"large":   func(r *http.Request) { r.ContentLength = maxBody + 1 },
		"upgrade": func(r *http.Request) { r.Header["Connection"] = []string{"keep-alive, upgrade"} },
		"expect":  func(r *http.Request) { r.Header.Set("Expect", "100-continue") },
		"trailer": func(r *http.Request) { r.Trailer = http.Header{"X": nil} },
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader("x"))
		if !Fits(r) {
			t.Fatal("a small request does not fit")
		}
		if change(r); Fits(r) {
			t.Errorf("%s fits", name)
		}
	}
	if goes(http.Header{"Connection": {"a, x-b"}}, textproto.CanonicalMIMEHeaderKey("X-B")) {
		t.Error("a header that Connection names is passed on")
	}
}
