package blob

import (
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Put Blob From URL (block blobs), Put Block From URL, Append Block From URL and Put
// Page From URL. The source is authorized by itself: by a signature, a bearer token
// (x-ms-copy-source-authorization), or because it is public.

// demandEmpty refuses a body: the content comes from the URL.
func (x *exchange) demandEmpty() error {
	if x.r.ContentLength != 0 {
		return storage.InvalidHeader("Content-Length", strconv.FormatInt(x.r.ContentLength, 10))
	}
	return nil
}

func (x *exchange) putBlobFromURL() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	if kind := x.req.Header("X-Ms-Blob-Type"); kind != objectstore.BlockBlob.String() {
		return storage.InvalidHeader("x-ms-blob-type", clip(kind, 50))
	}
	if err := x.demandEmpty(); err != nil {
		return err
	}
	p, err := x.readPut(objectstore.BlockBlob)
	if err != nil {
		return err
	}
	if x.onlyCreates() {
		p.Conditions.IfNoneMatch = []string{"*"}
	}
	s, err := x.openSource(false)
	if err != nil {
		return err
	}
	defer s.close()
	if err := x.inheritProperties(&p, s); err != nil {
		return err
	}
	c, err := x.copyIn(s, maxPutBlob, true)
	if err != nil {
		return err
	}
	defer c.discard()
	return x.putContent(addr, c, p)
}

// inheritProperties gives the blob the source's content headers, unless the request
// says otherwise (x-ms-copy-source-blob-properties) or has its own.
func (x *exchange) inheritProperties(p *objectstore.Put, s *source) error {
	keep := true
	if x.req.HasHeader("X-Ms-Copy-Source-Blob-Properties") {
		var err error
		if keep, err = x.flag("X-Ms-Copy-Source-Blob-Properties"); err != nil {
			return err
		}
	}
	if keep {
		from := &s.info.Properties
		for _, f := range [...]struct{ to, from *string }{
			{&p.Properties.ContentType, &from.ContentType},
			{&p.Properties.ContentEncoding, &from.ContentEncoding},
			{&p.Properties.ContentLanguage, &from.ContentLanguage},
			{&p.Properties.ContentDisposition, &from.ContentDisposition},
			{&p.Properties.CacheControl, &from.CacheControl},
		} {
			if *f.to == "" {
				*f.to = *f.from
			}
		}
	}
	return x.inherit(p, s)
}

func (x *exchange) putBlockFromURL() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	b, err := x.readBlock()
	if err != nil {
		return err
	}
	if err := x.demandEmpty(); err != nil {
		return err
	}
	if err := x.mayAddBlock(addr); err != nil {
		return err
	}
	c, err := x.fetchContent(maxPutBlock)
	if err != nil {
		return err
	}
	defer c.discard()
	return x.finishBlock(addr, b, c)
}

// fetchContent brings the range of the source that the request names.
func (x *exchange) fetchContent(limit int64) (*content, error) {
	s, err := x.openSource(false)
	if err != nil {
		return nil, err
	}
	defer s.close()
	return x.copyIn(s, limit, false)
}

func (x *exchange) appendFromURL() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	cond, err := x.readAppend()
	if err != nil {
		return err
	}
	if err := x.demandEmpty(); err != nil {
		return err
	}
	c, err := x.fetchContent(maxAppend)
	if err != nil {
		return err
	}
	defer c.discard()
	return x.finishAppend(addr, cond, c)
}

func (x *exchange) putPagesFromURL() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	cond, err := x.readPages()
	if err != nil {
		return err
	}
	if err := x.demandEmpty(); err != nil {
		return err
	}
	if err := x.demand("X-Ms-Source-Range"); err != nil {
		return err
	}
	off, n, err := x.pageRange()
	if err != nil {
		return err
	}
	if n > maxPutPage {
		return tooLarge(maxPutPage)
	}
	c, err := x.fetchContent(maxPutPage)
	if err != nil {
		return err
	}
	defer c.discard()
	if c.size != n {
		return storage.InvalidHeader("x-ms-source-range", x.req.Header("X-Ms-Source-Range")).With("Reason", "It is not as long as the range that is written.")
	}
	return x.finishPages(addr, off, n, c, cond)
}
