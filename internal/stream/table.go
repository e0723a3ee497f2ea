package stream

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// table maps keys, which are bytes, to small numbers (ids) with flat state:
// width words for each id. An entry costs 16 bytes, its key, its words, and
// four to eight bytes of index; there is no pointer in it, so the garbage
// collector has nothing to follow.
//
// With each key it keeps further bytes, tail, that are not compared. Ids are
// reused after remove; without removals they count from 0 in the order in which
// the keys came, which is the order that results are emitted in.
type table struct {
	seed  maphash.Seed
	width int
	index []uint32 // open addressing, linear; 0 is empty, else id+1; nil while few
	ents  []tableEntry
	words []uint64
	arena []byte // keys and tails
	free  []uint32
	dead  int // bytes of arena that no entry uses
}

type tableEntry struct {
	hash uint32
	off  uint32 // in arena; noEntry if the id is free
	key  uint32
	tail uint32
}

const (
	noEntry     = ^uint32(0)
	smallTable  = 8 // up to this many entries are searched one by one
	arenaLimit  = 1<<32 - 1<<24
	missing     = ^uint32(0)
	maxKeyBytes = 1 << 20
)

func newTable(width int) *table { return &table{seed: maphash.MakeSeed(), width: width} }

// size is the number of keys.
func (t *table) size() int { return len(t.ents) - len(t.free) }

// bytes is about the memory in use.
func (t *table) bytes() int64 {
	return int64(cap(t.index)*4 + cap(t.ents)*16 + cap(t.words)*8 + cap(t.arena))
}

// state returns the words of an id, valid until the next insert.
func (t *table) state(id uint32) []uint64 {
	i := int(id) * t.width
	return t.words[i : i+t.width : i+t.width]
}

// key and tail return the bytes of an id, valid until the next insert or reset.
func (t *table) key(id uint32) []byte {
	e := &t.ents[id]
	return t.arena[e.off : e.off+e.key]
}

func (t *table) tail(id uint32) []byte {
	e := &t.ents[id]
	return t.arena[e.off+e.key : e.off+e.key+e.tail]
}

// used says whether an id below cap() has a key.
func (t *table) used(id uint32) bool { return t.ents[id].off != noEntry }

// cap is one above the greatest id.
func (t *table) cap() uint32 { return uint32(len(t.ents)) }

// find returns the id of a key, or missing.
func (t *table) find(key []byte) uint32 {
	return t.findHash(key, uint32(maphash.Bytes(t.seed, key)))
}

func (t *table) findHash(key []byte, hash uint32) uint32 {
	if t.index == nil {
		for i := range t.ents {
			if e := &t.ents[i]; e.hash == hash && e.off != noEntry && bytes.Equal(t.arena[e.off:e.off+e.key], key) {
				return uint32(i)
			}
		}
		return missing
	}
	mask := uint32(len(t.index) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		id := t.index[i]
		if id == 0 {
			return missing
		}
		if e := &t.ents[id-1]; e.hash == hash && bytes.Equal(t.arena[e.off:e.off+e.key], key) {
			return id - 1
		}
	}
}

// insert finds or adds a key. Words of a new key are zero.
func (t *table) insert(key, tail []byte) (id uint32, added bool) {
	hash := uint32(maphash.Bytes(t.seed, key))
	if id := t.findHash(key, hash); id != missing {
		return id, false
	}
	t.compact()
	e := tableEntry{hash: hash, off: uint32(len(t.arena)), key: uint32(len(key)), tail: uint32(len(tail))}
	t.arena = append(append(t.arena, key...), tail...)
	if n := len(t.free); n > 0 {
		id, t.free = t.free[n-1], t.free[:n-1]
		t.ents[id] = e
		clear(t.state(id))
	} else {
		id = uint32(len(t.ents))
		t.ents = append(t.ents, e)
		for range t.width {
			t.words = append(t.words, 0)
		}
	}
	switch n := len(t.ents); {
	case t.index == nil && n <= smallTable:
	case n*4 > len(t.index)*3:
		t.rehash()
	default:
		t.link(id)
	}
	return id, true
}

