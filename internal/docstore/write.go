package docstore

import (
	"context"

	"github.com/cespare/xxhash/v2"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

const (
	// A Write that is not atomic is cut into batches: short ones, so that items
	// are locked briefly and a batch stays far below a memtable, but each sync
	// is shared by all.
	chunkOps   = 256
	chunkBytes = 1 << 20

	// An atomic Write is one batch.
	maxAtomicOps   = 1000
	maxAtomicBytes = 16 << 20
)

// step is an operation on its way: resolved to an item, its body checked.
type step struct {
	op     *Op
	result *Result
	draft  draft  // of Create, Upsert, Replace
	unique []byte // the item's key in table U
	key    string // the encoded partition key
	id     string
	lock   uint64 // hash of what is locked

	sought  bool   // ordinal is known
	ordinal uint64 // of the item, 0 when there is none
}

// Write executes the operations and returns one result for each, in order.
//
// With atomic set they happen together under one LSN or not at all: the first
// failure is in its result, the others get ErrAborted, and all must have one
// partition key. Without it each stands for itself, with its own LSN, in order
// where two concern the same item, and shares the commit with its neighbours.
//
// Write returns after everything that succeeded is durable. The error is for
// the call as a whole (a closed store, a failing disk, a cancelled context);
// then no result is to be trusted as durable.
func (c *Container) Write(ctx context.Context, ops []Op, atomic bool) ([]Result, error) {
	if err := c.store.use.Enter(); err != nil {
		return nil, err
	}
	defer c.store.use.Leave()
	results := make([]Result, len(ops))
	steps := make([]step, 0, len(ops))
	size := 0
	for i := range ops {
		s := step{op: &ops[i], result: &results[i]}
		if err := c.resolve(&s); err != nil {
			results[i].Err = err
			continue
		}
		size += len(ops[i].Body)
		steps = append(steps, s)
	}
	if atomic {
		return results, c.writeAtomic(ctx, steps, results, size)
	}
	return results, c.writeEach(ctx, steps)
}

func (c *Container) writeAtomic(ctx context.Context, steps []step, results []Result, size int) error {
	refuse := func(cause error) {
		for i := range results {
			if results[i].Err == nil {
				results[i] = Result{Err: cause}
			}
		}
	}
	if len(steps) < len(results) {
		refuse(errAborted)
		return nil
	}
	if len(steps) > maxAtomicOps || size > maxAtomicBytes {
		refuse(fault.New(fault.TooLarge, "transaction", "more than %d operations or %d bytes", maxAtomicOps, maxAtomicBytes))
		return nil
	}
	for i := range steps {
		if steps[i].key != steps[0].key {
			refuse(fault.Wrap(fault.Invalid, "transaction", ErrKeyMismatch, "its operations have several partition keys"))
			return nil
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	p, err := c.runTxn(steps, true)
	if err != nil {
		return err
	}
	if p == nil {
		refuse(errAborted)
		return nil
	}
	return p.wait()
}

var errAborted = fault.Wrap(fault.Unavailable, "", ErrAborted, "not executed")

// writeEach runs the steps in chunks and waits for all commits at the end, so
// that the disk syncs one chunk while the next is made.
func (c *Container) writeEach(ctx context.Context, steps []step) error {
	var pending []*commit
	var failed error
	for len(steps) > 0 && failed == nil {
		if failed = ctx.Err(); failed != nil {
			break
		}
		n, size := 0, 0
		for n < len(steps) && n < chunkOps && (n == 0 || size < chunkBytes) {
			size += len(steps[n].op.Body)
			n++
		}
		var p *commit
		if p, failed = c.runTxn(steps[:n], false); p != nil {
			pending = append(pending, p)
		}
		steps = steps[n:]
	}
	for _, p := range pending {
		if err := p.wait(); failed == nil {
			failed = err
		}
	}
	return failed
}

// resolve checks the operation and finds out which item it is about.
func (c *Container) resolve(s *step) error {
	op := s.op
	s.id = op.ID
	switch op.Kind {
	case Create, Upsert, Replace:
		var room [24]member
		var err error
		if s.draft, err = c.draft(op.Body, room[:0]); err != nil {
			return err
		}
		s.draft.members = nil // lives on this stack
		if s.id != "" && s.id != s.draft.id {
			return fault.New(fault.Invalid, "document", "its id is %q, the request's is %q", s.draft.id, s.id)
		}
		s.id, s.key = s.draft.id, s.draft.key
	case Delete, Read, Mutate, expire, purge:
		if err := checkID(s.id); err != nil {
			return err
		}
		if op.Key == nil {
			return fault.Wrap(fault.Invalid, "partition key", ErrKeyMismatch, "it is missing")
		}
		if op.Kind == Mutate && op.Mutate == nil {
			return fault.New(fault.Invalid, "operation", "a Mutate without function")
		}
	default:
		return fault.New(fault.Invalid, "operation", "unknown kind %d", op.Kind)
	}
	if op.Key != nil {
		if err := c.fullKey(*op.Key); err != nil {
			return err
		}
		if op.Body != nil && s.key != "" && s.key != op.Key.enc {
			return c.mismatch(op.Key.enc, s.key)
		}
		s.key = op.Key.enc
	}
	s.unique = uniqueKey(nil, c.cid, s.key, s.id)
	s.lock = xxhash.Sum64(s.unique)
	if len(c.uniqueKeys) > 0 {
		// Unique keys hold within a partition, so a writer locks all of it.
		s.lock = xxhash.Sum64(s.unique[:tableKeyLen+len(s.key)])
	}
	return nil
}

// fullKey tells whether the key names one logical partition.
func (c *Container) fullKey(k PartitionKey) error {
	if k.n != len(c.keyPaths) {
		return fault.Wrap(fault.Invalid, "partition key", ErrKeyMismatch, "it has %d components, the container %d", k.n, len(c.keyPaths))
	}
	return nil
}

func (c *Container) mismatch(request, document string) error {
	n := len(c.keyPaths)
	return fault.Wrap(fault.Invalid, "partition key", ErrKeyMismatch, "the request says %s, the document %s",
		PartitionKey{request, n}, PartitionKey{document, n})
}
