package concurrency

import (
	"context"
	"time"
)

// State is what a throttle says of the machine.
type State uint8

// The states.
const (
	Unknown State = iota // it has not seen enough yet
	Well
	Unwell
)

// Throttle is one way to see whether the machine is well.
type Throttle interface {
	// Name is for people: "CPU".
	Name() string
	// State is asked once a second.
	State() State
}

// How often in a row the machine must be seen well, or not, until functions get more, or
// less; by the vendor's ConcurrencyManager.
const (
	wellTimes   = 5
	unwellTimes = 3
)

// health is what all throttles say together, and how often in a row they did.
type health struct {
	state State
	times int
	on    []string // the throttles that say Unwell
}

// next is the health after one more look.
func (h health) next(throttles []Throttle) health {
	now := health{state: Well, times: 1}
	unknown := false
	for _, t := range throttles {
		switch t.State() {
		case Unwell:
			now.on = append(now.on, t.Name())
		case Unknown:
			unknown = true
		}
	}
	switch {
	case unknown: // as the vendor's host has it, whatever others say
		now.state = Unknown
	case len(now.on) > 0:
		now.state = Unwell
	}
	if now.state == h.state {
		now.times = h.times + 1
	}
	return now
}

// The share of cores is the mean of so many samples.
const samples = 5

// cpu is a throttle by the time that processes spent on cores.
type cpu struct {
	read      func() time.Duration // by all processes together, since ever
	cores     int
	threshold float64

	at   time.Time
	used time.Duration
	last []float64 // shares of all cores
}

// CPU is a throttle by the share of all cores that processes use: read tells how much
// time they have spent on cores so far.
func CPU(read func() time.Duration, cores int, threshold float64) Throttle {
	return &cpu{read: read, cores: max(1, cores), threshold: threshold}
}

func (*cpu) Name() string { return "CPU" }

func (c *cpu) State() State {
	now, used := time.Now(), c.read()
	before, was := c.at, c.used
	c.at, c.used = now, used
	if before.IsZero() || !now.After(before) {
		return Unknown
	}
	share := max(0, used-was).Seconds() / now.Sub(before).Seconds() / float64(c.cores)
	if c.last = append(c.last, share); len(c.last) > samples {
		c.last = c.last[1:]
	}
	if len(c.last) < samples {
		return Unknown
	}
	sum := 0.0
	for _, s := range c.last {
		sum += s
	}
	if sum/samples >= c.threshold {
		return Unwell
	}
	return Well
}

// How starvation is seen, by the vendor's ThreadPoolStarvationThrottleProvider.
const (
	tick     = 100 * time.Millisecond
	leastOf  = 0.5 // of the ticks that there should have been
	lookPlan = time.Second
)

// Starvation is a throttle that sees when goroutines wait long for their turn: a ticker
// that misses more than half of its ticks.
type Starvation struct {
	ticks chan struct{}
	at    time.Time
}

// NewStarvation returns one; its Run must run.
func NewStarvation() *Starvation { return &Starvation{ticks: make(chan struct{}, 1024)} }

// Name implements Throttle.
func (*Starvation) Name() string { return "starvation" }

// Run ticks until ctx ends.
func (s *Starvation) Run(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			select {
			case s.ticks <- struct{}{}:
			default: // nobody has looked for long
			}
		case <-ctx.Done():
			return
		}
	}
}

// State implements Throttle.
func (s *Starvation) State() State {
	now, before := time.Now(), s.at
	s.at = now
	n := len(s.ticks)
	for range n {
		<-s.ticks
	}
	if before.IsZero() || now.Sub(before) < lookPlan/2 {
		return Well
	}
	if float64(n) < leastOf*float64(now.Sub(before)/tick) {
		return Unwell
	}
	return Well
}
