package kv

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Space is a set of keys behind a prefix, one row of Layout. It is a small
// value; copy it freely.
type Space struct {
	db     *DB
	prefix []byte
}

// Space returns the space of that name in Layout. There is nothing to answer for
// a name that is not there: it panics.
func (db *DB) Space(name string) Space {
	for _, row := range Layout() {
		if row.Name == name {
			return Space{db, []byte(row.Prefix)}
		}
	}
	panic("kv: no space " + name + " in the layout")
}

// Key returns the full key of a key in the space, for the reads and writes
// that take full keys.
func (s Space) Key(key []byte) []byte { return append(slices.Clip(slices.Clone(s.prefix)), key...) }

// Bounds returns the half-open range of full keys that begin with key.
func (s Space) Bounds(key []byte) (low, high []byte) {
	low = s.Key(key)
	return low, PrefixEnd(low)
}

// PrefixEnd returns the smallest key above every key with the prefix, or nil
// when there is none.
func PrefixEnd(prefix []byte) []byte {
	end := slices.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] != 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}

// Reader reads the store: a DB as it is at each call, a Snapshot as it was.
// Keys are full keys (see Space.Key).
type Reader interface {
	// Get appends the value of key to dst, and reports whether there is one.
	Get(dst, key []byte) ([]byte, bool, error)
	// Iter returns an iterator over low <= key < high.
	Iter(low, high []byte) (*Iter, error)
}

// Iter walks keys in order. Key and Value are valid until the next move.
// Check Error after the walk; always Close.
type Iter struct {
	*pebble.Iterator
	dir string
}

// Error returns what ended the walk early, or nil: for damage a fault.Internal
// with a vfs.Damage in its chain.
func (it *Iter) Error() error { return readError(it.dir, it.Iterator.Error()) }

// Close lets the iterator go.
func (it *Iter) Close() error { return readError(it.dir, it.Iterator.Close()) }

// readError words an error of Pebble's reads.
func readError(dir string, err error) error {
	if err == nil {
		return nil
	}
	if d := damageOf(dir, err); d != nil {
		return fault.Wrap(fault.Internal, "store", d, "the file %s is damaged; what it holds cannot be read", filepath.Base(d.File))
	}
	return fmt.Errorf("read store: %w", err)
}

// Snapshot is the store at one moment. Close it soon: it keeps old data alive.
type Snapshot struct {
	p   *pebble.Snapshot
	dir string
}

// Snapshot returns the store as it is now, with every commit that is visible.
func (db *DB) Snapshot() *Snapshot { return &Snapshot{db.p.Load().NewSnapshot(), db.dir} }

// Close lets the snapshot go.
func (s *Snapshot) Close() error { return s.p.Close() }

// Get implements Reader.
func (s *Snapshot) Get(dst, key []byte) ([]byte, bool, error) { return get(s.p, s.dir, dst, key) }

// Iter implements Reader.
func (s *Snapshot) Iter(low, high []byte) (*Iter, error) { return iter(s.p, s.dir, low, high) }

// Get implements Reader.
func (db *DB) Get(dst, key []byte) ([]byte, bool, error) { return get(db.p.Load(), db.dir, dst, key) }

// Iter implements Reader.
func (db *DB) Iter(low, high []byte) (*Iter, error) { return iter(db.p.Load(), db.dir, low, high) }

func get(r pebble.Reader, dir string, dst, key []byte) ([]byte, bool, error) {
	v, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return dst, false, nil
	}
	if err != nil {
		return dst, false, readError(dir, err)
	}
	dst = append(dst, v...)
	return dst, true, closer.Close()
}

func iter(r pebble.Reader, dir string, low, high []byte) (*Iter, error) {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: low, UpperBound: high})
	if err != nil {
		return nil, readError(dir, err)
	}
	return &Iter{it, dir}, nil
}

// TallyAt returns the tally at key, zero when there is none.
func TallyAt(r Reader, key []byte) (Tally, error) {
	b, ok, err := r.Get(nil, key)
	if err != nil || !ok {
		return Tally{}, err
	}
	return parseTally(b)
}
