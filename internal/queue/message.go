package queue

import (
	"context"
	"math"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Message is a message as somebody got or peeked it.
type Message struct {
	ID       string
	Text     []byte // what was put, byte for byte; nil from Put and Update
	Inserted time.Time
	Expires  time.Time // zero: never
	Visible  time.Time // when it comes again
	Dequeued int       // how often it was given out
	Receipt  string    // to update and remove it; "" of one that was peeked
}

// Limits of the protocol.
const (
	MaxText    = 64 << 10
	MaxBatch   = 32                 // messages of one Get or Peek
	MaxDelay   = 7 * 24 * time.Hour // of visibility
	DefaultTTL = 7 * 24 * time.Hour
)

// PutOptions say when a message is visible, and how long it lives.
type PutOptions struct {
	Delay time.Duration // until it is visible first
	TTL   time.Duration // 0: DefaultTTL; negative: for ever; longer than Delay
}

// Put puts a message.
func (q *Queue) Put(_ context.Context, text []byte, o PutOptions) (Message, error) {
	if o.TTL == 0 {
		o.TTL = DefaultTTL
	}
	if o.Delay < 0 || o.Delay > MaxDelay || o.TTL > 0 && o.Delay >= o.TTL {
		return Message{}, codes.New(InvalidQueryParameterValue, "queue "+q.name, "a message is visible first within 7 days and before it expires")
	}
	m, made := &message{}, state{}
	m.id = newID()
	err := q.commit(func(b *kv.Batch) (func(), error) {
		now := q.store.now()
		m.seq, m.inserted, m.visible, m.pop, m.size = q.next, now, now+int64(o.Delay), now, uint32(len(text)) //nolint:gosec // 64 KiB
		m.expires = never
		if o.TTL > 0 && int64(o.TTL) < math.MaxInt64-now {
			m.expires = now + int64(o.TTL)
		}
		b.Set(q.stateKey(m.seq), m.append(make([]byte, 0, stateBytes)))
		b.Set(q.textKey(m.seq), text)
		made = m.state // which somebody may get and change before it is on the disk
		return func() {
			q.next++
			q.insert(m, now)
			q.rouse()
		}, nil
	})
	if err != nil {
		return Message{}, err
	}
	q.store.tell(Put{q.account, q.name, len(text)})
	return q.describe(made, true), nil
}

// describe is a state as a Message without text.
func (q *Queue) describe(s state, receipt bool) Message {
	m := Message{ID: s.id.String(), Inserted: time.Unix(0, s.inserted), Visible: time.Unix(0, s.visible), Dequeued: int(s.dequeued)}
	if s.expires != never {
		m.Expires = time.Unix(0, s.expires)
	}
	if receipt {
		m.Receipt = q.store.receipt(&s)
	}
	return m
}

// taken is a message and its place in the store.
type taken struct {
	state
	seq uint64
}

// Get gives out up to limit visible messages. Nobody else gets them for the time of
// hidden; then they come again.
func (q *Queue) Get(_ context.Context, limit int, hidden time.Duration) ([]Message, error) {
	var got []taken
	err := q.commit(func(b *kv.Batch) (func(), error) {
		now := q.store.now()
		picked := q.visible(limit, now)
		for _, m := range picked {
			next := m.state
			next.visible, next.dequeued, next.pop = now+int64(hidden), next.dequeued+1, max(now, next.pop+1)
			got = append(got, taken{next, m.seq})
			b.Set(q.stateKey(m.seq), next.append(make([]byte, 0, stateBytes)))
		}
		return func() {
			for i, m := range picked {
				m.state = got[i].state
				q.moved(m, now)
			}
		}, nil
	})
	if err != nil {
		return nil, err
	}
	all, err := q.texts(got, true)
	if len(all) > 0 {
		q.store.tell(Got{q.account, q.name, len(all)})
	}
	return all, err
}

// Peek looks at up to limit visible messages.
func (q *Queue) Peek(_ context.Context, limit int) ([]Message, error) {
	if err := q.store.use.Enter(); err != nil {
		return nil, err
	}
	defer q.store.use.Leave()
	got, err := func() (got []taken, err error) {
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.gone {
			return nil, q.goneError()
		}
		now := q.store.now()
		q.expire(now)
		for _, m := range q.visible(limit, now) {
			got = append(got, taken{m.state, m.seq})
		}
		return got, nil
	}()
	if err != nil {
		return nil, err
	}
	return q.read(got, false)
}

// visible returns the first messages that are visible, in order, and leaves them where
// they are. The lock is held.
func (q *Queue) visible(limit int, now int64) (found []*message) {
	for len(found) < limit {
		m := q.order.first()
		if m == nil || m.visible > now {
			break
		}
		found = append(found, q.order.pop())
	}
	for _, m := range found {
		q.order.push(m)
	}
	return found
}

// texts is read for who has not entered.
func (q *Queue) texts(got []taken, receipts bool) ([]Message, error) {
	if len(got) == 0 {
		return nil, nil
	}
	if err := q.store.use.Enter(); err != nil {
		return nil, err
	}
	defer q.store.use.Leave()
	return q.read(got, receipts)
}

// read reads the texts. One that is not there any more was cleared meanwhile.
func (q *Queue) read(got []taken, receipts bool) ([]Message, error) {
	all := make([]Message, 0, len(got))
	for _, g := range got {
		text, ok, err := q.store.db.Get(make([]byte, 0, g.size), q.textKey(g.seq))
		if err != nil {
			return nil, err
		}
		if ok {
			m := q.describe(g.state, receipts)
			m.Text = text
			all = append(all, m)
		}
	}
	return all, nil
}

// held finds the message that a receipt is the last of. One that was given out again
// or updated since is not found by an older receipt; one whose time is merely over is.
// The lock is held.
func (q *Queue) held(id, receipt string) (*message, error) {
	guid, ok := ParseID(id)
	m := q.byID[guid]
	if !ok || m == nil {
		return nil, codes.New(MessageNotFound, "message "+id, "it is not in queue %s", q.name)
	}
	pop, ok := q.store.readReceipt(guid, receipt)
	switch {
	case !ok:
		return nil, codes.New(PopReceiptMismatch, "message "+id, "the pop receipt was never given for it")
	case pop != m.pop:
		return nil, codes.New(MessageNotFound, "message "+id, "it was given out or updated again since this pop receipt")
	}
	return m, nil
}

// Update hides a message for another while from now on, and replaces its text unless
// text is nil. The answer has the receipt that is good from now on.
func (q *Queue) Update(_ context.Context, id, receipt string, hidden time.Duration, text []byte) (Message, error) {
	if hidden < 0 || hidden > MaxDelay {
		return Message{}, codes.New(InvalidQueryParameterValue, "queue "+q.name, "a message is hidden for 7 days at most")
	}
	var next state
	err := q.commit(func(b *kv.Batch) (func(), error) {
		m, err := q.held(id, receipt)
		if err != nil {
			return nil, err
		}
		now := q.store.now()
		next = m.state
		next.visible, next.pop = now+int64(hidden), max(now, next.pop+1)
		if text != nil {
			next.size = uint32(len(text)) //nolint:gosec // 64 KiB
			b.Set(q.textKey(m.seq), text)
		}
		b.Set(q.stateKey(m.seq), next.append(make([]byte, 0, stateBytes)))
		return func() {
			m.state = next
			q.moved(m, now)
			q.rouse()
		}, nil
	})
	if err != nil {
		return Message{}, err
	}
	return q.describe(next, true), nil
}

// Remove deletes a message.
func (q *Queue) Remove(_ context.Context, id, receipt string) error {
	return q.remove(func() (*message, error) { return q.held(id, receipt) })
}

// remove deletes the message that find returns under the lock.
func (q *Queue) remove(find func() (*message, error)) error {
	err := q.commit(func(b *kv.Batch) (func(), error) {
		m, err := find()
		if err != nil {
			return nil, err
		}
		b.Delete(q.stateKey(m.seq))
		b.Delete(q.textKey(m.seq))
		return func() { q.forget(m) }, nil
	})
	if err == nil {
		q.store.tell(Removed{q.account, q.name, 1, false})
	}
	return err
}

// Clear deletes all messages.
func (q *Queue) Clear(context.Context) error {
	n, bytes := 0, int64(0)
	err := q.commit(func(b *kv.Batch) (func(), error) {
		deleteAll(b, key(stateKind, q.account, q.id))
		deleteAll(b, key(textKind, q.account, q.id))
		return func() {
			n, bytes = len(q.byID), q.bytes()
			q.forgetAll()
			q.dead = nil
		}, nil
	})
	if err == nil && n > 0 {
		q.store.tell(Removed{q.account, q.name, n, false})
		q.giveBack(bytes)
	}
	return err
}
