package kql

import (
	"math"
	"math/big"
)

func isNumber(k Kind) bool { return k == Int || k == Long || k == Real || k == Decimal }

func isWhole(k Kind) bool { return k == Int || k == Long }

func (b *binder) binaryNode(e *operation, s *scope) *node {
	switch e.op {
	case "and", "or":
		return b.logicNode(e, s)
	case "==", "!=", "<", ">", "<=", ">=":
		return b.compareNode(e.op, e.at, b.scalar(e.x, s), b.scalar(e.y, s))
	case "+", "-", "*", "/", "%":
		return b.arithmeticNode(e, b.scalar(e.x, s), b.scalar(e.y, s))
	}
	return b.matchNode(e, s)
}

// condition binds an expression that must be a bool.
func (b *binder) condition(e expr, s *scope) *node {
	n := b.scalar(e, s)
	if n.kind == Dynamic {
		return n.to(Bool)
	}
	if n.kind != Bool {
		b.fail(e.where(), "SEM0012", "a condition is expected to be a bool, not a %s", n.kind)
	}
	return n
}

func (b *binder) logicNode(e *operation, s *scope) *node {
	x, y := b.condition(e.x, s), b.condition(e.y, s)
	and := e.op == "and"
	out := &node{kind: Bool, refs: refsOf([]*node{x, y})}
	out.eval = func(c *Chunk) *Vector {
		v, w := x.eval(c), y.eval(c)
		same := v.Same && w.Same
		n := c.N
		if same {
			n = 1
		}
		res := &Vector{Kind: Bool, Ints: make([]int64, n), Same: same}
		plain := v.Nulls == nil && w.Nulls == nil
		for i := range n {
			vi, wi := v.at(i), w.at(i)
			p, q := v.Ints[vi] != 0, w.Ints[wi] != 0
			if !plain {
				pn, qn := v.Nulls.Has(vi), w.Nulls.Has(wi)
				// null and false is false, null or true is true, else null.
				if pn || qn {
					if !pn && p != and || !qn && q != and {
						if !and {
							res.Ints[i] = 1
						}
						continue
					}
					if res.Nulls == nil {
						res.Nulls = NewBitmap(n)
					}
					res.Nulls.Set(i)
					continue
				}
			}
			if and && p && q || !and && (p || q) {
				res.Ints[i] = 1
			}
		}
		return res
	}
	if and {
		out.facts = append(append(out.facts, x.facts...), y.facts...)
	}
	return fold(out, []*node{x, y})
}

// compareNode compares two expressions after giving them a common kind.
func (b *binder) compareNode(op string, at span, x, y *node) *node {
	k := b.common(at, x, y)
	given := [2]*node{x, y}
	switch {
	case k == Dynamic && x.kind == Dynamic && y.kind == Dynamic:
		return lift(Bool, []*node{x, y}, func(a []Value) Value { return compareDynamic(op, a[0], a[1]) })
	case k == Dynamic && (isNumber(x.kind) || isNumber(y.kind)):
		return lift(Bool, []*node{x.to(Dynamic), y.to(Dynamic)}, func(a []Value) Value { return compareNumbers(op, a[0], a[1]) })
	case k == Dynamic && x.kind == Dynamic:
		return b.compareNode(op, at, x.as(y.kind), y)
	case k == Dynamic:
		return b.compareNode(op, at, x, y.as(x.kind))
	case k == String && x.kind != y.kind && (x.kind == Bool || y.kind == Bool):
		if op != "==" && op != "!=" {
			b.fail(at, "SEM0064", "Cannot compare values of types %s and %s. Try adding explicit casts", x.kind, y.kind)
		}
		return lift(Bool, []*node{x.to(String), y.to(String)}, func(a []Value) Value {
			return BoolValue(equalFold(a[0].text, a[1].text) == (op == "=="))
		})
	}
	x, y = x.comparable(k), y.comparable(k)
	out := &node{kind: Bool, refs: refsOf([]*node{x, y})}
	switch k {
	case Real:
		out.eval = func(c *Chunk) *Vector { return compareVectors(op, x.eval(c), y.eval(c), c.N, realsOf) }
		out = fold(out, []*node{x, y})
	case Bool, Long, Int, Datetime, Timespan:
		out.eval = func(c *Chunk) *Vector { return compareVectors(op, x.eval(c), y.eval(c), c.N, intsOf) }
		out = fold(out, []*node{x, y})
	default:
		out = lift(Bool, []*node{x, y}, func(a []Value) Value { return compareValues(op, a[0], a[1]) })
	}
	switch {
	case given[0].column != nil && given[1].value != nil:
		out.facts = []fact{{given[0].column, op, *given[1].value}}
	case given[1].column != nil && given[0].value != nil:
		out.facts = []fact{{given[1].column, mirror(op), *given[0].value}}
	}
	return out
}

