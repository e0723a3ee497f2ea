package dashboard

import (
	"context"
	"fmt"
	"time"
)

// Feeds opens the change feed of a container, named database/container.
type Feeds interface {
	Open(container string) (Feed, error)
	// Containers are those that hold a project's data, by name.
	Containers() []string
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

// watched returns the datasets with a feed that somebody looks at.
func (s *Set) watched(now time.Time) []*Dataset {
	seen := map[*Dataset]bool{}
	for _, b := range s.Boards() {
		if now.UnixMilli()-b.seen.Load() > watchedFor.Milliseconds() {
			continue
		}
		for _, d := range b.datasets {
			seen[d] = true
		}
	}
	var all []*Dataset
	if len(seen) == 0 {
		return nil
	}
	for _, d := range s.Datasets() {
		if seen[d] && d.Spec.Container != "" {
			all = append(all, d)
		}
	}
	return all
}

// follow takes what comes, until ctx ends.
func (s *Set) follow(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	followers := map[*Dataset]*follower{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.wake:
		}
		var alarmed []*Dataset
		for _, d := range s.watched(time.Now()) {
			f := followers[d]
			if f == nil {
				s.forget(followers)
				f = &follower{feeds: s.opts.Feeds, dataset: d}
				followers[d] = f
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

// forget drops the followers of datasets that are no more.
func (s *Set) forget(followers map[*Dataset]*follower) {
	have := map[*Dataset]bool{}
	for _, d := range s.Datasets() {
		have[d] = true
	}
	for d := range followers {
		if !have[d] {
			delete(followers, d)
		}
	}
}

// follower is where a dataset stands in its feed.
type follower struct {
	feeds   Feeds
	dataset *Dataset
	feed    Feed
	after   uint64
	most    uint64 // rows of the past; 0 is as many as it holds
}

// poll takes what is new, about pollRows at most, and returns how many rows. A
// dataset that is behind by more than it can hold leaves out what it would
// forget at once.
func (f *follower) poll(ctx context.Context) (taken int, err error) {
	d := f.dataset
	if f.feed == nil {
		feed, err := f.feeds.Open(d.Spec.Container)
		if err != nil {
			return 0, fmt.Errorf("dataset %s: %w", d.Name, err)
		}
		f.feed, f.after = feed, 0
	}
	most := uint64(MaxRows)
	if f.most > 0 && f.after == 0 {
		most = f.most
	}
	if newest := f.feed.LSN(); newest > most {
		f.after = max(f.after, newest-most)
	}
	for taken < pollRows {
		docs, last, err := f.feed.Changes(ctx, f.after, pageRows)
		if err != nil {
			f.feed = nil // deleted, perhaps made anew
			d.Clear()
			return taken, fmt.Errorf("dataset %s: %w", d.Name, err)
		}
		f.after = last
		if len(docs) == 0 {
			d.ready()
			break
		}
		d.add(docs, time.Now())
		taken += len(docs)
	}
	return taken, nil
}
