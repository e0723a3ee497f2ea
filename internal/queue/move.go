package queue

import (
	"context"
	"crypto/rand"
	"math"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// MaxMove is how many messages one Move takes: their texts are one commit.
const MaxMove = 100

// Moved says what became of the messages of a Move.
type Moved struct {
	Moved int
	Held  int // are not visible: somebody works on them, or they are put for later; they stayed
	Gone  int // were not there any more
}

// Move puts messages into another queue of the store and deletes them here, in one
// commit: after a kill each is in exactly one of the two. There they are new messages
// with the same text, visible at once; those that never expire do not there either.
// A message that is not visible stays.
func (q *Queue) Move(_ context.Context, to *Queue, ids []string) (did Moved, err error) {
	if q == to || q.store != to.store || len(ids) > MaxMove {
		return did, fault.New(fault.Invalid, "queue "+q.name, "up to %d messages move to another queue", MaxMove)
	}
	if err := q.store.use.Enter(); err != nil {
		return did, err
	}
	defer q.store.use.Leave()
	found, did, err := q.movable(ids)
	if err != nil || len(found) == 0 {
		return did, err
	}
	texts := make([][]byte, len(found))
	for i, f := range found {
		text, ok, err := q.store.db.Get(nil, q.textKey(f.seq))
		if err != nil {
			return did, err
		}
		if ok {
			texts[i] = text
		}
	}
	pending, moved, err := q.carry(to, found, texts)
	did.Moved = len(moved)
	did.Gone += len(found) - len(moved)
	if err != nil || len(moved) == 0 {
		return did, err
	}
	if err := pending.Wait(); err != nil {
		return did, err
	}
	for _, m := range moved {
		q.store.tell(Put{to.account, to.name, int(m.size)})
	}
	q.store.tell(Removed{q.account, q.name, len(moved), false})
	return did, nil
}

// movable are the messages of the ids that are visible.
func (q *Queue) movable(ids []string) (found []taken, did Moved, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone {
		return nil, did, q.goneError()
	}
	now := q.store.now()
	q.expire(now)
	for _, id := range ids {
		switch m, err := q.named(id); {
		case err != nil:
			did.Gone++
		case m.visible > now:
			did.Held++
		default:
			found = append(found, taken{m.state, m.seq})
		}
	}
	return found, did, nil
}

// carry has the move in the log. What was touched since it was found stays.
func (q *Queue) carry(to *Queue, found []taken, texts [][]byte) (p kv.Pending, moved []*message, err error) {
	q.store.mu.RLock() // whoever holds it for writing may take several queues in any order
	defer q.store.mu.RUnlock()
	one, two := q, to
	if one.id > two.id {
		one, two = two, one
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	two.mu.Lock()
	defer two.mu.Unlock()
	if q.gone {
		return p, nil, q.goneError()
	}
	if to.gone {
		return p, nil, to.goneError()
	}
	now := q.store.now()
	b := q.store.db.NewBatch(256 * len(found))
	var left []*message
	next := to.next
	for i, f := range found {
		m := q.byID[f.id]
		if m == nil || m.pop != f.pop || texts[i] == nil {
			continue
		}
		fresh := to.renewed(f.state, next, now)
		next++
		b.Delete(q.stateKey(m.seq))
		b.Delete(q.textKey(m.seq))
		b.Set(to.stateKey(fresh.seq), fresh.append(make([]byte, 0, stateBytes)))
		b.Set(to.textKey(fresh.seq), texts[i])
		left, moved = append(left, m), append(moved, fresh)
	}
	if b.Count() == 0 {
		b.Discard()
		return p, nil, nil
	}
	if p, err = b.CommitAsync(); err != nil {
		return p, nil, err
	}
	to.next = next
	for i, m := range left {
		q.forget(m)
		to.insert(moved[i], now)
	}
	to.rouse()
	return p, moved, nil
}

// renewed is a message as it begins anew in the queue.
func (q *Queue) renewed(s state, seq uint64, now int64) *message {
	m := &message{seq: seq, state: state{inserted: now, visible: now, pop: now, expires: never, size: s.size}}
	m.id = newID()
	if s.expires != never && int64(DefaultTTL) < math.MaxInt64-now {
		m.expires = now + int64(DefaultTTL)
	}
	return m
}

// newID is a random GUID.
func newID() (id ID) {
	rand.Read(id[:]) //nolint:errcheck // it never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}
