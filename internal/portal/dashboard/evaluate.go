package dashboard

import (
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// View is a dashboard at one moment.
type View struct {
	At       int64                  `json:"t"`   // unix milliseconds
	Rev      string                 `json:"rev"` // of the definition; another one is to be fetched
	Datasets map[string]DatasetView `json:"datasets"`
	Tiles    []any                  `json:"tiles"` // in the order of the definition; see the tile files. null for a broken one
}

// How a dataset is.
const (
	stateReading = "reading" // its feed is being read for the first time
	stateEmpty   = "empty"   // there is no row
	stateFresh   = "fresh"
	stateStale   = "stale"  // nothing came for longer than it should
	stateFailed  = "failed" // its source cannot be read
)

// DatasetView says how a dataset is.
type DatasetView struct {
	Rows   int    `json:"rows"`
	Total  int64  `json:"total"`  // ever taken
	Newest int64  `json:"newest"` // time of the newest row, unix milliseconds; 0 without rows
	Oldest int64  `json:"oldest"` // of the oldest row that is kept
	Age    int64  `json:"age"`    // milliseconds since its data were new; -1 without rows
	State  string `json:"state"`  // reading, empty, fresh, stale or failed
	Error  string `json:"error,omitempty"`
}

// Range is a time that all tiles show instead of their own windows, in unix
// milliseconds: after From, until To. The zero Range leaves them theirs. A Range
// without To ends now and is From milliseconds long.
type Range struct{ From, To int64 }

// Evaluate computes all tiles. It also notes that the dashboard is watched.
func (b *Board) Evaluate(now time.Time, r Range) *View {
	b.touch(now)
	v := &View{At: now.UnixMilli(), Rev: b.Rev(), Datasets: map[string]DatasetView{}, Tiles: make([]any, len(b.tiles))}
	for name, d := range b.datasets {
		v.Datasets[name] = d.view(now)
	}
	for i := range b.tiles {
		if e := &b.tiles[i]; e.data != nil {
			v.Tiles[i] = e.evaluate(now, r)
		}
	}
	return v
}

// Rev changes whenever the definition or its problems do.
func (b *Board) Rev() string {
	h := fnv.New64a()
	for _, p := range b.Problems {
		_, _ = h.Write([]byte(p.String())) // a hash does not fail
	}
	return b.ETag + "-" + strconv.FormatUint(h.Sum64(), 36)
}

func (d *Dataset) view(now time.Time) DatasetView {
	d.mu.RLock()
	defer d.mu.RUnlock()
	limit := time.Duration(d.Spec.Stale)
	if limit == 0 {
		limit = 30 * time.Second
	}
	v := DatasetView{Rows: len(d.times), Total: d.total, Newest: d.newest, Age: -1, State: stateEmpty}
	switch {
	case d.err != nil:
		v.State, v.Error = stateFailed, d.err.Error()
	case d.Spec.Container != "" && !d.caught:
		v.State = stateReading
	}
	if v.Rows == 0 {
		return v
	}
	v.Oldest = d.times[d.first]
	last := d.arrived.UnixMilli()
	if d.Spec.Clock != "data" {
		last = min(last, d.newest) // rows that come out of the past are not new
	}
	v.Age = max(0, now.UnixMilli()-last)
	if v.State == stateEmpty {
		v.State = stateFresh
		if v.Age > limit.Milliseconds() {
			v.State = stateStale
		}
	}
	return v
}

// evaluator is a tile bound to its columns.
type evaluator struct {
	tile                                         *Tile
	data                                         *Dataset
	where                                        []condition
	value, per, by, latest                       *column
	key, label, lat, lon, size, status, alarmKey *column
	alarms                                       *Dataset
	alarmWhere                                   []condition
}

// condition demands that a column has one of some values.
type condition struct {
	column *column
	any    []any
}

// evaluator binds a tile; that of a broken one has no data.
func (b *Board) evaluator(t *Tile) evaluator {
	d := b.datasets[t.Dataset]
	if t.broken || d == nil || t.Alarm != nil && b.datasets[t.Alarm.Dataset] == nil {
		return evaluator{tile: t}
	}
	e := evaluator{
		tile: t, data: d, where: d.conditions(t.Where),
		value: d.columns[t.Value], per: d.columns[t.Per], by: d.columns[t.By], latest: d.columns[t.Latest],
		key: d.columns[t.Key], label: d.columns[t.Label], lat: d.columns[t.Lat], lon: d.columns[t.Lon], size: d.columns[t.Size],
		status: d.columns[t.Status],
	}
	widen(&d.window, max(t.Window, t.Trend))
	if t.Alarm != nil {
		e.alarms = b.datasets[t.Alarm.Dataset]
		e.alarmKey, e.alarmWhere = e.alarms.columns[t.Alarm.Key], e.alarms.conditions(t.Alarm.Where)
		widen(&e.alarms.window, t.Alarm.Window)
	}
	return e
}

func widen(window *atomic.Int64, to Duration) {
	window.Store(max(window.Load(), time.Duration(to).Milliseconds()))
}

// span is the time that a tile shows: rows after from, until end; until
// whenever when it is not closed. Charts have steps of width milliseconds.
type span struct {
	from, end, width int64
	closed           bool
}

// span is the range that was asked for, else the tile's own window.
func (e *evaluator) span(now time.Time, r Range) span {
	s := span{end: e.data.now(now), width: time.Duration(e.tile.Every).Milliseconds()}
	window := time.Duration(e.tile.Window).Milliseconds()
	switch {
	case r.To > 0:
		s.end, s.closed, window = r.To, true, r.To-r.From
	case r.From > 0:
		window = r.From
	}
	if r != (Range{}) {
		s.width = step(window)
	}
	s.from = s.end - window
	return s
}

func (s span) seconds() float64 { return float64(s.end-s.from) / 1000 }

// steps are widths of a chart's steps that people reckon with, in seconds.
var steps = []int64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400}

