package blob

import (
	"net/http"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Append Block (to 100 MiB, 50,000 of them) and Seal Append Blob.

// readAppend reads under which conditions is appended.
func (x *exchange) readAppend() (c objectstore.AppendConditions, err error) {
	if c.Conditions, err = x.conditions(); err != nil {
		return c, err
	}
	if c.MaxSize, err = x.numberOr("X-Ms-Blob-Condition-Maxsize", 0, -1); err != nil {
		return c, err
	}
	if c.Position, err = x.numberOr("X-Ms-Blob-Condition-Appendpos", 0, -1); err != nil {
		return c, err
	}
	c.Encryption, err = x.encryption()
	return c, err
}

func (x *exchange) appendBlock() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	cond, err := x.readAppend()
	if err != nil {
		return err
	}
	if x.r.ContentLength == 0 {
		return storage.InvalidHeader("Content-Length", "0")
	}
	if err := x.early(addr, cond.Conditions); err != nil {
		return err
	}
	c, err := x.receive(maxAppend, false)
	if err != nil {
		return err
	}
	defer c.discard()
	return x.finishAppend(addr, cond, c)
}

func (x *exchange) finishAppend(addr objectstore.Address, cond objectstore.AppendConditions, c *content) error {
	info, offset, err := x.svc.store.Append(x.ctx(), addr, c.up, cond)
	if err != nil {
		return err
	}
	x.setWritten(&info)
	x.setSums(c)
	x.set("x-ms-blob-append-offset", strconv.FormatInt(offset, 10))
	x.set("x-ms-blob-committed-block-count", strconv.Itoa(info.BlockCount))
	return x.reply(http.StatusCreated)
}

// early asks, before a large body comes, what conditions and a lease would refuse.
func (x *exchange) early(addr objectstore.Address, cond objectstore.Conditions) error {
	if !x.isLarge() {
		return nil
	}
	return x.svc.store.CheckWrite(x.ctx(), addr, cond)
}

func (x *exchange) seal() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	cond, err := x.readAppend()
	if err != nil {
		return err
	}
	info, err := x.svc.store.Seal(x.ctx(), addr, cond.Position, cond.Conditions)
	if err != nil {
		return err
	}
	x.setWritten(&info)
	x.set("x-ms-blob-sealed", "true")
	return x.reply(http.StatusOK)
}
