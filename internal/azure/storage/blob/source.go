package blob

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// source is what a copy is made of: a blob in this process, open for reading, or the
// answer of a server elsewhere.
type source struct {
	svc   *Service               // of the blob; nil elsewhere
	addr  objectstore.Address    // of the blob
	blob  *objectstore.Content   // nil elsewhere
	info  objectstore.Info       // of the blob; elsewhere what the server said
	body  io.ReadCloser          // elsewhere
	size  int64                  // of the content, or of the range that was asked for; -1 unknown
	off   int64                  // of the range in the blob
	url   string                 // as copies show it: without a signature
	cond  objectstore.Conditions // of the blob
	total int64                  // size of the whole source, -1 unknown

	// Elsewhere: what was asked, and what ends it.
	order  copyOrder
	hangUp func()      // the connection; nil when there is none
	bound  func() bool // parts it from the request's context, whose end it has to see
}

func (s *source) close() {
	if s.blob != nil {
		s.blob.Close()
	}
	if s.bound != nil {
		s.bound()
	}
	if s.hangUp != nil {
		s.hangUp()
	}
	if s.body != nil {
		s.body.Close()
	}
}

// maxSourceURL bounds x-ms-copy-source (Azure: 2 KiB, more with signatures).
const maxSourceURL = 8 << 10

