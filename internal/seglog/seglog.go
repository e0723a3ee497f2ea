// Package seglog is a crash-safe, append-only log of opaque records in segment
// files.
//
// The one idea: what one Append brings is one checksummed group, written and
// synced by one writer together with all other appends that wait, and only
// then acknowledged. So an append is stored whole or not at all, and one sync
// pays for many of them.
//
// Records are numbered 0, 1, 2, … without gaps. The newest groups stay in
// memory exactly as they are on disk, so a reader runs the same code over both.
//
// It does not know what a record means, keeps no reader's position and takes no
// lock on its folder: the data folder as a whole has one, held by the process.
//
// # Files
//
// A log is a folder of segments 00000001.seg, 00000002.seg, …; only the last
// one is written. A segment is a header and groups (format.go). Each header
// says how many bytes of the segment before it count. That is how the log goes
// on after a failed write or a crash: bytes of unknown fate are never cut off
// or written over, a new segment merely declares where the good ones ended.
//
// # What is promised
//
//   - With SyncAlways, an acknowledged append survives the power going off.
//     With the other policies it survives the process, and the power going off
//     may cost the newest ones.
//   - A reader sees an append when it is acknowledged, not before.
//   - A failed write or sync fails the appends that waited for it with
//     fault.Unavailable, and what is stored stays. The next append tries a new
//     segment, so the log heals when the disk does. A failed append may still be
//     found after a crash that follows at once: its fate is unknown, as with a
//     broken connection.
//   - Open drops a tail that a crash cut off. It refuses damage elsewhere with
//     a vfs.Damage that names file and position, and so it does with a log that
//     is shorter than at its last orderly stop. A sealed segment is verified
//     when it is read.
package seglog

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Options configure a Log. FS and Dir are required.
type Options struct {
	FS   vfs.FS
	Dir  string // the log's own folder; made when missing
	Name string // in errors and log lines, for instance "hub telemetry partition 0"
	ID   uint64 // marks the log's files, so that a file of another log is refused

	MustExist bool // refuse a folder without segments instead of beginning a log

	Sync         vfs.SyncPolicy // sealed segments are synced with any policy
	SyncInterval time.Duration  // default 100 ms

	SegmentBytes int64 // a segment that would grow beyond this is sealed; default 64 MiB, at most 1 GiB
	CommitBytes  int   // one write at most, unless a single append is larger; default 1 MiB
	QueueBytes   int64 // waiting appends beyond this make Append block; default 8 MiB
	AppendBytes  int   // largest append, encoded; default 4 MiB, at most MaxGroupBytes

	Tail *Tail            // memory for the newest groups, shared by several logs; default one of 4 MiB
	Now  func() time.Time // default time.Now
	Log  *slog.Logger     // default: nothing is logged
}

func (o Options) withDefaults() Options {
	o.SyncInterval = positive(o.SyncInterval, 100*time.Millisecond)
	o.SegmentBytes = min(positive(o.SegmentBytes, 64<<20), 1<<30)
	o.CommitBytes = positive(o.CommitBytes, 1<<20)
	o.QueueBytes = positive(o.QueueBytes, 8<<20)
	o.AppendBytes = min(positive(o.AppendBytes, 4<<20), MaxGroupBytes)
	if o.Tail == nil {
		o.Tail = NewTail(4 << 20)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func positive[T int | int64 | time.Duration](v, or T) T {
	if v > 0 {
		return v
	}
	return or
}

// Log is an open log. Append, Info and NewReader may be called from any
// goroutine.
type Log struct {
	opts  Options
	queue queue
	w     writer // owned by Run

	rotateAsked  atomic.Bool  // retention wants a new segment
	segmentBytes atomic.Int64 // size at which a segment is sealed; see LimitSegments
	kept         ending       // what endFile holds; owned by Open, then by Run

	// mu guards the rest: what readers may see.
	mu       sync.Mutex
	segments []*segment    // oldest first; the last one is written
	next     int64         // number of the next record: everything below is visible
	lastMs   int64         // time of the newest record, Unix ms; 0 when there never was one
	tail     []*chunk      // the newest groups in memory, oldest first, without gaps up to next
	wake     chan struct{} // closed at the next publication; nil when nobody waits
	closed   bool
	torn     int64 // bytes dropped by Open
}

// Info is a log's state at one moment.
type Info struct {
	Begin     int64     // oldest record kept; equal to Next when none is
	Next      int64     // number the next record gets
	LastTime  time.Time // of record Next-1; zero when there never was one
	Segments  int
	Bytes     int64 // of all segments
	TornBytes int64 // what Open dropped after the last complete group
}

// Open recovers the log in opts.Dir, or begins one. See the package comment
// for what it refuses.
func Open(opts Options) (*Log, error) {
	l := &Log{opts: opts.withDefaults()}
	l.queue.init(l.opts.QueueBytes)
	l.segmentBytes.Store(l.opts.SegmentBytes)
	if err := l.load(); err != nil {
		return nil, fault.Wrap(kindOfOpen(err), l.opts.Name, err, "open the log")
	}
	return l, nil
}

// Run writes what is appended until ctx ends or Close is called. Then it writes
// what is already queued, refuses the rest, and returns. Call it once.
func (l *Log) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { l.queue.close() })
	defer stop()
	l.writeUntilClosed()
	return nil
}

// Close makes Run return and readers fail with fault.Unavailable. Call it
// before Release.
func (l *Log) Close() {
	l.queue.close()
	l.mu.Lock()
	l.closed = true
	l.publish()
	l.mu.Unlock()
}

// Release closes the log's file and gives its tail's memory back. Call it
// after Run has returned, or instead of Run.
func (l *Log) Release() error {
	l.Close()
	l.opts.Tail.release(l)
	return l.closeActive()
}

// Info returns the log's state.
func (l *Log) Info() Info {
	l.mu.Lock()
	defer l.mu.Unlock()
	info := Info{
		Begin:     l.segments[0].first,
		Next:      l.next,
		LastTime:  timeOf(l.lastMs),
		Segments:  len(l.segments),
		TornBytes: l.torn,
	}
	for _, s := range l.segments {
		info.Bytes += s.end
	}
	return info
}

// publish wakes everyone who waits. mu is held.
func (l *Log) publish() {
	if l.wake != nil {
		close(l.wake)
		l.wake = nil
	}
}

// timeOf is the time of a stored millisecond, where 0 stands for no time.
func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
