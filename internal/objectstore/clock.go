package objectstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A tick is a time in hundreds of nanoseconds since the year 1, as the service
// counts it. Every change of the store takes one that no other has; it is the
// blob's ETag, the name of a snapshot or version, and the place in the feed.
type tick uint64

const (
	ticksPerSecond = 10_000_000
	unixSeconds    = 62_135_596_800 // of 1970 since the year 1
)

func tickOf(t time.Time) tick {
	return tick((t.Unix()+unixSeconds)*ticksPerSecond + int64(t.Nanosecond()/100))
}

// time returns the tick's time.
func (t tick) time() time.Time {
	return time.Unix(int64(t/ticksPerSecond)-unixSeconds, int64(t%ticksPerSecond)*100).UTC()
}

// etag returns the tick as an ETag without quotes.
func (t tick) etag() string { return "0x" + strings.ToUpper(strconv.FormatUint(uint64(t), 16)) }

// timeLayout is how a snapshot or version is named.
const timeLayout = "2006-01-02T15:04:05.0000000Z"

// text returns the tick as the name of a snapshot or version, "" for none.
func (t tick) text() string {
	if t == 0 {
		return ""
	}
	return t.time().Format(timeLayout)
}

// parseTick is the inverse of text.
func parseTick(s string) (tick, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || len(s) > len("2006-01-02T15:04:05.000000000Z") {
		return 0, false
	}
	return tickOf(t), true
}

// clock gives out ticks. The feed of changes is in their order, so it must not
// show one while an earlier one may still appear:
//
//	      settled             last
//	         ▼                  ▼
//	─────────┬──────┬─────┬─────┐
//	finished │ open │ done│open │
type clock struct {
	now func() time.Time

	mu      sync.Mutex // guards the rest
	last    tick       // the highest given out
	settled tick       // every tick up to here is durable, or will never be used
	open    []*moment  // given out and not settled, in order
	wake    chan struct{}
}

// moment is a tick on its way to the disk.
type moment struct {
	tick tick
	done bool
}

func newClock(now func() time.Time, last tick) *clock {
	return &clock{now: now, last: last, settled: last}
}

// begin gives out a tick. finish must be called with it.
func (c *clock) begin() *moment {
	now := tickOf(c.now())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last+1, now)
	m := &moment{tick: c.last}
	c.open = append(c.open, m)
	return m
}

// finish takes note that what happened at the moment is durable or never will be.
func (c *clock) finish(m *moment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.done = true
	if c.open[0] != m {
		return
	}
	n := 0
	for ; n < len(c.open) && c.open[n].done; n++ {
		c.settled = c.open[n].tick
	}
	c.open = append(c.open[:0], c.open[n:]...)
	if c.wake != nil {
		close(c.wake)
		c.wake = nil
	}
}

// upTo returns the tick up to which the feed is complete.
func (c *clock) upTo() tick {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settled
}

// wait returns when the feed is complete beyond a tick, or ctx ends, or gone is
// closed.
func (c *clock) wait(ctx context.Context, after tick, gone <-chan struct{}) error {
	for {
		c.mu.Lock()
		if c.settled > after {
			c.mu.Unlock()
			return nil
		}
		if c.wake == nil {
			c.wake = make(chan struct{})
		}
		wake := c.wake
		c.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return fmt.Errorf("wait for changes: %w", context.Cause(ctx))
		case <-gone:
			return codes.New(AccountGone, "container", "it was deleted")
		}
	}
}
