package queue

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Queue is one queue. Whoever holds one that is deleted gets errors of the code
// QueueNotFound and the kind fault.Gone.
type Queue struct {
	store   *Store
	account uint64
	id      uint64
	name    string

	mu     sync.Mutex // guards what follows, and the order of its commits
	record queueRecord
	gone   bool
	next   uint64 // seq of the next message
	byID   map[ID]*message
	order  heap     // all, by when they become visible
	expiry heap     // those that expire
	hidden heap     // those that are not visible yet, when expire looked last
	dead   []uint64 // expired, and still on the disk
	wake   chan struct{}

	first atomic.Uint64 // no message has a lower seq; see look.go
}

func newQueue(s *Store, account uint64, name string, r queueRecord) *Queue {
	return &Queue{
		store: s, account: account, id: r.ID, name: name, record: r, next: 1,
		byID: map[ID]*message{}, order: heap{which: byVisible}, expiry: heap{which: byExpiry}, hidden: heap{which: byReturn},
	}
}

// Info is what a queue says of itself.
type Info struct {
	Name     string
	Created  time.Time
	Metadata []Pair
	Messages int // visible and not, without the expired
	Hidden   int // of these, that are not visible: somebody has them, or they were put for later
}

// Name is the queue's name.
func (q *Queue) Name() string { return q.name }

// Info returns what the queue says of itself.
func (q *Queue) Info() (Info, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone {
		return Info{}, q.goneError()
	}
	q.expire(q.store.now())
	return Info{q.name, q.record.Created, slices.Clone(q.record.Metadata), len(q.byID), len(q.hidden.all)}, nil
}

// ACL returns what SetACL was given, nil at first.
func (q *Queue) ACL() ([]byte, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone {
		return nil, q.goneError()
	}
	return slices.Clone(q.record.ACL), nil
}

// SetMetadata replaces the metadata.
func (q *Queue) SetMetadata(_ context.Context, metadata []Pair) error {
	return q.change(func(r *queueRecord) { r.Metadata = slices.Clone(metadata) })
}

// SetACL keeps the queue's stored access policies, which mean nothing here.
func (q *Queue) SetACL(_ context.Context, acl []byte) error {
	return q.change(func(r *queueRecord) { r.ACL = slices.Clone(acl) })
}

func (q *Queue) change(edit func(*queueRecord)) error {
	return q.commit(func(b *kv.Batch) (func(), error) {
		r := q.record
		edit(&r)
		b.Set(queueKey(q.account, q.name), r.json())
		return func() { q.record = r }, nil
	})
}

// commit makes one change of the queue: prepare fills a batch, with the lock held, and
// returns what the change is in memory. It is done when the batch is in the log, and
// commit returns when it is on the disk. A prepare that leaves the batch empty has
// nothing to wait for.
func (q *Queue) commit(prepare func(*kv.Batch) (apply func(), err error)) error {
	if err := q.store.use.Enter(); err != nil {
		return err
	}
	defer q.store.use.Leave()
	pending, waits, err := q.begin(prepare)
	if err != nil || !waits {
		return err
	}
	return pending.Wait()
}

func (q *Queue) begin(prepare func(*kv.Batch) (func(), error)) (p kv.Pending, waits bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone {
		return p, false, q.goneError()
	}
	q.expire(q.store.now())
	b := q.store.db.NewBatch(256)
	apply, err := prepare(b)
	if err != nil || b.Count() == 0 {
		b.Discard()
		return p, false, err
	}
	kept := q.store.kept.Load()
	if !kept {
		b.Set(key(secretKind), q.store.secret)
	}
	if p, err = b.CommitAsync(); err != nil {
		return p, false, err
	}
	if !kept {
		q.store.kept.Store(true)
	}
	apply()
	return p, true, nil
}

// sameMetadata compares without regard to the order and the case of names.
func (q *Queue) sameMetadata(metadata []Pair) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	fold := func(all []Pair) []Pair {
		all = slices.Clone(all)
		for i := range all {
			all[i].Name = strings.ToLower(all[i].Name)
		}
		slices.SortFunc(all, func(a, b Pair) int { return strings.Compare(a.Name, b.Name) })
		return all
	}
	return slices.Equal(fold(q.record.Metadata), fold(metadata))
}

