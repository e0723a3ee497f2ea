package portal

import (
	"strconv"
	"time"
)

// rateTicks is over how many seconds a rate is taken: few enough to follow, and
// a multiple of the beats of one and two seconds that timers like.
const rateTicks = 4

// rates turns counters that only grow into rates. It belongs to the goroutine
// that takes snapshots: each counter is asked for once between two ticks, and
// one that is not asked for any more is forgotten.
type rates struct {
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

func newRates() *rates { return &rates{series: map[string]*series{}} }

// begin starts a round of samples.
func (r *rates) begin(now time.Time) {
	r.now = now
	r.tick++
	for key, s := range r.series {
		if r.tick-s.tick > 2*rateTicks {
			delete(r.series, key)
		}
	}
}

// rate notes the counter's value and returns its growth per second.
func (r *rates) rate(key string, value int64) float64 {
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

func itoa(n int) string { return strconv.Itoa(n) }
