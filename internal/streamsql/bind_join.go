package streamsql

import (
	"slices"
	"strings"
)

// join binds a join of streams, or of a stream with reference data.
func (b *binder) join(j *joinItem) *relation {
	left, right := b.from(j.left), b.source(j.right)
	if left.leaf(right.alias) != nil {
		b.fail(j.right.at, "the name '%s' is used twice in FROM; give one of them an alias", right.alias)
	}
	conds := conjuncts(j.on, nil)
	if right.input != nil && right.input.Reference {
		node := &RefJoin{Input: right.input, Alias: right.alias, Outer: j.outer}
		r := combine(left, right, &node.Slots, &node.schema)
		r.node = node
		node.LeftKeys, node.RightKeys, node.Residual = b.joinConditions(r, conds)
		return r
	}
	node := &Join{Outer: j.outer}
	r := combine(left, right, &node.Slots, &node.schema)
	r.node, r.bounds = node, &node.Bounds
	b.joinBounds(r, conds, &node.Bounds, j)
	node.LeftKeys, node.RightKeys, node.Residual = b.joinConditions(r, conds)
	return r
}

// conjuncts splits x AND y AND …
func conjuncts(x syntax, out []syntax) []syntax {
	if and, ok := x.(*binaryExpr); ok && and.op == "AND" {
		return conjuncts(and.y, conjuncts(and.x, out))
	}
	return append(out, x)
}

// joinConditions takes equalities between the sides as keys; the rest is the
// condition on the joined row.
func (b *binder) joinConditions(r *relation, conds []syntax) (leftKeys, rightKeys []*Expr, residual *Expr) {
	left, right := r.kids[0], r.kids[1]
	joined := &scope{b: b, rel: r, clause: "ON", times: true}
	for _, cond := range conds {
		if eq, ok := cond.(*binaryExpr); ok && eq.op == "=" {
			x, y := eq.x, eq.y
			xs, ys := joined.sides(x), joined.sides(y)
			if xs == 2 && ys == 1 {
				x, y, xs, ys = y, x, ys, xs
			}
			if xs == 1 && ys == 2 {
				leftKeys = append(leftKeys, (&scope{b: b, rel: left, clause: "ON"}).expr(x))
				rightKeys = append(rightKeys, (&scope{b: b, rel: right, clause: "ON"}).expr(y))
				continue
			}
		}
		e := joined.expr(cond)
		if v, ok := e.Constant(); ok && v.kind == Bit && v.Bit() {
			continue // ON 1 = 1
		}
		if residual != nil {
			text := residual.text + " AND " + e.text
			e = andExpr(residual, e)
			e.text = text
		}
		residual = e
	}
	return leftKeys, rightKeys, residual
}

// sides says which sides of the join an expression reads: 1 left, 2 right, 3
// both, 0 none. Times and functions with OVER count as both, so that they are
// left to the condition on the joined row.
func (sc *scope) sides(x syntax) int {
	found := 0
	walk(x, func(x syntax) bool {
		switch x := x.(type) {
		case *nameExpr:
			if leaf, _ := sc.findLeaf(x); leaf != nil {
				if leaf.under(sc.rel.kids[0]) {
					found |= 1
				} else {
					found |= 2
				}
			}
		case *callExpr:
			if x.prefix == "system" || x.over != nil || strings.EqualFold(x.name.text, "DATEDIFF") {
				found = 3
			}
		}
		return true
	})
	return found
}

// joinBounds finds the conditions DATEDIFF(unit, left, right) BETWEEN low AND
// high. The first pair of sources that is bounded on both ends limits what is kept
// of the streams; other conditions on times only select.
func (b *binder) joinBounds(r *relation, conds []syntax, out *JoinBounds, j *joinItem) {
	const form = "DATEDIFF(minute, a, b) BETWEEN 0 AND 10, where a and b are the sources"
	var bounds []*timeBound
	for _, cond := range conds {
		d := b.timeBound(r, cond)
		if d == nil {
			continue
		}
		same := slices.IndexFunc(bounds, func(o *timeBound) bool { return o.unit == d.unit && o.left == d.left })
		if same < 0 {
			bounds = append(bounds, d)
		} else {
			bounds[same].narrow(d)
		}
	}
	both := slices.IndexFunc(bounds, func(d *timeBound) bool { return d.low != nil && d.high != nil })
	switch {
	case len(bounds) == 0 && contains(j.on, isDateDiff):
		b.fail(j.on.where(), "the bound on time of a JOIN compares the sources themselves, not their columns, with whole numbers: %s", form)
	case len(bounds) == 0:
		b.fail(j.on.where(), "a JOIN of streams needs a bound on time in ON: %s%s", form, b.perhapsReference(r.kids[1]))
	case both < 0:
		b.fail(j.on.where(), "the bound on time of a JOIN needs both ends: %s", form)
	}
	d := bounds[both]
	if *d.low > *d.high {
		b.fail(j.on.where(), "the bound on time of this JOIN is empty: %d is greater than %d", *d.low, *d.high)
	}
	limit := MaxDuration / d.unit.Ticks()
	if *d.low < -limit || *d.high > limit {
		b.fail(j.on.where(), "the bound on time of a JOIN is at most 7 days")
	}
	out.Unit, out.Low, out.High = d.unit, *d.low, *d.high
	if left := r.kids[0]; d.left != left {
		out.LeftTime = slotExpr(d.left.lift(TimeSlot, left), d.left.alias)
		out.LeftLag = d.left.lag(left)
	}
}