// Watch returns a channel that is closed when a message may have come earlier than
// Next said, or the queue was deleted. Ask for it before looking, so that nothing is
// missed.
func (q *Queue) Watch() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.wake == nil {
		q.wake = make(chan struct{})
	}
	if q.gone {
		q.rouse()
		closed := make(chan struct{})
		close(closed)
		return closed
	}
	return q.wake
}

// Now is the time by the store's clock, which messages are counted by.
func (q *Queue) Now() time.Time { return time.Unix(0, q.store.now()) }

// Left is how long it is until the next message is visible, which may be negative; ok
// is false when there is none.
func (q *Queue) Left() (left time.Duration, ok bool) {
	at, ok := q.Next()
	return at.Sub(q.Now()), ok
}

// Next says when the next message is visible, which may be past; ok is false when
// there is none.
func (q *Queue) Next() (at time.Time, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expire(q.store.now())
	m := q.order.first()
	if m == nil {
		return time.Time{}, false
	}
	return time.Unix(0, m.visible), true
}

// rouse wakes whoever watches. The lock is held.
func (q *Queue) rouse() {
	if q.wake != nil {
		close(q.wake)
		q.wake = nil
	}
}

// end is the end of a queue that was deleted. The lock is held.
func (q *Queue) end() {
	q.gone = true
	q.forgetAll()
	q.dead = nil
	q.rouse()
}

func (q *Queue) forgetAll() {
	clear(q.byID)
	q.order.all, q.expiry.all, q.hidden.all = nil, nil, nil
}

func (q *Queue) insert(m *message, now int64) {
	q.byID[m.id] = m
	q.order.push(m)
	if m.expires != never {
		q.expiry.push(m)
	}
	q.hide(m, now)
}

// moved puts a message where it belongs after its visibility changed. The lock is held.
func (q *Queue) moved(m *message, now int64) {
	q.order.fix(m)
	q.show(m)
	q.hide(m, now)
}

// hide counts a message among those that are not visible; expire shows it again when
// its time has come.
func (q *Queue) hide(m *message, now int64) {
	if m.visible > now {
		m.isHidden = true
		q.hidden.push(m)
	}
}

func (q *Queue) show(m *message) {
	if m.isHidden {
		m.isHidden = false
		q.hidden.remove(m)
	}
}

func (q *Queue) forget(m *message) {
	delete(q.byID, m.id)
	q.order.remove(m)
	if m.expires != never {
		q.expiry.remove(m)
	}
	q.show(m)
}

// expire forgets what has expired, and shows what is visible again. The lock is held.
func (q *Queue) expire(now int64) {
	for m := q.hidden.first(); m != nil && m.visible <= now; m = q.hidden.first() {
		q.show(m)
	}
	n := 0
	for m := q.expiry.first(); m != nil && m.expires <= now; m = q.expiry.first() {
		q.forget(m)
		q.dead = append(q.dead, m.seq)
		n++
	}
	if n > 0 {
		q.store.tell(Removed{q.account, q.name, n, true})
	}
}

// sweep deletes some of what has expired from the disk, and says how much.
func (q *Queue) sweep() (n int, err error) {
	q.mu.Lock()
	if !q.gone {
		q.expire(q.store.now())
	}
	n = min(len(q.dead), sweepBatch)
	dead := slices.Clone(q.dead[:n])
	q.dead = slices.Delete(q.dead, 0, n)
	q.mu.Unlock()
	if n == 0 {
		return 0, nil
	}
	b := q.store.db.NewBatch(n * 64)
	for _, seq := range dead {
		b.Delete(q.stateKey(seq))
		b.Delete(q.textKey(seq))
	}
	if err := b.Commit(); err != nil {
		q.mu.Lock()
		q.dead = append(q.dead, dead...)
		q.mu.Unlock()
		return 0, err
	}
	return n, nil
}