func intsOf(v *Vector) []int64    { return v.Ints }
func realsOf(v *Vector) []float64 { return v.Reals }

// common is the kind in which two are compared.
func (b *binder) common(at span, x, y *node) Kind {
	p, q := x.kind, y.kind
	switch {
	case p == q:
		return p
	case p == None:
		return q
	case q == None:
		return p
	case p == Dynamic || q == Dynamic:
		return Dynamic
	case isWhole(p) && isWhole(q):
		return Long
	case isNumber(p) && isNumber(q):
		if p == Decimal && isWhole(q) || q == Decimal && isWhole(p) {
			return Decimal
		}
		return Real
	case p == Bool && isNumber(q), q == Bool && isNumber(p):
		return Long
	case p == Bool && q == String, p == String && q == Bool:
		return String
	case p == GUID && q == String, p == String && q == GUID:
		return String
	}
	b.fail(at, "SEM0064", "Cannot compare values of types %s and %s. Try adding explicit casts", p, q)
	return None
}

// comparable converts to the kind of a comparison. A bool beside a text is
// compared as "true" or "false", without case.
func (n *node) comparable(k Kind) *node {
	if n.kind == k || n.kind == Bool && k == Long {
		return n
	}
	return n.to(k)
}

// as reads a dynamic as a kind without converting between kinds: null where it
// holds something else. A text takes any single value.
func (n *node) as(k Kind) *node {
	if k == Int {
		k = Long
	}
	return lift(k, []*node{n}, func(a []Value) Value { return dynamicAs(a[0].dyn, k) })
}

func dynamicAs(d any, k Kind) Value {
	v := fromDynamic(d)
	switch d.(type) {
	case nil:
		return Null(k)
	case []any, *Bag:
		return Null(k)
	}
	switch {
	case v.kind == k:
		return v
	case k == String:
		return TextValue(String, dynamicText(d))
	case isNumber(v.kind) && isNumber(k):
		if v.kind == Real && isWhole(k) && v.Real() != math.Trunc(v.Real()) {
			return Null(k)
		}
		return convert(v, k)
	case v.kind == String && (k == Datetime || k == Timespan || k == GUID || k == Bool):
		return convert(v, k)
	}
	return Null(k)
}

// compareVectors compares row by row: null with null is null, null with a value
// is false (true for !=), and null for the orders.
func compareVectors[T int64 | float64](op string, x, y *Vector, n int, of func(*Vector) []T) *Vector {
	if x.Same && y.Same {
		n = 1
	}
	out := &Vector{Kind: Bool, Ints: make([]int64, n), Same: x.Same && y.Same}
	p, q := of(x), of(y)
	switch {
	case y.Same && !x.Same && len(q) > 0:
		compareWith(op, p[:n], q[0], out.Ints)
	case x.Same && !y.Same && len(p) > 0:
		compareWith(mirror(op), q[:n], p[0], out.Ints)
	default:
		for i := range n {
			out.Ints[i] = truth(op, p[x.at(i)], q[y.at(i)])
		}
	}
	if x.Nulls != nil || y.Nulls != nil {
		for i := range n {
			a, b := x.Nulls.Has(x.at(i)), y.Nulls.Has(y.at(i))
			if !a && !b {
				continue
			}
			out.Ints[i] = 0
			switch {
			case a != b && op == "==":
			case a != b && op == "!=":
				out.Ints[i] = 1
			default:
				if out.Nulls == nil {
					out.Nulls = NewBitmap(n)
				}
				out.Nulls.Set(i)
			}
		}
	}
	return out
}