// step is the width of a chart's steps over a window, in milliseconds: about a
// hundred of them.
func step(window int64) int64 {
	for _, s := range steps {
		if window/(s*1000) <= 120 {
			return s * 1000
		}
	}
	return max(steps[len(steps)-1]*1000, window/maxSteps)
}

func (d *Dataset) conditions(where map[string]any) (out []condition) {
	for field, want := range where {
		list, ok := want.([]any)
		if !ok {
			list = []any{want}
		}
		out = append(out, condition{d.columns[field], list})
	}
	return out
}

// holds reports whether row i has one of the values. The caller holds mu.
func (d *Dataset) holds(conditions []condition, i int) bool {
	for _, c := range conditions {
		have := c.column.cells[i]
		if !slices.ContainsFunc(c.any, func(want any) bool {
			switch w := want.(type) {
			case string:
				return have.kind == text && d.texts[have.text] == w
			case float64:
				return have.kind == number && have.num == w
			case bool:
				return have.kind == truth && (have.num != 0) == w
			}
			return false
		}) {
			return false
		}
	}
	return true
}

// each calls use for every row of a time that meets the conditions, oldest
// first. The caller holds mu.
func (d *Dataset) each(s span, conditions []condition, use func(i int, at int64)) {
	n, from, end := len(d.times), s.from, s.end
	if !s.closed {
		end = math.MaxInt64
	}
	for k := range n {
		i := k
		if n == MaxRows {
			i = (d.first + k) % MaxRows
		}
		if at := d.times[i]; at > from && at <= end && d.holds(conditions, i) {
			use(i, at)
		}
	}
}

func (e *evaluator) evaluate(now time.Time, r Range) any {
	e.data.mu.RLock()
	defer e.data.mu.RUnlock()
	s := e.span(now, r)
	switch e.tile.Type {
	case "number", "gauge":
		return e.number(s, r)
	case "line":
		return e.line(s)
	case "bar":
		return e.bars(s)
	case "map":
		return e.sites(s, now, r)
	case "table":
		return e.table(s)
	}
	return e.alarmList(s)
}

// state is what the thresholds say of a value.
func (t *Tile) state(v float64) string {
	state := "ok"
	for _, th := range t.Thresholds {
		if !th.Below && v >= th.At || th.Below && v <= th.At {
			state = th.State
		}
	}
	return state
}

// value is a number that may be absent; absent is null on the wire.
func optional(v float64, ok bool) *float64 {
	if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

func formatNumber(f float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(f, 'f', -1, 64), ".0")
}
