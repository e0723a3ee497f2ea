package objectstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

const (
	// keepBlocks is how long uncommitted blocks stay after the last was put.
	keepBlocks  = 7 * 24 * time.Hour
	blocksEvery = time.Hour // how often they are looked for
)

// expire lets go for good what was softly deleted long enough ago.
func (s *Store) expire(ctx context.Context) error {
	now := tickOf(s.now())
	type due struct {
		key   []byte
		cid   uint32
		name  string
		state tick
	}
	var all []due
	low := []byte{kv.BlobsPrefix[0], tableExpiry}
	it, err := s.db.Iter(low, expiryKey(now+1, 0, "", 0))
	if err != nil {
		return err
	}
	for ok := it.First(); ok; ok = it.Next() {
		_, cid, name, state := splitExpiry(it.Key())
		all = append(all, due{slices.Clone(it.Key()), cid, name, state})
	}
	if err := it.Close(); err != nil {
		return err
	}
	for _, d := range all {
		if err := s.expireOne(ctx, d.key, d.cid, d.name, d.state, now); err != nil {
			return err
		}
	}
	return s.expireContainers()
}

// expireOne lets one go, if it is deleted still.
func (s *Store) expireOne(ctx context.Context, key []byte, cid uint32, name string, state, now tick) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.catalog.RLock()
	c := s.byNumber[cid]
	s.catalog.RUnlock()
	if c == nil {
		b := s.db.NewBatch(64)
		b.Delete(key)
		return b.Commit()
	}
	a := s.Account(c.account)
	return a.commit(&txn{a: a, s: s, c: c, name: name, softly: true}, func(t *txn) error {
		t.del(key)
		if state == 0 {
			if t.old == nil || t.old.deleted == 0 || t.old.expires > now {
				return nil
			}
			t.removeBase()
			return t.drop(t.old)
		}
		where := stateKey(nil, cid, name, state)
		r, err := s.record(s.db, where, t.resource())
		if err != nil || r == nil || r.deleted == 0 || r.expires > now {
			return err
		}
		t.del(where)
		return t.drop(r)
	})
}

// expireContainers lets softly deleted containers go.
func (s *Store) expireContainers() error {
	if err := s.use.Enter(); err != nil {
		return err
	}
	defer s.use.Leave()
	now := tickOf(s.now())
	s.catalog.Lock()
	var due []*container
	for _, st := range s.accounts {
		for c := range maps.Values(st.deleted) {
			if c.rec.Load().expires <= now {
				due = append(due, c)
			}
		}
	}
	if len(due) == 0 {
		s.catalog.Unlock()
		return nil
	}
	return s.dropContainers(s.db.NewBatch(512), due, func() {
		for _, c := range due {
			delete(s.accounts[c.account].deleted, deletedKey(c.name, c.rec.Load().deleted))
		}
	})
}

// dropOldBlocks lets uncommitted blocks go whose list nobody has committed.
func (s *Store) dropOldBlocks(ctx context.Context) error {
	if s.now().Sub(s.blocksSeen) < blocksEvery {
		return nil
	}
	s.blocksSeen = s.now()
	s.catalog.RLock()
	all := slices.Collect(maps.Values(s.byNumber))
	s.catalog.RUnlock()
	old := tickOf(s.now().Add(-keepBlocks))
	for _, c := range all {
		newest := map[string]tick{}
		err := kv.Each(s.db, tableKey(nil, tablePending, c.cid), func(key, value []byte) error {
			b, err := parseBlock(value)
			name, _ := splitPending(key)
			newest[string(name)] = max(newest[string(name)], b.at)
			return err
		})
		if err != nil {
			return err
		}
		for name, at := range newest {
			if at > old {
				continue
			}
			if err := s.dropBlocksOf(ctx, c, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) dropBlocksOf(ctx context.Context, c *container, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a := s.Account(c.account)
	return a.commit(&txn{a: a, s: s, c: c, name: name, softly: true}, func(t *txn) error {
		if t.old == nil || !t.old.pending {
			return nil
		}
		if err := t.discardBlocks(); err != nil {
			return err
		}
		if t.old.uncommitted {
			t.removeBase()
			return nil
		}
		r := *t.old
		r.pending = false
		t.put(&r, false)
		return nil
	})
}
