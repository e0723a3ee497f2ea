package docstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// maxIndexes bounds what queries may make every later write pay for.
const maxIndexes = 64

// index is one index of a container: an entry per document of, in this order,
// the partition key when byKey, the values of the columns, and the ordinal.
// With byKey and no column it lists a partition's documents in insertion order.
type index struct {
	id      uint32
	byKey   bool
	columns []column
	// state of the build; nil when ready.
	build *build
}

type column struct {
	path       []string
	descending bool
}

// indexSet is what writers maintain. It is never changed, only replaced.
type indexSet struct {
	list []*index
	next uint32 // the next index's number
}

// indexRecord is what the table R keeps.
type indexRecord struct {
	Number  uint32
	ByKey   bool           `json:",omitempty"`
	Columns []columnRecord `json:",omitempty"`
	Ready   bool           `json:",omitempty"`
}

type columnRecord struct {
	Path       string
	Descending bool `json:",omitempty"`
}

func (x *index) record(ready bool) indexRecord {
	r := indexRecord{Number: x.id, ByKey: x.byKey, Ready: ready}
	for _, col := range x.columns {
		r.Columns = append(r.Columns, columnRecord{formatPath(col.path), col.descending})
	}
	return r
}

// same reports whether two indexes have the same entries.
func (x *index) same(o *index) bool {
	return x.byKey == o.byKey && slices.EqualFunc(x.columns, o.columns, func(a, b column) bool {
		return a.descending == b.descending && slices.Equal(a.path, b.path)
	})
}

// lookup returns the set's index with the same entries, or nil.
func (s *indexSet) lookup(want *index) *index {
	for _, x := range s.list {
		if x.same(want) {
			return x
		}
	}
	return nil
}

// with returns the set with one index more.
func (s *indexSet) with(x *index) *indexSet {
	return &indexSet{append(slices.Clip(slices.Clone(s.list)), x), s.next}
}

// without returns the set without the index.
func (s *indexSet) without(x *index) *indexSet {
	kept := &indexSet{next: s.next}
	for _, o := range s.list {
		if o.id != x.id {
			kept.list = append(kept.list, o)
		}
	}
	return kept
}

// ready returns the set with the index's build marked as finished.
func (s *indexSet) ready(x *index) *indexSet {
	done := &indexSet{slices.Clone(s.list), s.next}
	for i, o := range done.list {
		if o.id == x.id {
			finished := *o
			finished.build = nil
			done.list[i] = &finished
		}
	}
	return done
}

// allowed reports whether the policy lets the index exist.
func (x *index) allowed(p IndexingPolicy) bool {
	if len(x.columns) > 1 {
		for _, columns := range p.composites() {
			if x.same(&index{columns: columns}) {
				return true
			}
		}
		return false
	}
	for _, col := range x.columns {
		if !p.allows(col.path) {
			return false
		}
	}
	return true
}

// composites returns the policy's composite indexes, split.
func (p IndexingPolicy) composites() [][]column {
	if p.Mode == modeNone {
		return nil
	}
	var all [][]column
	for _, paths := range p.Composite {
		var columns []column
		for _, path := range paths {
			names, err := parsePath(path.Path)
			if err != nil {
				continue // check refused it
			}
			columns = append(columns, column{names, path.Descending})
		}
		all = append(all, columns)
	}
	return all
}

// policyIndexes registers in b, for a container without documents, the indexes
// the policy names, and returns the set with them.
func (c *Container) policyIndexes(b *kv.Batch, p IndexingPolicy, set *indexSet) *indexSet {
	add := func(columns ...column) {
		x := &index{id: set.next, columns: columns}
		if set.lookup(x) != nil || len(set.list) >= maxIndexes {
			return
		}
		setJSON(b, registryKey(nil, c.cid, x.id), x.record(true))
		set = set.with(x)
		set.next++
	}
	for _, path := range p.explicit() {
		add(column{path: path})
	}
	for _, columns := range p.composites() {
		add(columns...)
	}
	return set
}

// dropForbidden deletes in b the indexes the policy does not allow and returns
// the set without them. The caller holds schema.
func (c *Container) dropForbidden(b *kv.Batch, p IndexingPolicy) *indexSet {
	set := c.indexes.Load()
	for _, x := range set.list {
		if x.allowed(p) {
			continue
		}
		set = set.without(x)
		if x.build == nil {
			c.dropIndex(b, x)
		} // else its build finds out, and drops what it has written (giveUp)
	}
	return set
}

// dropIndex deletes in b an index's entries and registration.
func (c *Container) dropIndex(b *kv.Batch, x *index) {
	low := indexKey(nil, c.cid, x.id)
	b.DeleteRange(low, kv.PrefixEnd(low))
	b.Delete(registryKey(nil, c.cid, x.id))
}

// openIndexes reads the registry. An index that is not ready was being built
// when the process ended: it is dropped.
func (c *Container) openIndexes() error {
	low := tableKey(nil, tableRegistry, c.cid)
	it, err := c.store.db.Iter(low, kv.PrefixEnd(low))
	if err != nil {
		return err
	}
	set := &indexSet{}
	b := c.store.db.NewBatch(0)
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		err = c.openIndex(it.Value(), set, b)
	}
	if err := errors.Join(err, it.Error(), it.Close()); err != nil {
		b.Discard()
		return err
	}
	c.indexes.Store(set)
	if b.Count() == 0 {
		b.Discard()
		return nil
	}
	if err := b.Commit(); err != nil {
		// The store may be open for reading only. What is not dropped is not used,
		// and the next start tries again.
		c.store.log.Warn("unfinished indexes not dropped", "container", c.name, "error", err)
	}
	return nil
}

func (c *Container) openIndex(text []byte, set *indexSet, b *kv.Batch) error {
	var r indexRecord
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("index of container %s: %w", c.name, err)
	}
	x := &index{id: r.Number, byKey: r.ByKey}
	for _, col := range r.Columns {
		names, err := parsePath(col.Path)
		if err != nil {
			return err
		}
		x.columns = append(x.columns, column{names, col.Descending})
	}
	set.next = max(set.next, x.id+1)
	if r.Ready {
		set.list = append(set.list, x)
	} else {
		c.dropIndex(b, x)
	}
	return nil
}

// CanIndex reports whether the indexing policy allows an index over the path
// and there is one or room for one. IndexScan builds it when it is not there
// yet.
func (c *Container) CanIndex(path []string) bool {
	set := c.indexes.Load()
	if !c.meta.Load().Spec.IndexingPolicy.allows(path) {
		return false
	}
	return len(set.list) < maxIndexes-1 ||
		c.HasIndex(path, false) && c.HasIndex(path, true)
}

// HasIndex reports whether the index of the path (within a partition: of the
// partition key and the path) is built and ready.
func (c *Container) HasIndex(path []string, withinPartition bool) bool {
	x := c.indexes.Load().lookup(&index{byKey: withinPartition, columns: []column{{path: path}}})
	return x != nil && x.build == nil
}

// errNoIndex is the answer to a scan that the policy has no index for.
func (c *Container) errNoIndex(path []string) error {
	return fault.New(fault.Invalid, "container "+c.name, "the indexing policy has no index over %s", formatPath(path))
}

// String names the index for messages: "/data/temperature", "partition key,
// /timestamp desc".
func (x *index) String() string {
	var parts []string
	if x.byKey {
		parts = append(parts, "partition key")
	}
	for _, col := range x.columns {
		part := formatPath(col.path)
		if col.descending {
			part += " desc"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}
