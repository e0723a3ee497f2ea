package hubs

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// How much of a partition is read before the others have their turn. A block
// begins small, so that the first events come at once, and grows while little
// matches.
const (
	firstBlock = 32
	largeBlock = 4096
	denseBlock = 256 // where much matches: so many finds wait in memory
	blockBytes = 512 << 10
)

// latest is a time, in ms, that no event has.
const latest = 1 << 50

// place is where an event is in the order of a scan.
type place struct {
	ms        int64
	partition int
	sequence  int64
}

// compare orders places: by time, and at the same time by partition and by
// sequence number. Newest first, the last of a partition comes first.
func (a place) compare(b place, newest bool) int {
	if newest {
		return cmp.Or(cmp.Compare(b.ms, a.ms), cmp.Compare(a.partition, b.partition), cmp.Compare(b.sequence, a.sequence))
	}
	return cmp.Or(cmp.Compare(a.ms, b.ms), cmp.Compare(a.partition, b.partition), cmp.Compare(a.sequence, b.sequence))
}

// scan finds the events that match a filter in all partitions of a hub, as one
// sequence in the order of their times. A partition is read in blocks; what was
// found waits until no other partition can have anything before it. Nothing of
// the broker is held between two blocks, nor during one: readers take no lock.
type scan struct {
	newest  bool // newest first
	match   *matcher
	lanes   []*lane
	scanned int64
	of      int64 // events that are to be scanned
}

// lane is a partition in a scan.
type lane struct {
	part     *broker.Partition
	from, to int64  // what is left to read
	edge     int64  // no event that is left is before this, in ms
	size     int    // of the next block
	most     int    // of any block: events are large here
	found    []find // in order
	reader   *broker.Reader
}

// find is an event that matches.
type find struct {
	place
	Found
}

// newScan begins a scan between two times, in ms, of the events that are there
// now. after, unless it is nil, is the place behind which it goes on.
func newScan(hub *broker.Hub, m *matcher, newest bool, times span, after *place) (*scan, error) {
	s := &scan{newest: newest, match: m}
	times.low, times.high = max(times.low, m.times.low), min(times.high, m.times.high)
	for id := range hub.PartitionCount() {
		part, err := hub.Partition(id)
		if err != nil {
			return nil, err
		}
		if !m.admits(id) {
			continue
		}
		info := part.Info()
		l := &lane{part: part, from: max(info.BeginSequence, m.seqs.low), to: min(info.LastSequence+1, m.seqs.high), size: firstBlock, most: largeBlock}
		if kept := info.LastSequence + 1 - info.BeginSequence; kept > 0 {
			l.most = int(min(max(blockBytes/max(info.Bytes/kept, 1), 1), largeBlock))
		}
		if err := l.limit(times); err != nil {
			return nil, err
		}
		if after != nil {
			if err := l.goOn(*after, newest); err != nil {
				return nil, err
			}
		}
		if l.from >= l.to {
			continue
		}
		l.edge = math.MinInt64
		if newest {
			l.edge = math.MaxInt64
		}
		s.of += l.to - l.from
		s.lanes = append(s.lanes, l)
	}
	return s, nil
}

// limit leaves what is between two times.
func (l *lane) limit(times span) error {
	if times.low > math.MinInt64 {
		first, err := l.firstAt(times.low)
		if err != nil {
			return err
		}
		l.from = max(l.from, first)
	}
	if times.high < math.MaxInt64 {
		end, err := l.firstAt(times.high)
		if err != nil {
			return err
		}
		l.to = min(l.to, end)
	}
	return nil
}

// goOn leaves what comes behind a place.
func (l *lane) goOn(after place, newest bool) error {
	switch id := l.part.ID(); {
	case id == after.partition && newest:
		l.to = min(l.to, after.sequence)
	case id == after.partition:
		l.from = max(l.from, after.sequence+1)
	case newest:
		high := after.ms // the partitions before have had their turn at this time
		if id > after.partition {
			high++
		}
		return l.limit(span{math.MinInt64, high})
	default:
		low := after.ms
		if id < after.partition {
			low++
		}
		return l.limit(span{low, math.MaxInt64})
	}
	return nil
}

