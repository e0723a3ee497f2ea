package objectstore

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// tidy does once what Run does again and again. What fails is tried again at the
// next time.
func (s *Store) tidy(ctx context.Context) {
	for _, job := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"what was softly deleted", s.expire},
		{"uncommitted blocks", s.dropOldBlocks},
		{"blobs of deleted containers", s.purge},
		{"files of dead bytes", s.removeDead},
		{"files that are mostly dead", s.compact},
		{"files of dead bytes", s.removeDead},
	} {
		if ctx.Err() != nil || s.db.Err() != nil {
			return
		}
		if err := job.do(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("space is given back later", "of", job.what, "error", err)
		}
	}
}

// purge removes the blobs of deleted containers.
func (s *Store) purge(ctx context.Context) error {
	var all []uint32
	err := kv.Each(s.db, []byte{kv.BlobsPrefix[0], tablePurge}, func(key, _ []byte) error {
		all = append(all, binary.BigEndian.Uint32(key[2:]))
		return nil
	})
	for _, cid := range all {
		if err == nil {
			err = s.purgeContainer(ctx, cid)
		}
	}
	return err
}

func (s *Store) purgeContainer(ctx context.Context, cid uint32) error {
	if err := s.use.Enter(); err != nil {
		return err
	}
	defer s.use.Leave()
	live, err := s.liveOf(ctx, s.db, cid)
	if err != nil {
		return err
	}
	b := s.db.NewBatch(1024)
	b.Delete(purgeKey(cid))
	var ranges [][2][]byte
	for _, table := range []byte(containerTables) {
		low := tableKey(nil, table, cid)
		ranges = append(ranges, [2][]byte{low, kv.PrefixEnd(low)})
		b.DeleteRange(low, kv.PrefixEnd(low))
	}
	var gone []change
	for number, n := range live {
		gone = append(gone, change{extent: number, live: n})
	}
	slices.SortFunc(gone, func(x, y change) int { return cmp.Compare(x.extent, y.extent) })
	for _, c := range gone {
		b.AddTally(extentKey(nil, c.extent), kv.Tally{Sum: [2]int64{-c.live}})
	}
	if err := b.Commit(); err != nil {
		return kvError(err)
	}
	s.extents.account(gone, -1)
	return s.db.GiveBack(ctx, ranges)
}

// liveOf returns the bytes that a container's records name, by extent.
func (s *Store) liveOf(ctx context.Context, db kv.Reader, cid uint32) (map[uint64]int64, error) {
	live := map[uint64]int64{}
	add := func(refs []ref) {
		for _, r := range refs {
			live[r.extent] += r.cost()
		}
	}
	for _, table := range []byte{tableBlobs, tableStates} {
		err := kv.Each(db, tableKey(nil, table, cid), func(_, value []byte) error {
			r, err := parseRecord(value)
			if err != nil {
				return fmt.Errorf("a record of container %d: %w", cid, err)
			}
			add(r.refs)
			return ctx.Err()
		})
		if err != nil {
			return nil, err
		}
	}
	err := kv.Each(db, tableKey(nil, tableContent, cid), func(_, value []byte) error {
		d := decoder{b: value}
		add(d.refs())
		return d.err()
	})
	if err != nil {
		return nil, err
	}
	return live, kv.Each(db, tableKey(nil, tablePending, cid), func(_, value []byte) error {
		b, err := parseBlock(value)
		add(b.refs)
		return err
	})
}

// removeDead removes the files in which nothing is alive and that nobody reads.
func (s *Store) removeDead(ctx context.Context) error {
	dead := s.extents.dead()
	if len(dead) == 0 {
		return nil
	}
	if s.mode != vfs.SyncAlways { // what named their bytes must not come back without them
		if err := s.db.Sync(); err != nil {
			return err
		}
	}
	for _, e := range dead {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.remove(e); err != nil {
			return err
		}
	}
	return nil
}

// dead returns the files that can go, and has nothing added to them any more.
func (x *extents) dead() (dead []*extent) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i, e := range x.current {
		if e != nil && e.live <= 0 && e.pending == 0 && e.size > extentHeader {
			e.sealed, x.current[i] = true, nil
		}
	}
	for _, e := range x.all {
		if e.removable(&x.readers) {
			dead = append(dead, e)
		}
	}
	return dead
}

// removable reports whether the file can go. extents.mu is held.
func (e *extent) removable(readers *readers) bool {
	return e.sealed && e.live <= 0 && e.pending == 0 && readers.passed(e.emptied)
}

// remove removes a dead file, unless something has come to life in it.
func (s *Store) remove(e *extent) error {
	if err := s.use.Enter(); err != nil {
		return err
	}
	defer s.use.Leave()
	x := s.extents
	x.mu.Lock()
	if !e.removable(&x.readers) {
		x.mu.Unlock()
		return nil
	}
	delete(x.all, e.number)
	f := e.file
	e.file = nil
	x.mu.Unlock()
	if f != nil {
		if err := f.Close(); err != nil {
			s.log.Warn("close a file of dead bytes", "file", e.path, "error", err)
		}
	}
	if err := x.fs.Remove(e.path); err != nil {
		return fmt.Errorf("remove %s: %w", e.path, err) // the next start removes it
	}
	s.events(Reclaimed{e.path, e.size})
	b := s.db.NewBatch(32)
	b.Delete(extentKey(nil, e.number))
	_, err := b.CommitAsync()
	return err
}
