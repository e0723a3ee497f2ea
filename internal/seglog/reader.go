package seglog

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Record is one stored record.
type Record struct {
	Sequence int64
	Time     time.Time // UTC, whole milliseconds
	Label    string
	Body     []byte // read-only; stays valid as long as it is referenced
}

// Reader is a cursor over a log. It belongs to one goroutine at a time. What it
// finds in memory it reads without a lock, a copy or an allocation; a reader
// that has fallen behind reads and verifies files until it has caught up.
type Reader struct {
	l    *Log
	next int64 // number of the record sought

	cur *chunk // being read, or nil
	off int    // in cur.buf: the next record of the group, or the next group
	grp group  // being read; no records left in it: none

	file   vfs.File // open segment, or nil
	seg    *segment // of file
	pos    int64    // in file: where record fileAt begins, while reading on
	fileAt int64
}

// group is the part of a group that is still to be delivered.
type group struct {
	next  int64 // number of the record at Reader.off
	left  int   // records
	time  time.Time
	label string
}

// NewReader returns a reader whose first record is the given one, or the oldest
// kept when that is gone already. It is fault.Invalid to ask for one beyond the
// next that will be appended. Close it after use.
func (l *Log) NewReader(sequence int64) (*Reader, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if sequence > l.next {
		return nil, fault.New(fault.Invalid, l.opts.Name,
			"record %d does not exist; the last one is %d", sequence, l.next-1)
	}
	return &Reader{l: l, next: max(sequence, l.segments[0].first)}, nil
}

// Sequence returns the number of the record that Next gives first.
func (r *Reader) Sequence() int64 { return r.next }

// Next appends the records that are there to dst: at most maxRecords, and not
// more once their bodies reach maxBytes, but always one if there is one. It
// never waits: nothing new is no error. When retention has removed the record
// it would give next, it goes on with the oldest kept; the numbers show the gap.
//
// An error is a vfs.Damage (fault.Internal) or fault.Unavailable; records
// returned with it are good.
func (r *Reader) Next(maxRecords, maxBytes int, dst []Record) ([]Record, error) {
	for maxRecords > 0 && maxBytes > 0 {
		if r.grp.left == 0 {
			if more, err := r.nextGroup(); err != nil || !more {
				return dst, err
			}
		}
		body := r.body()
		dst = append(dst, Record{r.grp.next - 1, r.grp.time, r.grp.label, body})
		r.next = r.grp.next
		maxRecords--
		maxBytes -= len(body)
	}
	return dst, nil
}

// body returns the body at off and moves on. Groups are verified before they
// come here, so the lengths are right.
func (r *Reader) body() []byte {
	buf := r.cur.buf
	begin := r.off + recordPrefix
	end := begin + int(binary.LittleEndian.Uint32(buf[r.off:]))
	r.off = end
	r.grp.next++
	r.grp.left--
	return buf[begin:end:end]
}

// nextGroup moves to the group that holds the record r.next. It reports false
// when that record does not exist yet.
func (r *Reader) nextGroup() (bool, error) {
	for {
		if r.cur == nil {
			if more, err := r.find(); err != nil || !more {
				return false, err
			}
		}
		// The order matters: a chunk gets its successor after its last group is
		// published, so with a successor seen, published is final.
		after := r.cur.next.Load()
		if int64(r.off) < r.cur.published.Load() {
			if r.enter() {
				return true, nil
			}
			continue
		}
		if after == nil && !r.cur.evicted.Load() {
			return false, r.checkOpen()
		}
		r.cur, r.off = after, 0
	}
}

// enter reads the group header at off and reports whether the record sought is
// in the group; if not, off is behind it.
func (r *Reader) enter() bool {
	buf := r.cur.buf[r.off:]
	g, _ := parseGroupHeader(buf)
	if g.kind != kindRecords || g.first+int64(g.count) <= r.next {
		r.off += g.length
		return false
	}
	label := buf[groupHeaderSize : groupHeaderSize+g.label]
	if string(label) != r.grp.label { // compared without allocating
		r.grp.label = string(label)
	}
	r.grp.next, r.grp.left, r.grp.time = g.first, g.count, timeOf(g.ms)
	r.off += groupHeaderSize + g.label
	for r.grp.next < r.next {
		r.body()
	}
	return true
}

// find sets cur to a chunk, from memory or from a file, that leads to the record
// r.next. It reports false when that record does not exist yet.
func (r *Reader) find() (bool, error) {
	l := r.l
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return false, errClosed(l)
	}
	r.next = max(r.next, l.segments[0].first)
	if r.next == l.next {
		l.mu.Unlock()
		return false, nil
	}
	if c := l.inTail(r.next); c != nil {
		l.mu.Unlock()
		r.cur, r.off = c, 0
		r.closeFile()
		return true, nil
	}
	s := l.segmentFor(r.next)
	l.mu.Unlock()

	c, err := r.readChunk(s)
	if err != nil {
		if l.dropped(s) {
			r.closeFile()
			return r.find() // retention took the file: the oldest record has moved
		}
		return false, fault.Wrap(kindOfOpen(err), l.opts.Name, err, "read record %d%s", r.next, l.readableFrom(r.next))
	}
	r.cur, r.off = c, 0
	return true, nil
}

// inTail returns the chunk in memory that holds the record, or nil. mu is held.
func (l *Log) inTail(sequence int64) *chunk {
	if len(l.tail) == 0 || sequence < l.tail[0].first {
		return nil
	}
	i := len(l.tail) - 1
	for l.tail[i].first > sequence {
		i--
	}
	return l.tail[i]
}

func errClosed(l *Log) error {
	return fault.New(fault.Unavailable, l.opts.Name, "the log is closed")
}

func (r *Reader) checkOpen() error {
	r.l.mu.Lock()
	defer r.l.mu.Unlock()
	if r.l.closed {
		return errClosed(r.l)
	}
	return nil
}

// Notify returns a channel that is closed when Next has something to give, be
// it records or an error. Get a new one after each Next that gave nothing.
func (r *Reader) Notify() <-chan struct{} {
	r.l.mu.Lock()
	defer r.l.mu.Unlock()
	if r.next < r.l.next || r.l.closed {
		ready := make(chan struct{})
		close(ready)
		return ready
	}
	if r.l.wake == nil {
		r.l.wake = make(chan struct{})
	}
	return r.l.wake
}

// Wait returns when Next has something to give, or with ctx's error.
func (r *Reader) Wait(ctx context.Context) error {
	select {
	case <-r.Notify():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close lets go of files and memory.
func (r *Reader) Close() error {
	r.cur, r.grp = nil, group{}
	return r.closeFile()
}
