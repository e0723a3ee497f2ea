package queue

import (
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// steppedClock is a steady clock over a system's that the test sets.
type steppedClock struct {
	steadyClock
	system time.Time
	passed time.Duration
}

func newSteppedClock() *steppedClock {
	c := &steppedClock{system: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
	c.read = func() (time.Time, time.Duration) { return c.system, c.passed }
	c.Now()
	return c
}

// pass lets time go by, and set sets the system's clock.
func (c *steppedClock) pass(d time.Duration) { c.system, c.passed = c.system.Add(d), c.passed+d }
func (c *steppedClock) set(by time.Duration) { c.system = c.system.Add(by) }

// TestSteadyClock: set back, the clock goes on; set forward, it follows, once what it
// was ahead is made up for.
func TestSteadyClock(t *testing.T) {
	c := newSteppedClock()
	begun := c.Now()
	for i, step := range []struct {
		pass, set, want time.Duration // want: since begun
	}{
		{time.Minute, 0, time.Minute},
		{time.Minute, -time.Hour, 2 * time.Minute},
		{time.Minute, 0, 3 * time.Minute},
		{0, -time.Hour, 3 * time.Minute}, // again
		{time.Minute, 90 * time.Minute, 4 * time.Minute},
		{time.Minute, time.Hour, 35 * time.Minute},                                    // half of it is made up for, half is news
		{time.Second, -500 * time.Millisecond, 35*time.Minute + 500*time.Millisecond}, // put right at once
		{time.Hour, -3 * time.Second, 95*time.Minute - 2500*time.Millisecond},         // and slowly
		{0, 8 * time.Hour, 575*time.Minute - 2500*time.Millisecond},                   // the machine slept
	} {
		c.pass(step.pass)
		c.set(step.set)
		if got := c.Now().Sub(begun); got != step.want {
			t.Errorf("step %d: %v, want %v", i, got, step.want)
		}
	}
	if off := time.Since(newSteadyClock().Now()).Abs(); off > time.Minute {
		t.Errorf("the real one is off by %v", off)
	}
}

// TestClockSetBack: a clock that is set back by an hour makes no time-out and no time to
// live longer, and none shorter; one that is set forward lets messages come early, as
// after a sleep, and loses none.
func TestClockSetBack(t *testing.T) {
	w, c, ctx := newWorld(t, vfs.NewMem()), newSteppedClock(), t.Context()
	defer w.close()
	w.store.clock = c.Now
	q := w.queue("work")
	if _, err := q.Put(ctx, []byte("one"), PutOptions{TTL: 10 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	take := func(want int, hidden time.Duration) {
		t.Helper()
		if got, err := q.Get(ctx, 1, hidden); err != nil || len(got) != want {
			t.Errorf("got %v, %v; want %d", got, err, want)
		}
	}
	take(1, 30*time.Second)
	c.pass(10 * time.Second)
	c.set(-time.Hour)
	take(0, 0)
	if left, ok := q.Left(); !ok || left != 20*time.Second {
		t.Errorf("it is %v until the next message, %t; want 20 s", left, ok)
	}
	c.pass(20 * time.Second)
	take(1, 30*time.Second)
	c.set(2 * time.Minute) // makes up for some of it
	take(0, 0)
	c.set(time.Hour - 90*time.Second) // more than that
	take(1, time.Second)
	c.pass(9 * time.Minute)
	if left, ok := q.Left(); ok {
		t.Errorf("the message lives longer than it should, for another %v", left)
	}
}
