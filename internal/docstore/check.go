package docstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Check reads a whole container and returns an error for every disagreement
// between its documents and what is derived from them: uniqueness, change feed,
// expiry, unique keys, indexes, counts, system properties. Nil means that there
// is none. It takes about as long as reading every key; writers may go on.
func (c *Container) Check(ctx context.Context) (err error) {
	c.schema.Lock() // no batch is half counted
	snap := c.store.db.Snapshot()
	set := c.indexes.Load()
	docs, size := c.docs.Load(), c.bytes.Load()
	c.schema.Unlock()
	k := &checker{c: c, from: snap}
	defer func() { err = errors.Join(err, snap.Close()) }()
	for _, x := range set.list {
		if x.build == nil {
			k.indexes = append(k.indexes, x)
		}
	}
	if err := k.documents(ctx); err != nil {
		return err
	}
	if k.docs != docs || k.bytes != size {
		k.errorf("counts are %d documents and %d bytes, there are %d and %d", docs, size, k.docs, k.bytes)
	}
	if err := k.tables(); err != nil {
		return err
	}
	return errors.Join(k.errs...)
}

// checker collects disagreements.
type checker struct {
	c       *Container
	from    kv.Reader
	indexes []*index
	e       entries

	docs, bytes, moved, timed int64
	highest                   uint64
	errs                      []error
}

func (k *checker) errorf(format string, args ...any) {
	const most = 20
	if len(k.errs) < most {
		k.errs = append(k.errs, fmt.Errorf("container %s: "+format, append([]any{k.c.name}, args...)...))
	}
}

// documents checks each document and that everything derived from it is there.
func (k *checker) documents(ctx context.Context) (err error) {
	low := tableKey(nil, tableDocs, k.c.cid)
	it, err := k.from.Iter(low, kv.PrefixEnd(low))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Error(), it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		ordinal := lastOrdinal(it.Key())
		r, err := parseRecord(it.Value(), ordinal)
		if err != nil {
			k.errorf("document %d: %v", ordinal, err)
			continue
		}
		k.docs++
		k.bytes += int64(len(it.Value()))
		k.highest = max(k.highest, r.lsn, ordinal)
		if err := k.document(&r); err != nil {
			return err
		}
	}
	return nil
}

func (k *checker) document(r *record) error {
	c := k.c
	d, err := c.draft(r.doc, nil)
	switch {
	case err != nil:
		k.errorf("document %d: %v", r.ordinal, err)
		return nil
	case d.id != string(r.id) || d.key != string(r.key) || d.ttl != r.ttl:
		k.errorf("document %d: id, partition key or ttl differ from its record", r.ordinal)
	case string(ridOf(r.doc)) != (RID{c.rid.Database, c.rid.Container, r.ordinal}).String():
		k.errorf("document %d: its _rid is %s", r.ordinal, ridOf(r.doc))
	case string(find(r.doc, []string{"_ts"})) != fmt.Sprint(r.ts):
		k.errorf("document %d: its _ts is not %d", r.ordinal, r.ts)
	case !r.moved && r.lsn < r.ordinal || r.moved && r.lsn <= r.ordinal && r.lsn == 0:
		k.errorf("document %d: its LSN is %d", r.ordinal, r.lsn)
	}
	want := [][]byte{}
	if r.moved {
		k.moved++
		want = append(want, feedKey(nil, c.cid, r.lsn, r.ordinal))
	}
	if r.ttl > 0 {
		k.timed++
		want = append(want, expiryKey(nil, c.cid, r.ts+int64(r.ttl), r.ordinal))
	}
	k.e.load(r.doc, r.key, r.ordinal)
	for _, x := range k.indexes {
		want = append(want, k.e.append(nil, c.cid, x))
	}
	for _, key := range want {
		if _, ok, err := k.from.Get(nil, key); err != nil {
			return err
		} else if !ok {
			k.errorf("document %d: entry %x is missing", r.ordinal, key)
		}
	}
	owned := [][]byte{uniqueKey(nil, c.cid, string(r.key), string(r.id))}
	t := txn{c: c}
	for n := range c.uniqueKeys {
		owned = append(owned, t.uniqueValue(nil, n, &k.e))
	}
	for _, key := range owned {
		b, _, err := k.from.Get(nil, key)
		if err != nil {
			return err
		}
		if !bytes.Equal(b, ordinalValue(nil, r.ordinal)) {
			k.errorf("document %d: key %x names another, %x", r.ordinal, key, b)
		}
	}
	return nil
}

// tables checks that the derived tables have nothing more than documents gave
// them, and that the clock is ahead of every document.
func (k *checker) tables() error {
	cid := k.c.cid
	count := func(what string, low []byte, want int64) error {
		it, err := k.from.Iter(low, kv.PrefixEnd(low))
		if err != nil {
			return err
		}
		n := int64(0)
		for ok := it.First(); ok; ok = it.Next() {
			n++
		}
		if n != want {
			k.errorf("%s has %d entries, expected %d", what, n, want)
		}
		return errors.Join(it.Error(), it.Close())
	}
	errs := []error{
		count("table U", tableKey(nil, tableUnique, cid), k.docs),
		count("the change feed", tableKey(nil, tableFeed, cid), k.moved),
		count("table T", tableKey(nil, tableExpiry, cid), k.timed),
		count("table K", tableKey(nil, tableUniqueKeys, cid), k.docs*int64(len(k.c.uniqueKeys))),
	}
	for _, x := range k.indexes {
		errs = append(errs, count("index "+x.String(), indexKey(nil, cid, x.id), k.docs))
	}
	if taken := k.c.clock.taken(); k.highest > taken {
		k.errorf("a document is at position %d, the clock at %d", k.highest, taken)
	}
	return errors.Join(errs...)
}
