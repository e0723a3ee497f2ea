package dashboard

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Preview is what a text would be as a dashboard.
type Preview struct {
	Definition Definition `json:"definition"`
	Problems   []Problem  `json:"problems"`
	View       *View      `json:"view"`
}

// Limits of previews.
const (
	maxPreviews = 12     // datasets that are kept for them
	previewRows = 20_000 // of the past of a feed
)

// Preview computes a text as if it were saved. Nothing of the dashboards
// changes: what their datasets have not is read beside them.
func (s *Set) Preview(ctx context.Context, text []byte, now time.Time, r Range) Preview {
	d := parse("this dashboard", text)
	b := &Board{Definition: d.def, set: s, datasets: map[string]*Dataset{}}
	for name, spec := range d.def.Datasets {
		if !spec.broken {
			b.datasets[name] = s.previews.dataset(ctx, source{name, spec}, d.def.fieldsOf(name), now)
		}
	}
	v := &View{At: now.UnixMilli(), Datasets: map[string]DatasetView{}, Tiles: make([]any, len(d.def.Tiles))}
	for name, set := range b.datasets {
		v.Datasets[name] = set.view(now)
	}
	for i := range d.def.Tiles {
		if e := b.evaluator(&d.def.Tiles[i]); e.data != nil {
			v.Tiles[i] = e.evaluate(now, r)
		}
	}
	problems := d.problems
	if problems == nil {
		problems = []Problem{}
	}
	return Preview{d.def, problems, v}
}

// previews are datasets beside those of the dashboards. The one that was used
// least lately gives way.
type previews struct {
	set  *Set
	mu   sync.Mutex // guards kept, and what is in it
	kept []*previewed
}

type previewed struct {
	key     source
	fields  string
	dataset *Dataset
	follow  *follower
}

func (p *previews) dataset(ctx context.Context, key source, fields []string, now time.Time) *Dataset {
	if key.spec.Push {
		return p.set.previewPushed(key, fields, now)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	names := strings.Join(slices.Compact(slices.Sorted(slices.Values(fields))), "\x00")
	i := slices.IndexFunc(p.kept, func(o *previewed) bool { return o.key == key && o.fields == names })
	var v *previewed
	if i >= 0 {
		v = p.kept[i]
		p.kept = slices.Delete(p.kept, i, i+1)
	} else {
		d := newDataset(key.name, key.spec, fields)
		v = &previewed{key, names, d, &follower{feeds: p.set.opts.Feeds, dataset: d, most: previewRows}}
	}
	p.kept = append(p.kept, v)
	if len(p.kept) > maxPreviews {
		p.kept = p.kept[1:]
	}
	_, err := v.follow.poll(ctx)
	v.dataset.setErr(err)
	return v.dataset
}

// previewPushed is the pushed dataset itself where it has the fields, else one
// of its newest rows.
func (s *Set) previewPushed(key source, fields []string, now time.Time) *Dataset {
	have, err := s.Push(key.name)
	if err == nil && have.Spec == key.spec && have.has(fields) {
		return have
	}
	d := newDataset(key.name, key.spec, fields)
	if err != nil {
		return d
	}
	have.mu.RLock()
	defer have.mu.RUnlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.addAll(have.raw, now)
	d.arrived = have.arrived
	return d
}
