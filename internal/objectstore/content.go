package objectstore

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"path/filepath"
	"time"

	"github.com/minio/crc64nvme"

	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// view is a blob, or a snapshot or version of it, at one moment.
type view struct {
	s    *Store
	c    *container
	addr Address
	at   tick // of a snapshot or version
	now  time.Time
	rec  *record // nil: there is none
	snap *kv.Snapshot
}

// view looks a blob up. It must be closed.
func (a Account) view(ctx context.Context, addr Address) (*view, error) {
	v, err := a.look(ctx, addr)
	if err != nil {
		return nil, err
	}
	v.snap = a.s.db.Snapshot()
	if err := v.read(v.snap); err != nil {
		v.close()
		return nil, err
	}
	return v, nil
}

// look finds the container and checks the address.
func (a Account) look(ctx context.Context, addr Address) (*view, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkName(addr); err != nil {
		return nil, err
	}
	c, err := a.container(addr.Container)
	if err != nil {
		return nil, err
	}
	v := &view{s: a.s, c: c, addr: addr, now: a.s.now()}
	if v.at, err = addr.at(); err != nil {
		return nil, err
	}
	return v, nil
}

// at returns the tick of the snapshot or version that is meant, 0 for the blob.
func (addr Address) at() (tick, error) {
	text := addr.Snapshot + addr.Version
	if text == "" {
		return 0, nil
	}
	t, ok := parseTick(text)
	if !ok || addr.Snapshot != "" && addr.Version != "" {
		return 0, codes.New(InvalidSnapshot, "blob "+addr.Container+"/"+addr.Blob, "the snapshot or version is no time of the service's form")
	}
	return t, nil
}

// read reads the record.
func (v *view) read(r kv.Reader) (err error) {
	base := blobKey(nil, tableBlobs, v.c.cid, v.addr.Blob)
	if v.at == 0 {
		v.rec, err = v.s.record(r, base, v.resource())
		return err
	}
	v.rec, err = v.s.record(r, stateKey(nil, v.c.cid, v.addr.Blob, v.at), v.resource())
	if err != nil || v.rec != nil {
		if v.rec != nil && (v.rec.state == stateSnapshot) != (v.addr.Snapshot != "") {
			v.rec = nil
		}
		return err
	}
	if v.addr.Version != "" { // the current one has a version too
		v.rec, err = v.s.record(r, base, v.resource())
		if v.rec != nil && v.rec.version != v.at {
			v.rec = nil
		}
	}
	return err
}

func (v *view) close() {
	if v.snap != nil {
		_ = v.snap.Close()
	}
}

func (v *view) resource() string { return "blob " + v.c.name + "/" + v.addr.Blob }

func (v *view) info() Info { return v.rec.info(v.c.name, v.addr.Blob, v.at, v.now) }

// allows checks that the blob is there, and a read's conditions and lease.
func (v *view) allows(cond Conditions) error {
	if err := cond.meet(v.resource(), reads, v.rec.etag, v.rec.modified, v.rec.tags); err != nil {
		return err
	}
	return v.rec.lease.guard(v.resource(), cond.Lease, false, v.now, blobLease())
}

// readable is allows for a blob that may be missing.
func (v *view) readable(cond Conditions) error {
	if !exists(v.rec) {
		return noBlob(v.c.name, v.addr.Blob)
	}
	return v.allows(cond)
}

// Properties returns what is known of a blob, snapshot or version.
func (a Account) Properties(ctx context.Context, addr Address, cond Conditions) (Info, error) {
	v, err := a.look(ctx, addr)
	if err != nil {
		return Info{}, err
	}
	if err := v.read(a.s.db); err != nil {
		return Info{}, err
	}
	if err := v.readable(cond); err != nil {
		return Info{}, err
	}
	return v.info(), nil
}

// Content is a blob that is open for reading: as it was when it was opened,
// whatever happens to it. Close it soon, as what is deleted meanwhile keeps its
// space until then. Several goroutines may read it.
type Content struct {
	v      *view
	reader *reader
}

