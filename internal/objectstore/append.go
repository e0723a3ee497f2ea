package objectstore

import (
	"context"
	"slices"
)

// AppendConditions are the conditions of an append. Negative is no condition.
type AppendConditions struct {
	MaxSize    int64 // what the blob may have at most afterwards
	Position   int64 // what it must have before
	Encryption Encryption
	Conditions Conditions
	// Metadata, where it is not nil, takes the place of the blob's in the same
	// moment: what is said of the content is true of it.
	Metadata Metadata
}

// Append adds the upload to the end of an append blob, as one block, and returns
// where it begins.
func (a Account) Append(ctx context.Context, addr Address, u *Upload, c AppendConditions) (info Info, offset int64, err error) {
	if err := u.ready(); err != nil {
		return info, 0, err
	}
	info, err = a.modify(ctx, addr, c.Conditions, true, func(t *txn, r *record) error {
		switch {
		case r.typ != AppendBlob:
			return wrongType(t.resource())
		case r.encryption != c.Encryption:
			return wrongKey(t.resource())
		case c.MaxSize >= 0 && (r.size > c.MaxSize || u.size > c.MaxSize-r.size):
			return codes.New(MaxBlobSizeConditionNotMet, t.resource(), "it has %d bytes already", r.size)
		case c.Position >= 0 && c.Position != r.size:
			return codes.New(AppendPositionConditionNotMet, t.resource(), "it has %d bytes", r.size)
		case r.sealed:
			return codes.New(BlobIsSealed, t.resource(), "it is sealed")
		case r.blocks >= maxBlocks:
			return codes.New(BlockCountExceedsLimit, t.resource(), "it has %d blocks, the most there can be", r.blocks)
		}
		offset = r.size
		refs := u.refs()
		t.grow(refs)
		t.extend(r, refs)
		r.blocks++
		if c.Metadata != nil {
			r.metadata = slices.Clone(c.Metadata)
		}
		r.copy = nil
		return nil
	})
	u.keep(err)
	return info, offset, err
}

// extend puts refs behind the content of r.
func (t *txn) extend(r *record, refs []ref) {
	if !r.table && len(r.refs)+len(refs) <= inlineRefs {
		r.refs = slices.Concat(r.refs, refs)
		r.size += totalOf(refs)
		return
	}
	if !r.table {
		t.number(r)
		t.setRow(r.uid, 0, r.refs)
		r.table, r.refs = true, nil
	}
	t.setRow(r.uid, r.size, refs)
	r.size += totalOf(refs)
}
