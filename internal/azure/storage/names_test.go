package storage

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// echoNames answers with the names of the metadata and the size of the body.
func echoNames(t testing.TB) http.HandlerFunc {
	return func(w http.ResponseWriter, h *http.Request) {
		n, err := io.Copy(io.Discard, h.Body)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(w, "%s %d %v", strings.Join(metadataNames(h), ","), n, h.TLS != nil)
	}
}

func namesServer(t testing.TB, secure bool) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(echoNames(t))
	s.Config.ConnContext = NamesContext
	if secure {
		s.StartTLS()
		s.Close()
		certificates := s.TLS.Certificates
		s = httptest.NewUnstartedServer(echoNames(t))
		s.Config.ConnContext = NamesContext
		s.Listener = keeping{tls.NewListener(s.Listener, &tls.Config{Certificates: certificates})}
	} else {
		s.Listener = keeping{s.Listener}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// TestNamesOverOneConnection: keep-alive and pipelining, lengths and chunks, trailers,
// empty values and names twice, each with the names as they were written.
func TestNamesOverOneConnection(t *testing.T) {
	s := namesServer(t, false)
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	body := strings.Repeat("x-ms-meta-No: body\r\n\r\nGET / HTTP/1.1\r\n", 3000)
	chunks := fmt.Sprintf("5;a=b\r\nhello\r\n%x\r\n%s\r\n0\r\nX-Ms-Meta-Trailer: no\r\n\r\n", len(body), body)
	requests := []struct{ text, want string }{
		{"PUT /a HTTP/1.1\r\nHost: h\r\nx-ms-meta-myKey: 1\r\nX-MS-META-Other_1:\r\nContent-Length: 3\r\n\r\nabc", "x-ms-meta-myKey,X-MS-META-Other_1 3 false"},
		{"GET /a HTTP/1.1\r\nHost: h\r\n\r\n", " 0 false"},
		{"PUT /b HTTP/1.1\r\nHost: h\nx-ms-meta-Zz: 1\nx-ms-meta-aA: 2\nTransfer-Encoding: chunked\n\n" + chunks, fmt.Sprintf("x-ms-meta-Zz,x-ms-meta-aA %d false", len(body)+5)},
		{"PUT /c HTTP/1.1\r\nHost: h\r\nX-Ms-Meta-Folded: 1\r\n 2\r\ncontent-length: " + fmt.Sprint(len(body)) + "\r\n\r\n" + body, fmt.Sprintf("X-Ms-Meta-Folded %d false", len(body))},
		{"PUT /c HTTP/1.1\r\nHost: h\r\nx-ms-meta-Dup: 1\r\nx-ms-meta-dUP: 2\r\n\r\n", "x-ms-meta-Dup,x-ms-meta-dUP 0 false"},
	}
	var all []byte
	for range 3 {
		for _, r := range requests {
			all = append(all, r.text...)
		}
	}
	go func() {
		for len(all) > 0 { // in pieces that cut everywhere
			n := min(len(all), 1+rand.IntN(700))
			if _, err := c.Write(all[:n]); err != nil {
				return
			}
			all = all[n:]
		}
	}()
	in := bufio.NewReader(c)
	for i := range 3 * len(requests) {
		want := requests[i%len(requests)].want
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		got, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || string(got) != want {
			t.Errorf("%d: %q, want %q (%v)", i, got, want, err)
		}
	}
}

// TestNamesUnderTLS: the wrapper sits above TLS, and the request knows that there is.
func TestNamesUnderTLS(t *testing.T) {
	s := namesServer(t, true)
	c, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the test's own
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "PUT /a HTTP/1.1\r\nHost: h\r\nx-ms-meta-myKey: 1\r\nConnection: close\r\n\r\n")
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Contains(got, []byte("x-ms-meta-myKey 0 true")) {
		t.Errorf("%q %v", got, err)
	}
}

// TestNamesWithoutConnection: nothing is lost but the case.
func TestNamesWithoutConnection(t *testing.T) {
	h := httptest.NewRequest(http.MethodPut, "/", nil)
	h.Header["X-Ms-Meta-Mykey"] = []string{"1"}
	if got := metadataNames(h); !slices.Equal(got, []string{"x-ms-meta-mykey"}) {
		t.Error(got)
	}
	// What another request left does not become this one's.
	c := keepNames(Blob, nil).(*namedConn)
	c.head.watch([]byte("PUT / HTTP/1.1\r\nx-ms-meta-Other: 1\r\n\r\nPUT / HTTP/1.1\r\nx-ms-meta-myKey: 1\r\n\r\n"))
	h = h.WithContext(NamesContext(context.Background(), c))
	if got := metadataNames(h); !slices.Equal(got, []string{"x-ms-meta-myKey"}) {
		t.Error(got)
	}
	if c.size != 0 || len(c.kept) != 0 {
		t.Errorf("%d bytes of %d heads are kept", c.size, len(c.kept))
	}
}

