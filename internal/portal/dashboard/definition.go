package dashboard

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"
)

// Definition is a dashboard, as dashboards/*.json declare it.
type Definition struct {
	Name     string                 `json:"name"` // in the address; letters, digits, - and _
	Title    Text                   `json:"title"`
	Subtitle Text                   `json:"subtitle,omitempty"`
	Datasets map[string]DatasetSpec `json:"datasets"`
	Tiles    []Tile                 `json:"tiles"`
	// Names are words of the data in other languages: {"강원": {"en": "Gangwon"}}.
	// A page shows them in place of labels and names of lines and bars.
	Names map[string]Text `json:"names,omitempty"`
}

// DatasetSpec says where a dataset's rows come from: one of Container and Push.
type DatasetSpec struct {
	Container string `json:"container,omitempty"` // database/container, by its change feed
	Push      bool   `json:"push,omitempty"`      // rows that are posted; see portal's push.go
	// Time is the path of the rows' time: RFC 3339, or a number of seconds or
	// milliseconds since 1970. Default: _ts, else when the row came.
	Time string `json:"time,omitempty"`
	// Clock is what "now" means to windows: "wall" (default), or "data" for the
	// newest row's time, which suits accelerated and replayed data.
	Clock string `json:"clock,omitempty"`
	// Stale is how long a dataset may be silent until it is shown as stale;
	// default 30 s.
	Stale Duration `json:"stale,omitempty"`

	broken bool // it has a mistake, which was told
}

// Tile is one tile. Which fields matter depends on Type; DESIGN.md has a table.
type Tile struct {
	Type    string `json:"type"` // number, gauge, line, bar, map, table or alarms
	Title   Text   `json:"title"`
	Dataset string `json:"dataset"`
	W       int    `json:"w"` // columns of 12; default by type
	H       int    `json:"h"` // rows; default by type
	// X and Y place the tile's corner, in columns and rows from 0. Without them it
	// stands where there is room behind the one before.
	X *int `json:"x,omitempty"`
	Y *int `json:"y,omitempty"`

	// Which rows: a field must equal a value, or one of a list.
	Where  map[string]any `json:"where,omitempty"`
	Window Duration       `json:"window,omitempty"` // how far back; default by type
	// Latest keeps only the newest row of each value of this field: the
	// present state of many things.
	Latest string `json:"latest,omitempty"`

	// What of them.
	Value     string   `json:"value,omitempty"`     // path of a number
	Per       string   `json:"per,omitempty"`       // path of a number: the result is sum(value)/sum(per)
	Scale     float64  `json:"scale,omitempty"`     // the result is multiplied by it; default 1
	Aggregate string   `json:"aggregate,omitempty"` // last (default), avg, sum, min, max, count or rate
	By        string   `json:"by,omitempty"`        // one result for each value of this field
	Every     Duration `json:"every,omitempty"`     // width of a line's steps; default Window/60
	Trend     Duration `json:"trend,omitempty"`     // of a number's small line; default the larger of Window and 5m

	// How it looks.
	Unit       string      `json:"unit,omitempty"`
	Decimals   *int        `json:"decimals,omitempty"`
	Min        float64     `json:"min,omitempty"` // of a gauge
	Max        float64     `json:"max,omitempty"`
	Thresholds []Threshold `json:"thresholds,omitempty"`
	Limit      int         `json:"limit,omitempty"` // rows of a table, lines, bars, alarms
	Columns    []Column    `json:"columns,omitempty"`

	// Maps and alarms.
	Key   string `json:"key,omitempty"`   // which field names the site
	Label string `json:"label,omitempty"` // its name for people; default Key
	Lat   string `json:"lat,omitempty"`   // degrees
	Lon   string `json:"lon,omitempty"`   //
	Size  string `json:"size,omitempty"`  // a number: larger sites are larger dots
	Alarm *Alarm `json:"alarm,omitempty"` // marks sites that have alarms
	// Status is the path of a text that says how a site is, and States what its
	// values mean; one that is not named leaves it to the thresholds.
	Status   string            `json:"status,omitempty"`
	States   map[string]string `json:"states,omitempty"`
	Detail   []Column          `json:"detail,omitempty"`   // what a click shows of a site
	Severity string            `json:"severity,omitempty"` // path of an alarm's severity
	// Message is the path of an alarm's text; with several languages, that of the
	// text in each.
	Message Text `json:"message,omitempty"`

	broken bool // it has a mistake, which was told
}

// Threshold gives values at or above At a state; with Below, those at or below.
// The last one that fits wins.
type Threshold struct {
	At    float64 `json:"at"`
	State string  `json:"state"` // ok, warn, alarm or off
	Below bool    `json:"below,omitempty"`
}

// Column is a field of a table, or of a site's detail.
type Column struct {
	Field    string `json:"field"`
	Title    Text   `json:"title"`
	Unit     string `json:"unit,omitempty"`
	Decimals *int   `json:"decimals,omitempty"`
}