func truth[T int64 | float64](op string, x, y T) int64 {
	ok := false
	switch op {
	case "==":
		ok = x == y
	case "!=":
		ok = x != y
	case "<":
		ok = x < y
	case ">":
		ok = x > y
	case "<=":
		ok = x <= y
	case ">=":
		ok = x >= y
	}
	if ok {
		return 1
	}
	return 0
}

// compareWith is the loop for a constant right side, one per operator.
func compareWith[T int64 | float64](op string, xs []T, y T, out []int64) {
	switch op {
	case "==":
		for i, x := range xs {
			if x == y {
				out[i] = 1
			}
		}
	case "!=":
		for i, x := range xs {
			if x != y {
				out[i] = 1
			}
		}
	case "<":
		for i, x := range xs {
			if x < y {
				out[i] = 1
			}
		}
	case ">":
		for i, x := range xs {
			if x > y {
				out[i] = 1
			}
		}
	case "<=":
		for i, x := range xs {
			if x <= y {
				out[i] = 1
			}
		}
	case ">=":
		for i, x := range xs {
			if x >= y {
				out[i] = 1
			}
		}
	}
}

// mirror is the operator with its sides changed.
func mirror(op string) string {
	switch op {
	case "<":
		return ">"
	case ">":
		return "<"
	case "<=":
		return ">="
	case ">=":
		return "<="
	}
	return op
}

// compareValues compares two values of one kind.
func compareValues(op string, x, y Value) Value {
	if !x.full || !y.full {
		switch {
		case x.full != y.full && op == "==":
			return BoolValue(false)
		case x.full != y.full && op == "!=":
			return BoolValue(true)
		}
		return Null(Bool)
	}
	if x.kind == String && y.kind == String && op[0] != '<' && op[0] != '>' {
		return BoolValue((x.text == y.text) == (op == "=="))
	}
	if x.kind == Real && (math.IsNaN(x.Real()) || math.IsNaN(y.Real())) {
		return BoolValue(op == "!=")
	}
	return BoolValue(truth(op, int64(orderValues(x, y)), 0) != 0)
}

// compareNumbers compares two dynamics that should be numbers: one that holds
// something else is null.
func compareNumbers(op string, x, y Value) Value {
	p, q := fromDynamic(x.dyn), fromDynamic(y.dyn)
	if isWhole(p.kind) && isWhole(q.kind) {
		return compareValues(op, p, q)
	}
	for _, v := range []*Value{&p, &q} {
		if isNumber(v.kind) {
			*v = convert(*v, Real)
		} else {
			*v = Null(Real)
		}
	}
	return compareValues(op, p, q)
}

// compareDynamic compares two dynamics: numbers as numbers, else as texts.
func compareDynamic(op string, x, y Value) Value {
	if !x.full || !y.full {
		return compareValues(op, x, y)
	}
	p, q := fromDynamic(x.dyn), fromDynamic(y.dyn)
	if isNumber(p.kind) && isNumber(q.kind) {
		return compareValues(op, convert(p, Real), convert(q, Real))
	}
	if p.kind != q.kind {
		return BoolValue(op == "!=")
	}
	return compareValues(op, p, q)
}

