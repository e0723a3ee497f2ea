package kql

import (
	"math/rand/v2"
	"slices"
)

// sample gives n rows by chance, or n distinct values.
func (b *binder) sample(op *opSample, r *relation) *relation {
	n := b.count(op.n, "the number of rows")
	if op.distinct != nil {
		d := b.distinct(&opProject{span: op.span, word: "distinct", list: []expr{op.distinct}}, r)
		return b.take(&opTake{op.span, op.n}, d)
	}
	out := &relation{cols: r.cols}
	out.flow = func(yield func(*Chunk) bool) {
		// A chunk's rows are chosen with the chance that is theirs among all so
		// far; what was chosen before gives way.
		var chosen []place2
		seen := 0
		r.flow(func(c *Chunk) bool {
			b.q.tick(c.N)
			var kept *Chunk
			for i := range c.N {
				seen++
				at := len(chosen)
				if at >= n {
					if at = rand.IntN(seen); at >= n {
						continue
					}
				} else {
					chosen = append(chosen, place2{})
				}
				if kept == nil {
					kept = settle(c, r.cols)
				}
				chosen[at] = place2{kept, int32(i)}
			}
			return true
		})
		for len(chosen) > 0 {
			c := chosen[0].chunk
			var rows []int32
			for _, p := range chosen {
				if p.chunk == c {
					rows = append(rows, p.row)
				}
			}
			chosen = slices.DeleteFunc(chosen, func(p place2) bool { return p.chunk == c })
			if !yield(c.pick(rows)) {
				return
			}
		}
	}
	return out
}

// place2 is a row of a chunk.
type place2 struct {
	chunk *Chunk
	row   int32
}
