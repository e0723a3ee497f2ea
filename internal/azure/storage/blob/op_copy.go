package blob

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// Copy Blob, Copy Blob From URL (x-ms-requires-sync) and Abort Copy Blob. Sources are
// blobs of any account in this process, whose content is shared, and what http and
// https serve elsewhere. A copy within this process is complete when it is answered;
// one from elsewhere is pending then, and goes on in the background (copies.go), unless
// x-ms-requires-sync asks for the whole. Refused: incremental copies, page and append
// blobs and tags of elsewhere.

func (x *exchange) copyBlob() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	synchronous, err := x.flag("X-Ms-Requires-Sync")
	if err != nil {
		return err
	}
	p, err := x.readPut(objectstore.BlockBlob)
	if err != nil {
		return err
	}
	if x.onlyCreates() {
		p.Conditions.IfNoneMatch = []string{"*"}
	}
	s, err := x.openSource(!synchronous)
	if err != nil {
		return err
	}
	defer s.close()
	if s.svc == nil && s.info.Type != objectstore.BlockBlob {
		return storage.Unsupported("A copy of an append or page blob of another server", "Read its content, and write that.")
	}
	if synchronous {
		if err := x.checkSourceMD5(s); err != nil {
			return err
		}
	}
	p.Properties = s.info.Properties
	if err := x.inherit(&p, s); err != nil {
		return err
	}
	p.Copy = &objectstore.Copy{
		ID: uuid.New(), Source: s.url, Status: objectstore.CopySuccess, Copied: s.size, Total: s.size, Completed: x.svc.now(),
	}
	var info objectstore.Info
	if s.svc == nil && !synchronous {
		info, err = x.beginCopy(addr, s, p)
	} else {
		info, err = x.finishCopy(addr, s, p, !synchronous)
	}
	if err != nil {
		return x.written(err)
	}
	return x.replyCopy(&info, synchronous)
}

func (x *exchange) replyCopy(info *objectstore.Info, synchronous bool) error {
	x.setState(info.ETag, info.Modified)
	x.setSome("x-ms-version-id", info.Version)
	x.set("x-ms-copy-id", info.Copy.ID)
	x.set("x-ms-copy-status", info.Copy.Status)
	if synchronous && len(info.Properties.ContentMD5) > 0 {
		x.set("Content-MD5", base64Of(info.Properties.ContentMD5))
	}
	return x.reply(http.StatusAccepted)
}

// beginCopy makes the blob an empty one that is filled behind the request: with what
// the source's server has begun to send.
func (x *exchange) beginCopy(addr objectstore.Address, s *source, p objectstore.Put) (objectstore.Info, error) {
	if s.size > maxPutBlob {
		return objectstore.Info{}, tooLarge(maxPutBlob)
	}
	p.Copy.Copied, p.Copy.Total, p.Copy.Completed = 0, max(s.size, 0), time.Time{}
	order, err := s.order.text()
	if err != nil {
		return objectstore.Info{}, err
	}
	f := newFetching(p.Copy.ID, s.order)
	x.svc.copies.expect(f)
	info, pending, err := x.svc.store.BeginCopy(x.ctx(), addr, p, order)
	if err != nil {
		x.svc.copies.forget(f)
		return info, err
	}
	f.pending, f.source = pending, s.handOver(f.ctx)
	x.svc.copies.begin(f)
	return info, nil
}

// finishCopy makes the blob of the source: within this process by sharing content,
// else by fetching it. lasting: a lease of the blob is to be one without end.
func (x *exchange) finishCopy(addr objectstore.Address, s *source, p objectstore.Put, lasting bool) (objectstore.Info, error) {
	if s.svc != nil {
		from := objectstore.Source{Account: s.svc.store, Address: s.addr, Conditions: s.cond}
		return x.svc.store.CopyFrom(x.ctx(), addr, from, objectstore.CopyPut{Put: p, ReplaceProperties: true, ReplaceMetadata: true, Lasting: lasting})
	}
	if err := x.svc.store.CheckPut(x.ctx(), addr, p.Conditions); err != nil {
		return objectstore.Info{}, err
	}
	c, err := x.copyIn(s, maxPutBlob, p.Properties.ContentMD5 == nil)
	if err != nil {
		return objectstore.Info{}, err
	}
	defer c.discard()
	if p.Copy != nil {
		p.Copy.Copied, p.Copy.Total = c.size, c.size
	}
	if p.Properties.ContentMD5 == nil {
		p.Properties.ContentMD5 = c.sums.sumMD5()
	}
	return x.svc.store.PutBlob(x.ctx(), addr, c.up, p)
}

// inherit gives a copy what it has of its source: metadata unless the request has
// some, tags if it says so.
func (x *exchange) inherit(p *objectstore.Put, s *source) error {
	if len(p.Metadata) == 0 {
		p.Metadata = slices.Clone(s.info.Metadata)
	}
	switch text := x.req.Header("X-Ms-Copy-Source-Tag-Option"); strings.ToLower(text) {
	case "", "replace":
	case "copy":
		if len(p.Tags) > 0 {
			return storage.Fail("BothUserTagsAndSourceTagsCopyPresentException")
		}
		if s.svc == nil {
			return storage.Unsupported("A copy of the tags of a source on another server", "Give the tags with x-ms-tags.")
		}
		p.Tags = slices.Clone(s.info.Tags)
	default:
		return storage.InvalidHeader("x-ms-copy-source-tag-option", clip(text, 50))
	}
	return nil
}

// checkSourceMD5 holds a source in this process to the MD5 that the client expects of
// it.
func (x *exchange) checkSourceMD5(s *source) error {
	text := x.req.Header("X-Ms-Source-Content-Md5")
	if text == "" || s.blob == nil {
		return nil // of a source elsewhere the sum is made as it comes
	}
	d, err := newDigests(text, "", true)
	if err != nil {
		return err
	}
	if err := s.blob.WriteRange(d, s.off, s.size); err != nil {
		return err
	}
	return d.verify()
}

func (x *exchange) abortCopy() error {
	if action := x.req.Header("X-Ms-Copy-Action"); !strings.EqualFold(action, "abort") {
		return storage.InvalidHeader("x-ms-copy-action", clip(action, 50))
	}
	id := strings.ToLower(x.req.Query.Get("copyid"))
	if !isGUID(id) {
		return storage.InvalidQuery("copyid", clip(id, 100), "")
	}
	addr, err := x.current()
	if err != nil {
		return err
	}
	if err := x.svc.store.AbortCopy(x.ctx(), addr, id, x.req.Header("X-Ms-Lease-Id")); err != nil {
		return err
	}
	x.svc.copies.stop(id)
	return x.reply(http.StatusNoContent)
}

// isGUID takes a GUID with hyphens.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i] | 0x20
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') {
			return false
		} else if !dash && !('0' <= s[i] && s[i] <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}
