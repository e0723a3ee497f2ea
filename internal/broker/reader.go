package broker

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/seglog"
)

// Reader is a cursor over a partition. It belongs to one goroutine at a time
// and holds nothing in the broker: any number may read one partition.
type Reader struct {
	r       *seglog.Reader
	hub     *Hub
	scratch []seglog.Record
}

// NewReader returns a reader at the position. Records that retention has
// removed are passed over without an error; a position beyond the end of the
// partition is fault.Invalid. Close the reader after use.
func (p *Partition) NewReader(pos Position) (*Reader, error) {
	first, err := p.resolve(pos)
	if err != nil {
		return nil, err
	}
	r, err := p.log.NewReader(first)
	if err != nil {
		return nil, err
	}
	return &Reader{r: r, hub: p.hub}, nil
}

// Next appends the records that are there to dst and returns it: at most max
// of them, and no more once their bodies reach maxBytes, but always one if
// there is one. It never waits; nothing new is no error.
//
// If retention overtakes a reader, it goes on with the oldest record kept: the
// sequence numbers show the gap. An error is fault.Internal for damage on disk
// (it names file and position), fault.Gone when the hub was deleted, or
// fault.Unavailable when the broker closed; records returned with it are good.
func (r *Reader) Next(max, maxBytes int, dst []Record) ([]Record, error) {
	var err error
	r.scratch, err = r.r.Next(max, maxBytes, r.scratch[:0])
	for i := range r.scratch {
		s := &r.scratch[i]
		dst = append(dst, Record{
			Sequence:   s.Sequence,
			Offset:     Offset(r.hub.offset + s.Sequence),
			EnqueuedAt: s.Time,
			Key:        s.Label,
			Body:       s.Body,
		})
	}
	clear(r.scratch) // do not keep bodies alive
	if err != nil && r.hub.deleted.Load() {
		err = fault.New(fault.Gone, "hub "+r.hub.Name(), "it was deleted while it was read")
	}
	return dst, err
}

// Sequence returns the number of the record that Next gives first.
func (r *Reader) Sequence() int64 { return r.r.Sequence() }

// Notify returns a channel that is closed when Next has something to give, be
// it records or an error. Get a new one after each Next that gave nothing.
func (r *Reader) Notify() <-chan struct{} { return r.r.Notify() }

// Wait returns nil when Next has something to give, or ctx's error.
func (r *Reader) Wait(ctx context.Context) error { return r.r.Wait(ctx) }

// Close lets go of files and memory.
func (r *Reader) Close() error { return r.r.Close() }
