package seglog

import (
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

// Append queues a batch. It returns at once unless Options.QueueBytes are
// waiting already: then it blocks until the writer has caught up, which is the
// back-pressure. After Close, or when Run's context has ended, Done gets
// fault.Unavailable.
func (l *Log) Append(a Append) {
	switch {
	case len(a.Records) == 0:
		a.Done(Result{Err: fault.New(fault.Invalid, l.opts.Name, "an append needs at least one record")})
		return
	case len(a.Label) > maxLabel:
		a.Done(Result{Err: fault.New(fault.Invalid, l.opts.Name,
			"a label of %d bytes is longer than %d", len(a.Label), maxLabel)})
		return
	}
	size := groupSize(a.Label, a.Records)
	if size > l.opts.AppendBytes {
		a.Done(Result{Err: fault.New(fault.TooLarge, l.opts.Name,
			"an append of %d bytes is larger than %d", size, l.opts.AppendBytes)})
		return
	}
	if !l.queue.put(pending{a, size}) {
		a.Done(Result{Err: fault.New(fault.Unavailable, l.opts.Name, "the log is closed")})
	}
}
