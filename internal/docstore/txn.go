package docstore

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// txn is one batch of steps: from taking the items' locks to the moment the
// batch is visible. The locks are given back before the disk has synced: the
// log keeps the order, so whoever builds on these changes is durable only if
// they are.
type txn struct {
	c       *Container
	batch   *kv.Batch
	span    *span
	indexes *indexSet
	now     int64
	ttl     *int32

	used        uint64 // highest position that a change took
	docs, bytes int64  // changes of the container's counts

	overlay *overlay // what this batch changed; nil when no step can see what another did

	// Room that steps reuse.
	old, fresh entries
	keys       [2][]byte
}

// overlay is the batch as reads of the same transaction see it.
type overlay struct {
	items   map[string][]byte // by key in U: the record's ordinal and bytes; nil when deleted
	ordinal map[string]uint64
	claims  map[string]uint64 // by key in K: the owner's ordinal; 0 when given up
}

// commit is a batch that is visible and on its way to the disk.
type commit struct {
	c       *Container
	pending kv.Pending
	span    *span
	used    uint64
	empty   bool // nothing to wait for
}

// wait returns when the batch is durable, and lets the change feed pass.
func (p *commit) wait() error {
	if p.empty {
		return nil
	}
	if err := p.pending.Wait(); err != nil {
		p.c.clock.finish(p.span, 0)
		return err
	}
	p.c.clock.finish(p.span, p.used)
	return nil
}

// runTxn executes the steps and makes their changes visible. With atomic set it
// returns nil when a step failed and nothing was changed.
func (c *Container) runTxn(steps []step, atomic bool) (*commit, error) {
	if len(steps) == 0 {
		return &commit{empty: true}, nil
	}
	var room [chunkOps]uint64
	locks := room[:0]
	size := 0
	for i := range steps {
		locks = append(locks, steps[i].lock)
		size += len(steps[i].op.Body) + 512
	}
	shared := c.store.locks.acquire(locks)
	defer c.store.locks.release(locks)
	c.schema.RLock()
	defer c.schema.RUnlock()
	if c.deleted {
		return nil, errDeleted
	}

	now := c.now()
	t := &txn{c: c, span: c.clock.begin(len(steps), now), indexes: c.indexes.Load(), now: now, ttl: c.ttl()}
	t.batch = c.store.db.NewBatch(size)
	defer t.abandon() // unless it committed; also when a Mutate panics
	if shared || len(c.uniqueKeys) > 0 {
		t.overlay = &overlay{map[string][]byte{}, map[string]uint64{}, map[string]uint64{}}
	}
	if len(steps) >= seekTogether {
		if err := t.seekAll(steps); err != nil {
			return nil, err
		}
	}
	if atomic {
		c.origins.note(steps[:1], t.span.last)
	} else {
		c.origins.note(steps, t.span.first)
	}
	for i := range steps {
		ordinal := t.span.first + uint64(i)
		lsn := ordinal
		if atomic {
			lsn = t.span.last
		}
		if err := t.step(&steps[i], ordinal, lsn); err != nil {
			*steps[i].result = Result{Err: err}
			if atomic {
				return nil, nil
			}
		}
	}
	return t.commit()
}

// abandon drops the batch if it was not committed.
func (t *txn) abandon() {
	if t.batch == nil {
		return
	}
	t.batch.Discard()
	t.c.clock.finish(t.span, 0)
}

func (t *txn) commit() (*commit, error) {
	if t.used == 0 {
		return &commit{empty: true}, nil
	}
	t.batch.AddTally(tallyKey(t.c.cid), kv.Tally{Max: t.used, Sum: [2]int64{t.docs, t.bytes}})
	pending, err := t.batch.CommitAsync()
	t.batch = nil
	if err != nil {
		t.c.clock.finish(t.span, 0)
		return nil, err
	}
	t.c.docs.Add(t.docs)
	t.c.bytes.Add(t.bytes)
	return &commit{c: t.c, pending: pending, span: t.span, used: t.used}, nil
}

// current returns the item's record as this transaction sees it. The record is
// the caller's to keep.
func (t *txn) current(s *step) (record, bool, error) {
	if t.overlay != nil {
		if b, ok := t.overlay.items[string(s.unique)]; ok {
			if b == nil {
				return record{}, false, nil
			}
			r, err := parseRecord(b, t.overlay.ordinal[string(s.unique)])
			return r, err == nil, err
		}
	}
	if !s.sought {
		return t.c.lookup(t.c.store.db, s.unique)
	}
	if s.ordinal == 0 {
		return record{}, false, nil
	}
	return t.c.record(t.c.store.db, s.ordinal)
}

