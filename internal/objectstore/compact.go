package objectstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// compaction moves what is alive in files that are mostly dead, so that the files
// can go. It walks all records once. Bytes are copied and synced without a lock;
// then, under the lock of the name, a commit puts the new places where the old
// ones still are. A crash at any moment leaves either.
type compaction struct {
	s       *Store
	victims map[uint64]*extent
	moved   map[ref][]ref // by the old place; what several records share stays shared
	uploads []*Upload     // hold the new places until the walk is over
	copied  int64         // bytes since the last pause
	buf     *[]byte
}

const (
	// victimsAtOnce is how many files one walk empties.
	victimsAtOnce = 8
	// pauseAfter is how many bytes are moved between two pauses.
	pauseAfter = 4 << 20
)

// compact empties files of which more than half is dead.
func (s *Store) compact(ctx context.Context) error {
	victims := s.extents.victims()
	if len(victims) == 0 {
		return nil
	}
	reader := s.extents.begin() // what is moved must not go before all who share it have it
	defer s.extents.end(reader)
	c := &compaction{s: s, victims: victims, moved: map[ref][]ref{}, buf: s.buffers.large.Get().(*[]byte)}
	defer s.buffers.large.Put(c.buf)
	defer func() {
		for _, u := range c.uploads {
			u.Discard()
		}
	}()
	s.catalog.RLock()
	all := slices.Collect(maps.Values(s.byNumber))
	s.catalog.RUnlock()
	for _, in := range all {
		if err := c.walk(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

// victims returns files that are mostly dead.
func (x *extents) victims() map[uint64]*extent {
	x.mu.Lock()
	defer x.mu.Unlock()
	all := map[uint64]*extent{}
	for number, e := range x.all {
		if len(all) < victimsAtOnce && e.sealed && !e.damaged && e.pending == 0 && e.live > 0 && e.live < (e.size-extentHeader)/2 {
			all[number] = e
		}
	}
	return all
}

// named is a record of a container that names bytes of a victim.
type named struct {
	name string
	at   tick // in table S
	id   string
	kind byte // the table
	rec  *record
	refs []ref // in the victims
}

// walk moves what a container has in the victims, some records at a time.
func (c *compaction) walk(ctx context.Context, in *container) error {
	snap := c.s.db.Snapshot()
	defer snap.Close()
	var some []named
	bytes := int64(0)
	add := func(n named) error {
		n.refs = slices.DeleteFunc(n.refs, func(r ref) bool { return c.victims[r.extent] == nil })
		if len(n.refs) == 0 {
			return ctx.Err()
		}
		some = append(some, n)
		if bytes += totalOf(n.refs); bytes < pauseAfter && len(some) < 1000 {
			return nil
		}
		err := c.move(ctx, in, some)
		some, bytes = nil, 0
		return err
	}
	for _, table := range []byte{tableBlobs, tableStates} {
		err := kv.Each(snap, tableKey(nil, table, in.cid), func(key, value []byte) error {
			r, err := parseRecord(value)
			if err != nil {
				return err
			}
			n := named{name: string(key[prefixLen:]), kind: table, rec: r}
			if table == tableStates {
				name, at := splitState(key)
				n.name, n.at = string(name), at
			}
			refs, err := allRefs(snap, in.cid, r)
			if err != nil {
				return err
			}
			n.refs = slices.Clone(refs)
			return add(n)
		})
		if err != nil {
			return err
		}
	}
	err := kv.Each(snap, tableKey(nil, tablePending, in.cid), func(key, value []byte) error {
		b, err := parseBlock(value)
		if err != nil {
			return err
		}
		name, id := splitPending(key)
		return add(named{name: string(name), id: string(id), kind: tablePending, refs: b.refs})
	})
	if err != nil {
		return err
	}
	return c.move(ctx, in, some)
}

// move copies the bytes of some records, syncs them whatever the policy, as what
// they replace may be on the disk, and commits the records.
func (c *compaction) move(ctx context.Context, in *container, some []named) error {
	if len(some) == 0 {
		return ctx.Err()
	}
	from := len(c.uploads)
	for _, n := range some {
		for _, r := range n.refs {
			if err := c.copy(ctx, r, "blob "+in.name+"/"+n.name); err != nil {
				return err
			}
		}
	}
	for _, u := range c.uploads[from:] {
		if err := u.sync(); err != nil {
			return err
		}
	}
	for _, n := range some {
		if err := c.commit(in, n); err != nil && fault.CodeOf(err) != ContainerNotFound {
			return err
		}
	}
	return c.pause(ctx)
}

// copy writes the bytes of r anew, unless it has done so. Damaged bytes stay
// where they are, and with them the file.
func (c *compaction) copy(ctx context.Context, r ref, resource string) error {
	if c.moved[r] != nil {
		return nil
	}
	u, err := c.s.Account(0).NewUpload(ctx, r.n)
	if err != nil {
		return err
	}
	c.uploads = append(c.uploads, u)
	u.taken = true // perhaps; what no record names is dead space
	err = c.s.writeRef(u, *c.buf, r, resource, 0)
	if fault.CodeOf(err) == BlobDamaged {
		c.s.extents.mu.Lock()
		c.victims[r.extent].damaged = true
		c.s.extents.mu.Unlock()
		c.moved[r] = []ref{r}
		return nil
	}
	if err == nil {
		err = u.writeOut()
	}
	if err != nil {
		return err
	}
	c.copied += r.n
	c.moved[r] = u.take()
	return nil
}

// commit puts the new places into a record, where the old ones still are.
func (c *compaction) commit(in *container, n named) error {
	a := c.s.Account(in.account)
	return a.commit(&txn{a: a, s: c.s, c: in, name: n.name, softly: true}, func(t *txn) error {
		switch n.kind {
		case tablePending:
			return c.commitBlock(t, n)
		case tableStates:
			return c.commitRecord(t, stateKey(nil, in.cid, n.name, n.at))
		}
		return c.commitRecord(t, blobKey(nil, tableBlobs, in.cid, n.name))
	})
}

func (c *compaction) commitRecord(t *txn, key []byte) error {
	r, err := t.s.record(t.s.db, key, t.resource())
	if err != nil || r == nil {
		return err
	}
	if r.table {
		return eachRow(t.s.db, t.c.cid, r, 0, func(off int64, refs []ref) (bool, error) {
			if after, changed := c.renew(t, refs); changed {
				t.setRow(r.uid, off, after)
			}
			return true, nil
		})
	}
	after, changed := c.renew(t, r.refs)
	if !changed {
		return nil
	}
	if r.refs = after; len(after) > inlineRefs {
		t.store(r, after)
	}
	t.set(key, r)
	return nil
}

func (c *compaction) commitBlock(t *txn, n named) error {
	key := append(belowName(nil, tablePending, t.c.cid, n.name), n.id...)
	v, ok, err := get(t.s.db, key)
	if err != nil || !ok {
		return err
	}
	b, err := parseBlock(v)
	if err != nil {
		return kvError(err)
	}
	var changed bool
	if b.refs, changed = c.renew(t, b.refs); changed {
		t.touched = true
		t.batch.Set(key, b.append(nil))
	}
	return nil
}

// renew returns refs with the new places for what has moved.
func (c *compaction) renew(t *txn, refs []ref) (after []ref, changed bool) {
	for _, r := range refs {
		to := c.moved[r]
		if to == nil || len(to) == 1 && to[0] == r {
			after = append(after, r)
			continue
		}
		changed = true
		t.shrink([]ref{r})
		t.grow(to)
		after = append(after, to...)
	}
	return after, changed
}

// pause keeps to the rate.
func (c *compaction) pause(ctx context.Context) error {
	if c.copied < pauseAfter {
		return ctx.Err()
	}
	wait := time.Duration(float64(c.copied) / float64(c.s.rate) * float64(time.Second))
	c.copied = 0
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
