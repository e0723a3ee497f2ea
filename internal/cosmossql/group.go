package cosmossql

import (
	"bytes"
	"crypto/sha256"
	"slices"
)

// group is one combination of grouping keys with what was folded so far.
type group struct {
	id   string // canonical bytes of the keys
	keys []value
	accs []accumulator
}

// groups collects rows by their keys.
type groups struct {
	spec *grouping
	byID map[string]*group
	buf  []byte
}

func newGroups(spec *grouping) *groups { return &groups{spec: spec, byID: map[string]*group{}} }

// of returns the group of the keys, new or known.
func (g *groups) of(keys []value, r *running) *group {
	g.buf = g.buf[:0]
	for _, k := range keys {
		g.buf = appendCanonical(g.buf, k)
	}
	if gr := g.byID[string(g.buf)]; gr != nil {
		return gr
	}
	gr := &group{id: string(g.buf), keys: make([]value, len(keys)), accs: make([]accumulator, len(g.spec.aggs))}
	for i, k := range keys {
		k = k.clone()
		if k.kind == Number || k.kind == String {
			k.raw = nil // one text for all spellings
		}
		gr.keys[i] = k
	}
	g.byID[gr.id] = gr
	r.hold(2*len(gr.id) + 64*len(keys) + 128*len(gr.accs))
	return gr
}

// sorted returns the groups in the order of their keys.
func (g *groups) sorted() []*group {
	list := make([]*group, 0, len(g.byID))
	for _, gr := range g.byID {
		list = append(list, gr)
	}
	slices.SortFunc(list, func(a, b *group) int {
		for i := range a.keys {
			if c := compare(a.keys[i], b.keys[i]); c != 0 {
				return c
			}
		}
		return bytes.Compare([]byte(a.id), []byte(b.id))
	})
	return list
}

// each groups the block's rows and delivers one value for each group.
func (s *grouping) each(f *frame, b *block, deliver func(value) bool) {
	all := newGroups(s)
	keys := make([]value, len(s.keys))
	if len(keys) == 0 {
		all.of(nil, f.run) // aggregates alone answer for no rows, too
	}
	b.rows(f, 0, func() bool {
		for i, k := range s.keys {
			keys[i] = k.eval(f)
		}
		gr := all.of(keys, f.run)
		for i := range s.aggs {
			gr.accs[i].add(s.aggs[i].fn, s.aggs[i].arg.eval(f), f.run)
		}
		return f.run.err == nil
	})
	s.deliver(f, b, all, deliver)
}

// deliver evaluates the select list for each group.
func (s *grouping) deliver(f *frame, b *block, all *groups, deliver func(value) bool) {
	for _, gr := range all.sorted() {
		for i, slot := range s.slots {
			f.slots[slot] = gr.keys[i]
		}
		for i, a := range s.aggs {
			f.aggs[a.index] = gr.accs[i].result(a.fn, f.run)
		}
		if f.run.err != nil || !deliver(b.out.eval(f)) {
			return
		}
	}
}

// digest shortens long canonical bytes to a strong hash, in place, so that a set
// of them stays small.
func digest(b []byte) []byte {
	if len(b) <= 40 {
		return b
	}
	sum := sha256.Sum256(b)
	return append(b[:0], sum[:]...)
}
