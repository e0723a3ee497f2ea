package blob

import (
	"bytes"
	"mime"
	"net/textproto"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// Limits of a batch (Azure: "Blob Batch").
const (
	maxBatchParts = 256
	maxBatchBytes = 4 << 20
)

// batchPart is one request of a batch. Header values are as they came; names keep
// their case.
type batchPart struct {
	id      string // Content-ID; "" without one
	method  string
	target  string // path and query, as on the wire
	headers [][2]string
}

// header returns the value of a header by its name in any case.
func (p *batchPart) header(name string) string {
	for _, h := range p.headers {
		if strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}

// batchBoundary reads the boundary of a Content-Type multipart/mixed.
func batchBoundary(contentType string) (string, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/mixed" || params["boundary"] == "" || len(params["boundary"]) > 200 {
		return "", storage.InvalidHeader("Content-Type", clip(contentType, 200))
	}
	return params["boundary"], nil
}

// badBatch is any mistake in the form of a batch.
func badBatch() error {
	return storage.Fail("InvalidInput").With("Reason", "The body is no batch of requests in multipart/mixed.")
}

// parseBatch splits a body at its boundary and reads the request in each part:
//
//	--BOUNDARY
//	Content-Type: application/http
//	Content-Transfer-Encoding: binary
//	Content-ID: 0
//
//	DELETE /container/blob HTTP/1.1
//	header: value
//
//	--BOUNDARY--
//
// Lines end in CRLF, or in LF alone.
func parseBatch(body []byte, boundary string) ([]batchPart, error) {
	mark := []byte("--" + boundary)
	_, rest, ok := cutBoundary(body, mark)
	if !ok {
		return nil, badBatch()
	}
	var parts []batchPart
	for !bytes.HasPrefix(rest, []byte("--")) {
		inner, more, ok := cutBoundary(rest, mark)
		if !ok {
			return nil, badBatch()
		}
		part, err := parsePart(inner)
		if err != nil {
			return nil, err
		}
		if parts = append(parts, part); len(parts) > maxBatchParts {
			return nil, storage.Fail("ExceedsMaxBatchRequestCount")
		}
		rest = more
	}
	if len(parts) == 0 {
		return nil, badBatch()
	}
	return parts, nil
}

// cutBoundary cuts at the first mark that begins a line.
func cutBoundary(b, mark []byte) (before, after []byte, ok bool) {
	for from := 0; ; {
		i := bytes.Index(b[from:], mark)
		if i < 0 {
			return nil, nil, false
		}
		i += from
		end := i + len(mark)
		lineEnds := end == len(b) || b[end] == '\r' || b[end] == '\n' || b[end] == '-' || b[end] == ' '
		if (i == 0 || b[i-1] == '\n') && lineEnds {
			return b[:i], b[end:], true
		}
		from = end
	}
}

func parsePart(b []byte) (p batchPart, err error) {
	_, b = cutLine(b) // what is left of the boundary's line
	outer, b, err := parseHeaders(b)
	if err != nil {
		return p, err
	}
	for _, h := range outer {
		switch textproto.CanonicalMIMEHeaderKey(h[0]) {
		case "Content-Id":
			p.id = h[1]
		case "Content-Type":
			if kind, _, err := mime.ParseMediaType(h[1]); err != nil || kind != "application/http" {
				return p, badBatch()
			}
		}
	}
	line, b := cutLine(b)
	for len(line) == 0 && len(b) > 0 {
		line, b = cutLine(b)
	}
	words := strings.Split(string(line), " ")
	if len(words) != 3 || !strings.HasPrefix(words[2], "HTTP/1.") || words[0] == "" || !validTarget(words[1]) {
		return p, badBatch()
	}
	p.method, p.target = words[0], words[1]
	p.headers, _, err = parseHeaders(b)
	return p, err
}

// validTarget takes a path of visible characters; full URLs are not sent by any
// client and are refused.
func validTarget(s string) bool {
	if !strings.HasPrefix(s, "/") {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// parseHeaders reads lines up to an empty one or the end.
func parseHeaders(b []byte) (headers [][2]string, rest []byte, err error) {
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		if len(line) == 0 {
			break
		}
		name, value, ok := strings.Cut(string(line), ":")
		if !ok || !validHeaderName(name) || strings.ContainsAny(value, "\x00\r\n") {
			return nil, nil, badBatch()
		}
		headers = append(headers, [2]string{name, strings.TrimSpace(value)})
	}
	return headers, b, nil
}

// validHeaderName takes RFC 9110's token.
func validHeaderName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}

func cutLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest
}
