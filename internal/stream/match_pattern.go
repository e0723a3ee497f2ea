package stream

import (
	"slices"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// matchPattern is PATTERN as an automaton without empty moves. Its states are
// the places of the pattern: a partial match that has just taken a row at place
// p goes on at one of next[p], the preferred one first. What a match prefers
// less than to end at p is not in next[p].
//
// Places are numbered from 1. Place 0 is before the first row.
type matchPattern struct {
	symbol []int32   // of a place; -1: any row
	next   [][]int32 // places after a place
	ends   []bool    // a match may end after the place
	// reads are the aggregates that a condition may still read after a place,
	// ascending. Two partial matches at the same place with the same values of
	// these have the same future.
	reads [][]int32
}

// newMatchPattern compiles a pattern.
func newMatchPattern(n *streamsql.MatchRecognize) *matchPattern {
	c := &patternCompiler{}
	start := c.compile(n.Pattern, c.add(patternMove{}))
	m := &matchPattern{symbol: []int32{-1}}
	c.places, c.seen, c.inner = make([]int32, len(c.moves)), make([]int, len(c.moves)), make([]bool, len(c.moves))
	for i, move := range c.moves {
		if move.takes {
			c.places[i] = int32(len(m.symbol))
			m.symbol = append(m.symbol, int32(move.symbol))
		}
	}
	m.next, m.ends, m.reads = make([][]int32, len(m.symbol)), make([]bool, len(m.symbol)), make([][]int32, len(m.symbol))
	m.next[0], _ = c.from(start, false)
	for i, move := range c.moves {
		if p := c.places[i]; move.takes {
			m.next[p], m.ends[p] = c.from(move.to[0], true)
		}
	}
	m.findReads(n)
	return m
}

// findReads follows the conditions' aggregates back through the places until
// nothing is added.
func (m *matchPattern) findReads(n *streamsql.MatchRecognize) {
	for more := true; more; {
		more = false
		for p := range m.next {
			size := len(m.reads[p])
			for _, q := range m.next[p] {
				if s := m.symbol[q]; s >= 0 {
					for _, a := range n.Symbols[s].Reads {
						m.addRead(p, int32(a))
					}
				}
				for _, a := range m.reads[q] {
					m.addRead(p, a)
				}
			}
			more = more || len(m.reads[p]) > size
		}
	}
}

func (m *matchPattern) addRead(p int, a int32) {
	if i, ok := slices.BinarySearch(m.reads[p], a); !ok {
		m.reads[p] = slices.Insert(m.reads[p], i, a)
	}
}

// patternMove takes a row of a symbol and goes on, or goes on with one of several
// moves, the preferred one first. A move with nowhere to go is the end.
type patternMove struct {
	takes  bool
	symbol int
	to     []int
	// of, if it is not 0, is the move that began the repetition that ends here:
	// one that took no row leads nowhere.
	of int
}

// patternCompiler makes moves from the end of the pattern to its start. Move 0
// is the end.
type patternCompiler struct {
	moves  []patternMove
	places []int32 // of the moves that take a row

	seen  []int  // round in which follow has been at a move
	inner []bool // moves on the way of follow from where it began
	round int
}

func (c *patternCompiler) add(m patternMove) int {
	c.moves = append(c.moves, m)
	return len(c.moves) - 1
}

// compile returns the first move of p, after which the match goes on with next.
func (c *patternCompiler) compile(p *streamsql.Pattern, next int) int {
	switch p.Kind {
	case streamsql.PatternSymbol:
		return c.add(patternMove{takes: true, symbol: p.Symbol, to: []int{next}})
	case streamsql.PatternAny:
		return c.add(patternMove{takes: true, symbol: -1, to: []int{next}})
	case streamsql.PatternSequence:
		for _, part := range slices.Backward(p.Parts) {
			next = c.compile(part, next)
		}
		return next
	case streamsql.PatternEither:
		var to []int
		for _, part := range p.Parts {
			to = append(to, c.compile(part, next))
		}
		return c.add(patternMove{to: to})
	case streamsql.PatternRepeat:
	}
	return c.repeat(p, next)
}

// repeat writes out a repetition: x{2,4} is x x (x (x)?)?, x* and x+ are loops.
// Once it has its least number, an x that takes no row is none. So for an x that
// can be empty x+ and x{2,} mean x*.
func (c *patternCompiler) repeat(p *streamsql.Pattern, next int) int {
	x, first, copies := p.Parts[0], next, p.Min
	switch {
	case p.Max < 0 && (p.Min == 0 || canBeEmpty(x)):
		loop := c.add(patternMove{})
		c.moves[loop].to = []int{c.compile(x, loop), next}
		return loop
	case p.Max < 0:
		loop := c.add(patternMove{})
		first = c.compile(x, loop)
		c.moves[loop].to = []int{first, next}
		copies--
	default:
		for range p.Max - p.Min {
			begin, end := c.add(patternMove{}), c.add(patternMove{to: []int{first}})
			c.moves[end].of = begin
			c.moves[begin].to = []int{c.compile(x, end)}
			first = c.add(patternMove{to: []int{begin, next}})
		}
	}
	for range copies {
		first = c.compile(x, first)
	}
	return first
}

func canBeEmpty(p *streamsql.Pattern) bool {
	switch p.Kind {
	case streamsql.PatternSequence:
		return !slices.ContainsFunc(p.Parts, func(x *streamsql.Pattern) bool { return !canBeEmpty(x) })
	case streamsql.PatternEither:
		return slices.ContainsFunc(p.Parts, canBeEmpty)
	case streamsql.PatternRepeat:
		return p.Min == 0 || canBeEmpty(p.Parts[0])
	case streamsql.PatternSymbol, streamsql.PatternAny:
	}
	return false
}

// follow adds the places that can take the next row from a move, in order of
// preference, each once. If it comes to the end of the pattern and a match may
// end here it stops, as what follows is preferred less.
func (c *patternCompiler) follow(i int, mayEnd bool, next []int32) (_ []int32, ends bool) {
	move := &c.moves[i]
	if c.seen[i] == c.round || move.of > 0 && c.inner[move.of] {
		return next, false
	}
	c.seen[i] = c.round
	switch {
	case move.takes:
		return append(next, c.places[i]), false
	case len(move.to) == 0:
		return next, mayEnd
	}
	c.inner[i] = true
	for _, to := range move.to {
		if next, ends = c.follow(to, mayEnd, next); ends {
			break
		}
	}
	c.inner[i] = false
	return next, ends
}

// from is follow, begun anew.
func (c *patternCompiler) from(i int, mayEnd bool) (next []int32, ends bool) {
	c.round++
	return c.follow(i, mayEnd, nil)
}
