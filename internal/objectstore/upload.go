package objectstore

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"github.com/minio/crc64nvme"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const (
	// bufferPieces is how many pieces a large upload writes at once.
	bufferPieces = 4
	// slabBytes is the room that a large upload takes at a time.
	slabBytes = 128 * pieceData
)

// buffers are what uploads and readers use again and again: a piece for small
// ones, some pieces for large ones.
type buffers struct{ small, large sync.Pool }

func newBuffers() *buffers {
	b := &buffers{}
	b.small.New = func() any { s := make([]byte, pieceSize); return &s }
	b.large.New = func() any { s := make([]byte, bufferPieces*pieceSize); return &s }
	return b
}

// Upload is content on its way into the store. Bytes that are written to it go
// to the disk as they come; nobody sees them until an operation takes the upload
// over. Discard must be called in any case. An upload is used by one goroutine.
type Upload struct {
	s     *Store
	hint  int64 // bytes that are expected; -1: not known
	large bool
	buf   *[]byte
	full  int // bytes of buf that are finished pieces
	fill  int // bytes of the piece behind them

	slab    room  // where the next bytes go; n is what is left
	slabEnd int64 // byte of the extent
	touched []touch
	runs    []run
	size    int64
	err     error // why it cannot go on
	over    bool  // nothing can be added
	taken   bool  // a record names it
	gone    bool  // it was discarded
}

// touch is an extent that an upload wrote to, and when last.
type touch struct {
	e     *extent
	count uint64
}

// NewUpload begins an upload. size is how many bytes will come, which saves
// room, or -1 when that is not known.
func (a Account) NewUpload(ctx context.Context, size int64) (*Upload, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	u := &Upload{s: a.s, hint: size, large: size > pieceData}
	if u.large {
		u.buf = a.s.buffers.large.Get().(*[]byte)
	} else {
		u.buf = a.s.buffers.small.Get().(*[]byte)
	}
	return u, nil
}

// Size returns how many bytes have been written.
func (u *Upload) Size() int64 { return u.size }

// Write implements io.Writer.
func (u *Upload) Write(p []byte) (n int, err error) {
	for n < len(p) {
		space, err := u.space()
		if err != nil {
			return n, err
		}
		m := copy(space, p[n:])
		u.fill, u.size, n = u.fill+m, u.size+int64(m), n+m
	}
	return n, nil
}