// openSource opens x-ms-copy-source. With owner, a blob of the same account needs no
// authorization of its own where that of the request opens it too: the account's key,
// or a token whose roles do.
func (x *exchange) openSource(owner bool) (*source, error) {
	text := x.req.Header("X-Ms-Copy-Source")
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" || len(text) > maxSourceURL {
		return nil, storage.InvalidHeader("x-ms-copy-source", clip(text, 300))
	}
	span, ranged, err := x.sourceRange()
	if err != nil {
		return nil, err
	}
	if err := x.refuseSourceKey(); err != nil {
		return nil, err
	}
	s := &source{url: plainURL(u), total: -1}
	if svc := x.svc.sourceOf(u); svc != nil {
		err = x.openHere(s, svc, u, owner && svc == x.svc)
	} else {
		err = x.openThere(s, u, span, ranged)
	}
	if err == nil && ranged && s.blob != nil {
		err = s.limit(span)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// plainURL is the URL that copies show: signatures are secrets.
func plainURL(u *url.URL) string {
	plain := *u
	var kept []string
	for _, field := range strings.Split(u.RawQuery, "&") {
		name, _, _ := strings.Cut(field, "=")
		if n := strings.ToLower(name); n == "snapshot" || n == "versionid" {
			kept = append(kept, field)
		}
	}
	plain.RawQuery, plain.Fragment = strings.Join(kept, "&"), ""
	return plain.String()
}

// refuseSourceKey refuses a source that is encrypted by a key of the customer's, when
// the key comes along.
func (x *exchange) refuseSourceKey() error {
	if x.req.HasHeader("X-Ms-Source-Encryption-Key") {
		return storage.Unsupported("A copy source with a key of its own (x-ms-source-encryption-key)", "Read the source, and write what was read.")
	}
	return nil
}

func (x *exchange) sourceRange() (span, bool, error) {
	text := x.req.Header("X-Ms-Source-Range")
	if text == "" || x.op.right.Name == "blob.copy" { // which copies the whole

		return span{}, false, nil
	}
	s, ok := parseRange(text)
	if !ok {
		return s, false, storage.InvalidHeader("x-ms-source-range", clip(text, 100))
	}
	return s, true, nil
}

// sourceOf is the service of this process that answers for a URL, or nil.
func (s *Service) sourceOf(u *url.URL) *Service {
	if s.sibling == nil {
		return nil
	}
	return s.sibling(u)
}

// openHere opens a blob of this process: by the source's own conditions, and if it is
// not the request's own account, as whoever the URL lets in.
func (x *exchange) openHere(s *source, svc *Service, u *url.URL, mine bool) error {
	authorization := x.req.Header("X-Ms-Copy-Source-Authorization")
	if mine && x.grant.Token && authorization == "" {
		authorization = x.req.Header("Authorization") // whose roles must open the source too
	}
	req, err := svc.endpoint.Sub(x.req, sourceRequest(x.r, u, authorization))
	if err != nil {
		return asSourceError(err)
	}
	sub := svc.newExchange(nil, req)
	if err := sub.route(); err != nil {
		return asSourceError(err)
	}
	if sub.op.run == nil || sub.target.Blob == "" {
		return unverified(http.StatusBadRequest, "The copy source is no blob.")
	}
	if !mine || !x.byKey() || req.Query.Has("sig") {
		if sub.grant, err = svc.endpoint.Authorize(req, &sub.op.right, sub.target); err != nil {
			return asSourceError(err)
		}
	}
	cond, err := readConditions(x.req, sourceConditions)
	if err != nil {
		return err
	}
	cond.Lease = x.req.Header("X-Ms-Source-Lease-Id")
	s.svc, s.addr, s.cond = svc, sub.address(), cond
	if s.blob, err = svc.store.Open(x.ctx(), s.addr, cond); err != nil {
		return sourceRefusal(sub.absent(err))
	}
	s.info = s.blob.Info()
	if c := s.info.Copy; c != nil && c.Status == objectstore.CopyPending {
		return storage.Fail("PendingCopyOperation")
	}
	s.size, s.total = s.info.Size, s.info.Size
	return nil
}

// byKey reports whether the request has the account's key, which opens everything in
// it. A SAS does not: it opens what it names, and a copy must not read more.
func (x *exchange) byKey() bool { return !x.grant.SAS && !x.grant.Token && !x.grant.Anonymous }

// sourceRequest is the request for the source, as it would come to its service.
func sourceRequest(r *http.Request, u *url.URL, authorization string) *http.Request {
	h := http.Header{}
	if authorization != "" {
		h.Set("Authorization", authorization)
	}
	return &http.Request{Method: http.MethodGet, Host: u.Host, RequestURI: u.RequestURI(), URL: u, Header: h, Proto: r.Proto}
}

// sourceRefusal is what a copy answers when its source's conditions fail, or when it
// is not there.
func sourceRefusal(err error) error {
	switch {
	case fault.CodeOf(err) == objectstore.ConditionNotMet, fault.CodeOf(err) == objectstore.NotModified:
		return storage.Fail("SourceConditionNotMet")
	case fault.CodeOf(err) == objectstore.BlobArchived, fault.CodeOf(err) == objectstore.BlobUsesCustomerSpecifiedEncryption, fault.CodeOf(err) == objectstore.MultipleConditionHeadersNotSupported:
		return err
	}
	return asSourceError(err)
}

// asSourceError is the error of the source as the destination answers it.
func asSourceError(err error) error {
	e := asError(err)
	return unverified(e.Status, "%s", e.Message)
}

// limit narrows the source to a range.
func (s *source) limit(r span) error {
	off, n, ok := r.within(s.info.Size)
	if !ok || r.last != openEnd && r.last >= s.info.Size {
		return storage.Fail("InvalidRange")
	}
	s.off, s.size = off, n
	return nil
}

// openThere asks a server elsewhere.
func (x *exchange) openThere(s *source, u *url.URL, r span, ranged bool) error {
	header := http.Header{}
	for from, to := range map[string]string{
		"X-Ms-Copy-Source-Authorization": "Authorization", "X-Ms-Source-If-Match": "If-Match", "X-Ms-Source-If-None-Match": "If-None-Match",
		"X-Ms-Source-If-Modified-Since": "If-Modified-Since", "X-Ms-Source-If-Unmodified-Since": "If-Unmodified-Since",
	} {
		if v := x.req.Header(from); v != "" {
			header.Set(to, v)
		}
	}
	if x.req.HasHeader("X-Ms-Source-If-Tags") {
		return storage.Unsupported("A condition on the tags of a source elsewhere", "Leave x-ms-source-if-tags out.")
	}
	if x.req.HasHeader("X-Ms-Copy-Source-Authorization") {
		header.Set("X-Ms-Version", x.req.Version)
	}
	if ranged {
		header.Set("Range", x.req.Header("X-Ms-Source-Range"))
	}
	s.order = copyOrder{URL: u.String(), Header: header.Clone(), Reach: reachOfClient(x.r)}
	ctx, cancel := context.WithCancel(context.WithoutCancel(x.ctx())) // a copy may go on behind the request
	s.bound = context.AfterFunc(x.ctx(), cancel)
	resp, err := s.fetch(ctx, s.order.Reach, u, header) //nolint:bodyclose // the source closes it
	if err != nil {
		cancel()
		return conditionOf(err)
	}
	if ranged && resp.StatusCode != http.StatusPartialContent {
		return unverified(http.StatusRequestedRangeNotSatisfiable, "The copy source does not serve ranges.")
	}
	if !ranged {
		s.total = s.size
	}
	s.info = foreignInfo(resp.Header)
	if etag := resp.Header.Get("ETag"); !strings.HasPrefix(etag, "W/") {
		s.order.ETag = etag
	}
	s.order.MD5 = len(s.info.Properties.ContentMD5) > 0
	return nil
}

// conditionOf words the refusal of a source's condition by its server.
func conditionOf(err error) error {
	var e *storage.Error
	if errors.As(err, &e) && (e.Status == http.StatusPreconditionFailed || e.Status == http.StatusNotModified) {
		return storage.Fail("SourceConditionNotMet")
	}
	return err
}

// foreignInfo is what a server says of what it serves.
func foreignInfo(h http.Header) (i objectstore.Info) {
	i.Type = objectstore.BlockBlob
	for _, other := range [...]objectstore.BlobType{objectstore.AppendBlob, objectstore.PageBlob} {
		if h.Get("x-ms-blob-type") == other.String() {
			i.Type = other
		}
	}
	i.ETag = strings.Trim(strings.TrimPrefix(h.Get("ETag"), "W/"), `"`)
	i.Properties = objectstore.Properties{
		ContentType: h.Get("Content-Type"), ContentEncoding: h.Get("Content-Encoding"), ContentLanguage: h.Get("Content-Language"),
		ContentDisposition: h.Get("Content-Disposition"), CacheControl: h.Get("Cache-Control"),
	}
	if sum, err := parseMD5(h.Get("Content-MD5")); err == nil {
		i.Properties.ContentMD5 = sum
	}
	for name, values := range h {
		if key, ok := strings.CutPrefix(strings.ToLower(name), "x-ms-meta-"); ok && key != "" && len(values) > 0 {
			i.Metadata = append(i.Metadata, objectstore.Pair{Name: key, Value: values[0]})
		}
	}
	return i
}

// reader yields the source's content.
func (s *source) reader() (r io.Reader, done func()) {
	if s.blob == nil {
		return s.body, func() {}
	}
	pr, pw := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		pw.CloseWithError(s.blob.WriteRange(pw, s.off, s.size))
	}()
	return pr, func() {
		pr.CloseWithError(io.ErrClosedPipe)
		<-ended
	}
}

// copyIn brings the source's content into the store, at most limit bytes.
func (x *exchange) copyIn(s *source, limit int64, needMD5 bool) (*content, error) {
	if s.size > limit {
		return nil, tooLarge(limit)
	}
	sums, err := newDigests(x.req.Header("X-Ms-Source-Content-Md5"), x.req.Header("X-Ms-Source-Content-Crc64"), needMD5)
	if err != nil {
		return nil, err
	}
	r, done := s.reader()
	defer done()
	c, err := x.store(io.LimitReader(r, limit+1), s.size, sums)
	if err == nil && c.size > limit {
		c.discard()
		return nil, tooLarge(limit)
	}
	return c, sourceBroke(err)
}

// sourceBroke words what is neither the store's nor the client's fault.
func sourceBroke(err error) error {
	var ours *storage.Error
	var engine *fault.Error
	if err == nil || errors.As(err, &ours) || errors.As(err, &engine) {
		return err
	}
	return unverified(http.StatusInternalServerError, "The copy source broke off: %s.", reason(err))
}
