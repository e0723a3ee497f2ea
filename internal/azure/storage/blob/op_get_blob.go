package blob

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/minio/crc64nvme"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Get Blob and Get Blob Properties, of blobs, snapshots and versions: one range,
// conditions, MD5 or CRC-64 of a range of at most 4 MiB, structured bodies. Bytes go
// from the store to the socket as they are; nothing is compressed.

// maxRangeSum is the longest range whose sum is computed.
const maxRangeSum = 4 << 20

func (x *exchange) headBlob() error {
	info, err := x.lookAt()
	if err != nil {
		return x.absent(err)
	}
	x.setBlob(&info)
	x.set("Content-Length", strconv.FormatInt(info.Size, 10))
	x.head(http.StatusOK)
	return nil
}

// lookAt reads what is known of the blob, by the request's conditions and key.
func (x *exchange) lookAt() (objectstore.Info, error) {
	cond, err := x.conditions()
	if err != nil {
		return objectstore.Info{}, err
	}
	info, err := x.svc.store.Properties(x.ctx(), x.address(), cond)
	if err != nil {
		return info, err
	}
	return info, x.checkKey(&info)
}

// checkKey demands the customer's key that the blob was written with.
func (x *exchange) checkKey(info *objectstore.Info) error {
	given, err := x.encryption()
	if err == nil && given.KeySHA256 != info.Encryption.KeySHA256 {
		err = storage.Fail("BlobUsesCustomerSpecifiedEncryption")
	}
	return err
}

// demandKey is checkKey for a change of a blob; whether there is one, the change says.
func (x *exchange) demandKey(addr objectstore.Address) error {
	info, err := x.svc.store.Properties(x.ctx(), addr, objectstore.Conditions{})
	if err != nil {
		return nil // the change meets the same trouble, by its own rules
	}
	return x.checkKey(&info)
}

// absent is what an anonymous reader is told of what is not there: no more than of
// what is private.
func (x *exchange) absent(err error) error {
	if x.grant.Anonymous && fault.CodeOf(err) == objectstore.BlobNotFound {
		return storage.Fail("ResourceNotFound")
	}
	return err
}

func (x *exchange) getBlob() error {
	cond, err := x.conditions()
	if err != nil {
		return err
	}
	key, err := x.encryption()
	if err != nil {
		return err
	}
	cond.KeySHA256 = key.KeySHA256
	c, err := x.svc.store.Open(x.ctx(), x.address(), cond)
	if err != nil {
		return x.absent(err)
	}
	defer c.Close()
	info := c.Info()
	v, err := x.readView(&info)
	if err != nil {
		return err
	}
	return x.sendView(c, &info, v)
}

// view is what of a blob a request reads, and how.
type view struct {
	off, n     int64
	part       bool // a range was asked for: 206
	md5, crc   bool // of the range
	structured bool
}

func (x *exchange) readView(info *objectstore.Info) (view, error) {
	v := view{n: info.Size}
	text := x.req.Header("X-Ms-Range")
	if text == "" {
		text = x.req.Header("Range")
	}
	if s, ok := parseRange(text); ok {
		if v.off, v.n, ok = s.within(info.Size); !ok {
			return v, storage.Fail("InvalidRange").WithHeader("Content-Range", "bytes */"+strconv.FormatInt(info.Size, 10))
		}
		v.part = true
	}
	var err error
	if v.md5, err = x.flag("X-Ms-Range-Get-Content-Md5"); err != nil {
		return v, err
	}
	if v.crc, err = x.flag("X-Ms-Range-Get-Content-Crc64"); err != nil {
		return v, err
	}
	if v.md5 || v.crc {
		if err := checkRangeSum(v); err != nil {
			return v, err
		}
	}
	if form := x.req.Header("X-Ms-Structured-Body"); form != "" {
		if v.structured = isStructured(form); !v.structured {
			return v, storage.InvalidHeader("x-ms-structured-body", clip(form, 100))
		}
	}
	return v, nil
}

func checkRangeSum(v view) error {
	switch {
	case v.md5 && v.crc:
		return storage.InvalidHeader("x-ms-range-get-content-crc64", "true").With("Reason", "MD5 and CRC-64 exclude each other.")
	case !v.part:
		return storage.InvalidHeader("x-ms-range-get-content-md5", "true").With("Reason", "There is no range.")
	case v.n > maxRangeSum:
		return storage.Fail("OutOfRangeInput")
	}
	return nil
}

// flag reads a header that is true or false.
func (x *exchange) flag(name string) (bool, error) {
	text := x.req.Header(name)
	switch strings.ToLower(text) {
	case "":
		return false, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, storage.InvalidHeader(strings.ToLower(name), clip(text, 50))
}

// sendView answers with the bytes.
func (x *exchange) sendView(c *objectstore.Content, info *objectstore.Info, v view) error {
	x.setBlob(info)
	status := http.StatusOK
	if v.part {
		status = http.StatusPartialContent
		x.set("Content-Range", contentRange(v.off, v.n, info.Size))
		delete(x.w.Header(), "Content-MD5")
		if len(info.Properties.ContentMD5) > 0 {
			x.set("x-ms-blob-content-md5", base64.StdEncoding.EncodeToString(info.Properties.ContentMD5))
		}
	}
	if v.md5 || v.crc {
		return x.sendSummed(c, status, v)
	}
	if v.structured {
		return x.sendStructured(c, status, v)
	}
	x.set("Content-Length", strconv.FormatInt(v.n, 10))
	x.head(status)
	return x.sent(v.n, c.WriteRange(x.w, v.off, v.n))
}

// sent takes note of what went out. An error is of the store, which must not look
// like the end of the blob, or of a client that is gone.
func (x *exchange) sent(n int64, err error) error {
	if err == nil {
		x.event.ResponseBytes = n
		return nil
	}
	if x.ctx().Err() != nil {
		panic(http.ErrAbortHandler)
	}
	return err
}

// sendSummed answers with a short range and its sum, which comes first.
func (x *exchange) sendSummed(c *objectstore.Content, status int, v view) error {
	var b bytes.Buffer
	b.Grow(int(v.n))
	if err := c.WriteRange(&b, v.off, v.n); err != nil {
		return err
	}
	if v.md5 {
		sum := md5.Sum(b.Bytes())
		x.set("Content-MD5", base64.StdEncoding.EncodeToString(sum[:]))
	} else {
		sum := binary.LittleEndian.AppendUint64(nil, crc64nvme.Checksum(b.Bytes()))
		x.set("x-ms-content-crc64", base64.StdEncoding.EncodeToString(sum))
	}
	x.set("Content-Length", strconv.Itoa(b.Len()))
	x.head(status)
	_, err := x.w.Write(b.Bytes())
	return x.sent(v.n, err)
}

// sendStructured answers with the range as a structured body.
func (x *exchange) sendStructured(c *objectstore.Content, status int, v view) error {
	length := structuredLength(v.n)
	x.set("x-ms-structured-body", structuredName)
	x.set("x-ms-structured-content-length", strconv.FormatInt(v.n, 10))
	x.set("Content-Length", strconv.FormatInt(length, 10))
	x.head(status)
	return x.sent(length, writeStructured(x.w, c, v))
}

func writeStructured(w io.Writer, c *objectstore.Content, v view) error {
	s, err := newStructuredWriter(w, v.n)
	if err != nil {
		return err
	}
	if err := c.WriteRange(s, v.off, v.n); err != nil {
		return err
	}
	return s.Close()
}