// orderValues orders two values of one kind that are not null.
func orderValues(x, y Value) int {
	switch x.kind {
	case Real:
		return orderReals(x.Real(), y.Real())
	case String, GUID:
		switch {
		case x.text < y.text:
			return -1
		case x.text > y.text:
			return 1
		}
		return 0
	case Decimal:
		p, ok := decimalOf(x.text)
		q, ok2 := decimalOf(y.text)
		if ok && ok2 {
			return p.Cmp(q)
		}
		return 0
	case Dynamic:
		p, q := fromDynamic(x.dyn), fromDynamic(y.dyn)
		if isNumber(p.kind) && isNumber(q.kind) {
			return orderReals(convert(p, Real).Real(), convert(q, Real).Real())
		}
		if p.kind == q.kind {
			return orderValues(p, q)
		}
		return int(p.kind) - int(q.kind)
	}
	switch p, q := x.Int(), y.Int(); {
	case p < q:
		return -1
	case p > q:
		return 1
	}
	return 0
}

// orderReals puts NaN before all.
func orderReals(p, q float64) int {
	switch {
	case p < q:
		return -1
	case p > q:
		return 1
	case math.IsNaN(p) && !math.IsNaN(q):
		return -1
	case math.IsNaN(q) && !math.IsNaN(p):
		return 1
	}
	return 0
}

func (b *binder) arithmeticNode(e *operation, x, y *node) *node {
	op := e.op
	if x.kind == Dynamic && (isNumber(y.kind) || y.kind == Dynamic) {
		x = x.to(Real)
	}
	if y.kind == Dynamic && isNumber(x.kind) {
		y = y.to(Real)
	}
	if x.kind == Dynamic && (y.kind == Datetime || y.kind == Timespan) {
		x = x.to(Timespan)
	}
	if y.kind == Dynamic && (x.kind == Datetime || x.kind == Timespan) {
		y = y.to(Timespan)
	}
	p, q := x.kind, y.kind
	out := None
	switch {
	case isNumber(p) && isNumber(q):
		switch {
		case p == Real || q == Real:
			out = Real
			x, y = x.to(Real), y.to(Real)
		case p == Decimal || q == Decimal:
			x, y = x.to(Decimal), y.to(Decimal)
			return lift(Decimal, []*node{x, y}, func(a []Value) Value { return decimalOp(op, a[0], a[1]) })
		default:
			out = Long
			x, y = x.to(Long), y.to(Long)
		}
	case op == "+" && (p == Datetime && q == Timespan || p == Timespan && q == Datetime), op == "-" && p == Datetime && q == Timespan:
		return lift(Datetime, []*node{x, y}, func(a []Value) Value {
			if !a[0].full || !a[1].full {
				return Null(Datetime)
			}
			if op == "-" {
				return datetimeValue(a[0].Int() - a[1].Int())
			}
			return datetimeValue(a[0].Int() + a[1].Int())
		})
	case op == "-" && p == Datetime && q == Datetime, (op == "+" || op == "-" || op == "%") && p == Timespan && q == Timespan:
		out = Timespan
	case op == "%" && p == Datetime && q == Timespan:
		out = Timespan
	case op == "/" && p == Timespan && q == Timespan:
		return lift(Real, []*node{x, y}, func(a []Value) Value {
			if !a[0].full || !a[1].full {
				return Null(Real)
			}
			return RealValue(float64(a[0].Int()) / float64(a[1].Int()))
		})
	case op == "*" && (p == Timespan && isNumber(q) || isNumber(p) && q == Timespan), op == "/" && p == Timespan && isNumber(q):
		x, y = scaled(x), scaled(y)
		return lift(Timespan, []*node{x, y}, func(a []Value) Value {
			if !a[0].full || !a[1].full {
				return Null(Timespan)
			}
			f := a[0].Real() * a[1].Real()
			if op == "/" {
				f = a[0].Real() / a[1].Real()
			}
			if math.IsNaN(f) || math.Abs(f) > math.MaxInt64/2 {
				return Null(Timespan)
			}
			return IntValue(Timespan, roundTicks(f))
		})
	default:
		hint := ""
		if p == String || q == String {
			hint = ". Texts are joined with strcat(), and made numbers with tolong() or todouble()"
		}
		b.fail(e.at, "SEM0013", "the operator '%s' is not defined for %s and %s%s", op, p, q, hint)
	}
	args := []*node{x, y}
	n := &node{kind: out, refs: refsOf(args)}
	if out == Real {
		n.eval = func(c *Chunk) *Vector { return arithmetic(op, x.eval(c), y.eval(c), c.N) }
	} else {
		n.eval = func(c *Chunk) *Vector { return wholeArithmetic(op, out, x.eval(c), y.eval(c), c.N) }
	}
	return fold(n, args)
}

