package blob

import (
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Put Page (update to 4 MiB, clear) and Get Page Ranges, also as a difference to a
// snapshot of the same blob.

// readPages reads under which conditions pages are written.
func (x *exchange) readPages() (c objectstore.PageConditions, err error) {
	if c.Conditions, err = x.conditions(); err != nil {
		return c, err
	}
	for _, f := range [...]struct {
		to   **int64
		name string
	}{
		{&c.SequenceLE, "X-Ms-If-Sequence-Number-Le"},
		{&c.SequenceLT, "X-Ms-If-Sequence-Number-Lt"},
		{&c.SequenceEQ, "X-Ms-If-Sequence-Number-Eq"},
	} {
		text := x.req.Header(f.name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return c, storage.InvalidHeader(strings.ToLower(f.name), clip(text, 50))
		}
		if n < 0 {
			return c, storage.Fail("InvalidInput").With("HeaderName", strings.ToLower(f.name))
		}
		*f.to = &n
	}
	return c, nil
}

// pageRange reads the range of pages that a request is about.
func (x *exchange) pageRange() (off, n int64, err error) {
	text := x.req.Header("X-Ms-Range")
	if text == "" {
		text = x.req.Header("Range")
	}
	if text == "" {
		return 0, 0, storage.MissingHeader("x-ms-range")
	}
	s, ok := parseRange(text)
	if !ok {
		return 0, 0, storage.InvalidHeader("x-ms-range", clip(text, 100))
	}
	if off, n, ok = s.pages(); !ok {
		return 0, 0, storage.Fail("InvalidPageRange")
	}
	return off, n, nil
}

func (x *exchange) putPages() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	cond, err := x.readPages()
	if err != nil {
		return err
	}
	action := x.req.Header("X-Ms-Page-Write")
	if action == "" {
		return storage.MissingHeader("x-ms-page-write")
	}
	off, n, err := x.pageRange()
	if err != nil {
		return err
	}
	switch strings.ToLower(action) {
	case "update":
		return x.updatePages(addr, off, n, cond)
	case "clear":
		return x.clearPages(addr, off, n, cond)
	}
	return storage.InvalidHeader("x-ms-page-write", clip(action, 50))
}

func (x *exchange) updatePages(addr objectstore.Address, off, n int64, cond objectstore.PageConditions) error {
	if n > maxPutPage {
		return tooLarge(maxPutPage)
	}
	if err := x.early(addr, cond.Conditions); err != nil {
		return err
	}
	_, size, err := x.bodyReader()
	if err != nil {
		return err
	}
	if size != n {
		return storage.InvalidHeader("Content-Length", strconv.FormatInt(size, 10)).With("Reason", "The range has "+strconv.FormatInt(n, 10)+" bytes.")
	}
	c, err := x.receive(maxPutPage, false)
	if err != nil {
		return err
	}
	defer c.discard()
	return x.finishPages(addr, off, n, c, cond)
}

func (x *exchange) clearPages(addr objectstore.Address, off, n int64, cond objectstore.PageConditions) error {
	if err := x.noBody(); err != nil {
		return err
	}
	return x.finishPages(addr, off, n, nil, cond)
}

// finishPages writes what came, or clears the range when nothing did.
func (x *exchange) finishPages(addr objectstore.Address, off, n int64, c *content, cond objectstore.PageConditions) error {
	if err := x.demandKey(addr); err != nil {
		return err
	}
	var up *objectstore.Upload
	if c != nil {
		up = c.up
	}
	info, err := x.svc.store.WritePages(x.ctx(), addr, off, n, up, cond)
	if err != nil {
		return err
	}
	x.setWritten(&info)
	if c != nil {
		x.setSums(c)
	}
	x.set("x-ms-blob-sequence-number", strconv.FormatInt(info.Sequence, 10))
	return x.reply(http.StatusCreated)
}

// listPages answers with the ranges in use, or with what differs from an earlier
// snapshot, a page of at most 10,000 at a time.
func (x *exchange) listPages() error {
	q, err := x.readPageList()
	if err != nil {
		return err
	}
	ranges, info, err := x.svc.store.PageRanges(x.ctx(), x.address(), q.off, q.n, q.previous, q.cond)
	if err != nil {
		return x.absent(err)
	}
	x.setState(info.ETag, info.Modified)
	x.set("x-ms-blob-content-length", strconv.FormatInt(info.Size, 10))
	d := document{b: []byte(storage.XMLHeader)}
	d.begin("PageList")
	limit, next := x.pageListLimit(), int64(-1)
	for i, r := range ranges {
		if i == limit {
			next = r.Start
			break
		}
		d.pageRange(r)
	}
	if x.req.Query.Has("maxresults") || next >= 0 {
		marker := ""
		if next >= 0 {
			marker = strconv.FormatInt(next, 10)
		}
		d.text("NextMarker", marker)
	}
	d.end("PageList")
	return x.replyXML(http.StatusOK, d.b)
}

func (d *document) pageRange(r objectstore.PageRange) {
	name := "PageRange"
	if r.Clear {
		name = "ClearRange"
	}
	d.begin(name)
	d.number("Start", r.Start)
	d.number("End", r.End-1)
	d.end(name)
}

// maxPageRanges is how many ranges are answered at once, at most and by default.
const maxPageRanges = 10_000

func (x *exchange) pageListLimit() int {
	n, err := strconv.Atoi(x.req.Query.Get("maxresults"))
	if err != nil || n > maxPageRanges {
		return maxPageRanges
	}
	return max(n, 1)
}

// pageQuery is which pages are asked for.
type pageQuery struct {
	off, n   int64
	previous string
	cond     objectstore.Conditions
}

func (x *exchange) readPageList() (q pageQuery, err error) {
	if q.cond, err = x.conditions(); err != nil {
		return q, err
	}
	if text := x.req.Query.Get("maxresults"); text != "" {
		if n, err := strconv.Atoi(text); err != nil || n < 1 {
			return q, storage.OutOfRange("maxresults", clip(text, 50), 1, maxPageRanges)
		}
	}
	if q.previous, err = x.previousSnapshot(); err != nil {
		return q, err
	}
	q.n = math.MaxInt64
	text := x.req.Header("X-Ms-Range")
	if text == "" {
		text = x.req.Header("Range")
	}
	if text != "" {
		s, ok := parseRange(text)
		if !ok {
			return q, storage.InvalidHeader("x-ms-range", clip(text, 100))
		}
		q.off = s.first
		if s.last != openEnd {
			q.n = s.last - s.first + 1
		}
	}
	if text := x.req.Query.Get("marker"); text != "" {
		at, ok := parseOffset(text)
		if !ok || at < q.off {
			return q, storage.InvalidQuery("marker", clip(text, 100), "")
		}
		q.n, q.off = max(q.n-(at-q.off), 0), at
	}
	return q, nil
}

// previousSnapshot is the snapshot that a difference is to, by its time or by its
// URL.
func (x *exchange) previousSnapshot() (string, error) {
	text := x.req.Query.Get("prevsnapshot")
	link := x.req.Header("X-Ms-Previous-Snapshot-Url")
	if link == "" {
		return text, nil
	}
	u, err := url.Parse(link)
	if err != nil || u.Query().Get("snapshot") == "" || text != "" {
		return "", storage.InvalidHeader("x-ms-previous-snapshot-url", clip(link, 200))
	}
	return u.Query().Get("snapshot"), nil
}