func (t *table) link(id uint32) {
	mask := uint32(len(t.index) - 1)
	i := t.ents[id].hash & mask
	for t.index[i] != 0 {
		i = (i + 1) & mask
	}
	t.index[i] = id + 1
}

func (t *table) rehash() {
	size := 32
	for size*3 < len(t.ents)*4+8 {
		size *= 2
	}
	t.index = make([]uint32, size)
	for id := range t.ents {
		if t.ents[id].off != noEntry {
			t.link(uint32(id))
		}
	}
}

// remove forgets an id. It closes the gap in the index by moving later entries
// of the same run back, so that searches need no tombstones.
func (t *table) remove(id uint32) {
	if t.index != nil {
		mask := uint32(len(t.index) - 1)
		i := t.ents[id].hash & mask
		for t.index[i] != id+1 {
			i = (i + 1) & mask
		}
		for j := (i + 1) & mask; t.index[j] != 0; j = (j + 1) & mask {
			home := t.ents[t.index[j]-1].hash & mask
			if (j-home)&mask >= (j-i)&mask {
				t.index[i] = t.index[j]
				i = j
			}
		}
		t.index[i] = 0
	}
	e := &t.ents[id]
	t.dead += int(e.key + e.tail)
	*e = tableEntry{off: noEntry}
	t.free = append(t.free, id)
}

// compact copies the arena when more than half of it is dead.
func (t *table) compact() {
	if t.dead < 4096 || t.dead*2 < len(t.arena) {
		return
	}
	arena := make([]byte, 0, len(t.arena)-t.dead)
	for id := range t.ents {
		if e := &t.ents[id]; e.off != noEntry {
			off := uint32(len(arena))
			arena = append(arena, t.arena[e.off:e.off+e.key+e.tail]...)
			e.off = off
		}
	}
	t.arena, t.dead = arena, 0
}

// reset forgets all keys and keeps the memory.
func (t *table) reset() {
	clear(t.index)
	t.ents, t.words, t.arena, t.free, t.dead = t.ents[:0], t.words[:0], t.arena[:0], t.free[:0], 0
}

// save writes keys, tails and words in order of id, free ids included, so that
// a loaded table gives the same ids.
func (t *table) save(w *stateWriter, state func(w *stateWriter, words []uint64)) {
	w.uint(uint64(len(t.ents)))
	for id := range t.ents {
		used := t.ents[id].off != noEntry
		w.bool(used)
		if used {
			w.bytes(t.key(uint32(id)))
			w.bytes(t.tail(uint32(id)))
			state(w, t.state(uint32(id)))
		}
	}
	w.uint(uint64(len(t.free)))
	for _, id := range t.free {
		w.uint(uint64(id))
	}
}

func (t *table) load(r *stateReader, state func(r *stateReader, words []uint64)) {
	t.reset()
	n := r.count(1)
	for id := range n {
		e := tableEntry{off: noEntry}
		if r.bool() {
			key, tail := r.bytes(), r.bytes()
			e = tableEntry{hash: uint32(maphash.Bytes(t.seed, key)), off: uint32(len(t.arena)), key: uint32(len(key)), tail: uint32(len(tail))}
			t.arena = append(append(t.arena, key...), tail...)
		}
		t.ents = append(t.ents, e)
		for range t.width {
			t.words = append(t.words, 0)
		}
		if e.off != noEntry {
			state(r, t.state(uint32(id)))
		}
	}
	for range r.count(1) {
		id := uint32(r.uint())
		if id >= t.cap() || t.used(id) {
			r.bad = true
			return
		}
		t.free = append(t.free, id)
	}
	if len(t.ents) > smallTable {
		t.rehash()
	}
}

func saveWords(w *stateWriter, words []uint64) { w.rawWords(words) }

func loadWords(r *stateReader, words []uint64) {
	if len(r.b) < 8*len(words) {
		r.bad, r.b = true, nil
		return
	}
	for i := range words {
		words[i] = binary.LittleEndian.Uint64(r.b[8*i:])
	}
	r.b = r.b[8*len(words):]
}
