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

// slots are the sums of a tile: one for each group and step that has rows.
type slots struct {
	first, width int64 // of the steps; width 0 is one step
	steps        int
	groups       []cell // the values of By, in the order of their first row
	sums         []sum  // of group g and step s at g*steps+s; n is 0 where no row is
}

// at returns the sum of a group and a step, or nil when it has no rows.
func (s *slots) at(group int, step int64) *sum {
	i := step - s.first
	if group >= len(s.groups) || i < 0 || i >= int64(s.steps) {
		return nil
	}
	if a := &s.sums[group*s.steps+int(i)]; a.n > 0 {
		return a
	}
	return nil
}

// gather sorts the rows of the window into slots. With width 0 there is one
// step; otherwise steps are width milliseconds wide and aligned to the epoch.
// It looks at every row, so a row costs no hashing unless Latest is asked for.
func (e *evaluator) gather(over span) *slots {
	width := over.width
	s := &slots{width: width, steps: 1}
	if width > 0 {
		s.first = over.from / width
		s.steps = int(over.end/width-s.first) + 1
	}
	index := newIndex(len(e.data.texts))
	newest := map[uint64]int{}
	keys := newIndex(len(e.data.texts))
	e.data.each(over, e.where, func(i int, at int64) {
		step := 0
		if width > 0 {
			if step = int(at/width - s.first); step >= s.steps {
				return // ahead of now
			}
		}
		group := 0
		if e.by != nil {
			group = index.of(e.by.cells[i])
		}
		for group >= len(s.groups) {
			var c cell
			if e.by != nil {
				c = e.by.cells[i]
			}
			s.groups = append(s.groups, c)
			s.sums = append(s.sums, make([]sum, s.steps)...)
		}
		slot := group*s.steps + step
		if e.latest == nil {
			e.add(&s.sums[slot], i)
			return
		}
		w := uint64(slot)<<24 | uint64(keys.of(e.latest.cells[i]))
		if have, ok := newest[w]; !ok || at >= e.data.times[have] {
			newest[w] = i
		}
	})
	for w, i := range newest {
		e.add(&s.sums[w>>24], i)
	}
	return s
}

// add counts row i, if it has the numbers that the tile reads.
func (e *evaluator) add(to *sum, i int) {
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
	to.add(v, per, e.data.times[i])
}

// index numbers values in the order of their first appearance, at most 2^24.
// Texts, which most are, are looked up by their own number.
type index struct {
	texts  []int32 // number+1, by text
	others map[cell]int
	n      int
}

func newIndex(texts int) *index { return &index{texts: make([]int32, texts), others: map[cell]int{}} }

func (x *index) of(c cell) int {
	if c.kind == text {
		if x.texts[c.text] == 0 {
			x.n++
			x.texts[c.text] = int32(x.n)
		}
		return int(x.texts[c.text]) - 1
	}
	i, ok := x.others[c]
	if !ok {
		i = x.n
		x.n++
		x.others[c] = i
	}
	return i
}
