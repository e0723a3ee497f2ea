package insights

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Limits of a request's body.
const (
	maxSent  = 16 << 20 // as it comes
	maxBody  = 48 << 20 // unpacked
	maxItems = 64_000   // as the service's limit of a batch
	// maxHeld bounds the bodies of all requests together: what comes beyond it is told to
	// come again.
	maxHeld = 192 << 20
)

// hold reads a body into a pooled buffer, unpacked. give must be called when nobody reads
// the buffer any more.
func (s *Service) hold(r *http.Request) (buffer *wire.Buffer, give func(), err error) {
	if r.ContentLength > maxSent {
		return nil, nil, tooLarge()
	}
	buffer = s.buffers.Get()
	count := &counted{all: &s.held}
	give = func() { s.buffers.Put(buffer); s.held.Add(-count.own) }
	if err = s.fill(buffer, r, count); err != nil {
		give()
		return nil, nil, err
	}
	return buffer, give, nil
}

// counted counts what bodies hold in memory, and ends one for which there is no room.
type counted struct {
	r   io.Reader
	own int64
	all *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.own += int64(n)
	if c.all.Add(int64(n)) > maxHeld {
		return 0, fault.New(fault.Throttled, "", "too much is being sent at a time")
	}
	return n, err
}

func (s *Service) fill(buffer *wire.Buffer, r *http.Request, count *counted) error {
	sent := &limited{r: r.Body, left: maxSent}
	length := r.ContentLength
	count.r = sent
	switch packed := encoding(r); packed {
	case "":
	case "gzip":
		unpacked, err := gzip.NewReader(sent)
		if err != nil {
			return broken(err)
		}
		count.r, length = unpacked, -1
	default:
		return fault.New(fault.Invalid, "Content-Encoding", "%q is not read here; gzip is", cut(packed, 64))
	}
	return broken(buffer.Fill(count, length, maxBody))
}

func encoding(r *http.Request) string {
	e := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	if e == "identity" || e == "none" {
		return ""
	}
	return e
}

// broken says what is wrong with a body that could not be read.
func broken(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, wire.ErrTooLarge):
		return tooLarge()
	case fault.Is(err, fault.Throttled):
		return err
	}
	return fault.Wrap(fault.Invalid, "body", err, "it could not be read")
}

func tooLarge() error {
	return fault.New(fault.TooLarge, "body", "it is larger than %d MiB, or than %d MiB unpacked", maxSent>>20, maxBody>>20)
}

// limited is a body that ends with an error where it is too long.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, wire.ErrTooLarge
	}
	return n, err
}
