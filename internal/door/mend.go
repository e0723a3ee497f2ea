package door

import (
	"bytes"
	"crypto/tls"
	"net"
	"sync/atomic"
)

// mendLimit is how long a request line may be that is mended.
const mendLimit = 8 << 10

// mended is a connection of browsers, on a port where people type addresses. A %
// that begins no escape means itself: browsers send /100% as it was typed, and
// http.Server refuses it before anybody could say what is near. Only the first
// line of each request is looked at. A connection with TLS is left as it is,
// because http.Server must see that it is one.
type mended struct {
	net.Conn
	begins atomic.Bool // what comes next is the first line of a request
	rest   []byte      // read, and not yet given on
}

func newMended(c net.Conn) net.Conn {
	if _, secure := c.(*tls.Conn); secure {
		return c
	}
	m := &mended{Conn: c}
	m.begins.Store(true)
	return m
}

// Read gives on what comes, a request line mended.
func (m *mended) Read(b []byte) (int, error) {
	if len(m.rest) == 0 {
		if !m.begins.Load() {
			return m.Conn.Read(b)
		}
		if err := m.line(); len(m.rest) == 0 {
			return 0, err
		}
	}
	n := copy(b, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// Idle: what comes next is the first line of a request.
func (m *mended) Idle() { m.begins.Store(true) }

// line reads until the first line has come, and mends it. What came before an
// error is kept; the error comes again with the next Read.
func (m *mended) line() error {
	buf := make([]byte, 0, 1<<10)
	for len(buf) < mendLimit {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := m.Conn.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		m.rest = buf
		if end := bytes.IndexByte(buf, '\n'); end >= 0 {
			m.begins.Store(false)
			m.rest = append(mendLine(buf[:end]), buf[end:]...)
			return nil
		}
		if err != nil {
			return err
		}
	}
	m.begins.Store(false)
	return nil
}

// CloseWrite ends our side of the stream.
func (m *mended) CloseWrite() error {
	if half, ok := m.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return m.Close()
}

// mendLine returns a request line whose address can be parsed; any other line
// as it is. Of the method, some letters may have been read already.
func mendLine(line []byte) []byte {
	method, rest, found := bytes.Cut(line, []byte(" "))
	end := bytes.LastIndex(rest, []byte(" HTTP/1."))
	if !found || end < 0 || len(rest) == 0 || rest[0] != '/' || bytes.ContainsFunc(method, notCapital) {
		return bytes.Clone(line)
	}
	out := append(bytes.Clone(method), ' ')
	for i, c := range rest {
		out = append(out, c)
		if c == '%' && i < end && !(i+2 < end && isHex(rest[i+1]) && isHex(rest[i+2])) {
			out = append(out, '2', '5')
		}
	}
	return out
}

func notCapital(r rune) bool { return r < 'A' || r > 'Z' }

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
