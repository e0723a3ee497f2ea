package blobrows

import (
	"context"
	"errors"
	"io"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// pageSize is how many changes are asked for at once.
const pageSize = 256

// reader reads the blobs of one partition in the order of the container's feed.
// That shows a blob at its last change only, so the reader must know whether it
// read one before:
//
//	─────────┬──────────────────────┬────────────▶ when blobs were made
//	         since                  horizon
//	unread,  read, if the feed had  unread, unless
//	unless   them                   in seen
//	in seen
type reader struct {
	s         *source
	blobs     objectstore.Account
	partition int

	after   objectstore.Position // up to which the feed was taken
	page    []objectstore.Change // that follow
	since   objectstore.Position // where the job began; what was there before and changes later is new to it
	horizon objectstore.Position
	before  objectstore.Position            // the horizon once the feed was read to its end again
	seen    map[string]objectstore.Position // blobs that were read, and when they were made

	resume objectstore.Position // of the blob that goes on…
	skip   int                  // …behind so many pieces

	at  objectstore.Change // the blob that is being read
	now *pieces            // nil: none
}

// locked is why a blob with a customer's key is not read: a job has no keys.
const locked = "was written with a customer's key (x-ms-encryption-key): only a client that sends the key may read it, and a job has none; write it without"

// Read implements stream.Reader.
func (r *reader) Read(ctx context.Context, b *stream.Batch, _ int) error {
	b.Events, b.Buf = b.Events[:0], b.Buf[:0]
	for {
		if r.now == nil {
			if err := r.begin(ctx); err != nil {
				return err
			}
			continue
		}
		n, place := r.now.number, r.s.place(r.at.Info.Blob, r.now.before+1)
		text, err := r.piece(ctx, b.Buf[:0])
		b.Buf = text
		offset, ok := offsetOf(r.at.Position, n)
		switch {
		case err == nil && !ok:
			err = fault.New(fault.TooLarge, "", "is longer than can be read, or of before 2025")
		case err != nil && errors.Is(err, ctx.Err()) && r.now.in.err == nil:
			return err // the blob goes on from there
		}
		if err != nil {
			if err := r.end(n, err); err != nil {
				return err
			}
			if errors.Is(err, io.EOF) {
				continue
			}
			text, place.Err = nil, err.Error()
		}
		if n < r.skip || !ok {
			continue
		}
		b.Events = append(b.Events, stream.Event{
			Offset: offset, Sequence: offset, Arrival: int64(r.at.Position), Body: text, Origin: r.at.Info.Blob, In: place,
		})
		return nil
	}
}

// piece reads the next piece of the blob.
func (r *reader) piece(ctx context.Context, dst []byte) ([]byte, error) {
	r.now.in.ctx = ctx
	if r.now.rows == nil {
		if err := r.now.begin(r.s.form, r.s.unpack); err != nil {
			return dst, err
		}
	}
	return r.now.next(ctx, dst)
}

// begin takes the next blob, and waits while there is none. It may return without.
func (r *reader) begin(ctx context.Context) error {
	if len(r.page) == 0 {
		return r.fetch(ctx)
	}
	c := r.page[0]
	if !r.fresh(&c) {
		r.page = r.page[1:]
		return nil
	}
	content, err := r.blobs.Open(ctx, objectstore.Address{Container: r.s.pattern.Container, Blob: c.Info.Blob}, objectstore.Conditions{IfMatch: []string{c.Info.ETag}})
	switch {
	case isCode(err, objectstore.BlobNotFound, objectstore.ConditionNotMet):
		r.page = r.page[1:] // deleted, or it comes again with what it is now
		return nil
	case isCode(err, objectstore.BlobArchived):
		r.page = r.page[1:]
		r.s.pass(c.Info.Blob, "is in the archive tier, where nothing can be read")
		return nil
	case isCode(err, objectstore.BlobUsesCustomerSpecifiedEncryption):
		r.page = r.page[1:]
		r.s.pass(c.Info.Blob, locked)
		return nil
	case err != nil:
		return r.gone(err)
	}
	r.page, r.at = r.page[1:], c
	r.seen[c.Info.Blob] = c.Made
	if c.Position != r.resume {
		r.skip = 0
	}
	r.now = open(content)
	return nil
}

// fresh reports whether a change is of a blob of the partition that was not read
// yet.
func (r *reader) fresh(c *objectstore.Change) bool {
	if !r.s.wants(c.Info.Blob, r.partition) {
		return false
	}
	_, seen := r.seen[c.Info.Blob]
	if c.Position == r.resume || !seen && (c.Made > r.horizon || c.Made <= r.since) {
		return true
	}
	r.s.pass(c.Info.Blob, "was changed after it had been read: a blob is read once, so put what is new in another")
	return false
}

// fetch takes the next changes, or waits for one.
func (r *reader) fetch(ctx context.Context) error {
	changes, upTo, err := r.blobs.Changes(ctx, r.s.pattern.Container, r.after, pageSize)
	if err != nil {
		return r.gone(err)
	}
	r.page, r.after = changes, upTo
	if len(changes) == pageSize {
		return nil
	}
	r.settle(upTo)
	if len(changes) > 0 {
		return nil
	}
	return r.gone(r.blobs.WaitChange(ctx, r.s.pattern.Container, r.after))
}

// settle moves the horizon: to where the feed ended the last time, as a blob that
// changed while it was asked may be at a later place only.
func (r *reader) settle(upTo objectstore.Position) {
	if r.before <= r.horizon {
		r.before = upTo
		return
	}
	r.horizon, r.before = r.before, upTo
	for name, made := range r.seen {
		if made > r.since && made <= r.horizon {
			delete(r.seen, name)
		}
	}
}

// end is done with the blob, behind so many pieces.
func (r *reader) end(n int, err error) error {
	content := r.now.content
	r.now = nil
	content.Close()
	switch {
	case errors.Is(err, io.EOF):
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.TooLarge):
		r.s.pass(r.at.Info.Blob, "cannot be read as a whole: %v", err)
	default: // it is tried again from there
		r.page = append([]objectstore.Change{r.at}, r.page...)
		r.resume, r.skip = r.at.Position, max(n, r.skip) // it may have been on its way there
		return err
	}
	return nil
}

// gone is an error of the container as readers have it.
func (r *reader) gone(err error) error {
	if isCode(err, objectstore.ContainerNotFound) {
		return fault.Wrap(fault.Gone, r.s.resource(), err, "it was deleted")
	}
	return err
}

// Backlog implements stream.Reader: the blobs that are known to follow.
func (r *reader) Backlog() int64 {
	n := int64(0)
	for i := range r.page {
		if r.s.wants(r.page[i].Info.Blob, r.partition) {
			n++
		}
	}
	return n
}

// Close implements stream.Reader.
func (r *reader) Close() error {
	if r.now != nil {
		r.now.content.Close()
		r.now = nil
	}
	return nil
}
