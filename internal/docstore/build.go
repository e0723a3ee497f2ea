package docstore

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// How an index is built while writers go on:
//
//  1. Excluding writers for a moment, register the index as not ready and take
//     a snapshot. From now on every writer maintains the index, and notes the
//     ordinals of documents it changes or deletes.
//  2. Write the entries of the snapshot's documents. For a noted document this
//     may write an entry that its writer has already deleted.
//  3. Excluding writers again, a thousand at a time, delete the snapshot's
//     entry of each noted document if the document has moved on. When none is
//     left, register the index as ready.
//
// A crash leaves the registration "not ready", and Open drops the entries.

const (
	buildChunk  = 8192 // documents whose entries are sorted and written together
	buildFlight = 4    // chunks on their way to the disk
	mendChunk   = 1000
)

// build is an index on its way.
type build struct {
	done chan struct{} // closed when ready or failed
	err  error         // set before done is closed

	mu    sync.Mutex          // guards dirty
	dirty map[uint64]struct{} // documents changed or deleted since the snapshot
}

// touch notes a change; it does nothing for a ready index.
func (b *build) touch(ordinal uint64) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dirty[ordinal] = struct{}{}
}

// take removes up to n noted documents.
func (b *build) take(n int) []uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	var taken []uint64
	for ordinal := range b.dirty {
		if len(taken) == n {
			break
		}
		taken = append(taken, ordinal)
		delete(b.dirty, ordinal)
	}
	return taken
}

