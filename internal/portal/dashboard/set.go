package dashboard

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Feeds opens the change feed of a container, named database/container.
type Feeds interface {
	Open(container string) (Feed, error)
}

// Feed is a change feed. A position is a log sequence number.
type Feed interface {
	// LSN returns the newest position.
	LSN() uint64
	// Changes returns at most about max documents changed after a position, and
	// the position to go on from. None means that there is nothing newer.
	Changes(ctx context.Context, after uint64, max int) (docs [][]byte, last uint64, err error)
}

// How datasets follow their feeds.
const (
	pollEvery  = 100 * time.Millisecond
	pollRows   = 50_000 // most rows taken of one feed before others have their turn
	pageRows   = 2_000
	watchedFor = time.Minute // after somebody last looked
)

// Set is all dashboards of a project with their datasets. Datasets belong to
// the project: two dashboards that name one alike share it.
type Set struct {
	boards   []*Board
	datasets map[string]*Dataset
	feeds    Feeds
	wake     chan struct{}
	alarms   chan struct{} // see Alarms
}

// Board is a dashboard.
type Board struct {
	Definition Definition
	set        *Set
	tiles      []evaluator
	seen       atomic.Int64 // when it was last evaluated, unix milliseconds
}

// New binds the definitions, which Parse has checked, to datasets. Definitions
// that declare one dataset differently are refused.
func New(definitions []Definition, feeds Feeds) (*Set, error) {
	s := &Set{datasets: map[string]*Dataset{}, feeds: feeds, wake: make(chan struct{}, 1), alarms: make(chan struct{}, 1)}
	alarming := map[string]bool{}
	fields, specs := map[string][]string{}, map[string]DatasetSpec{}
	for _, def := range definitions {
		for name, spec := range def.Datasets {
			if have, ok := specs[name]; ok && have != spec {
				return nil, fault.New(fault.Invalid, "dashboard "+def.Name, "another dashboard declares dataset %s differently", name)
			}
			specs[name] = spec
		}
		for i := range def.Tiles {
			t := &def.Tiles[i]
			fields[t.Dataset] = append(fields[t.Dataset], t.fields()...)
			alarming[t.Dataset] = alarming[t.Dataset] || t.Type == "alarms"
			if t.Alarm != nil {
				alarming[t.Alarm.Dataset] = true
				fields[t.Alarm.Dataset] = append(fields[t.Alarm.Dataset], t.alarmFields()...)
			}
		}
	}
	for name, spec := range specs {
		d := newDataset(name, spec, fields[name])
		d.urgent.matters, d.urgent.signal = alarming[name], s.alarms
		s.datasets[name] = d
	}
	for _, def := range definitions {
		if slices.ContainsFunc(s.boards, func(b *Board) bool { return b.Definition.Name == def.Name }) {
			return nil, fault.New(fault.Invalid, "dashboard "+def.Name, "there are two of this name")
		}
		b := &Board{Definition: def, set: s}
		for i := range def.Tiles {
			b.tiles = append(b.tiles, s.evaluator(&b.Definition.Tiles[i]))
		}
		s.boards = append(s.boards, b)
	}
	return s, nil
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

// Boards returns all dashboards, in the order given.
func (s *Set) Boards() []*Board { return s.boards }

// Board returns a dashboard by its name, or fault.NotFound.
func (s *Set) Board(name string) (*Board, error) {
	for _, b := range s.boards {
		if b.Definition.Name == name {
			return b, nil
		}
	}
	return nil, fault.New(fault.NotFound, "dashboard "+name, "no such dashboard")
}

// Datasets returns all datasets by name.
func (s *Set) Datasets() []*Dataset {
	all := make([]*Dataset, 0, len(s.datasets))
	for _, d := range s.datasets {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b *Dataset) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Dataset returns a dataset by its name, or fault.NotFound.
func (s *Set) Dataset(name string) (*Dataset, error) {
	if d, ok := s.datasets[name]; ok {
		return d, nil
	}
	return nil, fault.New(fault.NotFound, "dataset "+name, "no dashboard declares it")
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

// touch notes that somebody watches the board.
func (b *Board) touch(now time.Time) {
	before := b.seen.Swap(now.UnixMilli())
	if now.UnixMilli()-before > watchedFor.Milliseconds() {
		select {
		case b.set.wake <- struct{}{}: // do not wait for the next poll
		default:
		}
	}
}

// watched returns the datasets that somebody looks at.
func (s *Set) watched(now time.Time) []*Dataset {
	names := map[string]bool{}
	for _, b := range s.boards {
		if now.UnixMilli()-b.seen.Load() > watchedFor.Milliseconds() {
			continue
		}
		for name := range b.Definition.Datasets {
			names[name] = true
		}
	}
	var all []*Dataset
	for _, d := range s.Datasets() {
		if names[d.Name] && d.Spec.Container != "" {
			all = append(all, d)
		}
	}
	return all
}

// Run follows the feeds of the datasets that are watched, until ctx ends.
func (s *Set) Run(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	followers := map[string]*follower{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.wake:
		}
		var alarmed []*Dataset
		for _, d := range s.watched(time.Now()) {
			f := followers[d.Name]
			if f == nil {
				f = &follower{set: s, dataset: d}
				followers[d.Name] = f
			}
			taken, err := f.poll(ctx)
			d.setErr(err)
			if taken > 0 {
				alarmed = append(alarmed, d)
			}
		}
		for _, d := range alarmed { // when what came with the alarms is there too
			d.urgent.tell()
		}
	}
}

// follower is where a dataset stands in its feed.
type follower struct {
	set     *Set
	dataset *Dataset
	feed    Feed
	after   uint64
}

// poll takes what is new, about pollRows at most, and returns how many rows. A
// dataset that is behind by more than it can hold leaves out what it would
// forget at once.
func (f *follower) poll(ctx context.Context) (taken int, err error) {
	if f.feed == nil {
		feed, err := f.set.feeds.Open(f.dataset.Spec.Container)
		if err != nil {
			return 0, fmt.Errorf("dataset %s: %w", f.dataset.Name, err)
		}
		f.feed, f.after = feed, 0
	}
	if newest := f.feed.LSN(); newest > MaxRows {
		f.after = max(f.after, newest-MaxRows)
	}
	for taken < pollRows {
		docs, last, err := f.feed.Changes(ctx, f.after, pageRows)
		if err != nil {
			f.feed = nil // deleted, perhaps made anew
			f.dataset.Clear()
			return taken, fmt.Errorf("dataset %s: %w", f.dataset.Name, err)
		}
		f.after = last
		if len(docs) == 0 {
			break
		}
		f.dataset.add(docs, time.Now())
		taken += len(docs)
	}
	return taken, nil
}