// perhapsReference says what to do if an input that nobody has declared is
// reference data.
func (b *binder) perhapsReference(right *relation) string {
	if right.input == nil || b.opts.Strict {
		return ""
	}
	return "; if " + right.input.Name + " is reference data, say so: --reference " + right.input.Name + "=FILE"
}

// lag returns how much later than the leaf a row of top can be.
func (r *relation) lag(top *relation) int64 {
	var sum int64
	for ; r != top; r = r.parent {
		if r.parent.bounds == nil {
			continue
		}
		low, high := r.parent.bounds.Range()
		if r.side == 0 {
			sum += max(high, 0)
		} else {
			sum += max(-low, 0)
		}
	}
	return sum
}

// timeBound is one condition on DATEDIFF(unit, left, right).
type timeBound struct {
	unit      Unit
	left      *relation
	low, high *int64
}

func isDateDiff(x syntax) bool { return isCallNamed(x, "datediff") }

// narrow takes a further condition on the same pair.
func (d *timeBound) narrow(o *timeBound) {
	if o.low != nil && (d.low == nil || *o.low > *d.low) {
		d.low = o.low
	}
	if o.high != nil && (d.high == nil || *o.high < *d.high) {
		d.high = o.high
	}
}

// timeBound reads a condition on DATEDIFF of two sources, or returns nil.
func (b *binder) timeBound(r *relation, cond syntax) *timeBound {
	switch c := cond.(type) {
	case *betweenExpr:
		low, okLow := intLiteral(c.low)
		high, okHigh := intLiteral(c.high)
		if d, neg := b.dateDiff(r, c.x); d != nil && okLow && okHigh && !c.not {
			if neg {
				low, high = -high, -low
			}
			d.low, d.high = &low, &high
			return d
		}
	case *binaryExpr:
		x, y, op := c.x, c.y, c.op
		if _, ok := intLiteral(x); ok {
			x, y, op = y, x, flipped(op)
		}
		n, ok := intLiteral(y)
		d, neg := b.dateDiff(r, x)
		if d == nil || !ok {
			return nil
		}
		if neg {
			n, op = -n, flipped(op)
		}
		switch op {
		case "=":
			d.low, d.high = &n, &n
		case "<":
			n--
			d.high = &n
		case "<=":
			d.high = &n
		case ">":
			n++
			d.low = &n
		case ">=":
			d.low = &n
		default:
			return nil
		}
		return d
	}
	return nil
}

// dateDiff reads DATEDIFF(unit, source, source); reversed says that the right
// source came first.
func (b *binder) dateDiff(r *relation, x syntax) (d *timeBound, reversed bool) {
	call, ok := x.(*callExpr)
	if !ok || call.prefix != "" || !strings.EqualFold(call.name.text, "DATEDIFF") || len(call.args) != 3 {
		return nil, false
	}
	sc := &scope{b: b, rel: r, times: true}
	first, second := sc.timeLeaf(call.args[1]), sc.timeLeaf(call.args[2])
	if first == nil || second == nil {
		return nil, false
	}
	unit := b.unit(call.args[0])
	if unit.Ticks() == 0 || unit.Ticks() > TicksPerDay {
		b.fail(call.args[0].where(), "a JOIN takes day, hour, minute, second, millisecond or microsecond")
	}
	left, right := r.kids[0], r.kids[1]
	switch {
	case first.under(left) && second.under(right):
		return &timeBound{unit: unit, left: first}, false
	case first.under(right) && second.under(left):
		return &timeBound{unit: unit, left: second}, true
	}
	return nil, false
}

// flipped is the operator with its operands exchanged.
func flipped(op string) string {
	switch op {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return op
}

// intLiteral reads a whole number with an optional sign.
func intLiteral(x syntax) (int64, bool) {
	switch x := x.(type) {
	case *literal:
		return x.value.Int(), x.value.kind == BigInt
	case *unaryExpr:
		if n, ok := intLiteral(x.x); ok && x.op == "-" {
			return -n, true
		}
	}
	return 0, false
}
