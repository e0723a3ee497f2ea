package seglog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// endFile keeps where the log ended at its last orderly stop. Everything up to
// there was on disk, so a log that ends before it has lost something: its newest
// segment is missing or cut. Without it, such a log looks like one of before,
// and numbers that were given to lost records would be given a second time.
//
// It is never wrong to find an old one: a log only grows.
const endFile = "end"

const endMagic = "LZSEGE01"

// ending is the content of endFile.
type ending struct {
	segment uint64 // number of the newest segment
	pos     int64  // bytes of it that were on disk
	next    int64  // number of the next record
}

//	0        8    12       20       28       36       44
//
// ┌────────┬────┬────────┬────────┬────────┬────────┐
// │ magic  │crc │ log id │segment │  pos   │  next  │
// └────────┴────┴────────┴────────┴────────┴────────┘
//
//	└──────── covered by crc ───────────┘
const endSize = 44

func (e ending) encode(logID uint64) []byte {
	b := make([]byte, endSize)
	copy(b, endMagic)
	le := binary.LittleEndian
	le.PutUint64(b[12:], logID)
	le.PutUint64(b[20:], e.segment)
	le.PutUint64(b[28:], uint64(e.pos))
	le.PutUint64(b[36:], uint64(e.next))
	le.PutUint32(b[8:], crc32.Checksum(b[12:], castagnoli))
	return b
}

// decodeEnding returns the ending, or what is wrong with it.
func decodeEnding(b []byte, logID uint64) (ending, string) {
	le := binary.LittleEndian
	switch {
	case len(b) != endSize || string(b[:8]) != endMagic:
		return ending{}, "it does not look like the end of a log of this version"
	case le.Uint32(b[8:]) != crc32.Checksum(b[12:], castagnoli):
		return ending{}, "its checksum does not match"
	case le.Uint64(b[12:]) != logID:
		return ending{}, "the file belongs to another log"
	}
	return ending{segment: le.Uint64(b[20:]), pos: int64(le.Uint64(b[28:])), next: int64(le.Uint64(b[36:]))}, ""
}

// loadEnding reads what the last orderly stop has kept, if there was one.
func (l *Log) loadEnding() error {
	path := l.opts.FS.PathJoin(l.opts.Dir, endFile)
	b, err := vfs.ReadFile(l.opts.FS, path, 1<<10)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	e, reason := decodeEnding(b, l.opts.ID)
	if reason != "" {
		return &vfs.Damage{File: path, Reason: reason, Remedy: "restore the file from a copy, or delete it to take the log as it is found"}
	}
	l.kept = e
	return nil
}

// checkEnding refuses a log that ends before the place that was kept. found is
// how far its newest segment is sound.
func (l *Log) checkEnding(newest *segment, found, next int64, reason string) error {
	k := l.kept
	switch {
	case newest == nil && k.segment > 0, newest != nil && newest.number < k.segment:
		path := l.opts.FS.PathJoin(l.opts.Dir, segmentName(k.segment))
		return l.corrupt(path, 0, "the segment is missing; the log ended in it when it was closed")
	case newest == nil || newest.number > k.segment:
		return nil
	case found < k.pos:
		if reason == "" {
			reason = "nothing is there"
		}
		return l.corrupt(newest.path, found, fmt.Sprintf("%s, but the log went on to byte %d when it was closed", reason, k.pos))
	case next < k.next:
		return l.corrupt(newest.path, found, fmt.Sprintf("the log ends with record %d, but it had %d when it was closed", next-1, k.next-1))
	}
	return nil
}

// keepEnding stores where the log ends, when that is on disk.
func (l *Log) keepEnding() {
	w := &l.w
	e := ending{segment: w.segment.number, pos: w.pos, next: l.next}
	if w.synced < w.pos || e == l.kept {
		return
	}
	path := l.opts.FS.PathJoin(l.opts.Dir, endFile)
	if err := vfs.WriteFile(l.opts.FS, path, e.encode(l.opts.ID)); err != nil {
		l.opts.Log.Warn("the end of the log is not kept", "log", l.opts.Name, "error", err)
		return
	}
	l.kept = e
}
