package store

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Options configure a Store. FS and Dir are required.
type Options struct {
	FS        vfs.FS
	Dir       string // the component's own folder; made when missing
	Component Component

	MaxAge   time.Duration // segments that came in before are dropped; default 30 days
	MaxBytes int64         // of files; default 1 GiB

	QueueItems   int           // waiting items beyond this are dropped; default 65,536
	QueueBytes   int64         // and beyond this, roughly; default 32 MiB
	GroupItems   int           // a group with this many is sealed; default 65,536
	GroupBytes   int64         // and with so many bytes of text; default 24 MiB
	GroupAge     time.Duration // and after this long; default 6 hours
	SyncInterval time.Duration // default 1 s

	Now func() time.Time // default time.Now
	Log *slog.Logger     // default: nothing is logged
}

// Component is the resource whose telemetry it is: columns that are the same in
// all its rows.
type Component struct {
	AppID, AppName, IKey, ResourceID, SubscriptionID, WorkspaceID string
}

func (o Options) withDefaults() Options {
	o.MaxAge = positive(o.MaxAge, 30*24*time.Hour)
	o.MaxBytes = positive(o.MaxBytes, 1<<30)
	o.QueueItems = positive(o.QueueItems, 64<<10)
	o.QueueBytes = min(positive(o.QueueBytes, 32<<20), maxPayload/4)
	o.GroupItems = min(positive(o.GroupItems, 64<<10), maxRows)
	o.GroupBytes = min(positive(o.GroupBytes, 24<<20), maxPayload/4)
	o.GroupAge = positive(o.GroupAge, 6*time.Hour)
	o.SyncInterval = positive(o.SyncInterval, time.Second)
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

// Store is the telemetry of one component. Put, Flush, Stats and what Tables
// gives may be used from any goroutine.
type Store struct {
	opts   Options
	salt   uint64 // half of the item ids that this store gives
	queue  queue
	unpack *zstd.Decoder
	full   chan struct{} // there is a group to seal
	sealed chan struct{} // there is none any more

	// journals guards the files of the open and of the sealing group against
	// being closed under a sync.
	journals sync.Mutex

	// mu guards the rest: what scans see.
	mu       sync.Mutex
	segments []*segment // oldest first
	sealing  *group     // full and not yet a segment; nil mostly
	open     *group     // what the writer fills
	damaged  Damaged
	lost     int64     // items that came in and were not kept
	expired  int64     // items that were dropped by age or room
	named    time.Time // when it was last said that the disk refuses
}

// Stats is what a store holds at one moment.
type Stats struct {
	Items   int64 // that queries see
	Bytes   int64 // of files
	Dropped int64 // items that found the queue full, since Open
	Waiting int   // items in the queue
	Lost    int64 // items that the disk would not take, since Open
	Expired int64 // items that were dropped by age or room, since Open
	Oldest  time.Time
	Newest  time.Time
	Damaged Damaged
}

// BytesPerItem is how much room an item takes; 0 of an empty store.
func (s Stats) BytesPerItem() float64 {
	if s.Items == 0 {
		return 0
	}
	return float64(s.Bytes) / float64(s.Items)
}

// Damaged is what the disk lost, as far as reading has shown.
type Damaged struct {
	Blocks int   // tables of segments, and ends of journals
	Items  int64 // in them, where it is known
}

// Open recovers the store in opts.Dir, or begins one.
func Open(opts Options) (*Store, error) {
	s := &Store{opts: opts.withDefaults(), full: make(chan struct{}, 1), sealed: make(chan struct{}, 1)}
	s.queue.init(s.opts.QueueItems, s.opts.QueueBytes)
	var err error
	if s.unpack, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPayload)); err == nil {
		err = s.recover()
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, s.opts.Dir, err, "open the telemetry")
	}
	return s, nil
}

// Run writes what is put until ctx ends or Close is called. Then it writes what
// is already queued, syncs it, and returns. Call it once; afterwards the store
// can still be read.
func (s *Store) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, s.Close)
	defer stop()
	done := make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() { s.sealUntil(done) })
	both.Go(func() { s.syncUntil(done) })
	s.writeUntilClosed()
	close(done)
	both.Wait()
	s.closeJournals()
	return nil
}

// Close makes Run write what is queued and return; what is put later is
// dropped.
func (s *Store) Close() { s.queue.close() }

// Release closes the store's files. Call it instead of Run, which does so at its
// end.
func (s *Store) Release() {
	s.Close()
	s.closeJournals()
}

// Put gives items to the store, which owns them from then on. It never waits,
// and returns how many were taken: the rest found the queue full and is
// counted.
func (s *Store) Put(items ...*item.Item) (taken int) { return s.queue.put(items) }

// Flush waits until what was put before is on disk.
func (s *Store) Flush(ctx context.Context) error {
	done := make(chan error, 1)
	if !s.queue.ask(done) {
		return fault.New(fault.Unavailable, s.opts.Dir, "the telemetry is closed")
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Stats says what the store holds.
func (s *Store) Stats() Stats {
	out := Stats{}
	out.Waiting, out.Dropped = s.queue.state()
	s.mu.Lock()
	defer s.mu.Unlock()
	out.Damaged, out.Expired, out.Lost = s.damaged, s.expired, s.lost
	low, high := int64(0), int64(0)
	seen := func(rows int, from, to int64) {
		if rows == 0 {
			return
		}
		if out.Items == 0 {
			low, high = from, to
		}
		out.Items += int64(rows)
		low, high = min(low, from), max(high, to)
	}
	for _, seg := range s.segments {
		out.Bytes += seg.size
		for _, b := range seg.blocks {
			seen(b.rows, b.from, b.to)
		}
	}
	for _, g := range []*group{s.sealing, s.open} {
		if g == nil {
			continue
		}
		out.Bytes += g.journal.end()
		for _, b := range g.blocks {
			if b != nil {
				seen(b.rows, b.from, b.to)
			}
		}
	}
	if out.Items > 0 {
		out.Oldest, out.Newest = moment(low), moment(high)
	}
	return out
}
