package streamsql

import (
	"strings"
)

// isAnalyticCall says whether x is a function with OVER over the history of its
// source.
func isAnalyticCall(x syntax) bool {
	c, ok := x.(*callExpr)
	if !ok || c.prefix != "" {
		return false
	}
	switch strings.ToLower(c.name.text) {
	case "lag", "last", "isfirst", "anomalydetection_spikeanddip", "anomalydetection_changepoint":
		return true
	}
	_, aggregate := aggregateFunc(c.name.text)
	return aggregate && c.over != nil && (c.over.limit != nil || len(c.over.orderBy) == 0)
}

// analyticSlot binds a function with OVER above the source that it reads and
// returns the slot of its result in this scope's rows.
func (sc *scope) analyticSlot(x *callExpr) int {
	if sc.analytic == nil {
		sc.fail(x.at, "%s with OVER is not valid in %s", x.name.text, sc.clause)
	}
	target := sc.analyticTarget(x)
	inner := &scope{b: sc.b, rel: target, clause: "OVER"}
	key := sc.canon(x) + target.alias
	call := &AnalyticCall{Text: sc.source(x)}
	call.Line, call.Col = lineCol(sc.b.text, x.at.start)
	inner.history(x, call)
	return target.lift(target.attach(call, key, sc.analytic), sc.rel)
}

// analyticTarget finds the relation whose rows the function sees: functions with
// OVER run before JOIN and WHERE.
func (sc *scope) analyticTarget(x *callExpr) *relation {
	var target *relation
	walk(x, func(y syntax) bool {
		if c, ok := y.(*callExpr); ok && y != syntax(x) && (isAnalyticCall(c) || isAggregateCall(c)) {
			sc.fail(c.at, "%s is not valid within OVER functions; compute it in a step of WITH", c.name.text)
		}
		n, ok := y.(*nameExpr)
		if !ok {
			return true
		}
		if leaf, _ := sc.findLeaf(n); leaf != nil {
			target = common(target, leaf)
		}
		return true
	})
	if target == nil {
		target = sc.rel.leaves()[0]
	}
	if _, isApply := target.node.(*Apply); target.src == nil && !isApply {
		sc.fail(x.at, "functions with OVER run before JOIN, so all columns must come from one source%s", sc.aliasList())
	}
	if target.element {
		target = target.parent
	}
	if target.input != nil && target.input.Reference {
		sc.fail(x.at, "reference data has no history: OVER is for streams")
	}
	return target
}

// common returns the lowest relation above both.
func common(a, b *relation) *relation {
	for a != nil && !b.under(a) {
		a = a.parent
	}
	if a == nil {
		return b
	}
	return a
}

// history binds arguments and OVER of a function into call.
func (sc *scope) history(x *callExpr, call *AnalyticCall) {
	over := x.over
	if over == nil {
		over = &overClause{at: x.at}
	}
	call.PartitionBy = sc.exprs(over.partitionBy)
	if over.when != nil {
		call.When = sc.condition(over.when)
	}
	if over.limit != nil {
		call.Duration = over.limit.n * over.limit.unit.Ticks()
	}
	name := strings.ToLower(x.name.text)
	if name != "isfirst" && over.limit == nil {
		sc.fail(x.at, "%s needs OVER ([PARTITION BY …] LIMIT DURATION(unit, n) [WHEN …])", x.name.text)
	}
	aggregate, isAggregate := aggregateFunc(name)
	if len(over.orderBy) > 0 && !(isAggregate && (aggregate == TopOne || aggregate == CollectTop || aggregate == PercentileCont || aggregate == PercentileDisc)) {
		sc.fail(over.at, "ORDER BY is not valid here: rows come in the order of time")
	}
	switch name {
	case "lag":
		sc.lag(x, call)
	case "last":
		call.Func = Last
		extra := sc.starArgs(x, 2)
		call.Arg = sc.starOr(x)
		if len(extra) > 0 {
			call.Default = sc.expr(extra[0])
		}
	case "isfirst":
		call.Func = IsFirst
		if over.limit != nil {
			sc.fail(over.limit.at, "ISFIRST takes no LIMIT DURATION: its interval is its argument")
		}
		sc.arity(x, 2, 2)
		call.Duration = sc.b.duration(x.args[0], x.args[1], MaxDuration)
	case "anomalydetection_spikeanddip", "anomalydetection_changepoint":
		sc.anomaly(x, call)
	default:
		if x.distinct {
			sc.fail(x.at, "DISTINCT is not valid with OVER (LIMIT DURATION …): aggregate in a window")
		}
		inner := *x
		if over.limit != nil {
			inner.over = nil
			if len(over.orderBy) > 0 {
				inner.over = &overClause{orderBy: over.orderBy, at: over.at}
			}
		}
		call.Func, call.Aggregate = RollingAggregate, sc.aggregateCall(&inner)
		call.Arg = call.Aggregate.Arg
	}
}

// starArgs returns the arguments behind the first, which may be *.
func (sc *scope) starArgs(x *callExpr, high int) []syntax {
	if x.star {
		sc.arity(x, 0, high-1)
		return x.args
	}
	sc.arity(x, 1, high)
	return x.args[1:]
}

// starOr is the first argument, or with f(*) the whole row.
func (sc *scope) starOr(x *callExpr) *Expr {
	if x.star {
		return sc.allRecord(x)
	}
	return sc.expr(x.args[0])
}

// lag binds LAG(x|* [, offset [, default]]).
func (sc *scope) lag(x *callExpr, call *AnalyticCall) {
	call.Func, call.Offset = Lag, 1
	extra := sc.starArgs(x, 3)
	call.Arg = sc.starOr(x)
	if len(extra) > 0 {
		n, ok := intLiteral(extra[0])
		if !ok || n < 1 || n > 100000 {
			sc.fail(extra[0].where(), "the offset of LAG is a whole number from 1 to 100000")
		}
		call.Offset = int(n)
	}
	if len(extra) > 1 {
		call.Default = sc.expr(extra[1])
	}
}

// anomaly binds AnomalyDetection_…(x, confidence, history [, 'mode']).
func (sc *scope) anomaly(x *callExpr, call *AnalyticCall) {
	call.Func = ChangePoint
	n := 3
	if strings.EqualFold(x.name.text, "AnomalyDetection_SpikeAndDip") {
		call.Func, n = SpikeAndDip, 4
	}
	sc.arity(x, n, n)
	call.Arg = sc.expr(x.args[0])
	confidence, ok := sc.constant(x.args[1]).Number()
	if !ok || confidence < 1 || confidence > 100 {
		sc.fail(x.args[1].where(), "the confidence is a constant from 1 to 100")
	}
	history, ok := intLiteral(x.args[2])
	if !ok || history < 2 || history > 100000 {
		sc.fail(x.args[2].where(), "the history is a whole number from 2 to 100000")
	}
	call.Anomaly = AnomalySpec{Confidence: confidence, History: int(history)}
	if n == 3 {
		return
	}
	switch mode := sc.constant(x.args[3]); strings.ToLower(mode.Text()) {
	case "spikes":
		call.Anomaly.Spikes = true
	case "dips":
		call.Anomaly.Dips = true
	case "spikesanddips":
		call.Anomaly.Spikes, call.Anomaly.Dips = true, true
	default:
		sc.fail(x.args[3].where(), "the mode is 'spikes', 'dips' or 'spikesanddips'")
	}
}