// Open opens a blob, snapshot or version for reading. One that was written with a
// customer's key is open to who has it (cond.KeySHA256) and to nobody else:
// BlobUsesCustomerSpecifiedEncryption.
func (a Account) Open(ctx context.Context, addr Address, cond Conditions) (*Content, error) {
	c, err := a.open(ctx, addr, cond)
	if err != nil {
		return nil, err
	}
	if err := c.v.unlocked(cond); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// unlocked demands the customer's key that the blob was written with.
func (v *view) unlocked(cond Conditions) error {
	switch has := v.rec.encryption.KeySHA256; {
	case has == cond.KeySHA256:
		return nil
	case has == "":
		return codes.New(BlobUsesCustomerSpecifiedEncryption, v.resource(), "it was written without a customer's key, and one came with the request")
	}
	return codes.New(BlobUsesCustomerSpecifiedEncryption, v.resource(), "it was written with a customer's key (x-ms-encryption-key), and only a client that sends the same key may read it")
}

// open is Open without the question for the key: for what tells no content.
func (a Account) open(ctx context.Context, addr Address, cond Conditions) (*Content, error) {
	v, err := a.look(ctx, addr)
	if err != nil {
		return nil, err
	}
	c := &Content{v: v, reader: a.s.extents.begin()}
	if err := c.open(cond); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Content) open(cond Conditions) error {
	if err := c.v.read(c.v.s.db); err != nil {
		return err
	}
	if c.v.rec != nil && c.v.rec.table { // its parts must be of the same moment
		c.v.snap = c.v.s.db.Snapshot()
		if err := c.v.read(c.v.snap); err != nil {
			return err
		}
	}
	if err := c.v.readable(cond); err != nil {
		return err
	}
	if c.v.rec.tier == archiveTier {
		return codes.New(BlobArchived, c.v.resource(), "it is in the archive tier")
	}
	return nil
}

// Info returns what is known of the blob.
func (c *Content) Info() Info { return c.v.info() }

// Close lets the content go.
func (c *Content) Close() {
	if c.reader != nil {
		c.v.s.extents.end(c.reader)
		c.reader = nil
		c.v.close()
	}
}

// WriteRange writes n bytes from off on to w. The checksum of every piece that it
// touches is checked before any of its bytes is written: damage is BlobDamaged
// (fault.Internal) and names blob and byte. A range that is not in the blob is
// InvalidRange.
func (c *Content) WriteRange(w io.Writer, off, n int64) error {
	rec := c.v.rec
	if off < 0 || n < 0 || off > rec.size || n > rec.size-off {
		return codes.New(InvalidRange, c.v.resource(), "it has %d bytes; from byte %d on there are not %d", rec.size, off, n)
	}
	buf := c.v.s.buffers.large.Get().(*[]byte)
	defer c.v.s.buffers.large.Put(buf)
	at, end := off, off+n
	err := eachPart(c.db(), c.v.c.cid, rec, off, n, func(p part) error {
		if err := writeZeros(w, *buf, p.off-at); err != nil {
			return err
		}
		from := max(p.off, off)
		at = min(p.off+p.n, end)
		return c.v.s.writeRef(w, *buf, p.slice(from-p.off, at-from), c.v.resource(), from)
	})
	if err != nil {
		return err
	}
	return writeZeros(w, *buf, end-at)
}

func writeZeros(w io.Writer, buf []byte, n int64) error {
	if n <= 0 {
		return nil
	}
	zeros := buf[:min(n, int64(len(buf)))]
	clear(zeros)
	for n > 0 {
		m, err := w.Write(zeros[:min(n, int64(len(zeros)))])
		if n -= int64(m); err != nil {
			return err
		}
	}
	return nil
}

// writeRef writes the bytes of r to w, some pieces at a time. off is where in
// the blob they are.
func (s *Store) writeRef(w io.Writer, buf []byte, r ref, resource string, off int64) error {
	f, path, err := s.extents.open(r.extent)
	if err != nil {
		return s.damaged(resource, off, path, err)
	}
	for r.n > 0 {
		first := r.skip / pieceData
		from := first * pieceData // byte of the run
		size := min(bufferPieces*pieceData, r.size-from, (r.skip+r.n-from+pieceData-1)/pieceData*pieceData)
		disk := buf[:diskSize(size)]
		at := r.at + first*pieceSize
		if _, err := f.ReadAt(disk, at); err != nil {
			return s.damaged(resource, off, path, err)
		}
		m := min(r.n, from+size-r.skip)
		if err := s.writePieces(w, disk, r.skip-from, m, resource, off, path, at); err != nil {
			return err
		}
		r = r.slice(m, r.n-m)
		off += m
	}
	return nil
}

// writePieces checks the pieces in disk, and writes n of their bytes from skip
// on.
func (s *Store) writePieces(w io.Writer, disk []byte, skip, n int64, resource string, off int64, path string, at int64) error {
	for n > 0 {
		piece := disk[:min(pieceSize, len(disk))]
		data, sum := piece[:len(piece)-sumSize], binary.LittleEndian.Uint64(piece[len(piece)-sumSize:])
		if crc64nvme.Checksum(data) != sum {
			return s.damaged(resource, off, path, &vfs.Damage{
				File: path, Position: at, Reason: "a checksum does not match", Remedy: "write the blob anew, or delete it",
			})
		}
		m := min(n, int64(len(data))-skip)
		if _, err := w.Write(data[skip : skip+m]); err != nil {
			return err
		}
		off, n, at, skip = off+m, n-m, at+int64(len(piece)), 0
		disk = disk[len(piece):]
	}
	return nil
}

// damaged says and logs that a blob's bytes cannot be read.
func (s *Store) damaged(resource string, off int64, path string, err error) error {
	s.log.Error("the bytes of a blob cannot be read", "blob", resource, "offset", off, "file", path, "error", err)
	s.events(Damaged{resource, off, path, err})
	var d *vfs.Damage
	if !errors.As(err, &d) {
		reason := "the file cannot be read"
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			reason = "the file ends too soon"
		}
		d = &vfs.Damage{File: path, Position: -1, Reason: reason, Remedy: "write the blob anew, or delete it"}
	}
	named := *d
	named.File = filepath.Base(d.File)
	return codes.Wrap(BlobDamaged, resource, &named, "its content cannot be read from byte %d on", off)
}
