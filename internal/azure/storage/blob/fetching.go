package blob

import (
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// fetching is one copy under way. But for came, and cancel, it is its goroutine's.
type fetching struct {
	id      string
	order   copyOrder
	pending objectstore.PendingCopy
	source  *source // its answer, where the request's connection goes on; else nil
	slot    bool    // it has one
	bad     error   // the order cannot be read
	ctx     context.Context
	cancel  context.CancelFunc
	came    atomic.Int64 // bytes, of the try at hand
}

func newFetching(id string, order copyOrder) *fetching {
	f := &fetching{id: id, order: order}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	return f
}

// handOver gives the source's connection on to who goes on behind the request, until
// ctx ends.
func (s *source) handOver(ctx context.Context) *source {
	given := *s
	s.bound()
	s.body, s.hangUp, s.bound = nil, nil, nil
	given.bound = context.AfterFunc(ctx, given.hangUp)
	return &given
}

// copyOrder is what the store keeps of a copy, to ask its source again. The URL may
// hold a signature: like the account's keys it stays in the data folder.
type copyOrder struct {
	URL    string
	Header http.Header // of the request to the source, with its conditions
	Reach  reach       // how near the source may be
	ETag   string      // of what was found at the first answer; "" when it had none
	MD5    bool        // the source told its own
}

func (o *copyOrder) text() ([]byte, error) { return json.Marshal(o) }

func (o *copyOrder) read(text []byte) error { return json.Unmarshal(text, o) }

// hangUp closes the connection to the source.
func (f *fetching) hangUp() {
	if f.source != nil {
		f.source.close()
		f.source = nil
	}
}

// try fetches the content once, and makes it the blob's.
func (f *fetching) try() error {
	if f.bad != nil {
		return &refusedFetch{http.StatusBadRequest, "InvalidInput", "what was kept of it cannot be read: " + f.bad.Error()}
	}
	f.came.Store(0)
	if f.source == nil {
		var err error
		if f.source, err = f.ask(); err != nil {
			return err
		}
	}
	defer f.hangUp()
	return f.fill(f.source.body, f.source.size)
}

// ask opens the source again: the same content, where its server can tell.
func (f *fetching) ask() (*source, error) {
	u, err := url.Parse(f.order.URL)
	if err != nil {
		return nil, &refusedFetch{http.StatusBadRequest, "InvalidInput", "its URL cannot be read"}
	}
	header := http.Header{}
	maps.Copy(header, f.order.Header)
	if f.order.ETag != "" {
		header.Set("If-Match", f.order.ETag)
		header.Del("If-None-Match")
	}
	s := &source{}
	resp, err := s.get(f.ctx, f.order.Reach, u, header) //nolint:bodyclose // the source closes it
	if err == nil && resp.StatusCode != http.StatusOK {
		err = refusalOf(resp.StatusCode)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// fill has the content in the store, and then in the blob.
func (f *fetching) fill(body io.Reader, size int64) error {
	if size > maxPutBlob {
		return tooLong()
	}
	up, err := f.pending.NewUpload(f.ctx, size)
	if err != nil {
		return err
	}
	defer up.Discard()
	sums := &digests{}
	if !f.order.MD5 {
		sums.md5 = md5.New()
	}
	sums.expect(size)
	defer sums.stop()
	n, err := up.ReadFrom(sums.reader(io.LimitReader(&counting{body, f}, maxPutBlob+1)))
	switch {
	case err != nil:
		return err
	case n > maxPutBlob:
		return tooLong()
	case size >= 0 && n != size:
		return io.ErrUnexpectedEOF
	}
	return f.pending.Finish(up, sums.sumMD5())
}

// counting tells how far the copy has come.
type counting struct {
	r io.Reader
	f *fetching
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.f.came.Add(int64(n))
	return n, err
}

// refusedFetch is what a source's server answered to a copy under way.
type refusedFetch struct {
	status       int
	code, reason string
}

// Error implements error.
func (r *refusedFetch) Error() string { return fmt.Sprintf("%d %s: %s", r.status, r.code, r.reason) }

// readingSource is how the service words every failure at the source.
const readingSource = "Copy failed when reading the source."

// refusalOf is the answer of a source in the service's words ("Copy Blob": the codes
// of x-ms-copy-status-description).
func refusalOf(status int) *refusedFetch {
	r := &refusedFetch{status, strings.ReplaceAll(http.StatusText(status), " ", ""), readingSource}
	switch status {
	case http.StatusNotFound:
		r.code = "BlobNotFound"
	case http.StatusUnauthorized, http.StatusForbidden:
		r.status, r.code = http.StatusForbidden, "AccessDenied"
	case http.StatusPreconditionFailed, http.StatusNotModified:
		r.status, r.code = http.StatusPreconditionFailed, "ConditionNotMet"
	}
	if status < http.StatusBadRequest && status != http.StatusNotModified { // a redirection leads anywhere
		r.status, r.code = http.StatusNotFound, "BlobNotFound"
	}
	return r
}

func tooLong() *refusedFetch {
	return &refusedFetch{http.StatusRequestEntityTooLarge, "RequestBodyTooLarge", fmt.Sprintf("The source has more than %d bytes.", int64(maxPutBlob))}
}

// description is x-ms-copy-status-description: status, code and, in quotes, a
// sentence.
func description(err error) string {
	var r *refusedFetch
	if !errors.As(err, &r) {
		r = &refusedFetch{http.StatusInternalServerError, "OperationCancelled", "The copy failed when reading the source."}
	}
	return fmt.Sprintf("%d %s %q", r.status, r.code, r.reason)
}
