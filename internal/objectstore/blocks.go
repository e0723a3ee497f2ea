package objectstore

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

const (
	maxBlockID     = 64
	maxBlocks      = 50_000
	maxUncommitted = 100_000
)

// Block is a block of a block blob. Its id is 1 to 64 bytes, decoded.
type Block struct {
	ID   string
	Size int64
}

// BlockKind says where a block of a list is looked for.
type BlockKind uint8

// The kinds.
const (
	Latest BlockKind = iota // uncommitted, else committed
	Committed
	Uncommitted
)

// BlockRef is an entry of a block list.
type BlockRef struct {
	Kind BlockKind
	ID   string
}

// BlockList is what Blocks returns.
type BlockList struct {
	Info        Info // of the blob; Uncommitted when there is none yet
	Committed   []Block
	Uncommitted []Block
}

// pendingBlock is the value of table U.
//
//	byte version, uvarint time, refs
type pendingBlock struct {
	at   tick
	refs []ref
}

func (b pendingBlock) append(dst []byte) []byte {
	return appendRefs(binary.AppendUvarint(append(dst, recordVersion), uint64(b.at)), b.refs)
}

func parseBlock(v []byte) (b pendingBlock, err error) {
	d := decoder{b: v}
	if d.byte() != recordVersion {
		return b, errRecord
	}
	b.at = tick(d.int())
	b.refs = d.refs()
	return b, d.err()
}

// BlockPut is what a block is put with besides its content.
type BlockPut struct {
	Encryption Encryption
	Lease      string
}

// PutBlock adds an uncommitted block, replacing one of the same id. The first one
// of a name makes an uncommitted blob. u must still be discarded.
func (a Account) PutBlock(ctx context.Context, addr Address, id string, u *Upload, p BlockPut) error {
	if len(id) == 0 || len(id) > maxBlockID {
		return codes.New(InvalidBlockID, "blob "+addr.Container+"/"+addr.Blob, "a block's id has 1 to %d bytes", maxBlockID)
	}
	if err := u.ready(); err != nil {
		return err
	}
	err := a.change(ctx, addr, func(t *txn) error { return t.putBlock(id, u.refs(), p) })
	u.keep(err)
	return err
}

func (t *txn) putBlock(id string, refs []ref, p BlockPut) error {
	old := t.old
	if old != nil && old.deleted != 0 {
		if err := t.displace(); err != nil {
			return err
		}
		old = nil
	}
	if old == nil {
		if err := (lease{}).guard(t.resource(), p.Lease, true, t.now, blobLease()); err != nil {
			return err
		}
		old = &record{typ: BlockBlob, uncommitted: true, encryption: p.Encryption}
	} else if err := old.lease.guard(t.resource(), p.Lease, true, t.now, blobLease()); err != nil {
		return err
	}
	if err := t.copying(); err != nil {
		return err
	}
	switch {
	case old.typ != BlockBlob:
		return wrongType(t.resource())
	case old.idLen != 0 && (old.pending || old.listed) && old.idLen != int64(len(id)):
		return codes.New(InvalidBlobOrBlock, t.resource(), "the ids of its blocks have %d bytes, this one has %d", old.idLen, len(id))
	case old.encryption != p.Encryption:
		return wrongKey(t.resource())
	}
	key := append(belowName(nil, tablePending, t.c.cid, t.name), id...)
	if old.pending {
		if err := t.dropBlock(key); err != nil {
			return err
		}
	} else {
		marked := *old
		marked.pending, marked.idLen = true, int64(len(id))
		t.put(&marked, t.old == nil || t.old.deleted != 0)
	}
	t.grow(refs)
	t.touched = true
	t.batch.Set(key, pendingBlock{tickOf(t.now), refs}.append(nil))
	return nil
}

// dropBlock lets the uncommitted block of the key go, if there is one.
func (t *txn) dropBlock(key []byte) error {
	v, ok, err := get(t.s.db, key)
	if err != nil || !ok {
		return err
	}
	b, err := parseBlock(v)
	if err != nil {
		return codes.Wrap(InternalError, t.resource(), err, "an uncommitted block cannot be read")
	}
	t.shrink(b.refs)
	return nil
}

func wrongType(resource string) error {
	return codes.New(InvalidBlobType, resource, "it is of another type")
}

func wrongKey(resource string) error {
	return codes.New(BlobUsesCustomerSpecifiedEncryption, resource, "it was written with another encryption key or scope")
}

// CommitBlocks makes a list of blocks the blob's content, in the order of the
// list. All uncommitted blocks vanish.
func (a Account) CommitBlocks(ctx context.Context, addr Address, list []BlockRef, p Put) (info Info, err error) {
	if len(list) > maxBlocks {
		return info, codes.New(BlockListTooLong, "blob "+addr.Container+"/"+addr.Blob, "a list has at most %d blocks", maxBlocks)
	}
	p.Type = BlockBlob
	err = a.change(ctx, addr, func(t *txn) error {
		if exists(t.old) && t.old.typ != BlockBlob {
			if err := t.creatable(p.Conditions); err != nil {
				return err
			}
			return wrongType(t.resource())
		}
		if t.old != nil && t.old.deleted == 0 && t.old.pending && t.old.uncommitted && t.old.encryption != p.Encryption {
			return wrongKey(t.resource())
		}
		refs, blocks, err := t.assemble(list)
		if err != nil {
			return errors.Join(t.creatable(p.Conditions), err)
		}
		info, err = t.replace(p, func(r *record) error {
			t.contents(r, refs)
			t.list(r, blocks)
			return nil
		})
		return err
	})
	return info, err
}

