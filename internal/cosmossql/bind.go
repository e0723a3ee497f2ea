package cosmossql

import (
	"math"
)

// binder turns a syntax tree into blocks: it gives aliases their slots, puts in
// the parameters, folds constants and checks what the grammar cannot. Like the
// parser it goes on after the first error, and keeps only that.
type binder struct {
	text   string
	params map[string]value
	slots  int
	aggs   int
	scans  int  // how many sources read the container
	full   node // the whole path of which a name is being resolved
	err    *SyntaxError
}

// scope holds the aliases of one block.
type scope struct {
	parent  *scope
	names   map[string]binding
	touched int         // the highest level resolved since it was set to -1
	grouped []groupSlot // the keys, while the select list of a grouped block is bound
	group   *grouping   // where aggregates go; nil: they are not allowed
	inAgg   bool        // within an aggregate's argument
	nowhere string      // the clause's name, for the message about misplaced aggregates
}

type binding struct{ slot, level int }

// groupSlot is a GROUP BY expression and where its value is bound.
type groupSlot struct {
	key  node
	slot int
}

// maxGroupNodes bounds a GROUP BY expression, which is compared with everything
// in the select list.
const maxGroupNodes = 200

func (b *binder) fail(at span, code, format string, args ...any) {
	if b.err == nil {
		b.err = errorAt(b.text, at, code, format, args...)
	}
}

// resolve finds the slot of an alias.
func (b *binder) resolve(sc *scope, n *nameNode) (int, bool) {
	for s := sc; s != nil; s = s.parent {
		if bd, ok := s.names[n.name]; ok {
			s.touched = max(s.touched, bd.level)
			if s.grouped != nil && !s.inAgg {
				b.notGrouped(b.full)
			}
			return bd.slot, true
		}
	}
	return 0, false
}

func (b *binder) notGrouped(n node) {
	b.fail(n.at(), codeNotGrouped, "Property reference '%s' is invalid in the select list because it is not contained in either an aggregate function or the GROUP BY clause", b.source(n))
}

// source is the node as written.
func (b *binder) source(n node) string { return b.text[n.at().start:n.at().end] }

// newSlot makes a slot.
func (b *binder) newSlot() int {
	b.slots++
	return b.slots - 1
}

// block binds one SELECT. mayScan allows its first source to name the container.
func (b *binder) block(q *selectNode, parent *scope, mayScan, outermost bool) *block {
	sc := &scope{parent: parent, names: map[string]binding{}}
	bl := &block{distinct: q.distinct, take: -1}
	if !outermost {
		b.noneInSubquery(q)
	}
	for i := range q.from {
		b.from(bl, sc, &q.from[i], mayScan && i == 0)
	}
	b.where(bl, sc, q.where)
	if len(q.group) > 0 || b.aggregates(q) {
		b.grouping(bl, sc, q, outermost)
	}
	bl.out = b.selection(bl, sc, q)
	if q.order != nil {
		b.order(bl, sc, q)
	}
	b.limits(bl, q)
	return bl
}

// where binds the terms of the condition, each to the level where it can be
// decided.
func (b *binder) where(bl *block, sc *scope, where node) {
	sc.nowhere = "WHERE"
	for _, term := range conjuncts(where) {
		sc.touched = -1
		x := b.expr(sc, term)
		bl.conditions = append(bl.conditions, term)
		bl.where = append(bl.where, condition{level: sc.touched, x: x})
	}
}

// conjuncts splits a condition at its outermost ANDs.
func conjuncts(n node) []node {
	if n == nil {
		return nil
	}
	l, ok := n.(*logicNode)
	if !ok || l.op != "AND" {
		return []node{n}
	}
	var out []node
	for _, t := range l.terms {
		out = append(out, conjuncts(t)...)
	}
	return out
}

// aggregates says whether the select list calls an aggregate.
func (b *binder) aggregates(q *selectNode) bool {
	if q.value != nil {
		return hasAggregate(q.value)
	}
	for _, it := range q.items {
		if hasAggregate(it.x) {
			return true
		}
	}
	return false
}

// grouping binds GROUP BY and prepares the scope for the select list.
func (b *binder) grouping(bl *block, sc *scope, q *selectNode, outermost bool) {
	if q.star {
		b.fail(q.span, codeNotGrouped, "'SELECT *' is invalid with GROUP BY: name the grouped properties and aggregates")
	}
	if len(q.order) > 0 && len(q.group) > 0 {
		b.fail(q.order[0].x.at(), codeUnsupported, "ORDER BY cannot follow GROUP BY; groups come in the order of their keys: to order otherwise, sort in the client")
	}
	if outermost {
		b.plainAggregates(q)
	}
	g := &grouping{}
	grouped := []groupSlot{}
	sc.nowhere = "GROUP BY"
	for _, k := range q.group {
		if nodeCount(k, maxGroupNodes) > maxGroupNodes {
			b.fail(k.at(), codeLimit, "a GROUP BY expression may have at most %d parts: compute it in a subquery", maxGroupNodes)
		}
		g.keys = append(g.keys, b.expr(sc, k))
		slot := b.newSlot()
		g.slots = append(g.slots, slot)
		grouped = append(grouped, groupSlot{k, slot})
	}
	bl.group, bl.groupBy = g, q.group
	sc.grouped, sc.group = grouped, g
}

// plainAggregates refuses what the service refuses in the outermost SELECT:
// an aggregate as an operand or argument.
func (b *binder) plainAggregates(q *selectNode) {
	if q.value != nil {
		b.plainAggregate(q.value)
	}
	for _, it := range q.items {
		b.plainAggregate(it.x)
	}
}

func (b *binder) plainAggregate(n node) {
	switch n := n.(type) {
	case *arrayNode:
		for _, x := range n.elems {
			b.plainAggregate(x)
		}
	case *objectNode:
		for _, x := range n.vals {
			b.plainAggregate(x)
		}
	default:
		if hasAggregate(n) && !isAggregate(n) {
			b.fail(n.at(), codeAggregate, "Compositions of aggregates and other expressions are unsupported; compute around a subquery: SELECT VALUE a.total / a.n FROM (SELECT SUM(…) AS total, COUNT(1) AS n FROM c) AS a")
		}
	}
}

// limits binds TOP, OFFSET and LIMIT.
func (b *binder) limits(bl *block, q *selectNode) {
	if q.top != nil {
		bl.take = b.count(q.top, "TOP")
	}
	if q.limit == nil {
		return
	}
	if q.top != nil {
		b.fail(q.top.at(), codeSyntax, "TOP and OFFSET LIMIT cannot be used together")
	}
	bl.skip = b.count(q.offset, "OFFSET")
	bl.take = b.count(q.limit, "LIMIT")
}

// count evaluates the constant of TOP, OFFSET or LIMIT.
func (b *binder) count(n node, clause string) int64 {
	c, ok := b.expr(&scope{}, n).(*constExpr)
	if !ok || c.val.kind != Number || c.val.num != math.Trunc(c.val.num) || c.val.num < 0 || c.val.num > math.MaxInt32 {
		b.fail(n.at(), codeArguments, "%s takes an integer from 0 to %d", clause, math.MaxInt32)
		return 0
	}
	return int64(c.val.num)
}
