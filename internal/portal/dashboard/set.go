package dashboard

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Options are what a Set needs.
type Options struct {
	// Dir holds the dashboards, one JSON file each. Without it there are those
	// that Load is given, and none can be saved.
	Dir   string
	Feeds Feeds
	Log   *slog.Logger
}

// Set is all dashboards of a project with their datasets. Datasets belong to
// the project: two dashboards that declare one alike share it. A container's may
// be declared differently under one name, and are two then; rows that are pushed
// need one address, so of two declarations the later file's is refused.
type Set struct {
	opts     Options
	folder   *Folder
	wake     chan struct{}
	alarms   chan struct{} // see Alarms
	previews previews

	mu       sync.RWMutex // guards the fields below
	boards   []*Board
	datasets map[source]*Dataset
}

// source is what makes two declarations of a dataset one.
type source struct {
	name string
	spec DatasetSpec
}

// Board is a dashboard. It never changes: a file that is read again makes
// another one.
type Board struct {
	Name string
	File string // in the folder
	ETag string // of the file
	// Definition is the file's; when that cannot be read, what it was before, and
	// Former is true.
	Definition Definition
	Former     bool
	Problems   []Problem

	set      *Set
	datasets map[string]*Dataset // by name; those that are broken are not there
	tiles    []evaluator
	seen     *atomic.Int64 // when it was last evaluated, unix milliseconds
}

// New returns the dashboards of a folder. A mistake in one is told by its
// Problems; it is no error here.
func New(o Options) *Set {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Set{opts: o, wake: make(chan struct{}, 1), alarms: make(chan struct{}, 1), datasets: map[source]*Dataset{}}
	s.previews.set = s
	if o.Dir != "" {
		s.folder = &Folder{dir: o.Dir}
		s.load(s.folder.Read())
	}
	return s
}

// Load replaces the dashboards by those of files. A dataset that is declared as
// before, and of which no tile reads more than before, keeps its rows; one that
// is pushed and of which tiles read more keeps them too.
func (s *Set) Load(files []File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.boards
	s.boards = nil
	pushed := map[string]*document{}
	fields := map[source][]string{}
	alarming := map[source]bool{}
	var docs []*document
	for _, f := range files {
		d := f.parse()
		d.refuseClashes(pushed)
		for name, spec := range d.def.Datasets {
			if !spec.broken {
				key := source{name, spec}
				fields[key] = append(fields[key], d.def.fieldsOf(name)...)
				alarming[key] = alarming[key] || d.def.alarms(name)
			}
		}
		docs = append(docs, d)
	}
	s.bind(fields, alarming)
	for i, d := range docs {
		s.boards = append(s.boards, s.board(files[i], d, before))
	}
}

// bind makes the datasets that there are to be.
func (s *Set) bind(fields map[source][]string, alarming map[source]bool) {
	old := s.datasets
	s.datasets = map[source]*Dataset{}
	for key, names := range fields {
		d := old[key]
		if d == nil || !d.has(names) {
			was := d
			d = newDataset(key.name, key.spec, names)
			d.urgent.signal = s.alarms
			if was == nil && key.spec.Push {
				was = pushedBefore(old, key.name)
			}
			if was != nil && key.spec.Push {
				was.moveTo(d)
			}
		}
		d.urgent.matters.Store(alarming[key])
		s.datasets[key] = d
	}
}

// pushedBefore is the pushed dataset of a name that is declared otherwise now.
func pushedBefore(old map[source]*Dataset, name string) *Dataset {
	for key, d := range old {
		if key.name == name && key.spec.Push {
			return d
		}
	}
	return nil
}

// board makes the board of a file.
func (s *Set) board(f File, d *document, before []*Board) *Board {
	b := &Board{
		File: f.Name, ETag: f.ETag, Definition: d.def, Problems: d.problems,
		set: s, datasets: map[string]*Dataset{}, seen: &atomic.Int64{},
	}
	i := slices.IndexFunc(before, func(o *Board) bool { return o.File == f.Name })
	if i >= 0 {
		b.seen = before[i].seen
		if d.tree == nil || d.tree.kind != '{' {
			b.Definition, b.Former = before[i].Definition, len(before[i].Definition.Tiles) > 0
		}
	}
	b.Name = s.nameOf(b)
	b.Definition.Name = b.Name
	for name, spec := range b.Definition.Datasets {
		if found := s.datasets[source{name, spec}]; found != nil {
			b.datasets[name] = found
		}
	}
	b.tiles = make([]evaluator, len(b.Definition.Tiles))
	for i := range b.tiles {
		b.tiles[i] = b.evaluator(&b.Definition.Tiles[i])
	}
	return b
}

// nameOf is the address of a board: the name it gives itself, else its file's,
// when no board before it has that.
func (s *Set) nameOf(b *Board) string {
	taken := func(name string) *Board {
		for _, o := range s.boards {
			if o.Name == name {
				return o
			}
		}
		return nil
	}
	name := b.Definition.Name
	if name == "" {
		name = strings.TrimSuffix(b.File, ".json")
	}
	other := taken(name)
	if other == nil {
		return name
	}
	b.Problems = append(b.Problems, Problem{
		File: shown(b.File), Line: 1, Col: 1, Path: "name", Tile: -1,
		Message: fmt.Sprintf("%s is a dashboard of the name %q already; give this one another name", shown(other.File), name),
	})
	return b.File // has a dot, which no name has
}

