package table

import (
	"bytes"
	"mime"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// boundaryOf is the boundary of a multipart/mixed body; ok is false for others.
func boundaryOf(contentType string) (boundary string, ok bool) {
	media, parameters, err := mime.ParseMediaType(contentType)
	b := parameters["boundary"]
	return b, err == nil && media == "multipart/mixed" && b != "" && len(b) <= 70
}

// maxParts bounds a multipart body; a batch has one, a change set a hundred.
const maxParts = 101

// splitParts cuts a multipart body into its parts, each with its headers. Lines may
// end in LF alone: some clients write them so.
func splitParts(body []byte, boundary string) ([][]byte, error) {
	var parts [][]byte
	mark := []byte("--" + boundary)
	var part []byte
	inside := false
	for len(body) > 0 {
		line, rest := cutLine(body)
		text := bytes.TrimRight(line, " \t\r\n")
		closing := bytes.HasPrefix(text, mark) && bytes.Equal(text[len(mark):], []byte("--"))
		if closing || bytes.Equal(text, mark) {
			if inside {
				parts = append(parts, trimBreak(part))
			}
			if closing {
				return parts, nil
			}
			if len(parts) == maxParts {
				return nil, storage.Fail("OperationLimitExceeded")
			}
			inside, part = true, rest[:0]
		} else if inside {
			part = part[:len(part)+len(line)] // what follows the mark lies together
		}
		body = rest
	}
	return nil, invalid("The multipart body has no end: the line --" + clip(boundary) + "-- is missing.")
}

// cutLine cuts a line with its end.
func cutLine(b []byte) (line, rest []byte) {
	at := bytes.IndexByte(b, '\n')
	if at < 0 {
		return b, nil
	}
	return b[:at+1], b[at+1:]
}

// trimBreak cuts the line break that belongs to the mark behind it.
func trimBreak(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

// maxHeaders bounds the headers of a part.
const maxHeaders = 100

// readHeaders reads header lines up to an empty one, and returns what is behind.
func readHeaders(b []byte) (http.Header, []byte, error) {
	h := http.Header{}
	for n := 0; len(b) > 0; n++ {
		var line []byte
		line, b = cutLine(b)
		text := strings.TrimRight(string(line), " \t\r\n")
		if text == "" {
			return h, b, nil
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok || n == maxHeaders || strings.ContainsAny(name, " \t") {
			return nil, nil, invalid("A part of the batch has the line " + clip(text) + ", which is no header.")
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		h[name] = append(h[name], strings.TrimSpace(value))
	}
	return h, nil, nil
}

// subRequest is a request in a part.
type subRequest struct {
	id   string // Content-ID, "" when there is none
	http *http.Request
	body []byte
}

// readSubRequest reads a part that is application/http.
func readSubRequest(part []byte) (*subRequest, error) {
	outer, rest, err := readHeaders(part)
	if err != nil {
		return nil, err
	}
	if media, _, _ := mime.ParseMediaType(outer.Get("Content-Type")); media != "application/http" {
		return nil, invalid("A part of the batch is " + clip(outer.Get("Content-Type")) + "; application/http is expected.")
	}
	for bytes.HasPrefix(rest, []byte("\r\n")) || bytes.HasPrefix(rest, []byte("\n")) {
		_, rest = cutLine(rest)
	}
	line, rest := cutLine(rest)
	method, target, ok := strings.Cut(strings.TrimRight(string(line), " \r\n"), " ")
	target, version, versioned := strings.Cut(target, " ")
	if !ok || !versioned || !strings.HasPrefix(version, "HTTP/1.") || method == "" || target == "" {
		return nil, invalid("A part of the batch begins with " + clip(string(line)) + "; METHOD URL HTTP/1.1 is expected.")
	}
	inner, body, err := readHeaders(rest)
	if err != nil {
		return nil, err
	}
	s := &subRequest{id: outer.Get("Content-Id"), body: body}
	if id := inner.Get("Content-Id"); s.id == "" {
		s.id = id
	}
	s.http = &http.Request{Method: method, RequestURI: target, Header: inner, ContentLength: int64(len(body))}
	return s, nil
}
