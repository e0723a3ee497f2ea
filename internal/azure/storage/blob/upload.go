package blob

import (
	"encoding/base64"
	"io"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Limits of what one request may carry (Azure: "Scalability targets for Blob
// storage").
const (
	maxPutBlob   = 5000 << 20
	maxPutBlock  = 4000 << 20
	maxAppend    = 100 << 20
	maxPutPage   = 4 << 20
	maxDocuments = 16 << 20 // XML bodies; a list of 50,000 blocks is the longest
	drainBytes   = 32 << 20 // read and dropped of a body that is refused
)

// content is what a request or a copy's source brings: bytes in the engine, which
// nobody sees until an operation names them.
type content struct {
	up   *objectstore.Upload
	size int64
	sums *digests
	// structured is x-ms-structured-body, to be echoed, or "".
	structured string
}

// discard gives up what no operation took.
func (c *content) discard() { c.up.Discard() }

// receive streams the request's body to the engine and checks it. Of the sums that
// nobody asked for, MD5 is made when needMD5 says so.
func (x *exchange) receive(limit int64, needMD5 bool) (*content, error) {
	body, size, err := x.bodyReader()
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, tooLarge(limit)
	}
	sums, err := newDigests(x.req.Header("Content-Md5"), x.req.Header("X-Ms-Content-Crc64"), needMD5)
	if err != nil {
		return nil, err
	}
	c, err := x.store(body, size, sums)
	if err != nil {
		return nil, err
	}
	c.structured = x.req.Header("X-Ms-Structured-Body")
	x.event.RequestBytes = c.size
	return c, nil
}

// store streams to the engine what must be size bytes, unless that is -1, with those
// sums.
func (x *exchange) store(r io.Reader, size int64, sums *digests) (*content, error) {
	up, err := x.svc.store.NewUpload(x.ctx(), size)
	if err != nil {
		return nil, err
	}
	sums.expect(size)
	defer sums.stop()
	n, err := up.ReadFrom(sums.reader(r))
	switch {
	case err == nil && n != size && size >= 0:
		err = storage.Fail("InvalidInput").With("Reason", "The body ended after "+strconv.FormatInt(n, 10)+" bytes of "+strconv.FormatInt(size, 10)+".")
	case err == nil:
		err = sums.verify()
	}
	if err != nil {
		up.Discard()
		return nil, err
	}
	return &content{up: up, size: n, sums: sums}, nil
}

// bodyReader yields the content of the request's body, plain or structured, and its
// length.
func (x *exchange) bodyReader() (io.Reader, int64, error) {
	length := x.r.ContentLength
	if length < 0 {
		return nil, 0, storage.Fail("MissingContentLengthHeader")
	}
	body := io.Reader(clientBody{x.r.Body})
	form := x.req.Header("X-Ms-Structured-Body")
	if form == "" {
		return body, length, nil
	}
	if !isStructured(form) {
		return nil, 0, storage.InvalidHeader("x-ms-structured-body", clip(form, 100))
	}
	text := x.req.Header("X-Ms-Structured-Content-Length")
	size, ok := parseOffset(text)
	if !ok {
		return nil, 0, storage.InvalidHeader("x-ms-structured-content-length", clip(text, 100))
	}
	return newStructuredReader(body, size), size, nil
}

// isStructured takes the one form of structured bodies, blanks aside.
func isStructured(form string) bool {
	return strings.EqualFold(strings.ReplaceAll(form, " ", ""), strings.ReplaceAll(structuredName, " ", ""))
}

// clientBody is a request's body, of which every failure is the client's.
type clientBody struct{ r io.Reader }

func (b clientBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, storage.Fail("InvalidInput").With("Reason", "The body could not be read to its end.").Because(err)
}

func tooLarge(limit int64) error {
	return storage.Fail("RequestBodyTooLarge").With("MaxLimit", strconv.FormatInt(limit, 10))
}

// setSums writes the sums that answer an upload: the MD5 if it was asked for, else
// the CRC.
func (x *exchange) setSums(c *content) {
	if c.sums.wantMD5 != nil {
		x.set("Content-MD5", base64.StdEncoding.EncodeToString(c.sums.wantMD5))
	} else {
		x.set("x-ms-content-crc64", base64.StdEncoding.EncodeToString(c.sums.sumCRC()))
	}
	x.setSome("x-ms-structured-body", c.structured)
}

// readDocument reads a body that is a document, whole.
func (x *exchange) readDocument() ([]byte, error) {
	body, size, err := x.bodyReader()
	if err != nil {
		return nil, err
	}
	if size > maxDocuments {
		return nil, tooLarge(maxDocuments)
	}
	sums, err := newDigests(x.req.Header("Content-Md5"), x.req.Header("X-Ms-Content-Crc64"), false)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(sums.reader(body))
	if err != nil {
		return nil, err
	}
	x.event.RequestBytes = int64(len(text))
	return text, sums.verify()
}

// noBody refuses a body where the operation has none.
func (x *exchange) noBody() error {
	if x.r.ContentLength > 0 {
		return storage.InvalidHeader("Content-Length", strconv.FormatInt(x.r.ContentLength, 10))
	}
	return nil
}

// drain reads on for a while after a refusal, because many clients look for the
// answer only when they have sent everything. One that waits for our word to send
// need not begin.
func (x *exchange) drain() {
	if x.r.Body == nil || x.r.Header.Get("Expect") != "" {
		return
	}
	_, _ = io.CopyN(io.Discard, x.r.Body, drainBytes) // whatever fails here fails for the client too
}

// setBothSums writes the sums that answer a Put Blob, which has its MD5 anyway.
func (x *exchange) setBothSums(c *content) {
	x.set("Content-MD5", base64.StdEncoding.EncodeToString(c.sums.sumMD5()))
	if c.sums.useCRC {
		x.set("x-ms-content-crc64", base64.StdEncoding.EncodeToString(c.sums.sumCRC()))
	}
	x.setSome("x-ms-structured-body", c.structured)
}
