package streamsql

import (
	"slices"
	"strings"
)

// grouping is what expressions over groups see: the keys and the aggregates.
type grouping struct {
	node  *Aggregate
	rows  *scope         // scope of keys and of the arguments of aggregates
	keys  map[string]int // canonical text -> slot
	calls map[string]int // canonical text -> slot
	query *selectQuery
	// timeKey: System.Timestamp() is grouped by, beside a window.
	timeKey bool
}

// aggregate binds GROUP BY and returns the scope over groups.
func (b *binder) aggregate(q *selectQuery, rows *scope) (*scope, *Aggregate) {
	node := &Aggregate{WindowIDSlot: Reserved}
	g := &grouping{node: node, rows: rows, query: q, keys: map[string]int{}, calls: map[string]int{}}
	rows = rows.in("GROUP BY")
	windowed := false
	timeKey := slices.ContainsFunc(q.groupBy, isWindowCall)
	for _, x := range q.groupBy {
		if timeKey && isTimestamp(x) { // beside a window it is a key
			g.timeKey = true
		} else if specs := b.windows(rows, x); specs != nil {
			if windowed {
				b.fail(x.where(), "GROUP BY takes one window; several are written Windows(Window('id', …), …)")
			}
			windowed, node.Windows = true, specs
			continue
		}
		canon := rows.canon(x)
		if _, ok := g.keys[canon]; ok {
			continue
		}
		if contains(x, isAggregateCall) {
			b.fail(x.where(), "an aggregate cannot be grouped by")
		}
		g.keys[canon] = len(node.Keys)
		node.Keys = append(node.Keys, rows.expr(x))
	}
	if !windowed {
		at := q.at
		if len(q.groupBy) > 0 {
			at = q.groupBy[len(q.groupBy)-1].where()
		}
		b.fail(at, "a stream is aggregated in windows: add TumblingWindow(second, 10) or another window, or System.Timestamp(), to GROUP BY")
	}
	node.schema.Width = len(node.Keys)
	return &scope{b: b, rel: rows.rel, clause: "SELECT", groups: g, analytic: rows.analytic}, node
}

// group binds an expression over groups if it is a key, an aggregate or a name;
// nil says that its parts are to be bound.
func (sc *scope) group(x syntax) *Expr {
	g := sc.groups
	if g.timeKey && isTimestamp(x) {
		sc.fail(x.where(), "System.Timestamp() is ambiguous here, a key of GROUP BY and the end of the window: name the key in a step before, SELECT System.Timestamp() AS t, and GROUP BY t")
	}
	if slot, ok := g.keys[g.rows.canon(x)]; ok {
		return sc.located(typed(slotExpr(slot, ""), g.node.Keys[slot].static), x)
	}
	switch x := x.(type) {
	case *nameExpr:
		return sc.groupName(x)
	case *callExpr:
		switch {
		case isAggregateCall(x):
			return sc.located(slotExpr(sc.aggregateSlot(x), ""), x)
		case isAnalyticCall(x):
			sc.fail(x.at, "%s with OVER is evaluated before GROUP BY: use it inside an aggregate, or in a step of its own", x.name.text)
		case isSystemWindow(x):
			id := sc.windowID()
			return sc.located(newExpr("", x.at, func(r *Row) Value {
				text := append(r.Scratch.buffer(32), `{"Id":`...)
				return RecordValue(r.Scratch.keep(append(id.Eval(r).AppendJSON(text), '}')))
			}), x)
		}
	case *fieldExpr:
		if isSystemWindow(x.x) {
			if !strings.EqualFold(x.name.text, "id") {
				sc.fail(x.name.at, "System.Window() has one property: Id")
			}
			return sc.located(sc.windowID(), x)
		}
	}
	return nil
}

// windowID reads the name of the group's window.
func (sc *scope) windowID() *Expr {
	g := sc.groups
	if g.node.WindowIDSlot == Reserved {
		g.node.WindowIDSlot = g.slot()
	}
	return slotExpr(g.node.WindowIDSlot, "")
}

func isSystemWindow(x syntax) bool { return isSystemCall(x, "window") }

func isTimestamp(x syntax) bool { return isSystemCall(x, "timestamp") }

func isSystemCall(x syntax, name string) bool {
	c, ok := x.(*callExpr)
	return ok && c.prefix == "system" && strings.EqualFold(c.name.text, name)
}

// isWindowCall says whether an entry of GROUP BY is a window other than
// System.Timestamp().
func isWindowCall(x syntax) bool {
	c, ok := x.(*callExpr)
	return ok && c.prefix == "" && isWindowName(c.name.text)
}

// slot makes a slot of the emitted row.
func (g *grouping) slot() int {
	g.node.schema.Width++
	return g.node.schema.Width - 1
}

// groupName binds a name that is no key: an alias of the SELECT list in HAVING,
// or a path into a key.
func (sc *scope) groupName(x *nameExpr) *Expr {
	for n := len(x.parts) - 1; n > 0; n-- {
		head := &nameExpr{parts: x.parts[:n], at: x.parts[0].at.to(x.parts[n-1].at)}
		if slot, ok := sc.groups.keys[sc.groups.rows.canon(head)]; ok {
			var rest []string
			for _, p := range x.parts[n:] {
				rest = append(rest, p.text)
			}
			return sc.located(pathExpr(slotExpr(slot, sc.source(head)), rest), x)
		}
	}
	for _, item := range sc.aliases {
		if item.alias != nil && len(x.parts) == 1 && strings.EqualFold(item.alias.text, x.parts[0].text) && sc.depth < 8 {
			inner := *sc
			inner.depth++
			return inner.expr(item.expr)
		}
	}
	if alias := sc.groups.aliasKey(x); alias != "" {
		sc.fail(x.at, "'%s' is neither grouped by nor within an aggregate: GROUP BY %s means a column of the source, not the alias of the SELECT list; write the expression there too", sc.source(x), alias)
	}
	if sc.clause == "HAVING" {
		sc.fail(x.at, "'%s' is neither grouped by, nor within an aggregate, nor an alias of the SELECT list", sc.source(x))
	}
	sc.fail(x.at, "'%s' is neither grouped by nor within an aggregate: add it to GROUP BY, or write TopOne(), MIN(%[1]s) or the like", sc.source(x))
	return nil
}

// aliasKey is the entry of GROUP BY that names the alias of the column that reads
// x, or "". The vendor's page: "The column expression cannot contain a column
// alias that is defined in the SELECT list."
func (g *grouping) aliasKey(x *nameExpr) string {
	for _, item := range g.query.items {
		if item.alias == nil || !contains(item.expr, func(y syntax) bool { return y == syntax(x) }) {
			continue
		}
		for _, key := range g.query.groupBy {
			if k, ok := key.(*nameExpr); ok && len(k.parts) == 1 && strings.EqualFold(k.parts[0].text, item.alias.text) {
				return k.parts[0].text
			}
		}
	}
	return ""
}
