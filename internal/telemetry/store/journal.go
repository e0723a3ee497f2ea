package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// A journal's header.
//
//	 0        8      16       24       32      40    44
//	┌────────┬──────┬────────┬────────┬───────┬─────┐
//	│ magic  │ salt │ number │ first  │ made  │ crc │
//	└────────┴──────┴────────┴────────┴───────┴─────┘
//	└──────────── covered by crc ─────────────┘

const (
	journalMagic  = "LZTELJ01"
	journalHeader = 44
	recordHeader  = 8
)

// journal is the file that makes an open group survive.
type journal struct {
	path string
	file vfs.File // nil when the disk refused it

	mu     sync.Mutex // guards the rest
	size   int64      // what the file holds
	synced int64      // of it, what is on disk
}

func (s *Store) path(number uint64, kind string) string {
	return s.opts.FS.PathJoin(s.opts.Dir, fmt.Sprintf("%08d%s", number, kind))
}

const (
	journalSuffix = ".wal"
	segmentSuffix = ".seg"
)

// newJournal begins a group's journal.
func (s *Store) newJournal(g *group) (*journal, error) {
	j := &journal{path: s.path(g.number, journalSuffix)}
	le := binary.LittleEndian
	h := le.AppendUint64([]byte(journalMagic), s.salt)
	h = le.AppendUint64(h, g.number)
	h = le.AppendUint64(h, uint64(g.first))
	h = le.AppendUint64(h, uint64(g.made.UnixMilli()))
	h = le.AppendUint32(h, checksum(h))
	if err := vfs.WriteFile(s.opts.FS, j.path, h); err != nil {
		return j, err
	}
	return j, s.continueJournal(j, int64(len(h)))
}

// continueJournal opens a journal of which size bytes are good and on disk.
func (s *Store) continueJournal(j *journal, size int64) error {
	f, err := s.opts.FS.OpenReadWrite(j.path, vfs.WriteCategory)
	if err != nil {
		return err
	}
	j.file, j.size, j.synced = f, size, size
	return nil
}

// write appends a record, whose first recordHeader bytes are still free.
func (j *journal) write(record []byte) error {
	if j.file == nil {
		return errNoJournal
	}
	le := binary.LittleEndian
	le.PutUint32(record[4:], uint32(len(record)-recordHeader))
	le.PutUint32(record, checksum(record[4:]))
	j.mu.Lock()
	at := j.size
	j.mu.Unlock()
	if _, err := j.file.WriteAt(record, at); err != nil {
		return err
	}
	j.mu.Lock()
	j.size = at + int64(len(record))
	j.mu.Unlock()
	return nil
}

var errNoJournal = errors.New("the journal could not be made")

// sync brings what is written to the disk.
func (j *journal) sync() error {
	if j.file == nil {
		return errNoJournal
	}
	j.mu.Lock()
	size, synced := j.size, j.synced
	j.mu.Unlock()
	if size == synced {
		return nil
	}
	if err := j.file.Sync(); err != nil {
		return err
	}
	j.mu.Lock()
	j.synced = size
	j.mu.Unlock()
	return nil
}

func (j *journal) end() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.size
}

func (j *journal) close() {
	if j.file != nil {
		j.file.Close() //nolint:errcheck // what matters was synced
		j.file = nil
	}
}

// readJournal makes a group of a journal's content: all records up to the first
// that is not whole. Good is how many bytes of the file those are; 0 is no
// journal.
func readJournal(b []byte) (g *group, salt uint64, good int64) {
	le := binary.LittleEndian
	if len(b) < journalHeader || string(b[:8]) != journalMagic || le.Uint32(b[40:]) != checksum(b[:40]) {
		return nil, 0, 0
	}
	salt = le.Uint64(b[8:])
	g = newGroup(le.Uint64(b[16:]), int64(le.Uint64(b[24:])), time.UnixMilli(int64(le.Uint64(b[32:]))))
	good = journalHeader
	for rest := b[journalHeader:]; len(rest) >= recordHeader; {
		n := uint64(le.Uint32(rest[4:]))
		if n == 0 || n > uint64(len(rest)-recordHeader) || le.Uint32(rest) != checksum(rest[4:recordHeader+n]) {
			break
		}
		if g.replay(rest[recordHeader:recordHeader+n]) != "" {
			g.trim()
			break
		}
		rest = rest[recordHeader+n:]
		good += int64(recordHeader + n)
	}
	return g, salt, good
}

// trim takes back what the last row has brought when it did not end.
func (g *group) trim() {
	for _, b := range g.blocks {
		if b == nil {
			continue
		}
		for k := range b.columns {
			c := &b.columns[k]
			c.codes = c.codes[:min(len(c.codes), b.rows)]
			c.ints = c.ints[:min(len(c.ints), b.rows)]
			c.reals = c.reals[:min(len(c.reals), b.rows)]
		}
	}
}
