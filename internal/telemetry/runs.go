package telemetry

import (
	"slices"
	"strings"
	"time"
)

// What pages ask of a function.

// Latest calls visit with what is remembered, newest start first and those
// under way among them, until it is false. The runs are copies.
func (f *Function) Latest(visit func(Run) bool) {
	for _, r := range f.snapshot() {
		if !visit(r) {
			return
		}
	}
}

// snapshot copies all runs that are remembered, in the order of Older.
func (f *Function) snapshot() []Run {
	f.mu.Lock()
	recent, failed := f.recent.all(), f.failed.all()
	all := make([]Run, 0, len(f.running)+len(recent)+len(failed))
	oldest := f.seq + 1
	for _, r := range recent {
		all = append(all, *r)
		oldest = min(oldest, r.Seq)
	}
	for _, r := range failed {
		if r.Seq < oldest {
			all = append(all, *r)
		}
	}
	for _, r := range f.running {
		c := *r
		if r.Extra != nil { // it still grows
			x := *r.Extra
			c.Extra = &x
		}
		all = append(all, c)
	}
	f.mu.Unlock()
	slices.SortFunc(all, func(a, b Run) int {
		if Older(&a, &b) {
			return 1
		}
		return -1
	})
	return all
}

// Older is the order of runs: by their start, then by their id.
func Older(a, b *Run) bool {
	if !a.At.Equal(b.At) {
		return a.At.Before(b.At)
	}
	return strings.Compare(a.ID, b.ID) < 0
}

// Find returns the run with that id, or with that trace id.
func (f *Function) Find(id string) (Run, bool) {
	for _, r := range f.snapshot() {
		if r.ID == id || r.Trace == id && id != "" {
			return r, true
		}
	}
	return Run{}, false
}

// Health is how a function fares.
type Health struct {
	LastFailed bool
	LastAt     time.Time // when the last run ended; zero: none did
	Why        string    // the last failure's message, however long ago
	Runs       int       // in the range
	Failed     int       // of them
	Running    int       // under way
}

// Bad is the rule of the portal's marks: the last run failed, or one in a
// hundred.
func (h Health) Bad() bool { return h.LastFailed || h.Failed > 0 && h.Failed*100 >= h.Runs }

// Health looks back over a range.
func (f *Function) Health(now time.Time, back time.Duration) Health {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := Health{LastFailed: f.lastFailed, LastAt: f.lastAt, Why: f.lastWhy, Running: len(f.running)}
	for _, b := range f.series.between(now.Add(-back), now.Add(time.Minute)) {
		h.Runs += int(b.runs)
		h.Failed += int(b.failed)
	}
	return h
}

// Past is a function's runs over time.
type Past struct {
	From   time.Time // of the first step
	Step   time.Duration
	Runs   []int // that ended in each step
	Failed []int
	Total  Figures
}

// Figures sum up a range.
type Figures struct {
	Runs, Failed, Items int
	P50, P95            time.Duration // 0 without runs; within a tenth of the true value
}

// Past sums up what ended between two times, in steps of at least the step that
// is asked for, at whole multiples of it.
func (f *Function) Past(from, to time.Time, step time.Duration) Past {
	f.mu.Lock()
	defer f.mu.Unlock()
	step = f.series.step(from, step)
	p := Past{From: from.Truncate(step), Step: step}
	n := max(int((to.Sub(p.From)+step-1)/step), 1)
	p.Runs, p.Failed = make([]int, n), make([]int, n)
	var all histogram
	for _, b := range f.series.between(from, to) {
		i := min(max(int(b.start.Sub(p.From)/step), 0), n-1)
		p.Runs[i] += int(b.runs)
		p.Failed[i] += int(b.failed)
		p.Total.Runs += int(b.runs)
		p.Total.Failed += int(b.failed)
		p.Total.Items += int(b.items)
		all.merge(b.times)
	}
	p.Total.P50, p.Total.P95 = all.quantile(0.5), all.quantile(0.95)
	return p
}

// Groups returns the failures of a range, those that are the same as one, most
// first.
func (f *Function) Groups(from, to time.Time) []Group {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.groups.between(from, to)
}
