package seglog

import (
	"errors"
	"io"
	"sort"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// indexEvery is the distance in bytes between two entries of a segment's index:
// 24 KiB of memory for each segment of 64 MiB.
const indexEvery = 64 << 10

// indexEntry says where a group begins. A segment's entries ascend in all three.
type indexEntry struct {
	first int64 // sequence number of the group's first record
	ms    int64
	pos   int64
}

// indexed appends an entry for the group at pos when the last one is far enough.
func indexed(index []indexEntry, g groupHeader, pos int64) []indexEntry {
	if n := len(index); n == 0 || pos-index[n-1].pos >= indexEvery {
		return append(index, indexEntry{g.first, g.ms, pos})
	}
	return index
}

// positionOf returns where to begin looking for the record.
func positionOf(index []indexEntry, sequence int64) int64 {
	i := sort.Search(len(index), func(i int) bool { return index[i].first > sequence })
	if i == 0 {
		return headerSize
	}
	return index[i-1].pos
}

// positionOfTime returns where to begin looking for the first record at ms or
// later.
func positionOfTime(index []indexEntry, ms int64) int64 {
	i := sort.Search(len(index), func(i int) bool { return index[i].ms >= ms })
	if i == 0 {
		return headerSize
	}
	return index[i-1].pos
}

// indexOf returns the segment's index. The index of a segment that this process
// has not written is built by reading it once.
func (l *Log) indexOf(s *segment, f vfs.File) ([]indexEntry, error) {
	l.mu.Lock()
	index, end := s.index, s.end
	l.mu.Unlock()
	if index != nil {
		return index, nil
	}
	index = []indexEntry{}
	scan := newScanner(f, s.salt, headerSize, end)
	for {
		pos := scan.at()
		g, _, reason, err := scan.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if reason != "" {
			break // whoever reads on from the last entry comes to the damage
		}
		index = indexed(index, g, pos)
	}
	l.mu.Lock()
	s.index = index
	l.mu.Unlock()
	return index, nil
}

// SequenceAt returns the number of the first record whose time is at or after
// ms, Unix milliseconds, or the next number when there is none.
func (l *Log) SequenceAt(ms int64) (int64, error) {
	for {
		l.mu.Lock()
		if l.lastMs < ms {
			defer l.mu.Unlock()
			return l.next, nil
		}
		// The segment before the first whose predecessors all end before ms.
		i := sort.Search(len(l.segments), func(i int) bool { return l.segments[i].prevMs >= ms })
		s := l.segments[max(i-1, 0)]
		l.mu.Unlock()
		sequence, found, err := l.searchTime(s, ms)
		if err != nil && l.dropped(s) {
			continue // retention took it meanwhile
		}
		if err != nil || found {
			return sequence, err
		}
		return s.first, nil // only marks in it: the next one begins with the same number
	}
}

// searchTime looks for the first record at ms or later in one segment.
func (l *Log) searchTime(s *segment, ms int64) (sequence int64, found bool, err error) {
	f, err := l.opts.FS.Open(s.path)
	if err != nil {
		return 0, false, err
	}
	defer f.Close()
	index, err := l.indexOf(s, f)
	if err != nil {
		return 0, false, err
	}
	l.mu.Lock()
	end := s.end
	l.mu.Unlock()
	scan := newScanner(f, s.salt, positionOfTime(index, ms), end)
	for {
		pos := scan.at()
		g, _, reason, err := scan.next()
		switch {
		case errors.Is(err, io.EOF):
			return 0, false, nil
		case err != nil:
			return 0, false, err
		case reason != "":
			return 0, false, l.corrupt(s.path, pos, reason)
		case g.kind == kindRecords && g.ms >= ms:
			return g.first, true, nil
		}
	}
}

// dropped reports whether retention has removed the segment.
func (l *Log) dropped(s *segment) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return s.number < l.segments[0].number
}
