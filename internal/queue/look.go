package queue

import (
	"context"
	"errors"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// What is here is for who looks after a queue, not for who works on its messages: it
// sees and removes also those that somebody has, and changes the visibility of none.

// Stored is a message as it is in the queue, visible or not.
type Stored struct {
	Message
	Place uint64 // in the order of being put
	Size  int    // of the text, in bytes
}

// Look is what Queue.Look looks for.
type Look struct {
	After  uint64 // goes on behind this Place; 0: from the beginning
	Newest bool   // what was put last first
	Limit  int
}

// Look returns messages in the order in which they were put, whether they are visible
// or not. more says that there are further ones.
func (q *Queue) Look(ctx context.Context, o Look) (page []Stored, more bool, err error) {
	if err := q.store.use.Enter(); err != nil {
		return nil, false, err
	}
	defer q.store.use.Leave()
	if _, err := q.Info(); err != nil {
		return nil, false, err
	}
	err = q.walk(ctx, o, func(seq uint64, s state) (bool, error) {
		if len(page) >= o.Limit {
			more = true
			return false, nil
		}
		all, err := q.read([]taken{{s, seq}}, false)
		for _, m := range all { // none if it was removed meanwhile
			page = append(page, Stored{m, seq, int(s.size)})
		}
		return true, err
	})
	return page, more, err
}

// Oldest is when the message that was put first, of those that are there, was put.
func (q *Queue) Oldest(ctx context.Context) (at time.Time, ok bool, err error) {
	if err := q.store.use.Enter(); err != nil {
		return at, false, err
	}
	defer q.store.use.Leave()
	err = q.walk(ctx, Look{}, func(_ uint64, s state) (bool, error) {
		at, ok = time.Unix(0, s.inserted), true
		return false, nil
	})
	return at, ok, err
}

// walk visits the states that are in the store, without the expired, until visit says
// that it is enough. Messages that were removed leave marks in the store until it is
// compacted, so a walk from the beginning starts where the last one found something:
// places are never used again.
func (q *Queue) walk(ctx context.Context, o Look, visit func(seq uint64, s state) (bool, error)) (err error) {
	first := q.first.Load()
	low, high := q.stateKey(max(first, o.After+1)), kv.PrefixEnd(key(stateKind, q.account, q.id))
	if o.Newest {
		low = q.stateKey(first)
		if o.After > 0 {
			high = q.stateKey(o.After)
		}
	}
	it, err := q.store.db.Iter(low, high)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Error(), it.Close()) }()
	start, next := it.First, it.Next
	if o.Newest {
		start, next = it.Last, it.Prev
	}
	now, found := q.store.now(), false
	for ok := start(); ok; ok = next() {
		n, ok := numbersOf(it.Key(), stateKind, 3)
		if !ok {
			return damaged("a key of a message")
		}
		s, err := parseState(it.Value())
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if s.expires <= now {
			continue
		}
		if !found && !o.Newest && o.After < first {
			q.first.CompareAndSwap(first, n[2])
		}
		found = true
		if again, err := visit(n[2], s); err != nil || !again {
			return err
		}
	}
	return nil
}

// Find returns a message by its id, whether it is visible or not.
func (q *Queue) Find(_ context.Context, id string) (Stored, error) {
	if err := q.store.use.Enter(); err != nil {
		return Stored{}, err
	}
	defer q.store.use.Leave()
	found, err := func() (taken, error) {
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.gone {
			return taken{}, q.goneError()
		}
		q.expire(q.store.now())
		m, err := q.named(id)
		if err != nil {
			return taken{}, err
		}
		return taken{m.state, m.seq}, nil
	}()
	if err != nil {
		return Stored{}, err
	}
	all, err := q.read([]taken{found}, false)
	if err == nil && len(all) == 0 {
		err = q.noMessage(id)
	}
	if err != nil {
		return Stored{}, err
	}
	return Stored{all[0], found.seq, int(found.size)}, nil
}

// named finds a message by its id. The lock is held.
func (q *Queue) named(id string) (*message, error) {
	guid, ok := ParseID(id)
	if m := q.byID[guid]; ok && m != nil {
		return m, nil
	}
	return nil, q.noMessage(id)
}

func (q *Queue) noMessage(id string) error {
	return codes.New(MessageNotFound, "message "+id, "it is not in queue %s", q.name)
}

// Discard deletes a message without a receipt. Whoever has it finds it gone.
func (q *Queue) Discard(_ context.Context, id string) error {
	return q.remove(func() (*message, error) { return q.named(id) })
}
