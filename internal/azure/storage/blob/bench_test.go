package blob

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// sink is a reply that nobody reads.
type sink struct {
	header http.Header
	status int
	n      int
}

func (s *sink) Header() http.Header    { return s.header }
func (s *sink) WriteHeader(status int) { s.status = status }
func (s *sink) Write(p []byte) (int, error) {
	s.n += len(p)
	return len(p), nil
}

// request is a signed request for the handler, without a socket.
func (a *testAccount) request(b *testing.B, method, path, text string, headers h) *http.Request {
	b.Helper()
	full := "/" + a.name + path
	req, err := http.NewRequestWithContext(b.Context(), method, a.base+full, strings.NewReader(text))
	if err != nil {
		b.Fatal(err)
	}
	req.URL.Opaque, _, _ = strings.Cut(full, "?")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header[headers[i]] = []string{headers[i+1]}
	}
	a.sign(req)
	canonical := http.Header{}
	for k, v := range req.Header {
		canonical[http.CanonicalHeaderKey(k)] = v
	}
	req.Header, req.RequestURI, req.RemoteAddr = canonical, full, "127.0.0.1:1"
	return req
}

func (a *testAccount) serve(b *testing.B, want int, req *http.Request, body *strings.Reader, text string) {
	body.Reset(text)
	req.Body = nopReader{body}
	w := &sink{header: http.Header{}}
	a.service.ServeHTTP(w, req)
	if w.status != want {
		b.Fatalf("%d, want %d: %v", w.status, want, w.header)
	}
}

type nopReader struct{ *strings.Reader }

func (nopReader) Close() error { return nil }

// Small blobs through the handler: the store is in memory, so that it is the wire's
// own cost that counts.
func BenchmarkPut(b *testing.B) {
	a := newAccount(b, nil)
	a.container()
	text := strings.Repeat("x", 1024)
	req := a.request(b, "PUT", "/box/blob", text, block)
	body := &strings.Reader{}
	b.ReportAllocs()
	for b.Loop() {
		a.serve(b, 201, req, body, text)
	}
}

func BenchmarkGet(b *testing.B) {
	a := newAccount(b, nil)
	a.container()
	a.must(201, "PUT", "/box/blob", strings.Repeat("x", 1024), block)
	req := a.request(b, "GET", "/box/blob", "", nil)
	b.ReportAllocs()
	for b.Loop() {
		a.serve(b, 200, req, &strings.Reader{}, "")
	}
}

// A page of 5,000 blobs.
func BenchmarkList(b *testing.B) {
	a := newAccount(b, nil)
	a.container()
	for i := range 5000 {
		u, err := a.store.NewUpload(b.Context(), 1)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := u.Write([]byte("x")); err != nil {
			b.Fatal(err)
		}
		_, err = a.store.PutBlob(b.Context(), objectstore.Address{Container: "box", Blob: "blob-" + strconv.Itoa(i)}, u, objectstore.Put{Type: objectstore.BlockBlob})
		u.Discard()
		if err != nil {
			b.Fatal(err)
		}
	}
	req := a.request(b, "GET", "/box?restype=container&comp=list", "", nil)
	b.ReportAllocs()
	for b.Loop() {
		a.serve(b, 200, req, &strings.Reader{}, "")
	}
}

// Content as it passes: the MD5 of a Put Blob is most of it.
func BenchmarkPutLarge(b *testing.B) {
	a := newAccount(b, nil)
	a.container()
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MiB
	text := string(data)
	for name, path := range map[string]string{"blob": "/box/blob", "block": "/box/blob2?comp=block&blockid=AAAA"} {
		b.Run(name, func(b *testing.B) {
			req := a.request(b, "PUT", path, text, block)
			body := &strings.Reader{}
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				a.serve(b, 201, req, body, text)
			}
		})
	}
}
