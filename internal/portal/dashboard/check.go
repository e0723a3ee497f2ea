package dashboard

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limits of a definition: what a page can show and a tick can compute.
const (
	maxTiles   = 60
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
)

// check finds what is wrong, and fills in what was left open.
func (d *Definition) check() error {
	if !boardName.MatchString(d.Name) {
		return fmt.Errorf("name: %q is not of letters, digits, - and _", d.Name)
	}
	if len(d.Tiles) == 0 || len(d.Tiles) > maxTiles {
		return fmt.Errorf("tiles: there are %d; a dashboard has 1 to %d", len(d.Tiles), maxTiles)
	}
	if len(d.Names) > maxNames {
		return fmt.Errorf("names: there are %d; at most %d", len(d.Names), maxNames)
	}
	var errs []error
	for name, spec := range d.Datasets {
		if err := spec.check(name); err != nil {
			errs = append(errs, fmt.Errorf("datasets.%s: %w", name, err))
		}
	}
	for i := range d.Tiles {
		if err := d.Tiles[i].check(d.Datasets); err != nil {
			errs = append(errs, fmt.Errorf("tiles[%d].%w", i, err))
		}
	}
	return errors.Join(errs...)
}

func (s DatasetSpec) check(name string) error {
	switch {
	case !boardName.MatchString(name):
		return errors.New("a dataset's name is of letters, digits, - and _")
	case s.Push == (s.Container != ""):
		return errors.New("say either container or push")
	case s.Container != "" && strings.Count(s.Container, "/") != 1:
		return fmt.Errorf("container: write database/container, not %q", s.Container)
	case !slices.Contains([]string{"", "wall", "data"}, s.Clock):
		return fmt.Errorf("clock: %q is neither wall nor data", s.Clock)
	}
	return nil
}

func (t *Tile) check(datasets map[string]DatasetSpec) error {
	form, ok := shapes[t.Type]
	if !ok {
		return fmt.Errorf("type: %q is none of number, gauge, line, bar, map, table, alarms", t.Type)
	}
	if _, ok := datasets[t.Dataset]; !ok {
		return fmt.Errorf("dataset: %q is not under datasets", t.Dataset)
	}
	given := map[string]bool{
		"value": t.Value != "", "by": t.By != "", "key": t.Key != "", "lat": t.Lat != "", "lon": t.Lon != "",
		"columns": len(t.Columns) > 0, "message": len(t.Message) > 0,
	}
	for _, field := range form.requires {
		if !given[field] {
			return fmt.Errorf("%s: a %s needs it", field, t.Type)
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
	return t.checkRanges(datasets)
}

func (t *Tile) checkRanges(datasets map[string]DatasetSpec) error {
	switch {
	case !slices.Contains(aggregates, t.Aggregate):
		return fmt.Errorf("aggregate: %q is none of %s", t.Aggregate, strings.Join(aggregates, ", "))
	case t.Value == "" && !slices.Contains([]string{"count", "rate"}, t.Aggregate) && slices.Contains([]string{"number", "line", "bar"}, t.Type):
		return fmt.Errorf("value: it is missing; only count and rate do without")
	case t.W < 1 || t.W > 12 || t.H < 1 || t.H > 24:
		return fmt.Errorf("w, h: %d by %d is not within 12 by 24", t.W, t.H)
	case t.Limit < 1 || t.Limit > maxLimit:
		return fmt.Errorf("limit: %d is not 1 to %d", t.Limit, maxLimit)
	case time.Duration(t.Window)/time.Duration(t.Every) > maxSteps:
		return fmt.Errorf("every: more than %d steps in the window", maxSteps)
	case len(t.Columns) > maxColumns || len(t.Detail) > maxColumns:
		return fmt.Errorf("columns, detail: more than %d", maxColumns)
	}
	for i, th := range t.Thresholds {
		if !slices.Contains(states, th.State) {
			return fmt.Errorf("thresholds[%d].state: %q is none of %s", i, th.State, strings.Join(states, ", "))
		}
	}
	if err := checkWhere(t.Where); err != nil {
		return fmt.Errorf("where.%w", err)
	}
	for word, state := range t.States {
		if !slices.Contains(states, state) {
			return fmt.Errorf("states.%s: %q is none of %s", word, state, strings.Join(states, ", "))
		}
	}
	if t.Alarm == nil {
		return nil
	}
	if _, ok := datasets[t.Alarm.Dataset]; !ok || t.Alarm.Key == "" {
		return fmt.Errorf("alarm: it needs a key, and a dataset that is under datasets")
	}
	t.Alarm.Window = cmp.Or(t.Alarm.Window, Duration(5*time.Minute))
	if err := checkWhere(t.Alarm.Where); err != nil {
		return fmt.Errorf("alarm.where.%w", err)
	}
	return nil
}

func checkWhere(where map[string]any) error {
	for field, want := range where {
		list, ok := want.([]any)
		if !ok {
			list = []any{want}
		}
		for _, v := range list {
			switch v.(type) {
			case string, float64, bool:
			default:
				return fmt.Errorf("%s: a value is a text, a number or true and false", field)
			}
		}
	}
	return nil
}
