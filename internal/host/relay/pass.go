package relay

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
)

// pass writes a response as it comes: what has come is flushed before more of it is
// waited for. in is what the response's body reads from.
func (c *Client) pass(w http.ResponseWriter, resp *http.Response, in *bufio.Reader) error {
	header := w.Header()
	merge(header, resp.Header)
	for name := range resp.Trailer {
		header.Add("Trailer", name)
	}
	announced := len(resp.Trailer)
	w.WriteHeader(resp.StatusCode)
	if err := c.passBody(w, resp, in); err != nil {
		return err
	}
	if len(resp.Trailer) == 0 {
		return nil
	}
	flush(w) // which makes it a response of chunks, that trailers can follow
	for name, values := range resp.Trailer {
		if announced != len(resp.Trailer) {
			name = http.TrailerPrefix + name
		}
		for _, v := range values {
			header.Add(name, v)
		}
	}
	return nil
}

func (c *Client) passBody(w http.ResponseWriter, resp *http.Response, in *bufio.Reader) error {
	defer resp.Body.Close()
	if resp.ContentLength == 0 || resp.Body == http.NoBody {
		return nil
	}
	lent, ok := c.buffers.Get().(*[bufferSize]byte)
	if !ok {
		lent = new([bufferSize]byte)
	}
	defer c.buffers.Put(lent)
	for passed := int64(0); ; {
		if passed != resp.ContentLength && !ready(resp, in) {
			flush(w)
		}
		n, err := resp.Body.Read(lent[:])
		if n > 0 {
			passed += int64(n)
			if _, err := w.Write(lent[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// ready reports whether more of the body can be read without waiting: something has
// come, and of a body of chunks the chunk that ends it, since a part of a chunk's
// head can be waited behind.
func ready(resp *http.Response, in *bufio.Reader) bool {
	n := in.Buffered()
	if n == 0 || resp.ContentLength >= 0 {
		return n > 0
	}
	const end = "0\r\n\r\n"
	b, err := in.Peek(n)
	return err == nil && bytes.HasSuffix(b, []byte(end)) && (n == len(end) || b[n-len(end)-1] == '\n')
}

// flush sends what was written; a writer that cannot has sent it.
func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }
