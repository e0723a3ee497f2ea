package tablestore

import (
	"sync/atomic"
	"time"
)

// clock gives the timestamps of writes: the time, and always more than any given
// before, also when the system's clock goes back.
type clock struct {
	now  func() time.Time
	last atomic.Int64
}

// next returns a new timestamp.
func (c *clock) next() Ticks {
	for {
		last := c.last.Load()
		t := max(int64(TicksOf(c.now())), last+1)
		if c.last.CompareAndSwap(last, t) {
			return Ticks(t)
		}
	}
}
