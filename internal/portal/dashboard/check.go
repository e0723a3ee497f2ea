package dashboard

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/nearest"
)

// Limits of a definition: what a page can show and a tick can compute.
const (
	maxTiles   = 60
	maxSets    = 100 // datasets of one: each of them keeps rows
	maxWidth   = 12
	maxHeight  = 24
	maxRow     = 500
	maxColumns = 20
	maxLimit   = 500
	maxSteps   = 600
	maxNames   = 2000
	maxLines   = 24 // of a line tile: nobody tells more apart
)

// shape is what a type of tile needs and how large it is unless told.
type shape struct {
	w, h     int
	window   time.Duration
	requires []string
}

var shapes = map[string]shape{
	"number": {2, 2, 5 * time.Minute, nil},
	"gauge":  {3, 2, 5 * time.Minute, []string{"value"}},
	"line":   {6, 3, 10 * time.Minute, nil},
	"bar":    {4, 3, 5 * time.Minute, []string{"by"}},
	"map":    {6, 8, time.Hour, []string{"key", "lat", "lon", "value"}},
	"table":  {6, 3, 24 * time.Hour, []string{"columns"}},
	"alarms": {4, 4, 24 * time.Hour, []string{"key", "message"}},
}

var (
	aggregates = []string{"last", "avg", "sum", "min", "max", "count", "rate"}
	states     = []string{"ok", "warn", "alarm", "off"}
	tileTypes  = []string{"number", "gauge", "line", "bar", "map", "table", "alarms"}
)

// wrong is a mistake at a path.
func wrong(at path, format string, args ...any) *mistake {
	return &mistake{path: at, text: fmt.Sprintf(format, args...)}
}

// check finds what is wrong, and fills in what was left open.
func (d *Definition) check() (all []*mistake) {
	switch {
	case d.Name == "":
		all = append(all, wrong(path{"name"}, "a dashboard has a name, which becomes its address: letters, digits, - and _"))
	case !boardName.MatchString(d.Name):
		all = append(all, wrong(path{"name"}, "%q is not of letters, digits, - and _", d.Name))
		d.Name = ""
	}
	if len(d.Tiles) > maxTiles {
		all = append(all, wrong(path{"tiles"}, "there are %d; a dashboard has at most %d", len(d.Tiles), maxTiles))
		d.Tiles = d.Tiles[:maxTiles]
	}
	if len(d.Names) > maxNames {
		all = append(all, wrong(path{"names"}, "there are %d; at most %d", len(d.Names), maxNames))
	}
	for n, name := range sortedKeys(d.Datasets) {
		spec := d.Datasets[name]
		if spec.broken {
			continue
		}
		if n == maxSets {
			all = append(all, wrong(path{"datasets", name}, "there are %d datasets; a dashboard has at most %d", len(d.Datasets), maxSets))
		}
		if n >= maxSets {
			spec.broken = true
			d.Datasets[name] = spec
			continue
		}
		if m := spec.check(name, path{"datasets", name}); m != nil {
			spec.broken = true
			d.Datasets[name] = spec
			all = append(all, m)
		}
	}
	for i := range d.Tiles {
		if t := &d.Tiles[i]; !t.broken {
			if m := t.check(d.Datasets, path{"tiles", i}); m != nil {
				all = append(all, m)
			}
		}
		d.Tiles[i].fit()
	}
	return all
}

func (s DatasetSpec) check(name string, at path) *mistake {
	switch {
	case !boardName.MatchString(name):
		return wrong(at, "a dataset's name is of letters, digits, - and _")
	case s.Push && s.Container != "":
		return wrong(at, `it says container and push; say one of them`)
	case !s.Push && s.Container == "":
		return wrong(at, `say where its rows come from: "container": "database/container", or "push": true`)
	case s.Container != "" && (strings.Count(s.Container, "/") != 1 || strings.HasPrefix(s.Container, "/") || strings.HasSuffix(s.Container, "/")):
		return wrong(at.to("container"), "write database/container, not %q", s.Container)
	case !slices.Contains([]string{"", "wall", "data"}, s.Clock):
		return wrong(at.to("clock"), "%q is neither wall nor data", s.Clock)
	}
	return nil
}

func (t *Tile) check(datasets map[string]DatasetSpec, at path) *mistake {
	form, ok := shapes[t.Type]
	if !ok {
		return wrong(at.to("type"), "%q is none of %s", t.Type, strings.Join(tileTypes, ", "))
	}
	if m := checkDataset(t.Dataset, datasets, at.to("dataset")); m != nil {
		return m
	}
	given := map[string]bool{
		"value": t.Value != "", "by": t.By != "", "key": t.Key != "", "lat": t.Lat != "", "lon": t.Lon != "",
		"columns": len(t.Columns) > 0, "message": len(t.Message) > 0,
	}
	for _, field := range form.requires {
		if !given[field] {
			return wrong(at.to(field), "it is missing; a tile of the type %s needs it", t.Type)
		}
	}
	t.W, t.H = cmp.Or(t.W, form.w), cmp.Or(t.H, form.h)
	t.Window = cmp.Or(t.Window, Duration(form.window))
	t.Every = cmp.Or(t.Every, Duration(max(time.Duration(t.Window)/60, time.Second)))
	t.Trend = cmp.Or(t.Trend, max(t.Window, Duration(5*time.Minute)))
	t.Aggregate, t.Scale, t.Limit = cmp.Or(t.Aggregate, "last"), cmp.Or(t.Scale, 1), cmp.Or(t.Limit, 20)
	if t.Type == "line" {
		t.Limit = min(t.Limit, maxLines)
	}
	if t.Type == "gauge" && t.Max <= t.Min {
		t.Max = t.Min + 100
	}
	return t.checkRanges(datasets, at)
}