// firstAt is the first sequence number at a time or later.
func (l *lane) firstAt(ms int64) (int64, error) {
	r, err := l.part.NewReader(broker.EnqueuedTime(time.UnixMilli(min(max(ms, 0), latest)), true))
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return r.Sequence(), nil
}

// partition is one that has events to be scanned.
func (s *scan) partition(id int) (*broker.Partition, error) {
	for _, l := range s.lanes {
		if l.part.ID() == id {
			return l.part, nil
		}
	}
	return nil, fault.New(fault.NotFound, "partition", "%d is not scanned", id)
}

func (s *scan) close() {
	for _, l := range s.lanes {
		l.drop()
	}
}

func (l *lane) drop() {
	if l.reader != nil {
		_ = l.reader.Close() // read only
		l.reader = nil
	}
}

// next returns the next event that matches, ok false at the end. between is
// called between blocks.
func (s *scan) next(ctx context.Context, between func()) (f find, ok bool, err error) {
	for {
		first := s.first()
		if first == nil {
			return f, false, nil
		}
		if len(first.found) > 0 {
			f = first.found[0]
			first.found = first.found[1:]
			return f, true, nil
		}
		if err := ctx.Err(); err != nil {
			return f, false, err
		}
		if err := s.read(first); err != nil {
			return f, false, err
		}
		between()
	}
}

// first is the lane whose next event, or whose edge where nothing is found yet,
// comes before all others'. nil: all are at their ends.
func (s *scan) first() (best *lane) {
	for _, l := range s.lanes {
		if len(l.found) == 0 && l.from >= l.to {
			continue
		}
		if best == nil || s.head(l).compare(s.head(best), s.newest) < 0 {
			best = l
		}
	}
	return best
}

// head is the first place that an event of the lane can have.
func (s *scan) head(l *lane) place {
	if len(l.found) > 0 {
		return l.found[0].place
	}
	sequence := l.from
	if s.newest {
		sequence = l.to - 1
	}
	return place{l.edge, l.part.ID(), sequence}
}

// read reads a lane's next block.
func (s *scan) read(l *lane) error {
	l.size = min(l.size, l.most)
	l.found = l.found[:0:0]
	var err error
	if s.newest {
		err = s.readBack(l)
		slices.Reverse(l.found)
	} else {
		err = s.readOn(l)
	}
	if len(l.found) > denseBlock/4 {
		l.size = min(l.size, denseBlock)
	} else {
		l.size *= 2
	}
	return err
}

// readBack reads the block before l.to.
func (s *scan) readBack(l *lane) error {
	start, end := max(l.from, l.to-int64(l.size)), l.to
	reader, err := l.part.NewReader(broker.Sequence(start, true))
	if err != nil {
		return err
	}
	l.reader = reader
	defer l.drop()
	l.to = start
	if reader.Sequence() > start {
		l.from = start // retention took what was to come
	}
	return s.block(l, end, func(r *broker.Record) { l.edge = min(l.edge, r.EnqueuedAt.UnixMilli()) })
}

// readOn reads the block from l.from on.
func (s *scan) readOn(l *lane) (err error) {
	if l.reader == nil {
		if l.reader, err = l.part.NewReader(broker.Sequence(l.from, true)); err != nil {
			return err
		}
	}
	end := min(l.to, l.from+int64(l.size))
	err = s.block(l, end, func(r *broker.Record) { l.edge = r.EnqueuedAt.UnixMilli() })
	l.from = max(end, l.reader.Sequence())
	if l.from >= l.to {
		l.drop()
	}
	return err
}

// block reads the lane's reader up to a sequence number.
func (s *scan) block(l *lane, end int64, seen func(*broker.Record)) error {
	var records [64]broker.Record
	begin := l.reader.Sequence()
	for l.reader.Sequence() < end {
		got, err := l.reader.Next(int(min(end-l.reader.Sequence(), int64(len(records)))), blockBytes, records[:0])
		if err != nil || len(got) == 0 {
			return err
		}
		seen(&got[0])
		for i := range got {
			r := &got[i]
			if r.Sequence >= end { // retention took the rest of the block
				break
			}
			if s.match.match(r) {
				at := place{r.EnqueuedAt.UnixMilli(), l.part.ID(), r.Sequence}
				l.found = append(l.found, find{at, s.match.found(at.partition, r)})
			}
		}
		seen(&got[len(got)-1])
	}
	s.scanned += end - begin
	return nil
}
