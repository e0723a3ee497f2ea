package seglog

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Append is a batch to store. It becomes one group: whole or not at all, its
// records numbered one after the other, with one time.
type Append struct {
	Records [][]byte // at least one; unchanged until Done is called
	Label   string   // stored once for all records, at most 65535 bytes

	// Done is called exactly once, from the writer, or from Append itself when
	// the append is refused at once. It must not block.
	Done func(Result)
}

// Result says where an append went.
type Result struct {
	First int64     // number of the first record
	Time  time.Time // UTC, whole milliseconds; never goes back
	Err   error     // fault.Invalid, fault.TooLarge or fault.Unavailable; then the rest is zero
}

// Append is AppendContext without an end to its patience.
func (l *Log) Append(a Append) { l.AppendContext(context.Background(), a) }

// AppendContext queues a batch. It returns at once unless Options.QueueBytes are
// waiting already: then it blocks until the writer has caught up, which is the
// back-pressure, or ctx ends. After that, after Close, or when Run's context has
// ended, Done gets fault.Unavailable.
func (l *Log) AppendContext(ctx context.Context, a Append) {
	p, ok := l.check(a)
	if !ok {
		return
	}
	switch l.queue.put(ctx, p) {
	case queueClosed:
		a.Done(Result{Err: l.errClosed()})
	case queueFull:
		a.Done(Result{Err: fault.Wrap(fault.Unavailable, l.opts.Name, context.Cause(ctx),
			"nothing was stored: the wait for the writer to catch up was given up")})
	}
}

// TryAppend is Append for those who must not wait. It reports false, and Done is
// not called, when Options.QueueBytes are waiting already; see Room.
func (l *Log) TryAppend(a Append) bool {
	p, ok := l.check(a)
	if !ok {
		return true
	}
	switch l.queue.offer(p) {
	case queueFull:
		return false
	case queueClosed:
		a.Done(Result{Err: l.errClosed()})
	}
	return true
}

// Room returns a channel that is closed the next time that the writer has caught
// up a little or the log is closed. Get it before the TryAppend that fails, so
// that no news is missed.
func (l *Log) Room() <-chan struct{} { return l.queue.roomier() }

func (l *Log) errClosed() error {
	return fault.New(fault.Unavailable, l.opts.Name, "the log is closed")
}

// check refuses what can never be stored, through Done, and measures the rest.
func (l *Log) check(a Append) (pending, bool) {
	var err error
	size := 0
	switch {
	case len(a.Records) == 0:
		err = fault.New(fault.Invalid, l.opts.Name, "an append needs at least one record")
	case len(a.Label) > maxLabel:
		err = fault.New(fault.Invalid, l.opts.Name, "a label of %d bytes is longer than %d", len(a.Label), maxLabel)
	default:
		if size = groupSize(a.Label, a.Records); size > l.opts.AppendBytes {
			err = fault.New(fault.TooLarge, l.opts.Name, "an append of %d bytes is larger than %d", size, l.opts.AppendBytes)
		}
	}
	if err != nil {
		a.Done(Result{Err: err})
		return pending{}, false
	}
	return pending{a, size}, true
}