// scaled is a timespan's ticks or a number as a real.
func scaled(n *node) *node {
	return n.to(Real)
}

func nullsOf(x, y *Vector, n int) Bitmap {
	if x.Nulls == nil && y.Nulls == nil {
		return nil
	}
	out := NewBitmap(n)
	for i := range n {
		if x.Nulls.Has(x.at(i)) || y.Nulls.Has(y.at(i)) {
			out.Set(i)
		}
	}
	return out
}

func arithmetic(op string, x, y *Vector, n int) *Vector {
	if x.Same && y.Same {
		n = 1
	}
	out := &Vector{Kind: Real, Reals: make([]float64, n), Same: x.Same && y.Same, Nulls: nullsOf(x, y, n)}
	for i := range n {
		p, q := x.Reals[x.at(i)], y.Reals[y.at(i)]
		switch op {
		case "+":
			p += q
		case "-":
			p -= q
		case "*":
			p *= q
		case "/":
			p /= q
		case "%":
			if p = math.Mod(p, q); p < 0 {
				p += math.Abs(q)
			}
		}
		out.Reals[i] = p
	}
	return out
}

func wholeArithmetic(op string, k Kind, x, y *Vector, n int) *Vector {
	if x.Same && y.Same {
		n = 1
	}
	out := &Vector{Kind: k, Ints: make([]int64, n), Same: x.Same && y.Same, Nulls: nullsOf(x, y, n)}
	for i := range n {
		p, q := x.Ints[x.at(i)], y.Ints[y.at(i)]
		if q == 0 && (op == "/" || op == "%") {
			if out.Nulls == nil {
				out.Nulls = NewBitmap(n)
			}
			out.Nulls.Set(i)
			continue
		}
		switch op {
		case "+":
			p += q
		case "-":
			p -= q
		case "*":
			p *= q
		case "/":
			p /= q
		case "%":
			if p %= q; p < 0 { // never negative
				if q < 0 {
					p -= q
				} else {
					p += q
				}
			}
		}
		out.Ints[i] = p
	}
	return out
}

// decimalOp computes on decimals; null where that is not possible.
func decimalOp(op string, x, y Value) Value {
	p, ok := decimalOf(x.text)
	q, ok2 := decimalOf(y.text)
	if !x.full || !y.full || !ok || !ok2 {
		return Null(Decimal)
	}
	out := new(big.Rat)
	switch op {
	case "+":
		out.Add(p, q)
	case "-":
		out.Sub(p, q)
	case "*":
		out.Mul(p, q)
	default:
		if q.Sign() == 0 {
			return Null(Decimal)
		}
		out.Quo(p, q)
		if op == "%" {
			whole := new(big.Int).Quo(out.Num(), out.Denom())
			out.Sub(p, new(big.Rat).Mul(q, new(big.Rat).SetInt(whole)))
			if out.Sign() < 0 {
				out.Add(out, new(big.Rat).Abs(q))
			}
		}
	}
	text := decimalText(out)
	if len(text) > 90 {
		return Null(Decimal)
	}
	return TextValue(Decimal, text)
}