// refuseClashes breaks pushed datasets that an earlier file declares otherwise.
func (d *document) refuseClashes(pushed map[string]*document) {
	for _, name := range sortedKeys(d.def.Datasets) {
		spec := d.def.Datasets[name]
		if spec.broken || !spec.Push {
			continue
		}
		first := pushed[name]
		if first == nil {
			pushed[name] = d
			continue
		}
		if have := first.def.Datasets[name]; have != spec {
			spec.broken = true
			d.def.Datasets[name] = spec
			d.note(wrong(path{"datasets", name}, "rows are pushed to a dataset by its name, and %s declares %q differently (%s; here %s); declare both alike, or give this one another name",
				first.file, name, have.words(), spec.words()))
			for i, t := range d.def.Tiles {
				if !t.broken && (t.Dataset == name || t.Alarm != nil && t.Alarm.Dataset == name) {
					d.note(wrong(path{"tiles", i, "dataset"}, "the dataset %q has a mistake", name))
				}
			}
		}
	}
}

// words are a declaration, shortly.
func (s DatasetSpec) words() string {
	words := []string{"time: " + s.Time}
	if s.Time == "" {
		words[0] = "no time"
	}
	if s.Clock != "" {
		words = append(words, "clock: "+s.Clock)
	}
	if s.Stale != 0 {
		words = append(words, "stale: "+time.Duration(s.Stale).String())
	}
	return strings.Join(words, ", ")
}

// fieldsOf are the fields of a dataset that tiles read of every row.
func (d *Definition) fieldsOf(name string) (all []string) {
	for i := range d.Tiles {
		t := &d.Tiles[i]
		if t.broken {
			continue
		}
		if t.Dataset == name {
			all = append(all, t.fields()...)
		}
		if t.Alarm != nil && t.Alarm.Dataset == name {
			all = append(all, t.alarmFields()...)
		}
	}
	return all
}

// alarms reports whether a tile shows rows of a dataset as alarms.
func (d *Definition) alarms(name string) bool {
	return slices.ContainsFunc(d.Tiles, func(t Tile) bool {
		return !t.broken && (t.Type == "alarms" && t.Dataset == name || t.Alarm != nil && t.Alarm.Dataset == name)
	})
}

// fields are those that the tile reads of every row.
func (t *Tile) fields() []string {
	all := []string{t.Latest, t.Value, t.Per, t.By, t.Size}
	if t.Type == "map" {
		all = append(all, t.Key, t.Label, t.Lat, t.Lon, t.Status)
		for _, c := range t.Detail {
			all = append(all, c.Field)
		}
	}
	for f := range t.Where {
		all = append(all, f)
	}
	return slices.DeleteFunc(all, func(f string) bool { return f == "" })
}

func (t *Tile) alarmFields() []string {
	all := []string{t.Alarm.Key}
	for f := range t.Alarm.Where {
		all = append(all, f)
	}
	return all
}

// Boards returns all dashboards, in the order of their files' names.
func (s *Set) Boards() []*Board {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.boards
}

// Board returns a dashboard by its name, or fault.NotFound.
func (s *Set) Board(name string) (*Board, error) {
	for _, b := range s.Boards() {
		if b.Name == name {
			return b, nil
		}
	}
	return nil, fault.New(fault.NotFound, "dashboard "+name, "no such dashboard")
}

// Datasets returns all datasets by name.
func (s *Set) Datasets() []*Dataset {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]*Dataset, 0, len(s.datasets))
	for _, d := range s.datasets {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b *Dataset) int {
		return strings.Compare(a.Name+"\x00"+a.Spec.Container, b.Name+"\x00"+b.Spec.Container)
	})
	return all
}

// Dataset returns a dataset by its name, the pushed one where several have it, or
// fault.NotFound.
func (s *Set) Dataset(name string) (*Dataset, error) {
	var found *Dataset
	for _, d := range s.Datasets() {
		if d.Name == name && (found == nil || d.Spec.Push) {
			found = d
		}
	}
	if found != nil {
		return found, nil
	}
	return nil, fault.New(fault.NotFound, "dataset "+name, `no dashboard declares it; add %q: {"push": true} under "datasets" of a file in the folder dashboards`, name)
}

// Push returns a dataset that takes rows. Errors: fault.NotFound, or
// fault.Invalid for a dataset that is fed from a container.
func (s *Set) Push(name string) (*Dataset, error) {
	d, err := s.Dataset(name)
	if err != nil {
		return nil, err
	}
	if !d.Spec.Push {
		return nil, fault.New(fault.Invalid, "dataset "+d.Name, "it is fed from container %s; declare it with \"push\": true to write to it", d.Spec.Container)
	}
	return d, nil
}

// Broken reports whether a dashboard has a mistake: what it declares may come yet.
func (s *Set) Broken() bool {
	return slices.ContainsFunc(s.Boards(), func(b *Board) bool { return len(b.Problems) > 0 })
}

// Run follows the feeds of the datasets that are watched, and the folder, until
// ctx ends.
func (s *Set) Run(ctx context.Context) {
	var watching sync.WaitGroup
	defer watching.Wait()
	if s.folder != nil {
		watching.Go(func() { s.watch(ctx) })
	}
	s.follow(ctx)
}
