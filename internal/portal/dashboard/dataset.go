package dashboard

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// What a dataset keeps.
const (
	MaxRows    = 200_000 // of the columns that tiles read
	maxRaw     = 2_000   // of the whole rows, for tables and alarms
	maxRawSize = 16 << 10
	maxTexts   = 65_536 // different texts; later ones read as "…"
)

// Dataset is the newest rows of one source. Its methods may be called from any
// goroutine.
type Dataset struct {
	Name string
	Spec DatasetSpec

	pick *picker
	time int // index of the time column in pick, or -1
	ts   int // that of _ts

	urgent urgent
	window atomic.Int64 // the widest of the tiles, milliseconds

	mu      sync.RWMutex // guards the fields below
	columns map[string]*column
	order   []*column // by index in pick
	times   []int64   // unix milliseconds, by row
	first   int       // index of the oldest row, once the ring is full
	total   int64     // rows ever taken
	newest  int64     // the largest time of a row
	arrived time.Time // when the latest row came; from a feed, when it was stored
	caught  bool      // the feed was read to its end once
	undated int64     // rows without a time of their own, ever
	raw     [][]byte  // the newest whole rows, oldest first
	rawTime []int64
	rawSeq  []int64  // which of the rows ever taken each is
	moved   *Dataset // what took the place of this one
	texts   []string
	known   map[string]uint32
	fields  [][]byte // scratch of addRow
	err     error    // why the source cannot be read, or nil
}

// column is one field of all rows.
type column struct{ cells []cell }

// cell is a value: a number, a truth value, or the index of a text.
type cell struct {
	num  float64
	text uint32
	kind uint8
}

// newDataset makes a dataset that keeps the fields.
func newDataset(name string, spec DatasetSpec, fields []string) *Dataset {
	d := &Dataset{Name: name, Spec: spec, columns: map[string]*column{}, known: map[string]uint32{"…": 0}, texts: []string{"…"}, time: -1}
	fields = slices.Compact(slices.Sorted(slices.Values(fields)))
	for _, f := range fields {
		c := &column{}
		d.columns[f] = c
		d.order = append(d.order, c)
	}
	paths := slices.Clone(fields)
	if spec.Time != "" {
		d.time = len(paths)
		paths = append(paths, spec.Time)
	}
	d.ts = len(paths)
	paths = append(paths, "_ts")
	d.pick = newPicker(paths)
	return d
}

// has reports whether the dataset keeps the fields.
func (d *Dataset) has(fields []string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return !slices.ContainsFunc(fields, func(f string) bool { return d.columns[f] == nil })
}

// Add appends rows, oldest first. A row is a JSON object; the slices are not
// kept.
func (d *Dataset) Add(rows [][]byte, now time.Time) { d.take(rows, now, nil) }

// Push is Add, and says how the rows will show.
func (d *Dataset) Push(rows [][]byte, now time.Time) Pushed {
	var p Pushed
	d.take(rows, now, &p)
	return p
}

// take appends rows; told, unless it is nil, is how they will show.
func (d *Dataset) take(rows [][]byte, now time.Time, told *Pushed) {
	if len(rows) == 0 {
		return
	}
	d.mu.Lock()
	if next := d.moved; next != nil {
		d.mu.Unlock()
		next.take(rows, now, told)
		return
	}
	undated := d.undated
	d.addAll(rows, now)
	if told != nil {
		*told = d.judge(len(rows), int(d.undated-undated), now)
	}
	d.mu.Unlock()
	d.urgent.tell()
}

func (d *Dataset) add(rows [][]byte, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.addAll(rows, now)
}

// addAll appends rows. The caller holds mu.
func (d *Dataset) addAll(rows [][]byte, now time.Time) {
	for _, row := range rows {
		d.addRow(row, now)
	}
	if d.Spec.Container == "" {
		d.arrived = now
	}
}

