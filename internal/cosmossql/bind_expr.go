package cosmossql

import (
	"math"
	"strings"
)

// expr binds an expression. Operations on constants become constants.
func (b *binder) expr(sc *scope, n node) expr {
	if slot, ok := b.groupKey(sc, n); ok {
		return &slotExpr{slot}
	}
	switch n := n.(type) {
	case *litNode:
		return &constExpr{n.val}
	case *paramNode:
		v, ok := b.params[n.name]
		if !ok {
			b.fail(n.span, codeParameter, "The parameter '%s' has no value: pass one with the query", n.name)
		}
		return &constExpr{v}
	case *nameNode, *memberNode, *indexNode:
		b.full = n
		return b.path(sc, n)
	case *unaryNode:
		return b.unary(sc, n)
	case *binaryNode:
		return b.binary(sc, n)
	case *logicNode:
		return b.logic(sc, n)
	case *condNode:
		e := &condExpr{b.expr(sc, n.test), b.expr(sc, n.yes), b.expr(sc, n.no)}
		return fold(e, e.test, e.yes, e.no)
	case *inNode:
		return b.in(sc, n)
	case *betweenNode:
		e := &betweenExpr{b.expr(sc, n.x), b.expr(sc, n.low), b.expr(sc, n.high)}
		return not(n.not, fold(e, e.x, e.low, e.high))
	case *likeNode:
		return b.like(sc, n)
	case *callNode:
		return b.call(sc, n)
	case *arrayNode:
		elems := b.exprs(sc, n.elems)
		return fold(&arrayExpr{elems}, elems...)
	case *objectNode:
		vals := b.exprs(sc, n.vals)
		return fold(newObjectExpr(n.keys, vals), vals...)
	case *subqueryNode:
		return b.subquery(sc, n)
	}
	b.fail(n.at(), codeUnsupported, "this expression is not supported")
	return &constExpr{}
}

func (b *binder) exprs(sc *scope, ns []node) []expr {
	xs := make([]expr, len(ns))
	for i, n := range ns {
		xs[i] = b.expr(sc, n)
	}
	return xs
}

// groupKey finds n among the GROUP BY expressions.
func (b *binder) groupKey(sc *scope, n node) (int, bool) {
	if sc.inAgg {
		return 0, false
	}
	for _, g := range sc.grouped {
		if sameNode(g.key, n) {
			return g.slot, true
		}
	}
	return 0, false
}

// notFinite are the numbers that are written as names, where no alias is of that
// name.
var notFinite = map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1)}

// path binds a name and what follows it.
func (b *binder) path(sc *scope, n node) expr {
	if slot, ok := b.groupKey(sc, n); ok {
		return &pathExpr{slot: slot}
	}
	switch n := n.(type) {
	case *nameNode:
		slot, ok := b.resolve(sc, n)
		if number, known := notFinite[n.name]; known && !ok {
			return &constExpr{numberValue(number)}
		}
		if !ok {
			b.fail(n.span, codeIdentifier, "Identifier '%s' could not be resolved: properties are written behind an alias, as in c.%s, and strings in quotes", n.name, n.name)
		}
		return &pathExpr{slot: slot}
	case *memberNode:
		return b.steps(sc, b.base(sc, n.x), []node{n})
	case *indexNode:
		return b.steps(sc, b.base(sc, n.x), []node{n})
	}
	return &constExpr{}
}

// base binds what a member or index is taken of.
func (b *binder) base(sc *scope, n node) expr {
	switch n.(type) {
	case *nameNode, *memberNode, *indexNode:
		return b.path(sc, n)
	}
	return b.expr(sc, n)
}

// steps adds members and indexes to x: to its path while they are constant.
func (b *binder) steps(sc *scope, x expr, nodes []node) expr {
	for _, n := range nodes {
		var index expr
		switch n := n.(type) {
		case *memberNode:
			index = &constExpr{stringValue([]byte(n.name))}
		case *indexNode:
			index = b.expr(sc, n.index)
		}
		p, isPath := x.(*pathExpr)
		c, isConst := index.(*constExpr)
		if isPath && isConst {
			if st, ok := constStep(c.val); ok {
				x = &pathExpr{slot: p.slot, steps: append(p.steps[:len(p.steps):len(p.steps)], st)}
				continue
			}
		}
		x = fold(&indexExpr{x, index}, x, index)
	}
	return x
}

// constStep is the step that a constant index takes.
func constStep(v value) (step, bool) {
	switch {
	case v.kind == String:
		return step{name: string(v.text)}, true
	case v.kind == Number && v.num >= 0 && v.num == math.Trunc(v.num) && v.num < maxValue:
		return step{index: int(v.num), isIdx: true}, true
	}
	return step{}, false
}

func (b *binder) unary(sc *scope, n *unaryNode) expr {
	x := b.expr(sc, n.x)
	if n.op == "NOT" {
		return not(true, x)
	}
	return fold(&signExpr{n.op, x}, x)
}

// not wraps x in NOT if on is set.
func not(on bool, x expr) expr {
	if !on {
		return x
	}
	return fold(&notExpr{x}, x)
}

func (b *binder) binary(sc *scope, n *binaryNode) expr {
	l, r := b.expr(sc, n.l), b.expr(sc, n.r)
	switch n.op {
	case "??":
		return fold(&coalesceExpr{l, r}, l, r)
	case "=", "!=", "<", "<=", ">", ">=":
		return fold(&cmpExpr{n.op, l, r}, l, r)
	}
	return fold(&arithExpr{n.op, l, r}, l, r)
}

