package dashboard

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// NumberView is a number or gauge tile.
type NumberView struct {
	Value *float64   `json:"value"` // null without rows
	State string     `json:"state"` // ok, warn, alarm or off
	Trend []*float64 `json:"trend"` // 40 steps of Trend, oldest first
}

const trendSteps = 40

// whole is the same time in one step.
func (s span) whole() span {
	s.width = 0
	return s
}

func (e *evaluator) number(over span, r Range) any {
	v := NumberView{State: "off", Trend: []*float64{}}
	if s := e.gather(over.whole()).at(0, 0); s != nil {
		r := s.result(e.tile, over.seconds())
		if v.Value = optional(r, true); v.Value != nil {
			v.State = e.tile.state(r)
		}
	}
	counts := (e.tile.Aggregate == "count" || e.tile.Aggregate == "rate") && e.tile.Per == ""
	if v.Value == nil && counts {
		v.Value, v.State = optional(0, true), e.tile.state(0) // no rows are none, not unknown
	}
	if e.tile.Type == "number" {
		v.Trend = e.trend(over, r, counts)
	}
	return v
}

// trend are trendSteps steps of the tile's trend, or of the range.
func (e *evaluator) trend(over span, r Range, counts bool) []*float64 {
	if r == (Range{}) {
		over.from = over.end - time.Duration(e.tile.Trend).Milliseconds()
	}
	over.width = max((over.end-over.from)/trendSteps, 1000)
	sums, out := e.gather(over), []*float64{}
	for step := firstStep(over); step <= e.lastStep(over); step++ {
		s := sums.at(0, step)
		if s == nil {
			out = append(out, optional(0, counts))
			continue
		}
		out = append(out, optional(s.result(e.tile, float64(over.width)/1000), true))
	}
	return out
}

// LineView is a line chart: every series has a value, or null, for each time.
type LineView struct {
	Times  []int64      `json:"t"`              // unix milliseconds, the end of each step
	Step   int64        `json:"step,omitempty"` // milliseconds between two of them
	Series []SeriesView `json:"series"`
	Left   int          `json:"left"` // series beyond the limit, not shown
}

// SeriesView is one line.
type SeriesView struct {
	Name   string     `json:"name"`
	None   bool       `json:"none,omitempty"` // of the rows that have no value to be named by
	Unit   string     `json:"unit,omitempty"`
	Values []*float64 `json:"v"`
}

// firstStep is the first step that lies wholly after from.
func firstStep(s span) int64 { return (s.from + s.width - 1) / s.width }

// lastStep is the last step to show: the one under way is left out where its
// value grows until it ends.
func (e *evaluator) lastStep(s span) int64 {
	last := s.end / s.width
	if s.closed {
		return last
	}
	switch e.tile.Aggregate {
	case "count", "sum", "rate":
		return last - 1
	}
	if e.tile.Per != "" {
		return last - 1
	}
	return last
}

func (e *evaluator) line(over span) any {
	sums := e.gather(over)
	first, last := firstStep(over), e.lastStep(over)
	v := LineView{Times: []int64{}, Step: over.width, Series: []SeriesView{}}
	for step := first; step <= last; step++ {
		v.Times = append(v.Times, (step+1)*over.width)
	}
	for _, group := range e.byName(sums.groups) {
		line := SeriesView{Values: make([]*float64, 0, len(v.Times))}
		line.Name, line.None = e.groupName(sums.groups[group])
		for step := first; step <= last; step++ {
			r := math.NaN()
			if s := sums.at(group, step); s != nil {
				r = s.result(e.tile, float64(over.width)/1000)
			}
			line.Values = append(line.Values, optional(r, true))
		}
		v.Series = append(v.Series, line)
	}
	v.keepLargest(e.tile.Limit)
	return v
}

// groupName is the value that rows are grouped by; none says that they have none.
func (e *evaluator) groupName(c cell) (name string, none bool) {
	return e.data.words(c), e.by != nil && c.kind == missing
}

// byName are the groups' indexes in the order of their names.
func (e *evaluator) byName(groups []cell) []int {
	order := make([]int, len(groups))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return strings.Compare(e.data.words(groups[a]), e.data.words(groups[b]))
	})
	return order
}

// keepLargest leaves the lines whose newest value is largest, in their order.
func (v *LineView) keepLargest(limit int) {
	if v.Left = len(v.Series) - limit; v.Left <= 0 {
		v.Left = 0
		return
	}
	type id struct {
		name string
		none bool
	}
	bySize := slices.SortedStableFunc(slices.Values(v.Series), func(a, b SeriesView) int { return cmp.Compare(b.newest(), a.newest()) })
	kept := map[id]bool{}
	for _, s := range bySize[:limit] {
		kept[id{s.Name, s.None}] = true
	}
	v.Series = slices.DeleteFunc(v.Series, func(s SeriesView) bool { return !kept[id{s.Name, s.None}] })
}

func (s SeriesView) newest() float64 {
	for _, v := range slices.Backward(s.Values) {
		if v != nil {
			return *v
		}
	}
	return math.Inf(-1)
}

// BarView is a bar chart, the largest first.
type BarView struct {
	Bars []Bar `json:"bars"`
	Left int   `json:"left"` // bars beyond the limit, not shown
}

// Bar is one of its bars.
type Bar struct {
	Name  string  `json:"name"`
	None  bool    `json:"none,omitempty"` // of the rows that have no value to be named by
	Value float64 `json:"value"`
	State string  `json:"state"`
}

func (e *evaluator) bars(over span) any {
	v := BarView{Bars: []Bar{}}
	sums := e.gather(over.whole())
	for i, g := range sums.groups {
		s := sums.at(i, 0)
		if s == nil {
			continue
		}
		if r := optional(s.result(e.tile, over.seconds()), true); r != nil {
			name, none := e.groupName(g)
			v.Bars = append(v.Bars, Bar{name, none, *r, e.tile.state(*r)})
		}
	}
	slices.SortFunc(v.Bars, func(a, b Bar) int {
		switch {
		case a.Value > b.Value:
			return -1
		case a.Value < b.Value:
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	if len(v.Bars) > e.tile.Limit {
		v.Left = len(v.Bars) - e.tile.Limit
		v.Bars = v.Bars[:e.tile.Limit]
	}
	return v
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
