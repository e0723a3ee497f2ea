package dashboard

import "math"

// sum gathers values of one group and step.
type sum struct {
	n               int
	value, per      float64
	least, greatest float64
	last            float64
	lastAt          int64
}

func (s *sum) add(v, per float64, at int64) {
	if s.n == 0 {
		s.least, s.greatest = v, v
	}
	s.n++
	s.value += v
	s.per += per
	s.least, s.greatest = min(s.least, v), max(s.greatest, v)
	if at >= s.lastAt {
		s.last, s.lastAt = v, at
	}
}

// result is the aggregate; seconds is how long the rows were gathered.
func (s *sum) result(t *Tile, seconds float64) float64 {
	if t.Per != "" {
		if s.per == 0 {
			return math.NaN()
		}
		return s.value / s.per * t.Scale
	}
	v := s.last
	switch t.Aggregate {
	case "avg":
		v = s.value / float64(s.n)
	case "sum":
		v = s.value
	case "min":
		v = s.least
	case "max":
		v = s.greatest
	case "count":
		v = float64(s.n)
	case "rate":
		v = float64(s.n) / max(seconds, 1)
	}
	return v * t.Scale
}

// slot is where a row counts: a group, and a step of time.
type slot struct {
	group cell
	step  int64
}

// gather sorts the rows of the window into slots. With width 0 there is one
// step; otherwise steps are width milliseconds wide and aligned to the epoch.
func (e *evaluator) gather(from, width int64) map[slot]*sum {
	sums := map[slot]*sum{}
	type winner struct {
		slot slot
		key  cell
	}
	newest := map[winner]int{}
	add := func(s slot, i int) {
		v, per := 1.0, 0.0
		if e.value != nil {
			c := e.value.cells[i]
			if c.kind != number && c.kind != truth {
				return
			}
			v = c.num
		}
		if e.per != nil {
			if e.per.cells[i].kind != number {
				return
			}
			per = e.per.cells[i].num
		}
		a := sums[s]
		if a == nil {
			a = &sum{}
			sums[s] = a
		}
		a.add(v, per, e.data.times[i])
	}
	e.data.each(from, e.where, func(i int, at int64) {
		var s slot
		if width > 0 {
			s.step = at / width
		}
		if e.by != nil {
			s.group = e.by.cells[i]
		}
		if e.latest == nil {
			add(s, i)
			return
		}
		w := winner{s, e.latest.cells[i]}
		if have, ok := newest[w]; !ok || at >= e.data.times[have] {
			newest[w] = i
		}
	})
	for w, i := range newest {
		add(w.slot, i)
	}
	return sums
}
