package tablestore

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// OpKind is what an operation does.
type OpKind uint8

// The kinds of operations.
const (
	Insert      OpKind = iota + 1 // there must be none: EntityAlreadyExists
	Replace                       // there must be one: ResourceNotFound
	Merge                         // likewise; properties that are not given stay
	Upsert                        // replace or insert
	UpsertMerge                   // merge or insert
	Delete                        // there must be one; the properties are not looked at
)

var opNames = [...]string{Insert: "insert", Replace: "replace", Merge: "merge", Upsert: "upsert", UpsertMerge: "upsert-merge", Delete: "delete"}

// String returns the kind in a word.
func (k OpKind) String() string { return opNames[k] }

// Op is a change of an entity.
type Op struct {
	Kind   OpKind
	Entity Entity // its Timestamp is not looked at
	// IfMatch is the Timestamp that the entity must have:
	// UpdateConditionNotSatisfied. 0 is any.
	IfMatch Ticks
}

// Write executes an operation and returns the entity's new Timestamp, of a Delete
// 0, when that is durable.
func (t *Table) Write(ctx context.Context, op *Op) (Ticks, error) {
	var stamp [1]Ticks
	err := t.run(ctx, []*Op{op}, stamp[:])
	if batch, ok := err.(*BatchError); ok { //nolint:errorlint // run gives it as it is
		err = batch.Err
	}
	return stamp[0], err
}

// Batch executes operations on different entities of one partition together, or
// none of them, and returns their new Timestamps. The error of an operation is a
// BatchError.
func (t *Table) Batch(ctx context.Context, ops []*Op) ([]Ticks, error) {
	if err := checkBatch(ops); err != nil || len(ops) == 0 {
		return nil, err
	}
	stamps := make([]Ticks, len(ops))
	if err := t.run(ctx, ops, stamps); err != nil {
		return nil, err
	}
	return stamps, nil
}

func checkBatch(ops []*Op) error {
	if len(ops) > MaxBatch {
		return codes.New(InvalidInput, "transaction", "it has %d operations; %d are allowed", len(ops), MaxBatch)
	}
	rows := make(map[string]struct{}, len(ops))
	for i, op := range ops {
		e := &op.Entity
		if e.PartitionKey != ops[0].Entity.PartitionKey {
			return &BatchError{i, codes.New(DifferentPartitions, e.name(), "the transaction is of partition %s", clip(ops[0].Entity.PartitionKey))}
		}
		if _, twice := rows[e.RowKey]; twice {
			return &BatchError{i, codes.New(InvalidDuplicateRow, e.name(), "it is in the transaction already")}
		}
		rows[e.RowKey] = struct{}{}
	}
	return nil
}

// run executes operations on different entities, together.
func (t *Table) run(ctx context.Context, ops []*Op, stamps []Ticks) error {
	s := t.store
	size := 128
	for i, op := range ops {
		if op.Kind != Delete {
			if err := op.Entity.check(); err != nil {
				return &BatchError{i, err}
			}
		}
		size += 64 + len(op.Entity.RowKey) + 32*len(op.Entity.Properties)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.use.Enter(); err != nil {
		return err
	}
	defer s.use.Leave()
	x := s.work.Get().(*txn) //nolint:errcheck,forcetypeassert // the pool makes nothing else
	defer s.work.Put(x)
	pending, err := x.run(t, ops, stamps, size)
	if err != nil {
		return err
	}
	return pending.Wait()
}

// txn is a change under way. It is used again and again for its memory.
type txn struct {
	t               *Table
	batch           *kv.Batch
	stripes         []int
	key, old, fresh []byte
	stored          Entity // what merge finds
	entities, bytes int64  // how many more there are
	newest          Ticks
}

// run has the operations in the store's log, or none of them. They are not on the
// disk yet.
func (x *txn) run(t *Table, ops []*Op, stamps []Ticks, size int) (kv.Pending, error) {
	s := t.store
	t.alive.RLock()
	defer t.alive.RUnlock()
	if t.deleted {
		return kv.Pending{}, t.gone()
	}
	x.begin(t, ops)
	locked := s.locks.acquire(x.stripes)
	defer s.locks.release(locked)
	x.batch = s.db.NewBatch(size)
	for i, op := range ops {
		var err error
		if stamps[i], err = x.step(op); err != nil {
			x.batch.Discard()
			return kv.Pending{}, &BatchError{i, err}
		}
	}
	if x.batch.Count() > 0 {
		x.batch.AddTally(tableKey(nil, rowTallies, t.record.Number), kv.Tally{Max: uint64(x.newest), Sum: [2]int64{x.entities, x.bytes}})
	}
	pending, err := x.batch.CommitAsync()
	if err != nil {
		return kv.Pending{}, err
	}
	t.entities.Add(x.entities)
	t.bytes.Add(x.bytes)
	return pending, nil
}

func (x *txn) begin(t *Table, ops []*Op) {
	x.t, x.entities, x.bytes, x.newest = t, 0, 0, 0
	x.stripes = x.stripes[:0]
	for _, op := range ops {
		x.key = entityKey(x.key[:0], t.record.Number, op.Entity.PartitionKey, op.Entity.RowKey)
		x.stripes = append(x.stripes, stripeOf(x.key))
	}
}

// step puts one operation into the batch. Its entity is locked.
func (x *txn) step(op *Op) (Ticks, error) {
	e := &op.Entity
	x.key = entityKey(x.key[:0], x.t.record.Number, e.PartitionKey, e.RowKey)
	var found bool
	var err error
	if x.old, found, err = x.t.store.db.Get(x.old[:0], x.key); err != nil {
		return 0, err
	}
	if err := op.refuse(found, x.old); err != nil {
		return 0, err
	}
	if found {
		x.entities--
		x.bytes -= int64(len(x.key) + len(x.old))
	}
	stamp := x.t.store.clock.next()
	x.newest = stamp
	if op.Kind == Delete {
		x.batch.Delete(x.key)
		return 0, nil
	}
	next := Entity{e.PartitionKey, e.RowKey, stamp, e.Properties}
	if found && (op.Kind == Merge || op.Kind == UpsertMerge) {
		if err := x.stored.parse(string(x.old)); err != nil {
			return 0, damaged(e.PartitionKey, e.RowKey, err)
		}
		next.Properties = merge(x.stored.Properties, e.Properties)
		if err := next.check(); err != nil {
			return 0, err
		}
	}
	x.fresh = appendRecord(x.fresh[:0], &next)
	x.batch.Set(x.key, x.fresh)
	x.entities++
	x.bytes += int64(len(x.key) + len(x.fresh))
	return stamp, nil
}

// refuse tells whether the operation may go ahead, given what is there.
func (op *Op) refuse(found bool, record []byte) error {
	name := op.Entity.name
	switch {
	case found && op.Kind == Insert:
		return codes.New(EntityAlreadyExists, name(), "it exists")
	case !found && (op.Kind == Replace || op.Kind == Merge || op.Kind == Delete):
		return codes.New(ResourceNotFound, name(), "there is no such entity")
	case found && op.IfMatch != 0:
		stamp, err := stampOf(record)
		if err != nil {
			return damaged(op.Entity.PartitionKey, op.Entity.RowKey, err)
		}
		if stamp != op.IfMatch {
			return codes.New(UpdateConditionNotSatisfied, name(), "it was written at %v, the condition says %v", stamp, op.IfMatch)
		}
	}
	return nil
}
