package relay

import (
	"bufio"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

var heads = []string{
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nset-cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n",
	"HTTP/1.1 404 Not Found\r\nServer:x \r\nX-Empty:\r\nContent-Length: 3\r\n\r\nabcmore",
	"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 9\r\n\r\nshort",
	"HTTP/1.1 299 \r\nContent-Length: 1\r\n\r\na",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na",
	"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
	"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
	"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\na",
	"HTTP/1.1 200 OK\n\nContent-Length: 1\r\n\r\na",
	"HTTP/1.1 200 OK\r\nA: b\nContent-Length: 1\r\n\r\na",
	"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 1\r\n\r\na",
	"HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 1\r\n\r\na",
	"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
	"HTTP/1.1 100 Continue\r\n\r\n",
	"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na",
	"HTTP/1.1 2000 OK\r\nContent-Length: 1\r\n\r\na",
	"HTTP/1.1 +20 OK\r\nContent-Length: 1\r\n\r\na",
	"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na",
	"HTTP/1.1 200 OK\r\nPragma: no-cache\r\nContent-Length: 1\r\n\r\na",
	"HTTP/1.1 200 OK\r\nX: \xff\x00\r\nContent-Length: 1\r\n\r\na",
	"HTTP/1.1 200 OK\r\nContent-Length: 1",
	"",
}

// plainOnes are how many of heads are read without net/http.
const plainOnes = 5

// TestHeads: what is read here is what net/http reads, and the plain ones are read here.
func TestHeads(t *testing.T) {
	plain := 0
	for _, text := range heads {
		if sameAsNetHTTP(t, text) {
			plain++
		}
	}
	if plain != plainOnes {
		t.Errorf("%d heads are read here, want %d", plain, plainOnes)
	}
}

// FuzzHead: whatever comes, it is read as net/http reads it.
func FuzzHead(f *testing.F) {
	for _, text := range heads {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { sameAsNetHTTP(t, text) })
}

// sameAsNetHTTP reports whether a response is read here, and fails where net/http reads
// another.
func sameAsNetHTTP(t *testing.T, text string) bool {
	t.Helper()
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		r := &http.Request{Method: method}
		got, length := plainHead([]byte(text), r) //nolint:bodyclose // it has none yet
		if got == nil {
			continue
		}
		if method == http.MethodHead {
			t.Fatalf("%q is read here, and has no body", text)
		}
		in := bufio.NewReader(strings.NewReader(text))
		want, err := http.ReadResponse(in, r) //nolint:bodyclose // a text's
		if err != nil {
			t.Fatalf("%q is read here, and by net/http: %v", text, err)
		}
		rest, wantErr := io.ReadAll(want.Body)
		body, gotErr := io.ReadAll(&exact{bufio.NewReader(strings.NewReader(text[length:])), got.ContentLength})
		if string(body) != string(rest) || gotErr != wantErr { //nolint:errorlint // the very same
			t.Fatalf("%q has the body %q and %v, want %q and %v", text, body, gotErr, rest, wantErr)
		}
		want.Body = nil
		if want.Header.Get("Content-Length") != got.Header.Get("Content-Length") || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q is read as\n%+v, want\n%+v", text, got, want)
		}
		return true
	}
	return false
}
