package storage

import (
	"bytes"
	"context"
	"crypto/tls"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// net/http makes the names of headers canonical: x-ms-meta-myKey arrives as
// X-Ms-Meta-Mykey. The services keep the name as it was written, and clients look it
// up so. KeepNames watches what is read from a connection and remembers the names of
// metadata of each request; it never changes a byte, so that the worst that a request
// which it misreads can have is names in lower case.

// KeepNames wraps HTTP/1 connections of a service, decrypted if they have TLS. Give
// the server NamesContext as its ConnContext, so that requests find what was kept, and
// call Idle of a connection that becomes idle. The wrapper has NetConn, CloseWrite and,
// over TLS, ConnectionState, by which http.Server sets Request.TLS.
func KeepNames(s Service) func(net.Conn) net.Conn {
	return func(c net.Conn) net.Conn { return keepNames(s, c) }
}

func keepNames(s Service, c net.Conn) net.Conn {
	n := &namedConn{Conn: c, service: s}
	n.head.keep = n.keep
	if secure, ok := c.(*tls.Conn); ok {
		return &secureNamedConn{n, secure}
	}
	return n
}

type namedConn struct {
	net.Conn
	service   Service
	head      headReader  // used by Read, which http.Server calls one at a time, and before its answers
	answering atomic.Bool // a request is with its handler, or its answer under way

	mu   sync.Mutex // guards what follows
	kept []keptHead // the oldest first
	size int        // bytes of names in kept
}

// keptHead is a request that has metadata.
type keptHead struct {
	line  string   // METHOD URI
	names []string // x-ms-meta-NAME as they came
	size  int
}

// maxKept bounds the bytes of names that wait for their request. The server reads
// 4 KiB ahead of what it serves, so that more are of requests that nobody asked about.
const maxKept = 128 << 10

type secureNamedConn struct {
	*namedConn
	tls *tls.Conn
}

// ConnectionState tells http.Server that there is TLS.
func (c *secureNamedConn) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }

// NetConn is the connection below.
func (c *namedConn) NetConn() net.Conn { return c.Conn }

// Read reads, and watches.
func (c *namedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.head.watch(b[:n])
	return n, err
}

// CloseWrite ends our side of the stream.
func (c *namedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

func (c *namedConn) keep(h keptHead) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept, c.size = append(c.kept, h), c.size+h.size
	for c.size > maxKept {
		c.size -= c.kept[0].size
		c.kept = slices.Delete(c.kept, 0, 1)
	}
}

// take returns the names of a request, and forgets them and those of older ones. A
// head is the request's when its first line and the set of its names are.
func (c *namedConn) take(line string, canonical map[string]bool) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, h := range c.kept {
		if h.line != line || !sameNames(h.names, canonical) {
			continue
		}
		for _, old := range c.kept[:i+1] {
			c.size -= old.size
		}
		c.kept = slices.Delete(c.kept, 0, i+1)
		return h.names
	}
	return nil
}

func sameNames(names []string, canonical map[string]bool) bool {
	found := make(map[string]bool, len(canonical))
	for _, n := range names {
		key := http.CanonicalHeaderKey(n)
		if !canonical[key] {
			return false
		}
		found[key] = true
	}
	return len(found) == len(canonical)
}

type namesKey struct{}

// NamesContext is the ConnContext of an http.Server whose connections are of
// KeepNames; of others it changes nothing.
func NamesContext(ctx context.Context, c net.Conn) context.Context {
	switch c := c.(type) {
	case *namedConn:
		return context.WithValue(ctx, namesKey{}, c)
	case *secureNamedConn:
		return context.WithValue(ctx, namesKey{}, c.namedConn)
	}
	return ctx
}

// answers tells the request's connection that what is written from now on is an answer.
func answers(r *http.Request) {
	if c, ok := r.Context().Value(namesKey{}).(*namedConn); ok {
		c.answering.Store(true)
	}
}

// metadataNames are the names of the request's metadata headers, x-ms-meta-NAME, as
// the client wrote them and in its order. Without a connection of KeepNames they are
// sorted and in lower case. Ask once for each request.
func metadataNames(r *http.Request) []string {
	canonical := map[string]bool{}
	for key := range r.Header {
		if len(key) >= len(metadataPrefix) && strings.EqualFold(key[:len(metadataPrefix)], metadataPrefix) {
			canonical[key] = true
		}
	}
	if len(canonical) == 0 {
		return nil
	}
	if c, ok := r.Context().Value(namesKey{}).(*namedConn); ok {
		if names := c.take(r.Method+" "+r.RequestURI, canonical); names != nil {
			return names
		}
	}
	var names []string
	for _, key := range slices.Sorted(maps.Keys(canonical)) {
		for range r.Header[key] {
			names = append(names, strings.ToLower(key))
		}
	}
	return names
}