// fit gives a tile that is broken a size all the same.
func (t *Tile) fit() {
	form, ok := shapes[t.Type]
	if !ok {
		form = shape{w: 4, h: 3}
	}
	if t.W < 1 || t.W > maxWidth {
		t.W = form.w
	}
	if t.H < 1 || t.H > maxHeight {
		t.H = form.h
	}
	if t.X == nil || t.Y == nil || *t.X < 0 || *t.X+t.W > maxWidth || *t.Y < 0 || *t.Y > maxRow {
		t.X, t.Y = nil, nil
	}
}

// checkDataset demands that a dataset is declared, and without a mistake.
func checkDataset(name string, datasets map[string]DatasetSpec, at path) *mistake {
	spec, ok := datasets[name]
	switch {
	case ok && spec.broken:
		return wrong(at, "the dataset %q has a mistake", name)
	case ok:
		return nil
	case name == "":
		return wrong(at, "say which of the datasets the tile shows")
	}
	if near := nearest.Name(name, sortedKeys(datasets)); near != "" {
		return wrong(at, "%q is not under datasets; did you mean %q?", name, near)
	}
	return wrong(at, "%q is not under datasets", name)
}

func (t *Tile) checkRanges(datasets map[string]DatasetSpec, at path) *mistake {
	switch {
	case !slices.Contains(aggregates, t.Aggregate):
		return wrong(at.to("aggregate"), "%q is none of %s", t.Aggregate, strings.Join(aggregates, ", "))
	case t.Value == "" && !slices.Contains([]string{"count", "rate"}, t.Aggregate) && slices.Contains([]string{"number", "line", "bar"}, t.Type):
		return wrong(at.to("value"), "it is missing; only the aggregates count and rate do without")
	case t.W < 1 || t.W > maxWidth:
		return wrong(at.to("w"), "%d is not 1 to %d", t.W, maxWidth)
	case t.H < 1 || t.H > maxHeight:
		return wrong(at.to("h"), "%d is not 1 to %d", t.H, maxHeight)
	case (t.X == nil) != (t.Y == nil):
		return wrong(at, "a place is x and y; one of them is missing")
	case t.X != nil && (*t.X < 0 || *t.X+t.W > maxWidth):
		return wrong(at.to("x"), "with a width of %d it is not 0 to %d", t.W, maxWidth-t.W)
	case t.Y != nil && (*t.Y < 0 || *t.Y > maxRow):
		return wrong(at.to("y"), "%d is not 0 to %d", *t.Y, maxRow)
	case t.Limit < 1 || t.Limit > maxLimit:
		return wrong(at.to("limit"), "%d is not 1 to %d", t.Limit, maxLimit)
	case time.Duration(t.Window)/time.Duration(t.Every) > maxSteps:
		return wrong(at.to("every"), "these are more than %d steps in the window of %v", maxSteps, time.Duration(t.Window))
	case len(t.Columns) > maxColumns:
		return wrong(at.to("columns"), "these are more than %d", maxColumns)
	case len(t.Detail) > maxColumns:
		return wrong(at.to("detail"), "these are more than %d", maxColumns)
	}
	for i, th := range t.Thresholds {
		if !slices.Contains(states, th.State) {
			return wrong(at.to("thresholds", i, "state"), "%q is none of %s", th.State, strings.Join(states, ", "))
		}
	}
	if m := checkWhere(t.Where, at.to("where")); m != nil {
		return m
	}
	for word, state := range t.States {
		if !slices.Contains(states, state) {
			return wrong(at.to("states", word), "%q is none of %s", state, strings.Join(states, ", "))
		}
	}
	return t.Alarm.check(datasets, at.to("alarm"))
}

func (a *Alarm) check(datasets map[string]DatasetSpec, at path) *mistake {
	if a == nil {
		return nil
	}
	if m := checkDataset(a.Dataset, datasets, at.to("dataset")); m != nil {
		return m
	}
	if a.Key == "" {
		return wrong(at.to("key"), "it is missing: the field of an alarm that names the site")
	}
	a.Window = cmp.Or(a.Window, Duration(5*time.Minute))
	return checkWhere(a.Where, at.to("where"))
}

func checkWhere(where map[string]any, at path) *mistake {
	for field, want := range where {
		list, ok := want.([]any)
		if !ok {
			list = []any{want}
		}
		for _, v := range list {
			switch v.(type) {
			case string, float64, bool:
			default:
				return wrong(at.to(field), "a value is a text, a number, true or false, or a list of them")
			}
		}
	}
	return nil
}
