package blob

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Set Blob Properties (content headers; size and sequence number of page blobs), Get
// and Set Blob Metadata.

// contentNames are the headers that Set Blob Properties replaces together.
var contentNames = [...]string{
	"X-Ms-Blob-Cache-Control", "X-Ms-Blob-Content-Type", "X-Ms-Blob-Content-Md5",
	"X-Ms-Blob-Content-Encoding", "X-Ms-Blob-Content-Language", "X-Ms-Blob-Content-Disposition",
}

// setBlobProperties: any content header replaces all of them, and none keeps them
// when it is a page blob's size or sequence number that is set.
func (x *exchange) setBlobProperties() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	change, err := x.readChange()
	if err != nil {
		return err
	}
	if change.Conditions, err = x.conditions(); err != nil {
		return err
	}
	info, err := x.svc.store.SetProperties(x.ctx(), addr, change)
	if err != nil {
		return err
	}
	x.setWritten(&info)
	if info.Type == objectstore.PageBlob {
		x.set("x-ms-blob-sequence-number", strconv.FormatInt(info.Sequence, 10))
	}
	return x.reply(http.StatusOK)
}

func (x *exchange) readChange() (c objectstore.PropertiesChange, err error) {
	resizes, counts := x.req.HasHeader("X-Ms-Blob-Content-Length"), x.req.HasHeader("X-Ms-Sequence-Number-Action")
	given := !resizes && !counts
	for _, name := range contentNames {
		given = given || x.req.HasHeader(name)
	}
	if given {
		p, err := x.contentHeaders()
		if err != nil {
			return c, err
		}
		c.Properties = &p
	}
	if resizes {
		size, err := x.pageSize()
		if err != nil {
			return c, err
		}
		c.Size = &size
	}
	if counts {
		c.Sequence, err = x.readSequence()
	}
	return c, err
}

// readSequence reads what becomes of a page blob's sequence number.
func (x *exchange) readSequence() (func(now int64) int64, error) {
	action := strings.ToLower(x.req.Header("X-Ms-Sequence-Number-Action"))
	switch action {
	case "increment":
		if text := x.req.Header("X-Ms-Blob-Sequence-Number"); text != "" {
			return nil, storage.InvalidHeader("x-ms-blob-sequence-number", clip(text, 50)).With("Reason", "An increment takes no number.")
		}
		return func(now int64) int64 { return now + 1 }, nil
	case "max", "update":
	default:
		return nil, storage.InvalidHeader("x-ms-sequence-number-action", clip(action, 50))
	}
	if err := x.demand("X-Ms-Blob-Sequence-Number"); err != nil {
		return nil, err
	}
	n, err := x.number("X-Ms-Blob-Sequence-Number", 0)
	if action == "max" {
		return func(now int64) int64 { return max(now, n) }, err
	}
	return func(int64) int64 { return n }, err
}

func (x *exchange) headBlobMetadata() error {
	info, err := x.lookAt()
	if err != nil {
		return x.absent(err)
	}
	x.setState(info.ETag, info.Modified)
	storage.SetMetadata(x.w.Header(), pairs(info.Metadata))
	return x.reply(http.StatusOK)
}

// setBlobMetadata replaces all metadata.
func (x *exchange) setBlobMetadata() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	m, err := x.metadata()
	if err != nil {
		return err
	}
	cond, err := x.conditions()
	if err != nil {
		return err
	}
	if err := x.demandKey(addr); err != nil {
		return err
	}
	info, err := x.svc.store.SetMetadata(x.ctx(), addr, m, cond)
	if err != nil {
		return err
	}
	x.setWritten(&info)
	return x.reply(http.StatusOK)
}
