package telemetry

import (
	"math/bits"
	"time"
)

// How finely the past is known: the last hour in steps of five seconds, the last
// week in steps of ten minutes.
const (
	fineStep, fineBack     = 5 * time.Second, time.Hour
	coarseStep, coarseBack = 10 * time.Minute, 7 * 24 * time.Hour
)

// bucket is the runs that ended within a step.
type bucket struct {
	start               time.Time
	runs, failed, items uint32
	times               histogram
}

// series is a function's runs over time. Steps without a run take no memory.
type series struct{ fine, coarse []bucket }

func (s *series) add(at time.Time, took time.Duration, items int, failed bool) {
	s.fine = note(s.fine, at, fineStep, fineBack, took, items, failed)
	s.coarse = note(s.coarse, at, coarseStep, coarseBack, took, items, failed)
}

func note(in []bucket, at time.Time, step, back time.Duration, took time.Duration, items int, failed bool) []bucket {
	start := at.Truncate(step)
	if n := len(in); n == 0 || in[n-1].start.Before(start) {
		in = append(forget(in, at.Add(-back)), bucket{start: start})
	}
	b := &in[len(in)-1] // a run that ended a little earlier counts as now
	b.runs++
	b.items += uint32(max(items, 0))
	if failed {
		b.failed++
	}
	b.times.add(took)
	return in
}

// forget drops the steps before a time, in place.
func forget(in []bucket, before time.Time) []bucket {
	n := 0
	for n < len(in) && in[n].start.Before(before) {
		n++
	}
	if n == 0 {
		return in
	}
	kept := copy(in, in[n:])
	clear(in[kept:])
	return in[:kept]
}

// level is the steps that reach back to a time.
func (s *series) level(from time.Time) ([]bucket, time.Duration) {
	if time.Since(from) > fineBack {
		return s.coarse, coarseStep
	}
	return s.fine, fineStep
}

// step is the least multiple of what is known that is not below the step asked
// for.
func (s *series) step(from time.Time, wanted time.Duration) time.Duration {
	_, have := s.level(from)
	return have * max((wanted+have-1)/have, 1) //nolint:durationcheck // a number of steps
}

// between returns the steps that begin between two times, the one that from
// lies in too.
func (s *series) between(from, to time.Time) []bucket {
	all, step := s.level(from)
	from = from.Truncate(step)
	lo := 0
	for lo < len(all) && all[lo].start.Before(from) {
		lo++
	}
	hi := len(all)
	for hi > lo && !all[hi-1].start.Before(to) {
		hi--
	}
	return all[lo:hi]
}

// histogram counts durations in classes, four to a doubling, so that a quantile
// is right within a tenth. Few classes occur in a step: it is a list.
type histogram []class

type class struct {
	at    uint8
	count uint32
}

func (h *histogram) add(d time.Duration) { h.count(classOf(d), 1) }

func (h *histogram) count(at uint8, n uint32) {
	for i := range *h {
		if (*h)[i].at == at {
			(*h)[i].count += n
			return
		}
	}
	*h = append(*h, class{at, n})
}

func (h *histogram) merge(other histogram) {
	for _, c := range other {
		h.count(c.at, c.count)
	}
}

// classOf is 4·log2 of the microseconds, rounded down.
func classOf(d time.Duration) uint8 {
	us := uint64(max(d.Microseconds(), 0))
	if us < 4 {
		return uint8(us)
	}
	n := bits.Len64(us) // us is in [2^(n-1), 2^n)
	return uint8(4*(n-2)) + uint8(us>>(n-3)&3)
}

// bounds are the microseconds of a class, from and to.
func bounds(at uint8) (from, to float64) {
	if at < 4 {
		return float64(at), float64(at) + 1
	}
	n := int(at)/4 + 2
	quarter := float64(uint64(1) << (n - 3))
	from = float64(uint64(1)<<(n-1)) + float64(at%4)*quarter
	return from, from + quarter
}

// quantile returns the duration below which a share of them lies; 0 without any.
func (h histogram) quantile(share float64) time.Duration {
	var sorted [256]uint32
	var total float64
	for _, c := range h {
		sorted[c.at] += c.count
		total += float64(c.count)
	}
	left := share * total
	for at, n := range sorted {
		if n == 0 {
			continue
		}
		if left <= float64(n) {
			from, to := bounds(uint8(at))
			return time.Duration((from + (to-from)*left/float64(n)) * float64(time.Microsecond))
		}
		left -= float64(n)
	}
	return 0
}
