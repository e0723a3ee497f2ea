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

func (e *evaluator) number(now time.Time) any {
	end, window := e.data.now(now), time.Duration(e.tile.Window)
	from := end - window.Milliseconds()
	v := NumberView{State: "off", Trend: []*float64{}}
	if s := e.gather(from, end, 0).at(0, 0); s != nil {
		r := s.result(e.tile, window.Seconds())
		if v.Value = optional(r, true); v.Value != nil {
			v.State = e.tile.state(r)
		}
	}
	counts := (e.tile.Aggregate == "count" || e.tile.Aggregate == "rate") && e.tile.Per == ""
	if v.Value == nil && counts {
		v.Value, v.State = optional(0, true), e.tile.state(0) // no rows are none, not unknown
	}
	if e.tile.Type == "number" {
		trend := time.Duration(e.tile.Trend).Milliseconds()
		from, width := end-trend, max(trend/trendSteps, 1000)
		sums := e.gather(from, end, width)
		for step := firstStep(from, width); step <= e.lastStep(end, width); step++ {
			s := sums.at(0, step)
			if s == nil {
				v.Trend = append(v.Trend, optional(0, counts))
				continue
			}
			v.Trend = append(v.Trend, optional(s.result(e.tile, float64(width)/1000), true))
		}
	}
	return v
}

// LineView is a line chart: every series has a value, or null, for each time.
type LineView struct {
	Times  []int64      `json:"t"` // unix milliseconds, the end of each step
	Series []SeriesView `json:"series"`
	Left   int          `json:"left"` // series beyond the limit, not shown
}

// SeriesView is one line.
type SeriesView struct {
	Name   string     `json:"name"`
	Unit   string     `json:"unit,omitempty"`
	Values []*float64 `json:"v"`
}

// firstStep is the first step that lies wholly after from.
func firstStep(from, width int64) int64 { return (from + width - 1) / width }

// lastStep is the last step to show: the one under way is left out where its
// value grows until it ends.
func (e *evaluator) lastStep(end, width int64) int64 {
	switch e.tile.Aggregate {
	case "count", "sum", "rate":
		return end/width - 1
	}
	if e.tile.Per != "" {
		return end/width - 1
	}
	return end / width
}

func (e *evaluator) line(now time.Time) any {
	end, width := e.data.now(now), time.Duration(e.tile.Every).Milliseconds()
	from := end - time.Duration(e.tile.Window).Milliseconds()
	sums := e.gather(from, end, width)
	first, last := firstStep(from, width), e.lastStep(end, width)
	names := map[string]int{}
	for i, g := range sums.groups {
		names[e.data.words(g)] = i
	}
	v := LineView{Times: []int64{}, Series: []SeriesView{}}
	for step := first; step <= last; step++ {
		v.Times = append(v.Times, (step+1)*width)
	}
	for _, name := range sortedKeys(names) {
		line := SeriesView{Name: name, Values: make([]*float64, 0, len(v.Times))}
		for step := first; step <= last; step++ {
			r := math.NaN()
			if s := sums.at(names[name], step); s != nil {
				r = s.result(e.tile, float64(width)/1000)
			}
			line.Values = append(line.Values, optional(r, true))
		}
		v.Series = append(v.Series, line)
	}
	v.keepLargest(e.tile.Limit)
	return v
}

// keepLargest leaves the lines whose newest value is largest, in their order.
func (v *LineView) keepLargest(limit int) {
	if v.Left = len(v.Series) - limit; v.Left <= 0 {
		v.Left = 0
		return
	}
	bySize := slices.SortedStableFunc(slices.Values(v.Series), func(a, b SeriesView) int { return cmp.Compare(b.newest(), a.newest()) })
	kept := map[string]bool{}
	for _, s := range bySize[:limit] {
		kept[s.Name] = true
	}
	v.Series = slices.DeleteFunc(v.Series, func(s SeriesView) bool { return !kept[s.Name] })
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
	Value float64 `json:"value"`
	State string  `json:"state"`
}

func (e *evaluator) bars(now time.Time) any {
	window := time.Duration(e.tile.Window)
	v := BarView{Bars: []Bar{}}
	end := e.data.now(now)
	sums := e.gather(end-window.Milliseconds(), end, 0)
	for i, g := range sums.groups {
		s := sums.at(i, 0)
		if s == nil {
			continue
		}
		if r := optional(s.result(e.tile, window.Seconds()), true); r != nil {
			v.Bars = append(v.Bars, Bar{e.data.words(g), *r, e.tile.state(*r)})
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