// ensureIndex returns the ready index with the same entries as want, building
// it when there is none. The build outlives ctx: the next query finds it done,
// or further on.
func (c *Container) ensureIndex(ctx context.Context, want *index) (*index, error) {
	for {
		x := c.indexes.Load().lookup(want)
		if x != nil && x.build == nil {
			return x, nil
		}
		b, err := c.startBuild(want)
		if err != nil {
			return nil, err
		}
		if b == nil {
			continue // ready in the meantime
		}
		select {
		case <-b.done:
			if b.err != nil {
				return nil, b.err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// startBuild registers the index and starts filling it, or returns the build
// under way; nil when the index is ready.
func (c *Container) startBuild(want *index) (*build, error) {
	if err := c.store.use.Enter(); err != nil {
		return nil, err
	}
	defer c.store.use.Leave()
	c.schema.Lock()
	defer c.schema.Unlock()
	if c.deleted {
		return nil, errDeleted
	}
	set := c.indexes.Load()
	if x := set.lookup(want); x != nil {
		return x.build, nil
	}
	if len(set.list) >= maxIndexes {
		return nil, fault.New(fault.Invalid, "container "+c.name, "it has %d indexes already", maxIndexes)
	}
	x := &index{id: set.next, byKey: want.byKey, columns: want.columns}
	x.build = &build{done: make(chan struct{}), dirty: map[uint64]struct{}{}}
	b := c.store.db.NewBatch(256)
	setJSON(b, registryKey(nil, c.cid, x.id), x.record(false))
	if err := b.Commit(); err != nil {
		return nil, err
	}
	c.indexes.Store((&indexSet{set.list, set.next + 1}).with(x))
	snap := c.store.db.Snapshot()
	c.store.use.Go(func(ctx context.Context) { c.runBuild(ctx, x, snap) })
	return x.build, nil
}

// runBuild fills the index from the snapshot.
func (c *Container) runBuild(ctx context.Context, x *index, snap *kv.Snapshot) {
	c.building.Lock()
	defer c.building.Unlock()
	started := c.store.now()
	c.store.log.Info("index build begins", "container", c.name, "index", x.String(), "documents", c.docs.Load())
	err := c.fill(ctx, x, snap)
	for done := false; err == nil && !done; {
		done, err = c.mend(x, snap)
	}
	err = errors.Join(err, snap.Close())
	if err != nil {
		c.store.log.Warn("index build failed", "container", c.name, "index", x.String(), "error", err)
		c.giveUp(ctx, x)
	} else {
		c.store.log.Info("index built", "container", c.name, "index", x.String(),
			"documents", c.docs.Load(), "duration", c.store.now().Sub(started))
	}
	x.build.err = err
	close(x.build.done)
}

// giveUp drops an index that could not be built. When that fails too, Open does
// it.
func (c *Container) giveUp(ctx context.Context, x *index) {
	c.schema.Lock()
	defer c.schema.Unlock()
	c.indexes.Store(c.indexes.Load().without(x))
	if ctx.Err() != nil {
		return
	}
	b := c.store.db.NewBatch(256)
	c.dropIndex(b, x)
	if err := b.Commit(); err != nil {
		c.store.log.Warn("index not dropped", "container", c.name, "index", x.String(), "error", err)
	}
}

// fill writes the entries of the snapshot's documents.
func (c *Container) fill(ctx context.Context, x *index, snap *kv.Snapshot) (err error) {
	low := tableKey(nil, tableDocs, c.cid)
	it, err := snap.Iter(low, kv.PrefixEnd(low))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Error(), it.Close()) }()
	var (
		e       entries
		arena   []byte
		keys    [][]byte
		pending []kv.Pending
	)
	progress := c.progress(x)
	flush := func() error {
		if len(pending) == buildFlight {
			if err := pending[0].Wait(); err != nil {
				return err
			}
			pending = slices.Delete(pending, 0, 1)
		}
		progress(len(keys))
		slices.SortFunc(keys, slices.Compare)
		b := c.store.db.NewBatch(len(arena) + 16*len(keys))
		for _, key := range keys {
			b.Set(key, nil)
		}
		arena, keys = nil, keys[:0]
		p, err := b.CommitAsync()
		if err == nil {
			pending = append(pending, p)
		}
		return err
	}
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		var r record
		if r, err = parseRecord(it.Value(), lastOrdinal(it.Key())); err != nil {
			break
		}
		e.doc, e.key, e.ordinal = r.doc, r.key, r.ordinal
		if len(x.columns) > 1 {
			e.load(r.doc, r.key, r.ordinal)
		}
		start := len(arena)
		arena = e.appendPlain(arena, c.cid, x)
		keys = append(keys, arena[start:len(arena):len(arena)])
		if len(keys) == buildChunk {
			if err = ctx.Err(); err == nil {
				err = flush()
			}
		}
	}
	if err == nil && len(keys) > 0 {
		err = flush()
	}
	for _, p := range pending {
		err = errors.Join(err, p.Wait())
	}
	return err
}

// progressEvery is how often a long build tells how far it is.
const progressEvery = 5 * time.Second

// progress returns a function that counts documents and logs now and then.
func (c *Container) progress(x *index) func(documents int) {
	told, done := c.store.now(), 0
	return func(documents int) {
		done += documents
		if now := c.store.now(); now.Sub(told) >= progressEvery {
			told = now
			c.store.log.Info("index build goes on", "container", c.name, "index", x.String(),
				"documents", done, "of", c.docs.Load())
		}
	}
}

// mend removes stale entries of some noted documents, and makes the index ready
// when no document is noted any more.
func (c *Container) mend(x *index, snap *kv.Snapshot) (done bool, err error) {
	c.schema.Lock()
	defer c.schema.Unlock()
	if c.deleted {
		return false, errDeleted
	}
	if c.indexes.Load().lookup(x) == nil {
		return false, fault.New(fault.Invalid, "container "+c.name, "the indexing policy changed")
	}
	noted := x.build.take(mendChunk)
	b := c.store.db.NewBatch(256 + 64*len(noted))
	for _, ordinal := range noted {
		if err := c.mendOne(b, x, snap, ordinal); err != nil {
			b.Discard()
			return false, err
		}
	}
	done = len(noted) < mendChunk
	if done {
		setJSON(b, registryKey(nil, c.cid, x.id), x.record(true))
	}
	if err := b.Commit(); err != nil {
		return false, err
	}
	if done {
		c.indexes.Store(c.indexes.Load().ready(x))
	}
	return done, nil
}

// mendOne deletes the snapshot's entry of a document unless the document has
// the same entry now.
func (c *Container) mendOne(b *kv.Batch, x *index, snap *kv.Snapshot, ordinal uint64) error {
	was, ok, err := c.record(snap, ordinal)
	if err != nil || !ok {
		return err // made after the snapshot: its writer sees to it
	}
	var e entries
	e.load(was.doc, was.key, ordinal)
	stale := e.append(nil, c.cid, x)
	is, ok, err := c.record(c.store.db, ordinal)
	if err != nil {
		return err
	}
	if ok {
		e.load(is.doc, is.key, ordinal)
		fresh := e.append(nil, c.cid, x)
		if slices.Equal(stale, fresh) {
			return nil
		}
		b.Set(fresh, nil)
	}
	b.Delete(stale)
	return nil
}