// Alarm says where a map finds the alarms of its sites.
type Alarm struct {
	Dataset string         `json:"dataset"`
	Key     string         `json:"key"`    // the site, in the alarm
	Window  Duration       `json:"window"` // how long an alarm holds; default 5m
	Where   map[string]any `json:"where,omitempty"`
}

// Text is a text in one language or several: "…" or {"en": "…", "ko": "…"}.
type Text map[string]string

// UnmarshalJSON reads either form; a bare text is English.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = Text{"en": s}
		return nil
	}
	return json.Unmarshal(b, (*map[string]string)(t))
}

// Duration is written as in Go: "90s", "5m".
type Duration time.Duration

// UnmarshalJSON reads the text.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("a duration is a text such as \"5m\", not %s", b)
	}
	v, err := time.ParseDuration(s)
	if err != nil || v <= 0 {
		return fmt.Errorf("%q is not a duration above 0, such as 30s, 5m or 24h", s)
	}
	*d = Duration(v)
	return nil
}

// MarshalJSON writes seconds, which is what pages reckon with.
func (d Duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Duration(d).Seconds())
}

var boardName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)

// Parse reads a definition and checks it. What is wrong with a tile is told
// among the problems, and concerns that tile only; the tile is in its place all
// the same, and shows nothing. A text that is no dashboard at all has a
// definition without a name. file is what the problems call the text.
func Parse(file string, text []byte) (Definition, []Problem) {
	d := parse(file, text)
	return d.def, d.problems
}

// document is a dashboard's file as it was read and understood.
type document struct {
	file     string // as people know it: dashboards/devices.json
	text     []byte
	tree     *tree // nil for what is not JSON
	def      Definition
	problems []Problem
}

func parse(file string, text []byte) *document {
	d := &document{file: file, text: text, def: Definition{Datasets: map[string]DatasetSpec{}, Tiles: []Tile{}}}
	v, wrong := readTree(text)
	if wrong != nil {
		d.problems = []Problem{locate(file, text, wrong.at, nil, wrong.text)}
		return d
	}
	d.tree = v
	if v.kind != '{' {
		d.note(&mistake{at: v.start, text: "a dashboard is an object { } with name, title, datasets and tiles"})
		return d
	}
	d.note(conform(text, v, reflect.TypeFor[Definition](), nil)...)
	d.decode()
	d.note(d.def.check()...)
	return d
}

// note adds mistakes to the problems. A tile with one is broken.
func (d *document) note(mistakes ...*mistake) {
	for _, m := range mistakes {
		at := m.at
		if at == 0 {
			at = d.tree.find(m.path)
		}
		p := locate(d.file, d.text, at, m.path, m.text)
		if p.Tile >= 0 && p.Tile < len(d.def.Tiles) {
			d.def.Tiles[p.Tile].broken = true
		}
		d.problems = append(d.problems, p)
	}
}

// decode reads what conforms: a tile or a dataset that does not is left out,
// and the tile keeps its place.
func (d *document) decode() {
	wrong := map[string]bool{}
	for _, p := range d.problems {
		wrong[p.Path] = true
	}
	sound := func(at path) bool {
		prefix := at.String()
		for p := range wrong {
			if p == prefix || strings.HasPrefix(p, prefix+".") || strings.HasPrefix(p, prefix+"[") {
				return false
			}
		}
		return true
	}
	read := func(v *tree, at path, into any) bool {
		return v != nil && sound(at) && json.Unmarshal(d.text[v.start:v.end], into) == nil
	}
	for name, into := range map[string]any{"name": &d.def.Name, "title": &d.def.Title, "subtitle": &d.def.Subtitle, "names": &d.def.Names} {
		read(d.tree.member(name), path{name}, into)
	}
	d.def.Datasets, d.def.Tiles = map[string]DatasetSpec{}, []Tile{}
	if sets := d.tree.member("datasets"); sets != nil {
		for _, m := range sets.members {
			var spec DatasetSpec
			spec.broken = !read(m.value, path{"datasets", m.name}, &spec)
			d.def.Datasets[m.name] = spec
		}
	}
	if tiles := d.tree.member("tiles"); tiles != nil {
		for i, v := range tiles.items {
			var t Tile
			t.broken = !read(v, path{"tiles", i}, &t)
			if t.broken {
				t = placeholder(d.text, v)
			}
			d.def.Tiles = append(d.def.Tiles, t)
		}
	}
}

// placeholder is a tile that could not be read: what can be of its type, title
// and place.
func placeholder(text []byte, v *tree) Tile {
	t := Tile{broken: true}
	for name, into := range map[string]any{"type": &t.Type, "title": &t.Title, "w": &t.W, "h": &t.H} {
		if m := v.member(name); m != nil {
			_ = json.Unmarshal(text[m.start:m.end], into) // it is broken, and said to be
		}
	}
	return t
}

// text is the duration as files have it.
func (d Duration) text() string { return short(time.Duration(d)) }