// seekTogether is the number of items from which one iterator for all is
// cheaper than a read for each.
const seekTogether = 6

// seekAll finds out which of the steps' items exist, in the order of their keys.
func (t *txn) seekAll(steps []step) (err error) {
	low := tableKey(nil, tableUnique, t.c.cid)
	it, err := t.c.store.db.Iter(low, kv.PrefixEnd(low))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Error(), it.Close()) }()
	order := make([]*step, len(steps))
	for i := range steps {
		order[i] = &steps[i]
	}
	slices.SortFunc(order, func(a, b *step) int { return bytes.Compare(a.unique, b.unique) })
	for _, s := range order {
		s.sought = true
		if !it.SeekPrefixGE(s.unique) {
			continue
		}
		var ok bool
		if s.ordinal, ok = parseOrdinal(it.Value()); !ok {
			return fmt.Errorf("item %q: %w", s.unique, errRecord)
		}
	}
	return nil
}

// note keeps what a step did for the steps after it.
func (t *txn) note(unique, record []byte, ordinal uint64) {
	if t.overlay != nil {
		t.overlay.items[string(unique)] = record
		t.overlay.ordinal[string(unique)] = ordinal
	}
}

// step executes one operation.
func (t *txn) step(s *step, ordinal, lsn uint64) error {
	old, found, err := t.current(s)
	if err != nil {
		return err
	}
	var expired *record
	if found && old.expired(t.ttl, t.now) {
		found, expired = false, &old
	}
	if s.op.Kind == expire {
		if expired == nil {
			return fault.New(fault.NotFound, "item "+s.id, "it has not expired")
		}
		t.remove(expired, s.unique, lsn)
		return nil
	}
	if s.op.Kind == purge {
		return t.purge(s, &old, found, lsn)
	}
	if err := checkConditions(s, &old, found); err != nil {
		return err
	}
	switch s.op.Kind {
	case Read:
		s.result.Item = old.item(t.c)
		s.result.NotModified = s.op.IfNoneMatch != "" && matches(s.op.IfNoneMatch, old.doc)
		return nil
	case Delete:
		t.remove(&old, s.unique, lsn)
		s.result.Item = old.item(t.c)
		return nil
	case Mutate:
		if err := t.mutate(s, &old); err != nil {
			return err
		}
	}
	if found {
		return t.replace(s, &old, lsn)
	}
	if expired != nil {
		t.remove(expired, s.unique, lsn)
	}
	return t.insert(s, ordinal, lsn)
}

// checkConditions tells whether the operation may go ahead, given the item.
func checkConditions(s *step, old *record, found bool) error {
	op := s.op
	resource := "item " + s.id
	switch {
	case found && op.Kind == Create:
		return fault.New(fault.Conflict, resource, "it exists")
	case !found && (op.Kind == Replace || op.Kind == Delete || op.Kind == Read || op.Kind == Mutate):
		return fault.New(fault.NotFound, resource, "no such item")
	case found && op.IfMatch != "" && !matches(op.IfMatch, old.doc):
		return fault.New(fault.PreconditionFailed, resource, "its etag is not %s", op.IfMatch)
	case found && op.Kind != Read && op.IfNoneMatch != "" && matches(op.IfNoneMatch, old.doc):
		return fault.New(fault.PreconditionFailed, resource, "its etag is %s", op.IfNoneMatch)
	}
	return nil
}

// matches reports whether a condition, "*" or an etag with or without its
// quotes, names the document's etag.
func matches(condition string, doc []byte) bool {
	if condition == "*" {
		return true
	}
	if n := len(condition); n >= 2 && condition[0] == '"' && condition[n-1] == '"' {
		condition = condition[1 : n-1]
	}
	return condition == string(guidOf(doc))
}

// mutate puts the draft of the new body into the step.
func (t *txn) mutate(s *step, old *record) error {
	body, err := s.op.Mutate(old.item(t.c))
	if err != nil {
		return err
	}
	if s.draft, err = t.c.draft(body, nil); err != nil {
		return err
	}
	if s.draft.id != s.id {
		return fault.New(fault.Invalid, "item "+s.id, "its id cannot change to %q", s.draft.id)
	}
	if s.draft.key != s.key {
		return t.c.mismatch(s.key, s.draft.key)
	}
	return nil
}
