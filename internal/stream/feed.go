package stream

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/run"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// readRows is how many events a reader asks for at once.
const readRows = batchRows

// inBatch is a piece of a partition, decoded. It goes back to its feed when all
// timelines are done with its rows.
type inBatch struct {
	batch   Batch
	rows    []streamsql.Row
	slots   []streamsql.Value // of the rows, as far as used; rows may have older ones
	used    int
	times   [][]int64 // for each Source node: the event time, or noTime
	offsets []int64   // of the rows
	scratch streamsql.Scratch
	kept    rowQueue // rows of a checkpoint instead of a batch
	next    int64    // offset behind the last event
	err     error    // instead of rows; io.EOF at the end
	refs    int
	home    *feed
}

func (b *inBatch) release(n int) {
	if b.refs -= n; b.refs == 0 && b.home != nil {
		select {
		case b.home.free <- b:
		default:
		}
	}
}

// feed reads and decodes one partition of one input in a goroutine of its own.
// That work keeps no state, so a lane can forget what it has not taken.
type feed struct {
	id        int // among all partitions of the lane's inputs; stays when inputs grow
	input     *streamsql.Input
	nodes     []*streamsql.Source
	partition int
	source    Source
	start     Position
	free      chan *inBatch
	ready     chan *inBatch
	wake      chan<- struct{}
	counters  *counters // of the lane
	numbers   feedCounters
	clocks    *clocks
	part      int       // which event of a message is being decoded
	keys      *keyWatch // nil: no key to watch
	now       func() time.Time
	waiting   atomic.Int64 // since when Read waits, in ticks; 0 while it does not

	// The lane's part.
	merges   []*sourceMerge
	lines    []*timeline // one for each node
	next     int64       // offset behind the last event taken; -1 before the first
	last     int64       // arrival of the last event
	lastWall int64       // when it was taken
	done     bool
	idleAt   int64      // last estimate of the arrival time by the clock
	journal  []idleMark // to be applied again
}

// run reads until the end of the input, a fatal error, or the end of ctx.
func (f *feed) run(ctx context.Context) {
	err := f.loop(ctx)
	if ctx.Err() != nil {
		return
	}
	f.send(ctx, &inBatch{err: err})
}

func (f *feed) loop(ctx context.Context) error {
	reader, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer func() { reader.Close() }()
	decoder := f.input.NewDecoder()
	for ctx.Err() == nil {
		b := f.batch()
		f.waiting.Store(Ticks(f.now()))
		err := reader.Read(ctx, &b.batch, readRows)
		f.waiting.Store(0)
		switch {
		case err == nil:
		case errors.Is(err, io.EOF) || ctx.Err() != nil:
			return err
		case !fault.Is(err, fault.Unavailable):
			return fault.Wrap(fault.KindOf(err), "input "+f.input.Name, err, "partition %d cannot be read", f.partition)
		default:
			f.counters.note(err)
			if err := run.Pause(ctx, time.Second); err != nil {
				return err
			}
			continue
		}
		f.numbers.backlog.Store(max(reader.Backlog(), 0))
		f.decode(decoder, b)
		f.send(ctx, b)
	}
	return ctx.Err()
}

// open opens the source, waiting while it is unavailable.
func (f *feed) open(ctx context.Context) (Reader, error) {
	for {
		r, err := f.source.Open(ctx, f.partition, f.start)
		if err == nil || !fault.Is(err, fault.Unavailable) {
			return r, err
		}
		f.counters.note(err)
		if err := run.Pause(ctx, time.Second); err != nil {
			return nil, err
		}
	}
}

func (f *feed) batch() *inBatch {
	select {
	case b := <-f.free:
		b.scratch.Reset()
		return b
	default:
		b := &inBatch{home: f, times: make([][]int64, len(f.nodes))}
		return b
	}
}

func (f *feed) send(ctx context.Context, b *inBatch) {
	select {
	case f.ready <- b:
		select {
		case f.wake <- struct{}{}:
		default:
		}
	case <-ctx.Done():
	}
}

// take puts a batch into the timelines of all nodes.
func (f *feed) take(b *inBatch) error {
	b.refs = 1 // ours, until the end of this function
	events := b.batch.Events
	defer b.release(1)
	if len(events) > 0 {
		f.last, f.lastWall = events[len(events)-1].Arrival, Ticks(f.now())
	}
	if len(f.journal) > 0 {
		return f.takeMarked(b)
	}
	if err := f.place(b, 0, len(b.rows)); err != nil {
		return err
	}
	f.next = b.next
	return nil
}

func (f *feed) place(b *inBatch, from, to int) error {
	for j := range f.nodes {
		t, times := f.lines[j], b.times[j]
		for i := from; i < to; i++ {
			if times[i] == noTime {
				continue
			}
			if err := t.add(b, i, times[i], b.rows[i].Arrival); err != nil {
				return err
			}
		}
	}
	return nil
}
