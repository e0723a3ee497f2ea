package streamsql

import (
	"slices"
	"strings"
)

// aggregateFuncs finds an aggregate by its name in lower case.
func aggregateFunc(name string) (AggregateFunc, bool) {
	switch strings.ToLower(name) {
	case "count":
		return Count, true
	case "sum":
		return Sum, true
	case "avg":
		return Avg, true
	case "min":
		return Min, true
	case "max":
		return Max, true
	case "stdev":
		return Stdev, true
	case "stdevp":
		return StdevP, true
	case "var":
		return Var, true
	case "varp":
		return VarP, true
	case "percentile_cont":
		return PercentileCont, true
	case "percentile_disc":
		return PercentileDisc, true
	case "collect":
		return Collect, true
	case "collecttop":
		return CollectTop, true
	case "topone":
		return TopOne, true
	case "approx_count_distinct":
		return ApproxCountDistinct, true
	}
	return 0, false
}

// isAggregateCall says whether x is an aggregate over a window's group.
func isAggregateCall(x syntax) bool {
	c, ok := x.(*callExpr)
	if !ok {
		return false
	}
	if c.prefix == "uda" {
		return true
	}
	_, ok = aggregateFunc(c.name.text)
	return ok && c.prefix == "" && !isAnalyticCall(c)
}

// aggregateSlot returns the slot of an aggregate, adding it to the groups.
func (sc *scope) aggregateSlot(x *callExpr) int {
	g := sc.groups
	key := g.rows.canon(x)
	if slot, ok := g.calls[key]; ok {
		return slot
	}
	call := g.rows.in("an aggregate").aggregateCall(x)
	call.Slot = g.slot()
	g.calls[key] = call.Slot
	g.node.Calls = append(g.node.Calls, call)
	return call.Slot
}

// aggregateCall binds the arguments of an aggregate over rows.
func (sc *scope) aggregateCall(x *callExpr) *AggregateCall {
	call := &AggregateCall{Text: sc.source(x)}
	call.Line, call.Col = lineCol(sc.b.text, x.at.start)
	for _, arg := range x.args {
		if contains(arg, isAggregateCall) {
			sc.fail(arg.where(), "an aggregate cannot contain another; compute the inner one in a step of WITH")
		}
	}
	if x.prefix == "uda" {
		script := sc.b.js["uda."+strings.ToLower(x.name.text)]
		if script == nil {
			sc.fail(x.name.at, "the job has no aggregate 'uda.%s'%s", x.name.text, sc.b.functionNames("uda."))
		}
		sc.arity(x, 1, 1)
		call.Func, call.Arg, call.UDA = UserAggregate, sc.expr(x.args[0]), &UDA{script}
		return call
	}
	call.Func, _ = aggregateFunc(x.name.text)
	call.Distinct = x.distinct
	var order []orderItem
	if x.over != nil {
		order = x.over.orderBy
	}
	for _, item := range order {
		call.OrderBy = append(call.OrderBy, OrderKey{sc.expr(item.expr), item.desc})
	}
	switch call.Func {
	case Collect:
		sc.noOrder(x)
		sc.arity(x, 0, 1)
		call.Arg = sc.wholeOr(x)
	case TopOne:
		sc.needOrder(x)
		sc.arity(x, 0, 1)
		call.Arg = sc.wholeOr(x)
	case CollectTop:
		sc.needOrder(x)
		sc.arity(x, 1, 2)
		n, ok := intLiteral(x.args[0])
		if !ok || n < 1 || n > 10000 {
			sc.fail(x.args[0].where(), "CollectTop takes a whole number from 1 to 10000")
		}
		call.N = int(n)
		if len(x.args) == 2 {
			call.Arg = sc.expr(x.args[1])
		} else {
			call.Arg = sc.allRecord(x)
		}
	case PercentileCont, PercentileDisc:
		sc.needOrder(x)
		sc.arity(x, 1, 1)
		if len(call.OrderBy) != 1 {
			sc.fail(x.over.at, "a percentile takes one expression in ORDER BY")
		}
		v, isConstant := sc.expr(x.args[0]).Constant()
		f, ok := v.Number()
		if !isConstant || !ok || f < 0 || f > 1 {
			sc.fail(x.args[0].where(), "the fraction of a percentile is a constant from 0 to 1")
		}
		call.Fraction = f
	default:
		sc.noOrder(x)
		if call.Func == Count && x.star {
			sc.arity(x, 0, 0)
			call.Func = CountStar
			break
		}
		sc.arity(x, 1, 1)
		if call.Func == Count {
			call.Arg = sc.expr(x.args[0])
		} else {
			call.Arg = sc.expr(x.args[0])
			call.TextArg = call.Arg.static == String
		}
	}
	if x.star && call.Func != CountStar {
		sc.fail(x.at, "%s(*) is not valid; COUNT(*) is", x.name.text)
	}
	if x.distinct && !slices.Contains([]AggregateFunc{Count, Sum, Avg, Min, Max}, call.Func) {
		sc.fail(x.at, "DISTINCT is valid in COUNT, SUM, AVG, MIN and MAX")
	}
	return call
}

// wholeOr is the argument, or the whole row if there is none.
func (sc *scope) wholeOr(x *callExpr) *Expr {
	if len(x.args) == 1 {
		return sc.expr(x.args[0])
	}
	return sc.allRecord(x)
}

func (sc *scope) noOrder(x *callExpr) {
	if x.over != nil && len(x.over.orderBy) > 0 {
		sc.fail(x.over.at, "%s takes no OVER (ORDER BY …)", x.name.text)
	}
}

func (sc *scope) needOrder(x *callExpr) {
	if x.over == nil || len(x.over.orderBy) == 0 {
		sc.fail(x.at, "%s needs OVER (ORDER BY …)", x.name.text)
	}
	if len(x.over.partitionBy) > 0 || x.over.when != nil {
		sc.fail(x.over.at, "%s takes ORDER BY and nothing else in OVER", x.name.text)
	}
}

// arity checks the number of arguments.
func (sc *scope) arity(x *callExpr, low, high int) {
	n := len(x.args)
	if n >= low && (n <= high || high < 0) {
		return
	}
	want := plural(low, "argument")
	switch {
	case high < 0:
		want = "at least " + want
	case high == low+1:
		want = plural(low, "") + " or " + plural(high, "argument")
	case high > low:
		want = plural(low, "") + " to " + plural(high, "argument")
	}
	sc.fail(x.at, "%s takes %s, not %d", x.name.text, want, n)
}

// constant evaluates an expression that must not depend on the row.
func (sc *scope) constant(x syntax) Value {
	v, ok := sc.expr(x).Constant()
	if !ok {
		sc.fail(x.where(), "a constant is expected here")
	}
	return v
}
