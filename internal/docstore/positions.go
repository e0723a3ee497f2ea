package docstore

import (
	"context"
	"sync"
	"sync/atomic"
)

// positions is a container's clock. Writers take spans of it before they commit
// and finish them in any order; the change feed only ever sees up to the first
// span that is not finished, so it cannot pass a change that becomes visible
// later.
//
//	      settled             last
//	         ▼                  ▼
//	─────────┬──────┬─────┬─────┐
//	finished │ open │ done│open │
type positions struct {
	visible atomic.Uint64 // the highest durable position with nothing unfinished before it

	mu      sync.Mutex
	last    uint64        // the highest position given out
	lastTS  int64         // the _ts of the last span; never goes back, so _ts follows LSN
	settled uint64        // every position up to here is finished
	open    []*span       // given out and not settled, in order
	wake    chan struct{} // closed when settled moves; nil when nobody waits
}

// span is a run of positions that one transaction took.
type span struct {
	first, last uint64
	ts          int64
	used        uint64 // the highest that the transaction made durable, 0 for none
	done        bool
}

func newPositions(last uint64) *positions {
	p := &positions{last: last, settled: last}
	p.visible.Store(last)
	return p
}

// begin takes n positions at second ts.
func (p *positions) begin(n int, ts int64) *span {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastTS = max(p.lastTS, ts)
	s := &span{first: p.last + 1, last: p.last + uint64(n), ts: p.lastTS}
	p.last = s.last
	p.open = append(p.open, s)
	return s
}

// finish ends a span. used is the highest of its positions that is now durable,
// 0 when there is none.
func (p *positions) finish(s *span, used uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.done, s.used = true, used
	if p.open[0] != s {
		return
	}
	n := 0
	for ; n < len(p.open) && p.open[n].done; n++ {
		p.settled = p.open[n].last
		if p.open[n].used > 0 {
			p.visible.Store(p.open[n].used)
		}
	}
	p.open = append(p.open[:0], p.open[n:]...)
	if p.wake != nil {
		close(p.wake)
		p.wake = nil
	}
}

// taken returns the highest position given out.
func (p *positions) taken() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// wait returns when the claim holds, which it looks at whenever a span
// finishes, or with the error of ctx, or when gone is closed.
func (p *positions) wait(ctx context.Context, gone <-chan struct{}, claim func(*positions) bool) error {
	for {
		p.mu.Lock()
		if claim(p) {
			p.mu.Unlock()
			return nil
		}
		if p.wake == nil {
			p.wake = make(chan struct{})
		}
		wake := p.wake
		p.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		case <-gone:
			return errDeleted
		}
	}
}
