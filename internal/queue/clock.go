package queue

import (
	"sync"
	"time"
)

// steadyClock is the clock that visibility time-outs and lifetimes are counted by: the
// system's, but for one thing. When that is set back, what was written down lies ahead,
// and a message that is hidden for half a minute would stay so for an hour more. So this one goes on from where it was, ahead of the
// system's, until that is set forward again or the process ends. Set forward, it follows
// at once: from here that looks as a machine that slept.
type steadyClock struct {
	// read returns the system's time, and how much time went by since some moment, which
	// no setting of a clock changes.
	read func() (wall time.Time, gone time.Duration)

	mu    sync.Mutex // guards the rest
	wall  time.Time  // of the last reading; zero: there was none
	gone  time.Duration
	ahead time.Duration // of the system's clock
}

func newSteadyClock() *steadyClock {
	begun := time.Now()
	return &steadyClock{read: func() (time.Time, time.Duration) {
		now := time.Now()
		return now.Round(0), now.Sub(begun)
	}}
}

// stepFrom is the least that counts as a step; what is less, or slower than a part in a
// thousand, is a clock that is put right.
const stepFrom = time.Second

// Now is the time.
func (c *steadyClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall, gone := c.read()
	if !c.wall.IsZero() {
		passed := gone - c.gone
		step := wall.Sub(c.wall) - passed
		if limit := stepFrom + passed/1000; step < -limit || step > limit {
			c.ahead = max(0, c.ahead-step)
		}
	}
	c.wall, c.gone = wall, gone
	return wall.Add(c.ahead)
}