// headReader follows the framing of HTTP/1 requests over a stream of bytes, as
// net/http reads it, and gives the heads that have metadata to keep. It passes
// bodies by counting. At what it cannot follow it stops for good.
//
//	request line ─▶ headers ─▶ (empty line) ─▶ body of Content-Length ─▶ request line
//	                                      └──▶ chunk size ─▶ chunk ─▶ CRLF ─▶ chunk size …
//	                                                 └ 0 ─▶ trailers ─▶ (empty line)
type headReader struct {
	keep func(keptHead)

	state  headState
	rest   int64  // of the body or chunk
	line   []byte // a line whose end has not come
	length int64  // Content-Length of the head, -1 for none
	chunks bool
	modern bool // HTTP/1.1
	head   keptHead
	last   string // METHOD URI of the last head that began
	read   int    // bytes of the head
}

type headState uint8

const (
	inRequestLine headState = iota
	inHeaders
	inBody
	inChunkSize
	inChunkEnd
	inTrailers
	lost
)

// maxHead bounds a head, as the server does with its own limit.
const maxHead = 256 << 10

func (h *headReader) watch(b []byte) {
	for len(b) > 0 && h.state != lost {
		if h.rest > 0 {
			n := min(int64(len(b)), h.rest)
			b, h.rest = b[n:], h.rest-n
			if h.rest == 0 {
				h.bodyEnded()
			}
			continue
		}
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			h.line = append(h.line, b...)
			if len(h.line) > maxHead {
				h.lose()
			}
			return
		}
		line := b[:end]
		if len(h.line) > 0 {
			h.line = append(h.line, line...)
			line = h.line
		}
		b = b[end+1:]
		h.take(bytes.TrimRight(line, "\r"))
		h.line = h.line[:0]
	}
}

// lose stops watching.
func (h *headReader) lose() { *h = headReader{keep: h.keep, last: h.last, state: lost} }

func (h *headReader) bodyEnded() {
	if h.state == inBody {
		h.state = inRequestLine
	} else {
		h.state = inChunkEnd
	}
}

// take is one line without its end.
func (h *headReader) take(line []byte) {
	switch h.state {
	case inRequestLine:
		h.requestLine(line)
	case inHeaders:
		if h.read += len(line); h.read > maxHead {
			h.lose()
			return
		}
		if len(line) == 0 {
			h.headEnded()
			return
		}
		h.header(line)
	case inChunkSize:
		h.chunkSize(line)
	case inChunkEnd:
		h.state = inChunkSize
		if len(line) != 0 {
			h.lose()
		}
	case inTrailers:
		if len(line) == 0 {
			h.state = inRequestLine
		}
	}
}

// requestLine begins a head; the server too lets empty lines pass before it.
func (h *headReader) requestLine(line []byte) {
	if len(line) == 0 {
		return
	}
	method, rest, ok := bytes.Cut(line, []byte(" "))
	at := bytes.LastIndexByte(rest, ' ')
	if !ok || at < 0 {
		h.lose()
		return
	}
	h.state, h.length, h.chunks, h.read = inHeaders, -1, false, len(line)
	h.modern = string(rest[at+1:]) == "HTTP/1.1"
	h.last = string(method) + " " + string(rest[:at])
	h.head = keptHead{line: h.last}
}

// header looks at the three kinds of headers that matter. A line that goes on with
// the value of the one before has no name.
func (h *headReader) header(line []byte) {
	if line[0] == ' ' || line[0] == '\t' {
		return
	}
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		h.lose()
		return
	}
	value = bytes.TrimSpace(value)
	switch {
	case len(name) >= len(metadataPrefix) && bytes.EqualFold(name[:len(metadataPrefix)], []byte(metadataPrefix)):
		h.head.names = append(h.head.names, string(name))
		h.head.size += len(name) + 16
	case bytes.EqualFold(name, []byte("Content-Length")):
		n, ok := decimal(value)
		if !ok || h.length >= 0 && h.length != n {
			h.lose()
			return
		}
		h.length = n
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		if !h.modern || h.chunks || !bytes.EqualFold(value, []byte("chunked")) {
			h.lose()
			return
		}
		h.chunks = true
	}
}

func (h *headReader) headEnded() {
	if len(h.head.names) > 0 {
		h.head.size += len(h.head.line)
		h.keep(h.head)
	}
	h.head = keptHead{}
	switch {
	case h.chunks:
		h.state = inChunkSize
	case h.length > 0:
		h.state, h.rest = inBody, h.length
	default:
		h.state = inRequestLine
	}
}

func (h *headReader) chunkSize(line []byte) {
	text, _, _ := bytes.Cut(line, []byte(";"))
	text = bytes.TrimSpace(text)
	var n int64
	for _, c := range text {
		d := hexDigit(c)
		if d < 0 || n > 1<<58 {
			h.lose()
			return
		}
		n = n<<4 | int64(d)
	}
	switch {
	case len(text) == 0:
		h.lose()
	case n == 0:
		h.state = inTrailers
	default:
		h.state, h.rest = inChunkEnd, n
	}
}

// decimal reads digits alone.
func decimal(text []byte) (n int64, ok bool) {
	for _, c := range text {
		if c < '0' || c > '9' || n > 1<<58 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(text) > 0
}