func (b *binder) logic(sc *scope, n *logicNode) expr {
	terms := b.exprs(sc, n.terms)
	if n.op == "AND" {
		return fold(&andExpr{terms}, terms...)
	}
	return fold(&orExpr{terms}, terms...)
}

// longList is where an IN list is worth a set.
const longList = 8

func (b *binder) in(sc *scope, n *inNode) expr {
	e := &inExpr{x: b.expr(sc, n.x), list: b.exprs(sc, n.list)}
	if len(e.list) >= longList {
		set := make(map[string]bool, len(e.list))
		for _, item := range e.list {
			c, ok := item.(*constExpr)
			if !ok || !c.val.isJSON() {
				set = nil
				break
			}
			set[string(appendCanonical(nil, c.val))] = true
		}
		e.set = set
	}
	return not(n.not, fold(e, append([]expr{e.x}, e.list...)...))
}

func (b *binder) like(sc *scope, n *likeNode) expr {
	e := &likeExpr{x: b.expr(sc, n.x), pattern: b.expr(sc, n.pattern)}
	parts := []expr{e.pattern}
	if n.escape != nil {
		e.escape = b.expr(sc, n.escape)
		parts = append(parts, e.escape)
		if c, ok := e.escape.(*constExpr); ok && (c.val.kind != String || len([]rune(string(c.val.text))) != 1) {
			b.fail(n.escape.at(), codeArguments, "ESCAPE takes a string of one character")
		}
	}
	if allConst(parts) {
		if p, ok := e.compile(scratchFrame()); ok {
			e.ready, e.constant = p, true
		}
	}
	return not(n.not, fold(e, append(parts, e.x)...))
}

func (b *binder) subquery(sc *scope, n *subqueryNode) expr {
	q := b.block(n.q, sc, false, false)
	switch n.op {
	case "EXISTS":
		return &existsQuery{q}
	case "ARRAY":
		return &arrayQuery{q}
	}
	return &scalarQuery{q}
}

// call binds a function or an aggregate.
func (b *binder) call(sc *scope, n *callNode) expr {
	if n.udf {
		b.fail(n.nameSpan, codeUnsupported, "The user-defined function 'udf.%s' cannot be called: user-defined functions are not supported", n.name)
		return &constExpr{}
	}
	if isAggregate(n) {
		return b.aggregate(sc, n)
	}
	name := strings.ToUpper(n.name)
	spec, ok := functions[name]
	if !ok {
		if why, known := refusedFunctions[name]; known {
			b.fail(n.nameSpan, codeUnsupported, "The function '%s' is not supported: it needs %s", n.name, why)
		} else {
			b.fail(n.nameSpan, codeFunction, "'%s' is not a recognized built-in function name", n.name)
		}
		return &constExpr{}
	}
	if len(n.args) < spec.min || (spec.max >= 0 && len(n.args) > spec.max) {
		b.fail(n.span, codeArguments, "The %s function requires %s, not %d", name, spec.arity(), len(n.args))
		return &constExpr{}
	}
	e := &callExpr{name: name, fn: spec.fn, args: b.exprs(sc, n.args)}
	if spec.prepare != nil && allConst(e.args[1:]) {
		fn, err := spec.prepare(constants(e.args[1:]))
		if err != nil {
			b.fail(n.args[1].at(), codeArguments, "%s: %v", name, err)
			return &constExpr{}
		}
		e.fn = fn
	}
	if spec.volatile {
		return e
	}
	return fold(e, e.args...)
}

// aggregate binds an aggregate of the block that sc belongs to.
func (b *binder) aggregate(sc *scope, n *callNode) expr {
	name := strings.ToUpper(n.name)
	switch {
	case sc.inAgg:
		b.fail(n.span, codeAggregate, "The aggregate %s cannot be used within another aggregate: aggregate in a subquery", name)
		return &constExpr{}
	case sc.group == nil:
		b.fail(n.span, codeAggregate, "The aggregate %s cannot be used in %s: filter around a subquery that aggregates", name, sc.nowhere)
		return &constExpr{}
	case len(n.args) != 1:
		b.fail(n.span, codeArguments, "The %s function requires 1 argument, not %d", name, len(n.args))
		return &constExpr{}
	}
	sc.inAgg = true
	arg := b.expr(sc, n.args[0])
	sc.inAgg = false
	sc.group.aggs = append(sc.group.aggs, aggregate{name, arg, b.aggs})
	b.aggs++
	return &aggExpr{b.aggs - 1}
}

// isAggregate says whether n calls an aggregate.
func isAggregate(n node) bool {
	c, ok := n.(*callNode)
	return ok && !c.udf && aggregateNames[strings.ToUpper(c.name)]
}

// fold evaluates e if all its parts are constant.
func fold(e expr, parts ...expr) expr {
	if !allConst(parts) {
		return e
	}
	f := scratchFrame()
	v := e.eval(f)
	if f.run.err != nil {
		return e
	}
	return &constExpr{v}
}

// scratchFrame is a frame for expressions without names.
func scratchFrame() *frame { return &frame{run: &running{}} }

func allConst(xs []expr) bool {
	for _, x := range xs {
		if _, ok := x.(*constExpr); !ok {
			return false
		}
	}
	return true
}

func constants(xs []expr) []value {
	vs := make([]value, len(xs))
	for i, x := range xs {
		vs[i] = x.(*constExpr).val
	}
	return vs
}
