package seglog

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const (
	segmentSuffix = ".seg"
	tempSuffix    = ".tmp"
)

// segment is one file of the log. Its mutable fields are guarded by Log.mu.
type segment struct {
	header
	path  string
	end   int64        // valid bytes
	index []indexEntry // nil: not built yet
}

func segmentName(number uint64) string { return fmt.Sprintf("%08d%s", number, segmentSuffix) }

// segmentNumber is the inverse of segmentName.
func segmentNumber(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, err == nil && n > 0 && segmentName(n) == name
}

// createSegment makes the file of a segment. When it returns, the header and
// the name are on disk: until then nothing may be written into it.
func createSegment(fs vfs.FS, dir string, h header) (*segment, vfs.File, error) {
	var salt [4]byte
	rand.Read(salt[:])
	h.salt = binary.LittleEndian.Uint32(salt[:])
	path := fs.PathJoin(dir, segmentName(h.number))
	tmp := path + tempSuffix
	f, err := vfs.CreatePrivate(fs, tmp)
	if err != nil {
		return nil, nil, fmt.Errorf("create %s: %w", tmp, err)
	}
	_, err = f.WriteAt(h.encode(), 0)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = fs.Rename(tmp, path)
	}
	if err == nil {
		err = vfs.SyncDir(fs, dir)
	}
	if err != nil {
		f.Close()
		fs.Remove(tmp) // best effort: Open removes leftovers
		return nil, nil, fmt.Errorf("begin segment %s: %w", path, err)
	}
	return &segment{header: h, path: path, end: headerSize, index: []indexEntry{}}, f, nil
}

// segmentFor returns the segment that holds the record, which is one below
// next. A record older than the log is served from the oldest segment. mu is
// held.
func (l *Log) segmentFor(sequence int64) *segment {
	// The last segment whose first record is not beyond the one sought: an empty
	// segment has the same first as its successor, and is passed over.
	i, _ := slices.BinarySearchFunc(l.segments, sequence+1, func(s *segment, target int64) int {
		return int(min(max(s.first-target, -1), 1))
	})
	return l.segments[max(i-1, 0)]
}
