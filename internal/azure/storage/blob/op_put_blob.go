package blob

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Put Blob: block blobs with their content (to 5,000 MiB), append blobs and page
// blobs without. Content headers, metadata, tags, tier, conditions, leases, MD5,
// CRC-64 and structured bodies, keys and scopes of encryption. Refused: immutability
// policies and legal holds.

// putBlob makes a blob, or replaces one.
func (x *exchange) putBlob() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	switch kind := x.req.Header("X-Ms-Blob-Type"); kind {
	case "BlockBlob":
		return x.putBlockBlob(addr)
	case "AppendBlob":
		return x.putEmptyBlob(addr, objectstore.AppendBlob)
	case "PageBlob":
		return x.putEmptyBlob(addr, objectstore.PageBlob)
	case "":
		return storage.MissingHeader("x-ms-blob-type")
	default:
		return storage.InvalidHeader("x-ms-blob-type", clip(kind, 50))
	}
}

func (x *exchange) putBlockBlob(addr objectstore.Address) error {
	p, err := x.readPut(objectstore.BlockBlob)
	if err != nil {
		return err
	}
	x.plainHeaders(&p.Properties)
	if err := x.mayReplace(addr, &p); err != nil {
		return err
	}
	c, err := x.receive(maxPutBlob, true)
	if err != nil {
		return err
	}
	defer c.discard()
	return x.putContent(addr, c, p)
}

// putContent makes a block blob of what has come, and answers.
func (x *exchange) putContent(addr objectstore.Address, c *content, p objectstore.Put) error {
	if p.Properties.ContentMD5 == nil {
		p.Properties.ContentMD5 = c.sums.sumMD5()
	}
	info, err := x.svc.store.PutBlob(x.ctx(), addr, c.up, p)
	if err != nil {
		return x.written(err)
	}
	x.setWritten(&info)
	x.setBothSums(c)
	return x.reply(http.StatusCreated)
}

// putEmptyBlob makes an append blob, or a page blob of zeros.
func (x *exchange) putEmptyBlob(addr objectstore.Address, kind objectstore.BlobType) error {
	p, err := x.readPut(kind)
	if err != nil {
		return err
	}
	x.plainHeaders(&p.Properties)
	if err := x.noBody(); err != nil {
		return err
	}
	if kind == objectstore.PageBlob {
		if p.PageSize, p.Sequence, err = x.pageHeaders(); err != nil {
			return err
		}
	}
	if err := x.mayReplace(addr, &p); err != nil {
		return err
	}
	info, err := x.svc.store.PutBlob(x.ctx(), addr, nil, p)
	if err != nil {
		return x.written(err)
	}
	x.setWritten(&info)
	return x.reply(http.StatusCreated)
}

// pageHeaders are the size and the sequence number of a page blob that is made.
func (x *exchange) pageHeaders() (size, sequence int64, err error) {
	if err := x.demand("X-Ms-Blob-Content-Length"); err != nil {
		return 0, 0, err
	}
	if size, err = x.pageSize(); err != nil {
		return 0, 0, err
	}
	sequence, err = x.numberOr("X-Ms-Blob-Sequence-Number", 0, 0)
	return size, sequence, err
}

const maxPageBlob = 8 << 40

func (x *exchange) pageSize() (int64, error) {
	size, err := x.number("X-Ms-Blob-Content-Length", 0)
	if err == nil && (size%pageBytes != 0 || size > maxPageBlob) {
		err = storage.InvalidHeader("x-ms-blob-content-length", x.req.Header("X-Ms-Blob-Content-Length"))
	}
	return size, err
}

// mayReplace holds a caller who may only create to that, and asks, before a large
// body comes, what conditions and leases would refuse: a client that waits to be told
// to send is spared sending. All of it is asked again, for good, when the blob is
// written.
func (x *exchange) mayReplace(addr objectstore.Address, p *objectstore.Put) error {
	if x.onlyCreates() {
		p.Conditions.IfNoneMatch = []string{"*"}
	}
	if !x.isLarge() {
		return nil
	}
	return x.written(x.svc.store.CheckPut(x.ctx(), addr, p.Conditions))
}

// isLarge reports whether it is worth asking what can be refused before the body
// comes.
func (x *exchange) isLarge() bool {
	return x.r.ContentLength >= earlyBytes || x.r.Header.Get("Expect") != ""
}

const earlyBytes = 1 << 20

// onlyCreates reports whether the caller may make blobs, but not replace any.
func (x *exchange) onlyCreates() bool { return x.grant.SAS && !x.grant.Has('w') }

// written words the error of a write for a caller who may only create.
func (x *exchange) written(err error) error {
	if x.onlyCreates() && fault.CodeOf(err) == objectstore.BlobAlreadyExists {
		return storage.Fail("UnauthorizedBlobOverwrite")
	}
	return err
}
