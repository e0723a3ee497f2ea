package seglog

import (
	"fmt"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Retention says what may go. Zero fields mean no limit.
type Retention struct {
	Age   time.Duration // records older than this
	Bytes int64         // the oldest records beyond this size of the newest
}

// Retained says what Retain removed.
type Retained struct {
	Segments int
	Bytes    int64
	Begin    int64 // the oldest record kept now
}

// Retain removes the oldest segments that the policy lets go: those whose
// records are all too old, and those without which the others are still as
// large as the size. Only whole segments go, so at least the size is kept, and at
// most one segment more (see LimitSegments); and a record may stay longer than
// its age: at most twice as long, because a segment whose oldest record is too
// old is ended, which the writer does soon after. Call it from one goroutine at a time. Readers of removed records go on
// with the oldest kept.
func (l *Log) Retain(r Retention) (Retained, error) {
	var done Retained
	cut := l.opts.Now().Add(-r.Age).UnixMilli()
	for {
		s, begin := l.dropOldest(r, cut)
		done.Begin = begin
		if s == nil {
			break
		}
		// One by one and each made durable, so that a crash never leaves a gap.
		if err := l.removeSegment(s); err != nil {
			return done, fault.Wrap(fault.Unavailable, l.opts.Name, err, "retention")
		}
		done.Segments++
		done.Bytes += s.end
	}
	if r.Age > 0 && l.activeIsOlderThan(cut) {
		l.rotateAsked.Store(true)
		l.queue.wake()
	}
	return done, nil
}

// LimitSegments makes segments end at so many bytes, but no later than at
// Options.SegmentBytes; 0 and less is that. Retention is as exact as segments are
// small.
func (l *Log) LimitSegments(bytes int64) {
	l.segmentBytes.Store(min(positive(bytes, l.opts.SegmentBytes), l.opts.SegmentBytes))
}

// dropOldest takes the oldest segment out of the log if it may go. From then on
// no reader finds it.
func (l *Log) dropOldest(r Retention, cut int64) (s *segment, begin int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.segments) == 1 {
		return nil, l.segments[0].first
	}
	var bytes int64
	for _, s := range l.segments {
		bytes += s.end
	}
	tooOld := r.Age > 0 && l.segments[1].prevMs < cut
	tooMuch := r.Bytes > 0 && bytes-l.segments[0].end >= r.Bytes
	if !tooOld && !tooMuch {
		return nil, l.segments[0].first
	}
	s = l.segments[0]
	l.segments = l.segments[1:]
	return s, l.segments[0].first
}

func (l *Log) removeSegment(s *segment) error {
	if err := l.opts.FS.Remove(s.path); err != nil {
		return fmt.Errorf("remove %s: %w", s.path, err)
	}
	return vfs.SyncDir(l.opts.FS, l.opts.Dir)
}

// activeIsOlderThan reports whether the segment that is written holds a record
// from before cut.
func (l *Log) activeIsOlderThan(cut int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	active := l.segments[len(l.segments)-1]
	return len(active.index) > 0 && active.first < l.next && active.index[0].ms < cut
}
