package kql

import "encoding/binary"

// grouper numbers the distinct keys of rows in the order in which they come.
type grouper struct {
	kinds  []Kind
	groups map[string]int32
	single map[int64]int32 // for one key of whole numbers
	keys   []*builder
	texts  map[string]uint64 // numbers of texts, for keys that are texts
	memos  []codeMemo
	q      *query
	n      int
	ids    []int32
	buf    []byte
}

// codeMemo keeps the numbers of a dictionary's texts.
type codeMemo struct {
	texts *string
	size  int
	ids   []uint64 // number + 1
}

func newGrouper(q *query, kinds []Kind) *grouper {
	g := &grouper{kinds: kinds, q: q, groups: map[string]int32{}, texts: map[string]uint64{}, memos: make([]codeMemo, len(kinds))}
	for _, k := range kinds {
		g.keys = append(g.keys, newBuilder(k, 16))
	}
	if len(kinds) == 1 {
		switch kinds[0] {
		case Bool, Int, Long, Datetime, Timespan:
			g.single = map[int64]int32{}
		}
	}
	return g
}

// add numbers the rows of a chunk. The slice is used again.
func (g *grouper) add(keys []*Vector, n int) []int32 {
	if cap(g.ids) < n {
		g.ids = make([]int32, n)
	}
	ids := g.ids[:n]
	if len(keys) == 0 {
		clear(ids)
		g.n = 1
		return ids
	}
	if g.single != nil && keys[0].Nulls == nil {
		g.addSingle(keys[0], ids)
		return ids
	}
	width := 9 * len(keys)
	if cap(g.buf) < width {
		g.buf = make([]byte, width)
	}
	buf := g.buf[:width]
	for r := range n {
		for k, v := range keys {
			code, null := g.code(k, v, v.at(r))
			buf[9*k] = null
			binary.LittleEndian.PutUint64(buf[9*k+1:], code)
		}
		id, ok := g.groups[string(buf)]
		if !ok {
			id = g.open(keys, r)
			g.groups[string(buf)] = id
		}
		ids[r] = id
	}
	return ids
}

// open makes a new group of the keys in row r.
func (g *grouper) open(keys []*Vector, r int) int32 {
	id := int32(g.n)
	g.n++
	g.q.hold(int64(120 + 40*len(keys)))
	for k, v := range keys {
		g.keys[k].add(v.At(r))
	}
	return id
}

func (g *grouper) addSingle(v *Vector, ids []int32) {
	last, lastID := int64(0), int32(-1)
	for r := range ids {
		key := v.Ints[v.at(r)]
		if lastID >= 0 && key == last {
			ids[r] = lastID
			continue
		}
		id, ok := g.single[key]
		if !ok {
			if id, ok = g.groups[""+string(binary.LittleEndian.AppendUint64([]byte{0}, uint64(key)))]; !ok {
				id = g.open([]*Vector{v}, r)
				g.groups[string(binary.LittleEndian.AppendUint64([]byte{0}, uint64(key)))] = id
			}
			g.single[key] = id
		}
		ids[r] = id
		last, lastID = key, id
	}
}

// code is a number for the value, and 1 beside it for null.
func (g *grouper) code(k int, v *Vector, i int) (uint64, byte) {
	switch v.Kind {
	case Bool, Int, Long, Datetime, Timespan:
		if v.Nulls.Has(i) {
			return 0, 1
		}
		return uint64(v.Ints[i]), 0
	case String, GUID, Decimal:
		if v.Nulls.Has(i) {
			return 0, 1
		}
		if v.Codes == nil {
			return g.text(v.Texts[i]), 0
		}
		m := &g.memos[k]
		if m.texts != &v.Texts[0] || m.size != len(v.Texts) {
			*m = codeMemo{&v.Texts[0], len(v.Texts), make([]uint64, len(v.Texts))}
		}
		code := v.Codes[i]
		if m.ids[code] == 0 {
			m.ids[code] = g.text(v.Texts[code]) + 1
		}
		return m.ids[code] - 1, 0
	case None:
		return 0, 1
	}
	one := v.At(i)
	if !one.full {
		return 0, 1
	}
	return g.text(string(appendKey(nil, one))), 0
}

func (g *grouper) text(s string) uint64 {
	id, ok := g.texts[s]
	if !ok {
		id = uint64(len(g.texts))
		g.texts[s] = id
		g.q.hold(int64(60 + len(s)))
	}
	return id
}

// vectors are the keys of the groups, in their order.
func (g *grouper) vectors() []*Vector {
	out := make([]*Vector, len(g.keys))
	for i, b := range g.keys {
		out[i] = b.vector()
	}
	return out
}