// TestNamesAreBounded: what nobody asks for does not pile up, nor does a line that
// does not end.
func TestNamesAreBounded(t *testing.T) {
	c := keepNames(Blob, nil).(*namedConn)
	for range 10000 {
		c.head.watch([]byte("PUT / HTTP/1.1\r\nx-ms-meta-Other: 1\r\n\r\n"))
	}
	if c.size > maxKept || len(c.kept) > maxKept/16 {
		t.Errorf("%d bytes of %d heads are kept", c.size, len(c.kept))
	}
	for range 1000 {
		c.head.watch(bytes.Repeat([]byte("a"), 4096))
	}
	if cap(c.head.line) > 2*maxHead || c.head.state != lost {
		t.Errorf("%d bytes of a line, state %d", cap(c.head.line), c.head.state)
	}
}

func TestMetadata(t *testing.T) {
	long := strings.Repeat("v", 8<<10)
	for _, c := range []struct {
		header http.Header
		want   string
	}{
		{http.Header{}, "[]"},
		{http.Header{"X-Ms-Meta-A": {""}, "X-Ms-Meta-B": {"x"}}, "[{a } {b x}]"},
		{http.Header{"X-Ms-Meta-": {"x"}}, "EmptyMetadataKey"},
		{http.Header{"X-Ms-Meta-A-B": {"x"}}, "InvalidMetadata"},
		{http.Header{"X-Ms-Meta-1a": {"x"}}, "InvalidMetadata"},
		{http.Header{"X-Ms-Meta-A": {"x", "y"}}, "InvalidMetadata"},
		{http.Header{"X-Ms-Meta-A": {long}}, "MetadataTooLarge"},
	} {
		h := httptest.NewRequest(http.MethodPut, "/"+testAccount+"/q", nil)
		h.Header = c.header
		r, err := newEndpoint(t, Queue, newAccess()).Begin(httptest.NewRecorder(), h)
		if err != nil {
			t.Fatal(err)
		}
		pairs, err := r.Metadata()
		got := fmt.Sprint(pairs)
		if err != nil {
			got = FromFault(err).Code
		}
		if got != c.want {
			t.Errorf("%v: %s, want %s", c.header, got, c.want)
		}
	}
	h := http.Header{}
	SetMetadata(h, []Pair{{"myKey", ""}, {"b", "x"}})
	if raw := map[string][]string(h); raw["x-ms-meta-myKey"][0] != "" || raw["x-ms-meta-b"][0] != "x" {
		t.Error(h)
	}
}

// FuzzNames: for what net/http reads as requests, the names are those that it read;
// and no bytes bring the reader down or make it keep much.
func FuzzNames(f *testing.F) {
	f.Add([]byte("PUT /a HTTP/1.1\r\nHost: h\r\nx-ms-meta-A: 1\r\nContent-Length: 2\r\n\r\nabGET / HTTP/1.1\r\nHost: h\r\nX-ms-meta-b:\r\n\r\n"), uint16(7))
	f.Add([]byte("PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nx-ms-meta-A: 1\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nX-ms-meta-b:\r\n\r\n"), uint16(1))
	f.Fuzz(func(t *testing.T, stream []byte, piece uint16) {
		c := keepNames(Blob, nil).(*namedConn)
		for rest := stream; len(rest) > 0; {
			n := min(len(rest), int(piece)+1)
			c.head.watch(rest[:n])
			rest = rest[n:]
		}
		ctx := NamesContext(context.Background(), c)
		in := bufio.NewReader(bytes.NewReader(stream))
		for {
			h, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			names := metadataNames(h.WithContext(ctx))
			seen := map[string]bool{}
			for _, n := range names {
				seen[http.CanonicalHeaderKey(n)] = true
			}
			for key := range h.Header {
				if strings.HasPrefix(key, "X-Ms-Meta-") && !seen[key] {
					t.Fatalf("%s is not among %q", key, names)
				}
			}
			if _, err := io.Copy(io.Discard, h.Body); err != nil {
				return
			}
		}
	})
}

// BenchmarkNamesOfBody: a body passes at the speed of counting.
func BenchmarkNamesOfBody(b *testing.B) {
	c := keepNames(Blob, nil).(*namedConn)
	c.head.watch(fmt.Appendf(nil, "PUT / HTTP/1.1\r\nContent-Length: %d\r\n\r\n", int64(1)<<60))
	piece := make([]byte, 64<<10)
	b.SetBytes(int64(len(piece)))
	for b.Loop() {
		c.head.watch(piece)
	}
}
