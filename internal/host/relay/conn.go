package relay

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// conn is a connection to a program, which has one request at a time.
type conn struct {
	net.Conn
	raw   syscall.RawConn // nil: it cannot be looked at, and is used once
	in    *bufio.Reader
	since time.Time // when it was kept
	left  int       // bytes that may be read until the head has ended
	heard bool      // of the present request a byte of the response has come
	// release ends the watch over the context of the present request; false when it
	// has closed the connection.
	release func() bool
}

func newConn(c net.Conn) *conn {
	k := &conn{Conn: c}
	if s, ok := c.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			k.raw = raw
		}
	}
	k.in = bufio.NewReaderSize(k, 4<<10)
	return k
}

func (k *conn) fresh(now time.Time) bool { return now.Sub(k.since) < keptFor }

// Read notes what comes.
func (k *conn) Read(b []byte) (int, error) {
	if k.left <= 0 {
		return 0, errHead
	}
	n, err := k.Conn.Read(b[:min(len(b), k.left)])
	k.left -= n
	k.heard = k.heard || n > 0
	return n, err
}

// ask sends a request and reads the head of its response. What comes before it, as
// early hints, is passed on; w may be nil.
func (k *conn) ask(w http.ResponseWriter, r *http.Request, request []byte) (*http.Response, error) {
	k.left, k.heard = maxHead, false
	if _, err := k.Write(request); err != nil {
		return nil, err
	}
	for {
		resp, err := readHead(k.in, r)
		if err != nil {
			return nil, fmt.Errorf("read the response: %w", err)
		}
		switch {
		case resp.StatusCode == http.StatusSwitchingProtocols:
			return nil, errors.New("the response changes the protocol, which nobody asked for")
		case resp.StatusCode == http.StatusContinue:
		case resp.StatusCode < 200 && w != nil:
			header := w.Header()
			before := header.Clone()
			merge(header, resp.Header)
			w.WriteHeader(resp.StatusCode)
			clear(header)
			merge(header, before)
		case resp.StatusCode < 200:
		default:
			k.left = math.MaxInt
			return resp, nil
		}
	}
}

// hopByHop are the headers that are about one connection, beside those that the
// header Connection names.
var hopByHop = []string{
	"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// goes reports whether a header is passed on.
func goes(h http.Header, name string) bool {
	for _, hop := range hopByHop {
		if name == hop {
			return false
		}
	}
	for _, list := range h["Connection"] {
		for named := range strings.SplitSeq(list, ",") {
			if textproto.CanonicalMIMEHeaderKey(textproto.TrimString(named)) == name {
				return false
			}
		}
	}
	return true
}

// merge adds headers that are passed on.
func merge(to, from http.Header) {
	for name, values := range from {
		if goes(from, name) {
			to[name] = append(to[name], values...)
		}
	}
}

// appendHead writes the head of a request as it goes to the program. Its values were
// read from a request, or are ours: none holds a line's end.
func appendHead(b []byte, r *http.Request, set http.Header, length int) []byte {
	b = append(append(append(b, r.Method...), ' '), r.URL.RequestURI()...)
	b = append(append(b, " HTTP/1.1\r\nHost: "...), r.Host...)
	b = append(b, "\r\n"...)
	for name, values := range r.Header {
		if _, replaced := set[name]; replaced || name == "Content-Length" || !goes(r.Header, name) {
			continue
		}
		b = appendLines(b, name, values)
	}
	for name, values := range set {
		b = appendLines(b, name, values)
	}
	switch {
	case length > 0, r.Method == http.MethodPost, r.Method == http.MethodPut, r.Method == http.MethodPatch:
		b = strconv.AppendInt(append(b, "Content-Length: "...), int64(length), 10)
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...)
}

func appendLines(b []byte, name string, values []string) []byte {
	for _, v := range values {
		b = append(append(b, name...), ": "...)
		b = append(append(b, v...), "\r\n"...)
	}
	return b
}