// ReadFrom implements io.ReaderFrom: it reads to the end of r, without copying.
func (u *Upload) ReadFrom(r io.Reader) (n int64, err error) {
	for {
		space, err := u.space()
		if err != nil {
			return n, err
		}
		m, err := r.Read(space)
		u.fill, u.size, n = u.fill+m, u.size+int64(m), n+int64(m)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// space returns where the next bytes of the piece go.
func (u *Upload) space() ([]byte, error) {
	if u.err != nil || u.over {
		return nil, errors.Join(u.err, errOver(u.over))
	}
	if u.fill == pieceData {
		u.endPiece()
		if err := u.makeSpace(); err != nil {
			return nil, err
		}
	}
	return (*u.buf)[u.full+u.fill : u.full+pieceData], nil
}

func errOver(over bool) error {
	if over {
		return errors.New("the upload is over")
	}
	return nil
}

// endPiece puts the checksum behind the piece.
func (u *Upload) endPiece() {
	piece := (*u.buf)[u.full : u.full+u.fill]
	binary.LittleEndian.PutUint64((*u.buf)[u.full+u.fill:], crc64nvme.Checksum(piece))
	u.full += u.fill + sumSize
	u.fill = 0
}

// makeSpace makes space for another piece: in a larger buffer, or by writing
// out.
func (u *Upload) makeSpace() error {
	if !u.large {
		larger := u.s.buffers.large.Get().(*[]byte)
		copy(*larger, (*u.buf)[:u.full])
		u.s.buffers.small.Put(u.buf)
		u.buf, u.large = larger, true
		return nil
	}
	if u.full+pieceSize <= len(*u.buf) {
		return nil
	}
	return u.flush()
}

// flush writes the finished pieces out.
func (u *Upload) flush() error {
	rest := (*u.buf)[:u.full]
	u.full = 0
	for len(rest) > 0 {
		if u.slab.n == 0 {
			if err := u.reserve(int64(len(rest))); err != nil {
				return u.fail(err)
			}
		}
		m := u.fits(int64(len(rest)))
		if m == 0 {
			u.dropSlab()
			continue
		}
		if _, err := u.slab.e.file.WriteAt(rest[:m], u.slab.at); err != nil {
			return u.fail(err)
		}
		u.touched[len(u.touched)-1].count = u.slab.e.written.Add(1)
		u.wrote(m)
		rest = rest[m:]
	}
	return nil
}

// fits returns how many of m bytes of pieces the slab takes: whole pieces, or
// all.
func (u *Upload) fits(m int64) int64 {
	if m <= diskSize(u.slab.n) {
		return m
	}
	return u.slab.n / pieceData * pieceSize
}

// dropSlab gives back what is left of the slab.
func (u *Upload) dropSlab() {
	if u.slab.e != nil && u.slab.at < u.slabEnd {
		u.s.extents.giveBack(u.slab.e, u.slab.at, u.slabEnd)
	}
	u.slab.n, u.slabEnd = 0, u.slab.at
}

// wrote takes note of m bytes of the disk written at the slab's start.
func (u *Upload) wrote(m int64) {
	n := m - (m+pieceSize-1)/pieceSize*sumSize
	if last := len(u.runs) - 1; last >= 0 && u.runs[last].extent == u.slab.e.number && u.runs[last].end() == u.slab.at && u.runs[last].size%pieceData == 0 {
		u.runs[last].size += n
	} else {
		u.runs = append(u.runs, run{u.slab.e.number, u.slab.at, n})
	}
	u.slab.at += m
	u.slab.n -= n
}

// reserve takes room for what is expected, at least for the bytes of pieces at
// hand.
func (u *Upload) reserve(atHand int64) error {
	which, want := largeStream, int64(slabBytes)
	written := totalRuns(u.runs)
	switch {
	case u.over:
		want = u.size - written
	case u.hint >= u.size:
		want = min(want, u.hint-written)
	}
	if !u.large {
		which = smallStream
	}
	want = max(want, atHand-(atHand+pieceSize-1)/pieceSize*sumSize)
	if u.slab.e != nil {
		if r, ok := u.s.extents.extend(u.slab.e, u.slab.at, want); ok {
			u.slab, u.slabEnd = r, r.at+diskSize(r.n)
			return nil
		}
	}
	r, err := u.s.extents.reserve(which, want)
	if err != nil {
		return err
	}
	u.slab, u.slabEnd = r, r.at+diskSize(r.n)
	u.touched = append(u.touched, touch{e: r.e})
	return nil
}

func totalRuns(runs []run) (n int64) {
	for _, r := range runs {
		n += r.size
	}
	return n
}

// fail ends the upload with a disk's error.
func (u *Upload) fail(err error) error {
	u.err = diskError(err)
	return u.err
}

// diskError words an error of writing content.
func diskError(err error) error {
	if vfs.NoRoom(err) {
		return codes.Wrap(ServerBusy, "blob store", withoutPath(err), "the disk is full; writes are accepted again when there is room")
	}
	return codes.Wrap(ServerBusy, "blob store", withoutPath(err), "the disk failed; what was sent is not kept")
}

// finish writes the rest out and has all of it on the disk, by the sync policy.
func (u *Upload) finish() error {
	if err := u.writeOut(); err != nil || u.s.mode != vfs.SyncAlways {
		return err
	}
	return u.sync()
}

// writeOut writes the rest out.
func (u *Upload) writeOut() error {
	if u.err != nil || u.over {
		return u.err
	}
	u.over = true
	if u.fill > 0 {
		u.endPiece()
	}
	if err := u.flush(); err != nil {
		return err
	}
	u.dropSlab()
	u.freeBuffer()
	return nil
}

// sync has what was written on the disk.
func (u *Upload) sync() error {
	for _, t := range u.touched {
		if err := t.e.sync(t.count); err != nil {
			return u.fail(err)
		}
	}
	return nil
}

// take returns the content for a record.
func (u *Upload) take() []ref {
	refs := make([]ref, len(u.runs))
	for i, r := range u.runs {
		refs[i] = whole(r)
	}
	return refs
}

func (u *Upload) freeBuffer() {
	switch {
	case u.buf == nil:
	case u.large:
		u.s.buffers.large.Put(u.buf)
	default:
		u.s.buffers.small.Put(u.buf)
	}
	u.buf = nil
}

// Discard ends the upload. What no operation has taken over is gone.
func (u *Upload) Discard() {
	if u.gone {
		return
	}
	u.gone, u.over = true, true
	u.freeBuffer()
	u.dropSlab()
	if !u.taken {
		for i := len(u.runs) - 1; i >= 0; i-- {
			u.s.extents.giveBackRun(u.runs[i])
		}
	}
	for _, t := range u.touched {
		u.s.extents.release(t.e)
	}
}
