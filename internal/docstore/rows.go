package docstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Rows walks documents of one consistent moment.
//
//	for rows.Next() { use(rows.Doc()) }
//	if err := rows.Err(); ...
//	rows.Close()
//
// It is used by one goroutine. Documents that expired before the walk began
// are left out.
type Rows struct {
	c    *Container
	ctx  context.Context
	snap *kv.Snapshot
	ttl  *int32
	now  int64

	// What is walked: the keys of it, or a list of ordinals.
	it      *kv.Iter
	list    []uint64
	isDocs  bool // it walks table D, whose values are the records
	reverse bool
	started bool

	prefix   int             // length of the index's keys before the first value
	columns  []column        // of the index
	keysOnly bool            // do not read documents
	expired  map[uint64]bool // with keysOnly: what to leave out

	lastEncoded []byte // the value that Value decoded last, as it is in the key
	lastValue   Value

	docs    *kv.Iter // over D, to fetch documents of an index or a list
	key     []byte   // of the current entry, valid as long as it stands there
	ordinal uint64
	doc     []byte
	steps   int
	err     error
}

// ctxEvery is how many rows are walked between looks at the context.
const ctxEvery = 256

// newRows takes the snapshot of a walk.
func (c *Container) newRows(ctx context.Context, keysOnly bool) (*Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-c.gone:
		return nil, errDeleted
	default:
	}
	settled := c.LSN()
	r := &Rows{c: c, ctx: ctx, snap: c.store.db.Snapshot(), ttl: c.ttl(), now: c.now(), keysOnly: keysOnly}
	if keysOnly && r.ttl != nil {
		if r.expired, r.err = c.expiredAt(r.snap, settled, r.now); r.err != nil {
			return nil, errors.Join(r.err, r.Close())
		}
	}
	return r, nil
}

// over points the rows at keys low <= key < high.
func (r *Rows) over(low, high []byte, reverse bool) (*Rows, error) {
	r.reverse = reverse
	if bytes.Compare(low, high) >= 0 {
		return r, nil // an empty list
	}
	if r.it, r.err = r.snap.Iter(low, high); r.err != nil {
		return nil, errors.Join(r.err, r.Close())
	}
	return r, nil
}

// Next moves to the next row.
func (r *Rows) Next() bool {
	for r.err == nil && r.advance() {
		if r.steps++; r.steps%ctxEvery == 0 && r.ctx.Err() != nil {
			r.err = r.ctx.Err()
			break
		}
		if r.keysOnly {
			if r.expired[r.ordinal] {
				continue
			}
			return true
		}
		if r.load() {
			return true
		}
	}
	r.doc, r.key = nil, nil
	return false
}

// advance moves to the next entry and sets key and ordinal.
func (r *Rows) advance() bool {
	if r.it == nil {
		if len(r.list) == 0 {
			return false
		}
		r.ordinal, r.list = r.list[0], r.list[1:]
		return true
	}
	var ok bool
	switch {
	case !r.started && r.reverse:
		ok = r.it.Last()
	case !r.started:
		ok = r.it.First()
	case r.reverse:
		ok = r.it.Prev()
	default:
		ok = r.it.Next()
	}
	r.started = true
	if !ok {
		r.err = r.it.Error()
		return false
	}
	r.key = r.it.Key()
	r.ordinal = lastOrdinal(r.key)
	return true
}

// load reads the current entry's document. It reports false when the document
// expired, and after an error.
func (r *Rows) load() bool {
	var value []byte
	if r.isDocs {
		value = r.it.Value()
	} else if value = r.fetch(); r.err != nil {
		return false
	}
	rec, err := parseRecord(value, r.ordinal)
	if err != nil {
		r.err = fmt.Errorf("document %d of container %s: %w", r.ordinal, r.c.name, err)
		return false
	}
	if r.ttl != nil && rec.expired(r.ttl, r.now) {
		return false
	}
	r.doc = rec.doc
	return true
}

// fetch returns the record of the current ordinal. One iterator for all is
// cheaper than a Get each.
func (r *Rows) fetch() []byte {
	if r.docs == nil {
		low := tableKey(nil, tableDocs, r.c.cid)
		if r.docs, r.err = r.snap.Iter(low, kv.PrefixEnd(low)); r.err != nil {
			return nil
		}
	}
	var room [24]byte
	key := docKey(room[:0], r.c.cid, r.ordinal)
	if !r.docs.SeekGE(key) || !bytes.Equal(r.docs.Key(), key) {
		r.err = errors.Join(r.docs.Error(), fmt.Errorf("document %d of container %s: an index has it, the documents have not", r.ordinal, r.c.name))
		return nil
	}
	return r.docs.Value()
}

// Doc returns the document's bytes, valid until the next call of Next; nil with
// KeysOnly.
func (r *Rows) Doc() []byte { return r.doc }

// Ordinal returns the document's place in insertion order, for
// ScanOptions.After and for ties.
func (r *Rows) Ordinal() uint64 { return r.ordinal }

// Value returns the indexed value, for IndexScan: exact for scalars; for Array
// and Object only the kind. Entries with one value follow each other, so the
// last one that was decoded often serves for many rows.
func (r *Rows) Value() Value {
	if len(r.columns) != 1 {
		return r.ColumnValue(0)
	}
	encoded := r.key[r.prefix : len(r.key)-8] // without the ordinal
	if len(encoded) == 0 || !bytes.Equal(encoded, r.lastEncoded) {
		r.lastValue = r.ColumnValue(0)
		r.lastEncoded = append(r.lastEncoded[:0], encoded...)
	}
	return r.lastValue
}

// ColumnValue returns the i-th value of the entry, for CompositeScan.
func (r *Rows) ColumnValue(i int) Value {
	rest := r.key[r.prefix:]
	if slices.ContainsFunc(r.columns, func(c column) bool { return c.descending }) {
		rest = bytes.Clone(rest) // it is inverted in place
	}
	for n := 0; ; n++ {
		if r.columns[n].descending {
			invert(rest)
		}
		v, after, err := parseValue(rest)
		if err != nil {
			r.err = fmt.Errorf("index entry %x: %w", r.key, err)
			return Value{}
		}
		if n == i {
			return v
		}
		if rest = after; r.columns[n].descending {
			invert(rest)
		}
	}
}

// Position returns the opaque place of the current row, for Resume of the same
// scan; nil for a Scan, which goes on by Ordinal. Its length is about that of
// the value.
func (r *Rows) Position() []byte {
	if r.columns == nil || r.key == nil {
		return nil
	}
	return bytes.Clone(r.key[r.prefix:])
}

// Err returns what ended the walk early, or nil.
func (r *Rows) Err() error { return r.err }

// Close lets the moment go. It must be called.
func (r *Rows) Close() error {
	var errs []error
	for _, it := range []*kv.Iter{r.it, r.docs} {
		if it != nil {
			errs = append(errs, it.Close())
		}
	}
	r.it, r.docs, r.list = nil, nil, nil
	if r.snap != nil {
		errs = append(errs, r.snap.Close())
		r.snap = nil
	}
	return errors.Join(errs...)
}
