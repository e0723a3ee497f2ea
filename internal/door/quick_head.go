package door

import (
	"bytes"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/http/httpguts"
)

// quickHead is a request that has come as a whole.
type quickHead struct {
	request http.Request
	length  int // in bytes, with the body
}

// otherwise are headers that change how a request or its connection is read, or what
// net/http does with it.
var otherwise = map[string]bool{
	"Transfer-Encoding": true, "Expect": true, "Upgrade": true, "Trailer": true, "Te": true, "Http2-Settings": true,
	"Pragma": true, "Proxy-Connection": true, "Proxy-Authorization": true,
}

// maxNames bounds the names of headers that a connection remembers.
const maxNames = 64

// head reads a request. whole says that all of it is there; without fits it is one for
// net/http, whatever comes.
func (q *quickConn) head(b []byte) (h quickHead, whole, fits bool) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		// A line that ends without a carriage return is another judge's.
		at := bytes.IndexByte(b, '\n')
		return h, false, at < 0 || at > 0 && b[at-1] == '\r'
	}
	text := string(b[:end+2])
	line, rest, _ := strings.Cut(text, "\r\n")
	r := &h.request
	if !firstLine(r, line) {
		return h, false, false
	}
	length := -1
	values := make([]string, strings.Count(rest, "\n"))
	r.Header = make(http.Header, len(values))
	for rest != "" {
		line, rest, _ = strings.Cut(rest, "\r\n")
		name, value, ok := q.field(line)
		if !ok {
			return h, false, false
		}
		switch name {
		case "Host":
			if r.Host != "" || value == "" {
				return h, false, false
			}
			r.Host = value
			continue
		case "Content-Length":
			var good bool
			if length, good = contentLength(length, value); !good {
				return h, false, false
			}
		case "Connection":
			if !strings.EqualFold(value, "keep-alive") {
				return h, false, false
			}
		}
		if before, twice := r.Header[name]; twice {
			r.Header[name] = append(before, value)
			continue
		}
		values[0] = value
		r.Header[name], values = values[:1:1], values[1:]
	}
	if r.Host == "" || !httpguts.ValidHostHeader(r.Host) {
		return h, false, false
	}
	h.length = end + 4 + max(length, 0)
	if h.length > quickBuffer {
		return h, false, false
	}
	if h.length > len(b) {
		return h, false, true
	}
	r.Body, r.RemoteAddr = http.NoBody, q.remote
	if length > 0 {
		r.ContentLength, r.Body = int64(length), &quickBody{left: b[end+4 : h.length]}
	}
	return h, true, true
}

// firstLine reads METHOD TARGET HTTP/1.1.
func firstLine(r *http.Request, line string) bool {
	method, rest, _ := strings.Cut(line, " ")
	target, version, _ := strings.Cut(rest, " ")
	if version != "HTTP/1.1" || target == "" || target[0] != '/' || method == "" || strings.ContainsFunc(method, notCapital) || method == http.MethodConnect {
		return false
	}
	for i := range len(target) {
		if target[i] <= ' ' || target[i] == 0x7f {
			return false
		}
	}
	u, err := url.ParseRequestURI(target)
	r.Method, r.RequestURI, r.URL = method, target, u
	r.Proto, r.ProtoMajor, r.ProtoMinor = version, 1, 1
	return err == nil
}

// field reads a line of the head: the name as maps have it, and its value.
func (q *quickConn) field(line string) (name, value string, ok bool) {
	written, value, found := strings.Cut(line, ":")
	if !found {
		return "", "", false
	}
	value = strings.Trim(value, " \t")
	if !httpguts.ValidHeaderFieldValue(value) {
		return "", "", false
	}
	if name, ok = q.names[written]; ok {
		return name, value, true
	}
	if !httpguts.ValidHeaderFieldName(written) {
		return "", "", false
	}
	name = textproto.CanonicalMIMEHeaderKey(written)
	if otherwise[name] {
		return "", "", false
	}
	if len(q.names) < maxNames && len(written) <= maxNames {
		if q.names == nil {
			q.names = make(map[string]string, 16)
		}
		q.names[strings.Clone(written)] = strings.Clone(name)
	}
	return name, value, true
}

// contentLength reads a Content-Length, which stands once.
func contentLength(before int, text string) (int, bool) {
	if before >= 0 || text == "" || len(text) > 8 {
		return 0, false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// quickBody is a body that is there. It is the connection's memory, and over when the
// handler has returned: whoever still reads then, as a transport may that sends it to a
// backend, gets an error and no byte of the next request.
type quickBody struct {
	mu     sync.Mutex // guards the fields below
	left   []byte
	closed bool
}

// Read implements io.Reader.
func (b *quickBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	n := copy(p, b.left)
	if b.left = b.left[n:]; len(b.left) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// Close implements io.Closer.
func (b *quickBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}
