package portal

import (
	"sync"
	"time"
)

// rateTicks is over how many seconds a rate is taken: few enough to follow, and
// a multiple of the beats of one and two seconds that timers like.
const rateTicks = 4

// Rates turns counters that only grow into rates per second. A counter that
// is asked for several times between two ticks is noted once; one that is not
// asked for any more is forgotten.
type Rates struct {
	mu     sync.Mutex // held by whoever reads pages; guards the fields below
	now    time.Time
	series map[string]*series
	tick   int
}

type series struct {
	at    [rateTicks + 1]time.Time
	value [rateTicks + 1]int64
	n     int // samples taken
	tick  int // of the newest
}

// NewRates returns rates that know no counter yet.
func NewRates() *Rates { return &Rates{series: map[string]*series{}} }

// begin starts a round of samples.
func (r *Rates) begin(now time.Time) {
	r.now = now
	r.tick++
	for key, s := range r.series {
		if r.tick-s.tick > 2*rateTicks {
			delete(r.series, key)
		}
	}
}

// from0 is Of for a counter of the whole process that is read at every tick: one
// that is new was 0 a tick before.
func (r *Rates) from0(key string, value int64) float64 {
	if r.series[key] == nil && r.tick > 1 {
		s := &series{n: 1, tick: r.tick - 1}
		s.at[0] = r.now.Add(-time.Second)
		r.series[key] = s
	}
	return r.Of(key, value)
}

// Of notes the counter's value and returns its growth per second, over the last
// four seconds or since it was first asked for; 0 the first time.
func (r *Rates) Of(key string, value int64) float64 {
	s := r.series[key]
	if s == nil {
		s = &series{}
		r.series[key] = s
	}
	if s.tick != r.tick {
		s.at[s.n%len(s.at)], s.value[s.n%len(s.at)] = r.now, value
		s.n++
		s.tick = r.tick
	}
	if s.n < 2 {
		return 0
	}
	newest, oldest := (s.n-1)%len(s.at), 0
	if s.n > len(s.at) {
		oldest = s.n % len(s.at)
	}
	elapsed := s.at[newest].Sub(s.at[oldest]).Seconds()
	if elapsed <= 0 {
		return 0
	}
	return max(0, float64(s.value[newest]-s.value[oldest])/elapsed)
}
