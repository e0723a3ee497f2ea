package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const (
	segmentMagic     = "LZTELS01"
	segmentFooter    = 24
	maxDirectory     = 1 << 20
	maxSegmentFile   = 1 << 31
	directoryReasons = "the directory of the segment "
)

// segment is a segment file. It is never changed.
type segment struct {
	fs     vfs.FS
	path   string
	size   int64
	salt   uint64
	number uint64
	first  int64 // sequence number of its first row
	count  int64
	made   time.Time // when its group was begun
	blocks []*stored

	readers int  // scans that hold it; guarded by the store's mu
	gone    bool // dropped: the last reader deletes the file; guarded by the store's mu
}

// stored is a table's block in a segment.
type stored struct {
	segment  *segment
	schema   *item.Schema
	rows     int
	from, to int64   // earliest and latest time, in ticks
	low      int64   // sequence number of the first row
	high     int64   // and of the last
	columns  []place // one per field of the schema; at 0 is a field that the file does not have
	numbers  place
	filter   place
	checked  atomic.Bool // the filter's checksum was right
	damaged  atomic.Bool
}

func (s *segment) rows() int64 { return s.count }

// openSegment reads a segment's directory. What is wrong with the file is a
// *vfs.Damage.
func openSegment(fs vfs.FS, path string) (*segment, error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	s := &segment{fs: fs, path: path, size: info.Size()}
	damage := func(reason string) error {
		return &vfs.Damage{File: path, Position: -1, Reason: reason, Remedy: "its telemetry is passed over; delete the file to be told no more"}
	}
	if s.size < int64(len(segmentMagic))+segmentFooter || s.size > maxSegmentFile {
		return s, damage("the file has a size that no segment has")
	}
	var footer [segmentFooter]byte
	if err := readAt(f, footer[:], s.size-segmentFooter); err != nil {
		return s, err
	}
	le := binary.LittleEndian
	at, length := le.Uint64(footer[:]), le.Uint32(footer[8:])
	if string(footer[16:]) != segmentMagic || length > maxDirectory || at > uint64(s.size) || at+uint64(length) != uint64(s.size)-segmentFooter {
		return s, damage("the file does not end like a segment of this version")
	}
	directory := make([]byte, length)
	if err := readAt(f, directory, int64(at)); err != nil {
		return s, err
	}
	if checksum(directory) != le.Uint32(footer[12:]) {
		return s, damage("the checksum of the segment's directory does not match")
	}
	if reason := s.parse(directory, at); reason != "" {
		return s, damage(reason)
	}
	return s, nil
}

// readAt reads all of b.
func readAt(f io.ReaderAt, b []byte, at int64) error {
	n, err := f.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// parse reads a directory whose checksum is right; end is where payloads end. It
// says what is wrong.
func (s *segment) parse(directory []byte, end uint64) string {
	r := reader{b: directory}
	s.salt = r.fixed64()
	s.number = r.fixed64()
	s.first = int64(r.fixed64())
	s.made = time.UnixMilli(int64(r.fixed64()))
	count := r.uvarint()
	blocks := r.byte()
	total := uint64(0)
	for range blocks {
		b := &stored{segment: s}
		t := r.byte()
		rows := r.uvarint()
		b.from, b.to = r.varint(), r.varint()
		b.low, b.high = r.varint(), r.varint()
		if r.bad || int(t) >= item.Types || rows == 0 || rows > maxRows {
			return directoryReasons + "has an impossible block"
		}
		b.schema, b.rows = item.Of(item.Type(t)), int(rows)
		total += rows
		b.columns = make([]place, len(b.schema.Fields))
		for range r.byte() {
			name := r.text(uint64(r.byte()))
			kind, p, ok := parsePlace(&r, end)
			if !ok {
				return directoryReasons + "has an impossible column"
			}
			if name == numbersName {
				b.numbers = p
			}
			for k := range b.schema.Fields {
				if f := &b.schema.Fields[k]; f.Name == name && stores(f.Kind) == kind {
					b.columns[k] = p
				}
			}
		}
		b.filter.at = r.uvarint()
		length := r.uvarint()
		b.filter.crc = r.fixed32()
		if r.bad || b.filter.at > end || length > end-b.filter.at || length > filterBits/8 || length&(length-1) != 0 || length%8 != 0 {
			return directoryReasons + "has an impossible filter"
		}
		b.filter.length = uint32(length)
		s.blocks = append(s.blocks, b)
	}
	if r.bad || len(r.b) != 0 || total != count {
		return directoryReasons + "does not end where it should"
	}
	s.count = int64(count)
	return ""
}

// parsePlace reads what appendPlace wrote behind the name.
func parsePlace(r *reader, end uint64) (storage, place, bool) {
	kind := storage(r.byte())
	p := place{coding: coding(r.byte()), packed: r.byte() == 1, at: r.uvarint()}
	length, raw := r.uvarint(), r.uvarint()
	p.crc = r.fixed32()
	if r.bad || p.at == 0 || p.at > end || length > end-p.at || raw > maxPayload {
		return kind, p, false
	}
	p.length, p.raw = uint32(length), uint32(raw)
	return kind, p, true
}

// read returns a payload as it is in the file, its checksum right.
func (p place) read(f io.ReaderAt) ([]byte, error) {
	b := make([]byte, p.length)
	if err := readAt(f, b, int64(p.at)); err != nil {
		return nil, err
	}
	if checksum(b) != p.crc {
		return nil, fmt.Errorf("the checksum of the column at byte %d does not match", p.at)
	}
	return b, nil
}

// may reports whether a row of the block may have all words that the hashes are
// of.
func (b *stored) may(f io.ReaderAt, hashes []uint64) (bool, error) {
	if b.filter.length == 0 || len(hashes) == 0 {
		return true, nil
	}
	if !b.checked.Load() {
		if _, err := b.filter.read(f); err != nil {
			return false, err
		}
		b.checked.Store(true)
	}
	var one [8]byte
	for _, h := range hashes {
		for _, bit := range probes(h, uint64(b.filter.length)*8) {
			if err := readAt(f, one[:], int64(b.filter.at+bit>>6*8)); err != nil {
				return false, err
			}
			if binary.LittleEndian.Uint64(one[:])&(1<<(bit&63)) == 0 {
				return false, nil
			}
		}
	}
	return true, nil
}