// assemble finds the blocks of a list.
func (t *txn) assemble(list []BlockRef) (refs []ref, blocks []Block, err error) {
	committed, err := t.committed()
	if err != nil {
		return nil, nil, err
	}
	uncommitted, err := t.uncommitted()
	if err != nil {
		return nil, nil, err
	}
	blocks = make([]Block, 0, len(list))
	for _, b := range list {
		found, ok := []ref(nil), false
		if b.Kind != Committed {
			found, ok = uncommitted[b.ID]
		}
		if !ok && b.Kind != Uncommitted {
			found, ok = committed[b.ID]
		}
		if !ok {
			return nil, nil, codes.New(InvalidBlockList, t.resource(), "the list names a block that is not there")
		}
		refs = append(refs, found...)
		blocks = append(blocks, Block{b.ID, totalOf(found)})
	}
	return refs, blocks, nil
}

// committed returns the committed blocks by id.
func (t *txn) committed() (map[string][]ref, error) {
	if !exists(t.old) || !t.old.listed {
		return nil, nil
	}
	blocks, err := t.s.blockList(t.s.db, t.c.cid, t.old)
	if err != nil {
		return nil, err
	}
	refs, err := allRefs(t.s.db, t.c.cid, t.old)
	if err != nil {
		return nil, err
	}
	byID := make(map[string][]ref, len(blocks))
	for _, b := range blocks {
		var of []ref
		for left := b.Size; left > 0 && len(refs) > 0; {
			n := min(left, refs[0].n)
			of = append(of, refs[0].slice(0, n))
			left -= n
			if refs[0].n > n {
				refs[0] = refs[0].slice(n, refs[0].n-n)
			} else {
				refs = refs[1:]
			}
		}
		byID[b.ID] = of
	}
	return byID, nil
}

// uncommitted returns the uncommitted blocks by id.
func (t *txn) uncommitted() (map[string][]ref, error) {
	if t.old == nil || !t.old.pending {
		return nil, nil
	}
	byID := map[string][]ref{}
	err := kv.Each(t.s.db, belowName(nil, tablePending, t.c.cid, t.name), func(key, value []byte) error {
		b, err := parseBlock(value)
		_, id := splitPending(key)
		byID[string(id)] = b.refs
		return err
	})
	return byID, kvError(err)
}

// list keeps the ids and sizes of committed blocks.
func (t *txn) list(r *record, blocks []Block) {
	if len(blocks) == 0 {
		return
	}
	t.number(r)
	r.listed, r.idLen = true, int64(len(blocks[0].ID))
	v := binary.AppendUvarint([]byte{recordVersion}, uint64(len(blocks)))
	for _, b := range blocks {
		v = binary.AppendUvarint(appendText(v, b.ID), uint64(b.Size))
	}
	t.batch.Set(blockListKey(t.c.cid, r.uid), v)
}

// blockList returns the committed blocks of a record.
func (s *Store) blockList(r kv.Reader, cid uint32, rec *record) ([]Block, error) {
	if !rec.listed {
		return nil, nil
	}
	v, ok, err := get(r, blockListKey(cid, rec.uid))
	if err != nil {
		return nil, err
	}
	d := decoder{b: v}
	if !ok || d.byte() != recordVersion {
		return nil, codes.Wrap(InternalError, "blob", errRecord, "the list of its blocks cannot be read")
	}
	blocks := make([]Block, d.count())
	for i := range blocks {
		blocks[i] = Block{d.text(), d.int()}
	}
	return blocks, kvError(d.err())
}

// Blocks returns the committed and uncommitted blocks of a block blob or a
// snapshot of one, and the tags' condition only counts.
func (a Account) Blocks(ctx context.Context, addr Address, cond Conditions) (list BlockList, err error) {
	v, err := a.view(ctx, addr)
	if err != nil {
		return list, err
	}
	defer v.close()
	if v.rec == nil || v.rec.deleted != 0 || v.rec.uncommitted && v.rec.state != stateBase {
		return list, noBlob(addr.Container, addr.Blob)
	}
	only := Conditions{Tags: cond.Tags, Lease: cond.Lease}
	if err := v.allows(only); err != nil {
		return list, err
	}
	if v.rec.typ != BlockBlob {
		return list, wrongType(v.resource())
	}
	list.Info = v.info()
	if list.Committed, err = a.s.blockList(v.snap, v.c.cid, v.rec); err != nil || !v.rec.pending {
		return list, err
	}
	err = kv.Each(v.snap, belowName(nil, tablePending, v.c.cid, addr.Blob), func(key, value []byte) error {
		b, err := parseBlock(value)
		_, id := splitPending(key)
		list.Uncommitted = append(list.Uncommitted, Block{string(slices.Clone(id)), totalOf(b.refs)})
		return err
	})
	return list, kvError(err)
}
