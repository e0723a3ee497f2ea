package cosmos

import (
	"context"
	"encoding/binary"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/cosmossql"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// itemSource lets SQL walk a container's documents: all of them, those of one
// partition key (or a prefix of a hierarchical one), or those of a part of the
// effective key space. It serves one request.
type itemSource struct {
	coll *docstore.Container
	key  *docstore.PartitionKey // nil: all partitions
	full bool                   // key names every path, so it is one logical partition
	part keyRangeFilter
	keys []string // partition key paths

	// crossPartition, if set, is the error of a walk over all partitions.
	crossPartition error
	// crossed says that such a walk took place.
	crossed bool
}

func newItemSource(c *docstore.Container, keyPaths []string, key *docstore.PartitionKey, part keyRangeFilter) *itemSource {
	s := &itemSource{coll: c, key: key, part: part, keys: keyPaths}
	s.full = key != nil && key.Len() == len(s.keys)
	return s
}

// info tells the planner what it may ask for. A prefix or a part of the key
// space has no index of its own, so it is walked in insertion order.
func (s *itemSource) info() cosmossql.SourceInfo {
	if !s.part.all() || s.key != nil && !s.full {
		return cosmossql.SourceInfo{}
	}
	info := cosmossql.SourceInfo{Pinned: s.full, Indexable: func(p cosmossql.Path, _ bool) bool { return s.coll.CanIndex(p) }}
	for _, path := range s.keys {
		info.PartitionKeyPaths = append(info.PartitionKeyPaths, cosmossql.Path(strings.Split(strings.TrimPrefix(path, "/"), "/")))
	}
	return info
}

// partition is the logical partition of a walk: the source's own, or the one
// that the planner found in the query.
func (s *itemSource) partition(a *cosmossql.Access) (*docstore.PartitionKey, error) {
	if a.Partition == nil {
		if s.key == nil {
			s.crossed = true
			return nil, s.crossPartition
		}
		return s.key, nil
	}
	values := make([]docstore.Value, len(a.Partition))
	for i, v := range a.Partition {
		values[i] = storeValue(v)
	}
	key := docstore.Key(values...)
	return &key, nil
}

// Scan opens a walk.
func (s *itemSource) Scan(ctx context.Context, a cosmossql.Access) (cosmossql.Rows, error) {
	key, err := s.partition(&a)
	if err != nil {
		return nil, err
	}
	switch {
	case a.ID != nil:
		return s.point(ctx, key, &a)
	case a.Path != nil:
		rows, err := s.coll.IndexScan(ctx, docstore.IndexOptions{
			Path: a.Path, Key: key, Low: storeBound(a.Low), High: storeBound(a.High),
			Reverse: a.Reverse, KeysOnly: a.KeysOnly, Resume: a.After,
		})
		return &itemRows{rows: rows, indexed: true, keysOnly: a.KeysOnly}, err
	}
	o := docstore.ScanOptions{Key: key, Reverse: a.Reverse}
	if a.After != nil {
		if len(a.After) != 8 {
			return nil, cosmossql.ErrContinuation
		}
		o.After = binary.BigEndian.Uint64(a.After)
	}
	rows, err := s.coll.Scan(ctx, o)
	return &itemRows{rows: rows, keysOnly: a.KeysOnly, part: &s.part}, err
}

// point is the walk over the one document with an id.
func (s *itemSource) point(ctx context.Context, key *docstore.PartitionKey, a *cosmossql.Access) (cosmossql.Rows, error) {
	if key == nil {
		return nil, fault.New(fault.Internal, "query", "a point access without a partition")
	}
	item, err := s.coll.Read(ctx, *key, *a.ID)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return &itemRows{}, nil
	}
	if err != nil {
		return nil, err
	}
	if a.After != nil {
		return &itemRows{}, nil
	}
	return &itemRows{one: &item}, nil
}

// Count counts a walk: from the store's counters where it covers a partition
// or everything, else by walking keys.
func (s *itemSource) Count(ctx context.Context, a cosmossql.Access, limit int64) (int64, error) {
	if a.ID == nil && a.Low == nil && a.High == nil && a.After == nil && s.part.all() {
		key, err := s.partition(&a)
		if err != nil {
			return 0, err
		}
		return s.coll.Count(ctx, key)
	}
	a.KeysOnly = true
	rows, err := s.Scan(ctx, a)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var n int64
	var row cosmossql.Row
	for limit <= 0 || n < limit {
		ok, err := rows.Next(&row)
		if err != nil {
			return 0, err
		}
		if !ok {
			break
		}
		n++
	}
	return n, nil
}

// itemRows adapts the store's rows. The zero itemRows is empty.
type itemRows struct {
	rows     *docstore.Rows
	indexed  bool
	keysOnly bool
	part     *keyRangeFilter
	one      *docstore.Item // of a point walk, until it was given
	ordinal  uint64
	text     []byte // the current value's string
	pos      [8]byte
}

// Next moves on and fills row.
func (r *itemRows) Next(row *cosmossql.Row) (bool, error) {
	if r.one != nil {
		*row = cosmossql.Row{Doc: r.one.Body, Ordinal: r.one.Ordinal}
		r.ordinal, r.one = r.one.Ordinal, nil
		return true, nil
	}
	if r.rows == nil {
		return false, nil
	}
	for r.rows.Next() {
		*row = cosmossql.Row{Ordinal: r.rows.Ordinal()}
		r.ordinal = row.Ordinal
		if r.part != nil && !r.part.all() {
			ok, err := r.part.has(r.rows.Doc())
			if err != nil {
				return false, err
			}
			if !ok {
				continue
			}
		}
		if !r.keysOnly {
			row.Doc = r.rows.Doc()
		}
		if r.indexed {
			v := r.rows.Value()
			row.Value = cosmossql.Scalar{Kind: cosmossql.Kind(v.Kind), Num: v.Num}
			if v.Kind == docstore.String {
				r.text = append(r.text[:0], v.Str...)
				row.Value.Text = r.text
			}
		}
		return true, nil
	}
	return false, r.rows.Err()
}

// Position is the store's own for an index walk, else the ordinal.
func (r *itemRows) Position() []byte {
	if r.indexed {
		return r.rows.Position()
	}
	binary.BigEndian.PutUint64(r.pos[:], r.ordinal)
	return r.pos[:]
}

// Close ends the walk.
func (r *itemRows) Close() error {
	if r.rows == nil {
		return nil
	}
	return r.rows.Close()
}

// storeValue translates a scalar. Both packages number kinds in sort order;
// source_test.go holds them together.
func storeValue(s cosmossql.Scalar) docstore.Value {
	return docstore.Value{Kind: docstore.Kind(s.Kind), Num: s.Num, Str: string(s.Text)}
}

func storeBound(b *cosmossql.Bound) docstore.Bound {
	if b == nil {
		return docstore.Bound{}
	}
	return docstore.Bound{Value: storeValue(b.Value), Inclusive: b.Inclusive, Set: true}
}
