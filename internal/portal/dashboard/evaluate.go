package dashboard

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// View is a dashboard at one moment.
type View struct {
	At       int64                  `json:"t"` // unix milliseconds
	Datasets map[string]DatasetView `json:"datasets"`
	Tiles    []any                  `json:"tiles"` // in the order of the definition; see the tile files
}

// DatasetView says how a dataset is.
type DatasetView struct {
	Rows   int    `json:"rows"`
	Total  int64  `json:"total"`  // ever taken
	Newest int64  `json:"newest"` // time of the newest row, unix milliseconds; 0 without rows
	Stale  bool   `json:"stale"`  // nothing came for longer than it should
	Error  string `json:"error,omitempty"`
}

// Evaluate computes all tiles. It also notes that the dashboard is watched.
func (b *Board) Evaluate(now time.Time) *View {
	b.touch(now)
	v := &View{At: now.UnixMilli(), Datasets: map[string]DatasetView{}, Tiles: make([]any, len(b.tiles))}
	for name := range b.Definition.Datasets {
		v.Datasets[name] = b.set.datasets[name].view(now)
	}
	for i := range b.tiles {
		v.Tiles[i] = b.tiles[i].evaluate(now)
	}
	return v
}

func (d *Dataset) view(now time.Time) DatasetView {
	d.mu.RLock()
	defer d.mu.RUnlock()
	limit := time.Duration(d.Spec.Stale)
	if limit == 0 {
		limit = 30 * time.Second
	}
	v := DatasetView{Rows: len(d.times), Total: d.total, Newest: d.newest}
	last := d.arrived
	if d.Spec.Clock != "data" && d.newest > 0 {
		// Rows that come out of the past, as when a page opens, are not new.
		last = time.UnixMilli(min(d.newest, d.arrived.UnixMilli()))
	}
	v.Stale = len(d.times) > 0 && now.Sub(last) > limit
	if d.err != nil {
		v.Error = d.err.Error()
	}
	return v
}

// evaluator is a tile bound to its columns.
type evaluator struct {
	set                                          *Set
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

func (s *Set) evaluator(t *Tile) evaluator {
	d := s.datasets[t.Dataset]
	e := evaluator{
		set: s, tile: t, data: d, where: d.conditions(t.Where),
		value: d.columns[t.Value], per: d.columns[t.Per], by: d.columns[t.By], latest: d.columns[t.Latest],
		key: d.columns[t.Key], label: d.columns[t.Label], lat: d.columns[t.Lat], lon: d.columns[t.Lon], size: d.columns[t.Size],
		status: d.columns[t.Status],
	}
	if t.Alarm != nil {
		e.alarms = s.datasets[t.Alarm.Dataset]
		e.alarmKey, e.alarmWhere = e.alarms.columns[t.Alarm.Key], e.alarms.conditions(t.Alarm.Where)
	}
	return e
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

// each calls use for every row of the window that meets the conditions, oldest
// first. The caller holds mu.
func (d *Dataset) each(from int64, conditions []condition, use func(i int, at int64)) {
	n := len(d.times)
	for k := range n {
		i := k
		if n == MaxRows {
			i = (d.first + k) % MaxRows
		}
		if at := d.times[i]; at > from && d.holds(conditions, i) {
			use(i, at)
		}
	}
}

func (e *evaluator) evaluate(now time.Time) any {
	e.data.mu.RLock()
	defer e.data.mu.RUnlock()
	switch e.tile.Type {
	case "number", "gauge":
		return e.number(now)
	case "line":
		return e.line(now)
	case "bar":
		return e.bars(now)
	case "map":
		return e.sites(now)
	case "table":
		return e.table(now)
	}
	return e.alarmList(now)
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
