package relay

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// readHead reads the head of a response. The plainest, which has come as a whole and
// says in one header how long its body is, is read here, in a third of the time that
// net/http needs; what is any different net/http reads, from its first byte, so that
// there is one judge of what is odd.
func readHead(in *bufio.Reader, r *http.Request) (*http.Response, error) {
	if _, err := in.Peek(1); err != nil {
		return http.ReadResponse(in, r) // which knows what that means
	}
	b, _ := in.Peek(in.Buffered()) // it is there
	if resp, length := plainHead(b, r); resp != nil {
		_, _ = in.Discard(length)
		resp.Body = http.NoBody
		if resp.ContentLength > 0 {
			resp.Body = &exact{in, resp.ContentLength}
		}
		return resp, nil
	}
	return http.ReadResponse(in, r)
}

// plainHead reads a plain head, and says how long it is; nil when it is none.
func plainHead(b []byte, r *http.Request) (*http.Response, int) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 || r.Method == http.MethodHead {
		return nil, 0
	}
	line, rest, _ := strings.Cut(string(b[:end+2]), "\r\n")
	status, ok := strings.CutPrefix(line, "HTTP/1.1 ")
	if !ok || len(status) < 4 || status[3] != ' ' || !httpguts.ValidHeaderFieldValue(status) {
		return nil, 0
	}
	code, err := strconv.ParseUint(status[:3], 10, 16)
	if err != nil || code < 200 || code == http.StatusNoContent || code == http.StatusNotModified {
		return nil, 0
	}
	values := make([]string, strings.Count(rest, "\n"))
	resp := &http.Response{
		Status: status, StatusCode: int(code), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, len(values)), ContentLength: -1, Request: r,
	}
	for rest != "" {
		line, rest, _ = strings.Cut(rest, "\r\n")
		written, value, found := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		if !found || !httpguts.ValidHeaderFieldName(written) || !httpguts.ValidHeaderFieldValue(value) {
			return nil, 0
		}
		name := textproto.CanonicalMIMEHeaderKey(written)
		switch name {
		case "Transfer-Encoding", "Trailer", "Connection", "Pragma":
			return nil, 0
		case "Content-Length":
			n, err := strconv.ParseUint(value, 10, 62)
			if err != nil || resp.ContentLength >= 0 {
				return nil, 0
			}
			resp.ContentLength = int64(n) //nolint:gosec // 62 bits
		}
		if before, twice := resp.Header[name]; twice {
			resp.Header[name] = append(before, value)
			continue
		}
		values[0] = value
		resp.Header[name], values = values[:1:1], values[1:]
	}
	if resp.ContentLength < 0 {
		return nil, 0
	}
	return resp, end + 4
}

// exact is a body of known length.
type exact struct {
	in   *bufio.Reader
	left int64
}

// Read implements io.Reader.
func (e *exact) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.in.Read(p[:min(int64(len(p)), e.left)])
	switch e.left -= int64(n); {
	case e.left == 0:
		return n, io.EOF
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Close implements io.Closer. Whoever has the connection knows whether all was read.
func (e *exact) Close() error { return nil }