func (d *Dataset) addRow(row []byte, now time.Time) {
	d.fields = d.pick.pick(row, d.fields)
	at := d.rowTime(now)
	d.newest = max(d.newest, at)
	d.total++
	full := len(d.times) == MaxRows
	for i, c := range d.order {
		v := d.cell(d.fields[i])
		if full {
			c.cells[d.first] = v
		} else {
			c.cells = append(c.cells, v)
		}
	}
	if full {
		d.times[d.first] = at
		d.first = (d.first + 1) % MaxRows
	} else {
		d.times = append(d.times, at)
	}
	if len(row) > maxRawSize {
		return
	}
	d.raw, d.rawTime, d.rawSeq = append(d.raw, bytes.Clone(row)), append(d.rawTime, at), append(d.rawSeq, d.total-1)
	if n := len(d.raw) - maxRaw; n >= maxRaw {
		d.raw, d.rawTime, d.rawSeq = slices.Delete(d.raw, 0, n), slices.Delete(d.rawTime, 0, n), slices.Delete(d.rawSeq, 0, n)
	}
}

// rowTime is the row's own time, else _ts, else now. Of a document it also notes
// when it was stored: one that a page finds in the feed is not new.
func (d *Dataset) rowTime(now time.Time) int64 {
	stored, known := parseTime(d.fields[d.ts])
	if d.Spec.Container != "" {
		came := now
		if known {
			came = time.UnixMilli(min(stored+999, now.UnixMilli())) // _ts has whole seconds
		}
		if came.After(d.arrived) {
			d.arrived = came
		}
	}
	if d.time >= 0 {
		if at, ok := parseTime(d.fields[d.time]); ok {
			return at
		}
	}
	if known {
		return stored
	}
	if d.time >= 0 {
		d.undated++
	}
	return now.UnixMilli()
}

// parseTime reads RFC 3339, with or without a zone (then UTC), or seconds or
// milliseconds since 1970.
func parseTime(raw []byte) (int64, bool) {
	kind, num, str := scalar(raw)
	switch kind {
	case number:
		if num < 1e11 {
			num *= 1000
		}
		return int64(num), num > 0
	case text:
		s := string(str)
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t, err = time.Parse("2006-01-02T15:04:05.999999999", strings.Replace(s, " ", "T", 1))
		}
		return t.UnixMilli(), err == nil
	}
	return 0, false
}

func (d *Dataset) cell(raw []byte) cell {
	kind, num, str := scalar(raw)
	c := cell{num: num, kind: kind}
	if kind != text {
		return c
	}
	id, ok := d.known[string(str)]
	if !ok && len(d.texts) < maxTexts {
		id = uint32(len(d.texts))
		s := string(str)
		d.known[s], d.texts = id, append(d.texts, s)
	}
	c.text = id
	return c
}

// Clear forgets all rows.
func (d *Dataset) Clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.order {
		c.cells = nil
	}
	d.times, d.raw, d.rawTime, d.rawSeq, d.first, d.newest, d.arrived, d.caught = nil, nil, nil, nil, 0, 0, time.Time{}, false
	d.texts, d.known = []string{"…"}, map[string]uint32{"…": 0}
}

// Rows returns how many rows are kept.
func (d *Dataset) Rows() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.times)
}

// ready notes that a feed was read to its end.
func (d *Dataset) ready() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.caught = true
}

func (d *Dataset) setErr(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

// now is what windows end at, in unix milliseconds. The caller holds mu.
func (d *Dataset) now(wall time.Time) int64 {
	if d.Spec.Clock == "data" && d.newest > 0 {
		return d.newest
	}
	return wall.UnixMilli()
}

// words returns a cell as text. The caller holds mu.
func (d *Dataset) words(c cell) string {
	switch c.kind {
	case text:
		return d.texts[c.text]
	case number:
		return formatNumber(c.num)
	case truth:
		if c.num != 0 {
			return "true"
		}
		return "false"
	}
	return ""
}
