package stream

// roller keeps an aggregate over the last stretch of one group's rows: rows
// enter at the tail in order of time and leave at the head.
//
// Like the panes of a hopping window it is a queue of two stacks: the states
// before split hold the join of all rows up to split, those from split on hold
// one row each, and total joins these. Every row is joined at most twice.
// Aggregates with objects are joined at each result instead, as joining would
// copy what they collect.
type roller struct {
	times []int64
	words []uint64 // a state for each time
	head  int
	split int
	total []uint64
}

func (r *roller) len() int { return len(r.times) - r.head }

// push adds the row whose arguments a has read.
func (r *roller) push(a *aggregates, time int64) {
	r.compact(a.width)
	r.times = append(r.times, time)
	at := len(r.words)
	for range a.width {
		r.words = append(r.words, 0)
	}
	a.add(r.words[at:], time)
	if a.direct {
		if r.total == nil {
			r.total = make([]uint64, a.width)
		}
		a.merge(r.total, r.words[at:])
	}
}

func (r *roller) compact(width int) {
	if r.head < 32 || r.head*2 < len(r.times) {
		return
	}
	r.times = append(r.times[:0], r.times[r.head:]...)
	r.words = append(r.words[:0], r.words[r.head*width:]...)
	r.split = max(r.split-r.head, 0)
	r.head = 0
}

func (r *roller) state(a *aggregates, i int) []uint64 { return r.words[i*a.width : (i+1)*a.width] }

// popBefore removes the rows with times below t.
func (r *roller) popBefore(a *aggregates, t int64) (removed int) {
	for r.head < len(r.times) && r.times[r.head] < t {
		if a.direct && r.split <= r.head {
			for i := len(r.times) - 2; i >= r.head; i-- {
				a.merge(r.state(a, i), r.state(a, i+1))
			}
			r.split = len(r.times)
			a.release(r.total)
		}
		a.release(r.state(a, r.head))
		r.head++
		removed++
	}
	if r.head == len(r.times) {
		r.times, r.words, r.head, r.split = r.times[:0], r.words[:0], 0, 0
		if r.total != nil {
			a.release(r.total)
		}
	}
	return removed
}

// result joins all rows into state, which is zero.
func (r *roller) result(a *aggregates, state []uint64) {
	if !a.direct {
		for i := r.head; i < len(r.times); i++ {
			a.merge(state, r.state(a, i))
		}
		return
	}
	if r.head < r.split {
		a.merge(state, r.state(a, r.head))
	}
	if r.total != nil {
		a.merge(state, r.total)
	}
}

func (r *roller) save(w *stateWriter, a *aggregates) {
	w.uint(uint64(r.len()))
	w.uint(uint64(max(r.split-r.head, 0)))
	for i := r.head; i < len(r.times); i++ {
		w.int(r.times[i])
		a.saveState(w, r.state(a, i))
	}
	w.bool(r.total != nil)
	if r.total != nil {
		a.saveState(w, r.total)
	}
}

func (r *roller) load(s *stateReader, a *aggregates) {
	n := s.count(1)
	r.split = int(s.uint())
	r.times, r.words = make([]int64, n), make([]uint64, n*a.width)
	if r.split > n {
		s.bad = true
		return
	}
	for i := range n {
		r.times[i] = s.int()
		a.loadState(s, r.state(a, i))
	}
	if s.bool() {
		r.total = make([]uint64, a.width)
		a.loadState(s, r.total)
	}
}
