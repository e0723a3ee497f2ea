package docstore

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// IndexOptions choose the entries of an IndexScan.
type IndexOptions struct {
	Path    []string      // property names from the root: ["data","temperature"]
	Key     *PartitionKey // full partition key: uses the index of (partition key, path)
	Low     Bound
	High    Bound
	Reverse bool // highest value first; equal values then by ordinal downwards too
	// KeysOnly yields Value and Ordinal without reading documents; Doc is nil.
	KeysOnly bool
	// Resume continues beyond the entry at which Rows.Position returned it, also
	// when the entry is gone. It may come from a client: fault.Invalid when it is
	// malformed.
	Resume []byte
}

// CompositeOptions choose the entries of a CompositeScan.
type CompositeOptions struct {
	Columns  []CompositePath // as the policy defines them, or every direction turned round
	Equal    []Value         // only entries with these values in the first columns
	KeysOnly bool
	Resume   []byte
}

// IndexScan walks documents by the value at a path. Every document has one
// entry; one without the property has the value Undefined. The first scan of a
// path builds its index and takes as long as that takes; the index is kept from
// then on. It returns fault.Invalid for a path the policy excludes.
func (c *Container) IndexScan(ctx context.Context, o IndexOptions) (*Rows, error) {
	if !c.meta.Load().Spec.IndexingPolicy.allows(o.Path) {
		return nil, c.errNoIndex(o.Path)
	}
	if o.Key != nil {
		if err := c.fullKey(*o.Key); err != nil {
			return nil, err
		}
	}
	want := &index{byKey: o.Key != nil, columns: []column{{path: slices.Clone(o.Path)}}}
	x, err := c.ensureIndex(ctx, want)
	if err != nil {
		return nil, err
	}
	prefix := indexKey(nil, c.cid, x.id)
	if o.Key != nil {
		prefix = append(prefix, o.Key.enc...)
	}
	low, high := prefix, kv.PrefixEnd(prefix)
	if o.Low.Set {
		low = appendValue(slices.Clone(prefix), o.Low.Value)
		if !o.Low.Inclusive {
			low = kv.PrefixEnd(low)
		}
	}
	if o.High.Set {
		high = appendValue(slices.Clone(prefix), o.High.Value)
		if o.High.Inclusive {
			high = kv.PrefixEnd(high)
		}
	}
	return c.walkIndex(ctx, x, prefix, low, high, o.Reverse, o.KeysOnly, o.Resume)
}

// CompositeScan walks documents by several values, using a composite index of
// the policy; fault.Invalid when there is none that fits.
func (c *Container) CompositeScan(ctx context.Context, o CompositeOptions) (*Rows, error) {
	x, reverse, err := c.composite(ctx, o.Columns)
	if err != nil {
		return nil, err
	}
	if len(o.Equal) > len(x.columns) {
		return nil, fault.New(fault.Invalid, "container "+c.name, "more values than columns")
	}
	prefix := indexKey(nil, c.cid, x.id)
	low := slices.Clone(prefix)
	for i, v := range o.Equal {
		start := len(low)
		if low = appendValue(low, v); x.columns[i].descending {
			invert(low[start:])
		}
	}
	return c.walkIndex(ctx, x, prefix, low, kv.PrefixEnd(low), reverse, o.KeysOnly, o.Resume)
}

// HasComposite reports whether the policy has a composite index that
// CompositeScan can use for the columns.
func (c *Container) HasComposite(columns []CompositePath) bool {
	_, _, ok := c.meta.Load().Spec.IndexingPolicy.fit(columns)
	return ok
}

// composite returns the ready index for the columns and whether it is walked
// backwards.
func (c *Container) composite(ctx context.Context, columns []CompositePath) (*index, bool, error) {
	found, reverse, ok := c.meta.Load().Spec.IndexingPolicy.fit(columns)
	if !ok {
		return nil, false, fault.New(fault.Invalid, "container "+c.name, "the indexing policy has no composite index over %v", columns)
	}
	x, err := c.ensureIndex(ctx, &index{columns: found})
	return x, reverse, err
}

// fit finds the policy's composite index with the columns, in their directions
// or with every one turned round.
func (p IndexingPolicy) fit(want []CompositePath) (columns []column, reverse, ok bool) {
	var wanted []column
	for _, w := range want {
		names, err := parsePath(w.Path)
		if err != nil {
			return nil, false, false
		}
		wanted = append(wanted, column{names, w.Descending})
	}
	for _, columns := range p.composites() {
		for _, reverse := range []bool{false, true} {
			same := slices.EqualFunc(columns, wanted, func(a, b column) bool {
				return slices.Equal(a.path, b.path) && (a.descending != b.descending) == reverse
			})
			if same {
				return columns, reverse, true
			}
		}
	}
	return nil, false, false
}

// walkIndex opens rows over an index's entries between low and high, beyond
// resume.
func (c *Container) walkIndex(ctx context.Context, x *index, prefix, low, high []byte, reverse, keysOnly bool, resume []byte) (*Rows, error) {
	if resume != nil && !x.isPosition(resume) {
		return nil, fault.New(fault.Invalid, "container "+c.name, "malformed position of an index scan")
	}
	rows, err := c.newRows(ctx, keysOnly)
	if err != nil {
		return nil, err
	}
	rows.prefix, rows.columns = len(prefix), x.columns
	if resume != nil {
		at := append(slices.Clone(prefix), resume...)
		if reverse {
			high = smaller(high, at)
		} else {
			low = larger(low, append(at, 0))
		}
	}
	return rows.over(low, high, reverse)
}

// isPosition reports whether b has the form of a Rows.Position.
func (x *index) isPosition(b []byte) bool {
	rest := slices.Clone(b)
	for _, col := range x.columns {
		if col.descending {
			invert(rest)
		}
		var err error
		if rest, err = skipValue(rest); err != nil {
			return false
		}
		if col.descending {
			invert(rest)
		}
	}
	return len(rest) == 8
}

func smaller(a, b []byte) []byte {
	if slices.Compare(a, b) < 0 {
		return a
	}
	return b
}

func larger(a, b []byte) []byte {
	if slices.Compare(a, b) > 0 {
		return a
	}
	return b
}

func appendOrdinal(dst []byte, ordinal uint64) []byte {
	return binary.BigEndian.AppendUint64(dst, ordinal)
}
