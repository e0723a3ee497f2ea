package dashboard

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Sample is what the newest rows of a source look like.
type Sample struct {
	Container string  `json:"container,omitempty"` // one of Container and Dataset
	Dataset   string  `json:"dataset,omitempty"`
	Rows      int     `json:"rows"` // that were looked at
	Fields    []Field `json:"fields"`
}

// Field is a field of rows: a path to a number, a text or a truth value.
type Field struct {
	Path   string   `json:"path"`
	Kind   string   `json:"kind"`             // number, text, truth or time
	Rows   int      `json:"rows"`             // that have it
	Values int      `json:"values"`           // different ones, at most maxValues
	Least  float64  `json:"least"`            // of numbers
	Most   float64  `json:"most"`             //
	Texts  []string `json:"texts,omitempty"`  // some values
	Always bool     `json:"always,omitempty"` // every row has it
}

// What is looked at.
const (
	sampleRows = 300
	maxFields  = 80
	maxValues  = 200
	maxTextLen = 60
	fieldDepth = 4
)

// Sample looks at the newest rows of a container, or of a pushed dataset when
// container is "".
func (s *Set) Sample(ctx context.Context, container, dataset string) (Sample, error) {
	if container == "" {
		d, err := s.Push(dataset)
		if err != nil {
			return Sample{}, err
		}
		d.mu.RLock()
		rows := slices.Clone(d.raw[max(0, len(d.raw)-sampleRows):])
		d.mu.RUnlock()
		return Sample{Dataset: dataset, Rows: len(rows), Fields: fieldsIn(rows)}, nil
	}
	if strings.Count(container, "/") != 1 {
		return Sample{}, fault.New(fault.Invalid, "container", "write database/container, not %q", container)
	}
	feed, err := s.opts.Feeds.Open(container)
	if err != nil {
		return Sample{}, err
	}
	after := uint64(0)
	if n := feed.LSN(); n > sampleRows {
		after = n - sampleRows
	}
	rows, _, err := feed.Changes(ctx, after, sampleRows)
	if err != nil {
		return Sample{}, err
	}
	return Sample{Container: container, Rows: len(rows), Fields: fieldsIn(rows)}, nil
}

// Sources are the containers and pushed datasets that a dashboard can show.
func (s *Set) Sources() (containers, datasets []string) {
	containers, datasets = []string{}, []string{}
	if s.opts.Feeds != nil {
		containers = append(containers, s.opts.Feeds.Containers()...)
	}
	for _, d := range s.Datasets() {
		if d.Spec.Push {
			datasets = append(datasets, d.Name)
		}
	}
	return containers, datasets
}

// fieldsIn finds the fields of rows.
func fieldsIn(rows [][]byte) []Field {
	f := finder{found: map[string]*seen{}}
	for _, row := range rows {
		var v map[string]any
		if json.Unmarshal(row, &v) == nil {
			f.object("", v, 1)
		}
	}
	out := []Field{}
	for _, p := range f.order {
		s := f.found[p]
		if s.numbers+s.texts+s.truths == 0 {
			continue
		}
		out = append(out, s.field(p, len(rows)))
	}
	return out
}

type finder struct {
	found map[string]*seen
	order []string
}

// seen is what was seen of a path.
type seen struct {
	numbers, texts, truths, times int
	least, most                   float64
	values                        map[any]bool
	some                          []string
}

func (f *finder) object(prefix string, v map[string]any, depth int) {
	for _, name := range sortedKeys(v) {
		if prefix == "" && (name == "_rid" || name == "_self" || name == "_etag" || name == "_attachments") || strings.ContainsRune(name, '.') {
			continue
		}
		p := prefix + name
		if inner, ok := v[name].(map[string]any); ok {
			if depth < fieldDepth {
				f.object(p+".", inner, depth+1)
			}
			continue
		}
		s := f.found[p]
		if s == nil {
			if len(f.order) >= maxFields {
				continue
			}
			s = &seen{values: map[any]bool{}}
			f.found[p] = s
			f.order = append(f.order, p)
		}
		s.take(v[name])
	}
}

func (s *seen) take(v any) {
	switch v := v.(type) {
	case float64:
		if s.numbers == 0 {
			s.least, s.most = v, v
		}
		s.numbers++
		s.least, s.most = min(s.least, v), max(s.most, v)
	case string:
		s.texts++
		if _, ok := parseTime([]byte(`"` + v + `"`)); ok {
			s.times++
		}
		if len(s.some) < 8 && len(v) <= maxTextLen && !s.values[v] {
			s.some = append(s.some, v)
		}
	case bool:
		s.truths++
	default:
		return
	}
	if len(s.values) < maxValues {
		s.values[v] = true
	}
}

// recently is a number of seconds or milliseconds since 1970 that is a time of
// these years.
func recently(v float64) bool {
	if v > 1e11 {
		v /= 1000
	}
	year := time.Unix(int64(v), 0).Year()
	return year > 2015 && year < 2100
}

func (s *seen) field(p string, rows int) Field {
	f := Field{Path: p, Kind: "number", Rows: s.numbers + s.texts + s.truths, Values: len(s.values), Least: s.least, Most: s.most, Texts: s.some}
	f.Always = f.Rows == rows
	switch {
	case s.times > 0 && s.times == s.texts && s.numbers == 0:
		f.Kind = "time"
	case s.texts >= s.numbers && s.texts >= s.truths:
		f.Kind = "text"
	case s.truths > s.numbers:
		f.Kind = "truth"
	case recently(s.least) && recently(s.most) && s.least > 1e9:
		f.Kind = "time"
	}
	return f
}
