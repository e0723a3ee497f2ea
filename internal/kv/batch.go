package kv

import (
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Batch collects changes that become durable together. Keys are full keys
// (see Space.Key); keys and values are copied. A batch is used by one
// goroutine, committed once, and not touched afterwards.
type Batch struct {
	db *DB
	on *pebble.DB
	p  *pebble.Batch

	// On the way to the disk; see underway.
	durable sync.WaitGroup // done when it is told
	err     error          // set before durable is done
	told    bool
	next    *Batch
}

// NewBatch returns an empty batch with room for size bytes.
func (db *DB) NewBatch(size int) *Batch {
	p := db.p.Load()
	return &Batch{db: db, on: p, p: p.NewBatchWithSize(size)}
}

// Set puts a value.
func (b *Batch) Set(key, value []byte) { must(b.p.Set(key, value, nil)) }

// SetParts puts the value head followed by tail, without joining them first.
func (b *Batch) SetParts(key, head, tail []byte) {
	op := b.p.SetDeferred(len(key), len(head)+len(tail))
	copy(op.Key, key)
	copy(op.Value[copy(op.Value, head):], tail)
	must(op.Finish())
}

// Delete removes a key, present or not.
func (b *Batch) Delete(key []byte) { must(b.p.Delete(key, nil)) }

// DeleteRange removes low <= key < high.
func (b *Batch) DeleteRange(low, high []byte) { must(b.p.DeleteRange(low, high, nil)) }

// AddTally merges t into the tally at key.
func (b *Batch) AddTally(key []byte, t Tally) { must(b.p.Merge(key, t.append(nil), nil)) }

// Len returns the size of the batch in bytes.
func (b *Batch) Len() int { return b.p.Len() }

// Count returns the number of changes.
func (b *Batch) Count() int { return int(b.p.Count()) }

// Discard drops an uncommitted batch.
func (b *Batch) Discard() { _ = b.p.Close() }

// Commit makes the batch visible and, by the store's sync policy, durable. When
// the store refuses writes it fails with fault.Unavailable and has done nothing.
// Any other failure is fault.Unavailable too, but the batch may or may not
// survive, and the store accepts no further commit.
func (b *Batch) Commit() error {
	p, err := b.CommitAsync()
	if err != nil {
		return err
	}
	return p.Wait()
}

// CommitAsync makes the batch visible and starts making it durable. The caller
// must call Wait on the result, once.
func (b *Batch) CommitAsync() (Pending, error) {
	err := b.db.guard(b.enter)
	if err == nil && b.on != b.db.p.Load() {
		err = refuse(nil, "it has just become writable")
	}
	return Pending{b}, err
}

// enter has the batch into the log and the memtable. It leaves one alone that was
// begun when only reading was possible. DB.apply is held.
func (b *Batch) enter(p *pebble.DB) error {
	switch {
	case p != b.on:
		return nil
	case b.db.mode == vfs.SyncAlways:
		if err := p.ApplyNoSyncWait(b.p, pebble.Sync); err != nil {
			return err
		}
		b.db.health.underway.add(b)
		return nil
	case b.db.mode == vfs.SyncInterval:
		b.db.pending.Store(true)
	}
	return p.Apply(b.p, pebble.NoSync)
}

// Pending is a commit on its way to the disk.
type Pending struct{ b *Batch }

// Wait returns when the commit is durable, by the store's sync policy, or cannot
// be. When the disk becomes full under it, it fails with fault.Unavailable
// although the commit may become durable later, when there is room.
func (p Pending) Wait() error {
	if p.b.db.mode != vfs.SyncAlways {
		return p.b.db.guardPending(p.b.p.Close)
	}
	p.b.durable.Wait()
	return p.b.err
}

// settle waits until the log is on the disk, and lets the batch go.
func (db *DB) settle(b *Batch) error {
	return db.guardPending(func() error {
		if err := b.p.SyncWait(); err != nil {
			return err
		}
		return b.p.Close()
	})
}

// must stops on errors that Pebble's batch only gives for misuse, such as a
// change after the commit.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
