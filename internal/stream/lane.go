package stream

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// feedRows is how many rows of a partition may wait for other partitions
// before its source is not read further.
const feedRows = 16 * readRows

// lane runs a whole query over some or all partitions in one goroutine, which
// owns everything here but the feeds' readers and the outputs' writers.
type lane struct {
	name    string
	env     *env
	policy  TimePolicy
	feeds   []*feed
	merges  []*sourceMerge
	ops     []stateful  // in plan order
	over    *substreams // of TIMESTAMP BY … OVER; nil without
	outputs []*output
	wake    chan struct{}
	store   Store
	every   time.Duration
	stop    time.Duration
	now     func() time.Time
	log     *slog.Logger
	print   []byte          // fingerprint of the query
	torn    bool            // a batch was given up: the operators have a part of it
	saver   context.Context // lives until the lane has stopped
	saving  chan error      // result of the save that is under way, or nil

	mu      sync.Mutex
	journal [][]byte // guarded by mu: entries since the last snapshot
}

// run processes until all inputs have ended, ctx ends, or an error. When ctx
// ends it saves a last checkpoint.
func (l *lane) run(ctx context.Context) error {
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	l.saver = inner
	var enough context.CancelFunc
	l.env.ctx, enough = patient(ctx)
	defer enough()
	var wg sync.WaitGroup
	for _, f := range l.feeds {
		wg.Go(func() { f.run(inner) })
	}
	for _, o := range l.outputs {
		wg.Go(func() { o.run(inner) })
	}
	err := l.loop(ctx)
	switch {
	case err == nil:
		err = l.finish(ctx)
	case l.torn && ctx.Err() != nil:
		err = errors.Join(ctx.Err(), fault.New(fault.Unavailable, "lane "+l.name, "a batch of events took longer than %v to the end and was given up; the query makes many rows of few events, or an output waits", patience))
	case ctx.Err() != nil && errors.Is(err, ctx.Err()), fault.Is(err, fault.Gone):
		// What was taken from an input that is gone cannot be read again.
		grace, done := context.WithTimeout(inner, l.stop)
		l.env.ctx = grace
		if last := l.finish(grace); last != nil {
			err = errors.Join(err, last)
		}
		done()
	}
	cancel()
	wg.Wait()
	if l.saving != nil {
		<-l.saving
	}
	return err
}

func (l *lane) loop(ctx context.Context) error {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	due := l.now().Add(l.every)
	for {
		worked, ended, err := l.step(ctx)
		if err != nil {
			return err
		}
		if l.store != nil && l.every > 0 && l.now().After(due) {
			if err := l.periodic(ctx); err != nil {
				return err
			}
			due = l.now().Add(l.every)
		}
		if ended {
			return nil
		}
		if worked {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			continue
		}
		if err := l.flushOutputs(ctx); err != nil {
			return err
		}
		select {
		case <-l.wake:
		case <-tick.C:
			if err := l.advanceIdle(ctx); err != nil {
				return err
			}
			l.report()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// step takes one batch, if there is one to take, through the operators.
func (l *lane) step(ctx context.Context) (worked, ended bool, err error) {
	f, lowest := l.choose()
	if f == nil {
		return false, lowest == nil, nil
	}
	b := <-f.ready
	switch {
	case errors.Is(b.err, io.EOF):
		f.done = true
		for _, t := range f.lines {
			t.end()
		}
	case b.err != nil:
		return false, false, b.err
	default:
		if err := f.take(b); err != nil {
			return false, false, err
		}
	}
	if err := l.drain(f.merges); err != nil {
		return false, false, err
	}
	l.report()
	return true, false, l.fullOutputs(ctx)
}

// patience is how long a batch may still take when the lane is to stop. Within it
// nearly all come to an end, and the lane stops with a checkpoint behind the last.
const patience = 500 * time.Millisecond

// patient is ctx, but ends later than that by patience.
func patient(ctx context.Context) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if run.Pause(inner, patience) == nil {
			cancel()
		}
	})
	return inner, func() { stop(); cancel() }
}

// choose picks the partition that is furthest behind in time among those with a
// batch, so that joins and merges hold little. One that is ahead of another is
// only read while few rows wait: that is the back-pressure to its source.
// lowest is the partition furthest behind, nil if all have ended.
func (l *lane) choose() (pick, lowest *feed) {
	for _, f := range l.feeds {
		if f.done {
			continue
		}
		if lowest == nil || f.wm() < lowest.wm() {
			lowest = f
		}
		if len(f.ready) > 0 && (pick == nil || f.wm() < pick.wm()) {
			pick = f
		}
	}
	if pick == nil || pick.wm() <= lowest.wm() {
		return pick, lowest
	}
	if pick.waitingRows() > feedRows || l.env.held > feedRows*len(l.feeds) && pick.wm() > lowest.wm() && l.crossing() {
		return nil, lowest
	}
	return pick, lowest
}

// crossing says whether rows of one input wait for another in an operator.
func (l *lane) crossing() bool { return len(l.merges) > 1 }

func (f *feed) wm() int64 {
	low := endOfTime
	for _, t := range f.lines {
		low = min(low, t.wm)
	}
	return low
}

func (f *feed) waitingRows() int {
	n := 0
	for _, t := range f.lines {
		n = max(n, len(t.queue)-t.head)
	}
	return n
}

// drain moves sources on, after a batch or the clock has.
func (l *lane) drain(sources []*sourceMerge) error {
	l.torn = true
	for _, m := range sources {
		if err := m.drain(); err != nil {
			return err
		}
	}
	l.torn = false
	l.env.scratch.Reset()
	return nil
}

// report publishes the numbers that only the lane knows.
func (l *lane) report() {
	c := l.env.counters
	c.held.Store(int64(l.env.held))
	wm := endOfTime
	for _, f := range l.feeds {
		f.publish()
	}
	for _, m := range l.merges {
		wm = min(wm, m.sent)
	}
	if wm > minTime && wm < endOfTime {
		c.watermark.Store(wm)
	}
}

// finish writes what is left and saves the last checkpoint.
func (l *lane) finish(ctx context.Context) error {
	if err := l.flushOutputs(ctx); err != nil {
		return err
	}
	if l.store != nil {
		if err := l.saved(ctx); err != nil {
			return err
		}
		l.checkpoint()
		return l.saved(ctx)
	}
	for _, o := range l.outputs {
		if err := o.wait(ctx, o.sent); err != nil {
			return err
		}
	}
	return nil
}

func (l *lane) flushOutputs(ctx context.Context) error {
	for _, o := range l.outputs {
		if err := o.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (l *lane) fullOutputs(ctx context.Context) error {
	for _, o := range l.outputs {
		if o.full() {
			if err := o.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}
