package objectstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
)

// Position is a place in a container's feed of changes. The zero value is its
// beginning. Positions only grow.
type Position uint64

// Change is a blob that was made or changed, at its place in the feed.
type Change struct {
	Position Position
	Made     Position // where it was when it came to be: the same of one that never changed
	Info     Info
}

// Changes returns, in order, the blobs of a container whose ETag is newer than
// the position after, at most limit of them, and the position up to which that is
// all there is. A blob that changed several times is there once, at its newest
// place. What is in the feed is durable.
func (a Account) Changes(ctx context.Context, container string, after Position, limit int) (changes []Change, upTo Position, err error) {
	if err := ctx.Err(); err != nil {
		return nil, after, err
	}
	c, err := a.container(container)
	if err != nil {
		return nil, after, err
	}
	settled := a.s.clock.upTo()
	snap := a.s.db.Snapshot()
	defer snap.Close()
	it, err := snap.Iter(feedKey(nil, c.cid, tick(after)+1), feedKey(nil, c.cid, settled+1))
	if err != nil {
		return nil, after, kvError(err)
	}
	defer func() { err = errors.Join(err, kvError(it.Error()), it.Close()) }()
	now := a.s.now()
	for ok := it.First(); ok; ok = it.Next() {
		if len(changes) == limit {
			return changes, changes[limit-1].Position, nil
		}
		at, name := tick(binary.BigEndian.Uint64(it.Key()[prefixLen:])), string(it.Value())
		r, err := a.s.record(snap, blobKey(nil, tableBlobs, c.cid, name), "blob "+container+"/"+name)
		if err != nil {
			return nil, after, err
		}
		if exists(r) && r.etag == at {
			changes = append(changes, Change{Position(at), Position(r.created), r.info(container, name, 0, now)})
		}
	}
	return changes, max(after, Position(settled)), nil
}

// WaitChange returns when the feed of the container has something after a
// position, or may have, or ctx ends. A container that is deleted ends it with
// fault.Gone.
func (a Account) WaitChange(ctx context.Context, container string, after Position) error {
	c, err := a.container(container)
	if err != nil {
		return err
	}
	last, err := c.news.wait(ctx, tick(after), c.gone)
	if err != nil {
		return err
	}
	return a.s.clock.wait(ctx, last-1, c.gone)
}

// news is the newest tick of a container's feed.
type news struct {
	mu   sync.Mutex // guards the rest
	last tick
	wake chan struct{} // closed when last moves; nil when nobody waits
}

func (n *news) tell(t tick) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.last = max(n.last, t); n.wake != nil {
		close(n.wake)
		n.wake = nil
	}
}

// wait returns the newest tick when it is after another.
func (n *news) wait(ctx context.Context, after tick, gone <-chan struct{}) (tick, error) {
	for {
		n.mu.Lock()
		last := n.last
		if last > after {
			n.mu.Unlock()
			return last, nil
		}
		if n.wake == nil {
			n.wake = make(chan struct{})
		}
		wake := n.wake
		n.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return 0, fmt.Errorf("wait for changes: %w", context.Cause(ctx))
		case <-gone:
			return 0, codes.New(AccountGone, "container", "it was deleted")
		}
	}
}

// LastChange returns the position up to which the feeds are complete now.
func (a Account) LastChange() Position { return Position(a.s.clock.upTo()) }
