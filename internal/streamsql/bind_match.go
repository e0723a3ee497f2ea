package streamsql

import (
	"slices"
	"strings"
)

// matching is what expressions in MATCH_RECOGNIZE see besides the row.
type matching struct {
	node    *MatchRecognize
	rel     *relation      // the input
	symbols map[string]int // lower-case name -> index
	defined int            // symbols below it have a DEFINE
	self    int            // symbol under test in DEFINE; -1 in MEASURES
	known   map[string]int // aggregates by text -> index in node.Aggregates
}

// match binds MATCH_RECOGNIZE.
func (b *binder) match(m *matchItem) *relation {
	in := b.from(m.left)
	if in.src == nil {
		b.fail(m.at, "MATCH_RECOGNIZE reads one source: make the JOIN or APPLY a step of WITH")
	}
	node := &MatchRecognize{Duration: m.limit.n * m.limit.unit.Ticks(), ClassifierSlot: Reserved}
	rows := &scope{b: b, rel: in, clause: "MATCH_RECOGNIZE"}
	node.PartitionBy = rows.exprs(m.partitionBy)
	ms := &matching{node: node, rel: in, symbols: map[string]int{}, known: map[string]int{}, defined: len(m.defines)}
	for i, d := range m.defines {
		key := strings.ToLower(d.name.text)
		if _, ok := ms.symbols[key]; ok {
			b.fail(d.name.at, "'%s' is defined twice", d.name.text)
		}
		ms.symbols[key] = i
		node.Symbols = append(node.Symbols, MatchSymbol{Name: d.name.text})
	}
	used := map[int]bool{}
	node.Pattern = b.pattern(m.pattern, ms, used)
	if node.Pattern.places() > MaxPatternPlaces {
		b.fail(m.patternAt, "the pattern has more than %d places, with those that {n} repeats: use * or +, or smaller numbers", MaxPatternPlaces)
	}
	for i, d := range m.defines {
		if !used[i] {
			b.fail(d.name.at, "'%s' is defined but not in PATTERN", d.name.text)
		}
		self := *ms
		self.self = i
		node.Symbols[i].Cond = (&scope{b: b, rel: in, clause: "DEFINE", match: &self}).condition(d.cond)
	}
	all := *ms
	all.self = -1
	measures := &scope{b: b, rel: in, clause: "MEASURES", match: &all}
	out := &listSource{grow: func() int {
		node.Emit = append(node.Emit, nil)
		node.schema.Width = len(node.Emit)
		return len(node.Emit) - 1
	}}
	emit := func(name string, e *Expr, at span) {
		for _, c := range out.cols {
			if strings.EqualFold(c.Name, name) {
				b.fail(at, "the column '%s' is given twice; name one of them with AS", name)
			}
		}
		slot := out.grow()
		node.Emit[slot] = e
		out.cols = append(out.cols, Column{Name: name, Slot: slot})
	}
	for i, key := range m.partitionBy {
		name, _ := itemName(selectItem{expr: key})
		if !slices.ContainsFunc(m.measures, func(item selectItem) bool { return hasName(item, name) }) {
			emit(name, node.PartitionBy[i], key.where())
		}
	}
	for _, item := range m.measures {
		if item.star {
			b.fail(item.at, "* is not valid in MEASURES: name the columns, as Last(A.x) AS x")
		}
		name, _ := itemName(item)
		emit(name, measures.expr(item.expr), item.at)
	}
	node.schema.Columns = out.cols
	node.Input = in.settle()
	r := &relation{src: out, node: node}
	if m.alias != nil {
		r.alias = m.alias.text
	}
	return r
}

// hasName says whether a measure takes the place of the key column of a name.
func hasName(item selectItem, name string) bool {
	if item.star {
		return false
	}
	own, _ := itemName(item)
	return strings.EqualFold(own, name)
}

// pattern binds PATTERN; a name without DEFINE takes any row.
func (b *binder) pattern(p *patternExpr, ms *matching, used map[int]bool) *Pattern {
	out := &Pattern{Kind: p.kind, Min: p.min, Max: p.max}
	if p.kind == PatternSymbol {
		key := strings.ToLower(p.name.text)
		i, ok := ms.symbols[key]
		if !ok {
			i = len(ms.node.Symbols)
			ms.symbols[key] = i
			ms.node.Symbols = append(ms.node.Symbols, MatchSymbol{Name: p.name.text})
		}
		out.Symbol, used[i] = i, true
	}
	for _, part := range p.parts {
		out.Parts = append(out.Parts, b.pattern(part, ms, used))
	}
	return out
}

// matchExpr binds what has a meaning of its own in MATCH_RECOGNIZE; nil says that
// x is an ordinary expression.
func (sc *scope) matchExpr(x syntax) *Expr {
	switch x := x.(type) {
	case *nameExpr:
		return sc.matchColumn(x, MatchLast, x)
	case *callExpr:
		if x.prefix != "" || x.over != nil {
			return nil
		}
		fn := MatchLast
		switch strings.ToLower(x.name.text) {
		case "classifier":
			if sc.match.self >= 0 {
				sc.fail(x.at, "Classifier() is valid in MEASURES only")
			}
			if sc.match.node.ClassifierSlot == Reserved {
				sc.match.node.ClassifierSlot = sc.match.rel.reserve()
			}
			return sc.located(slotExpr(sc.match.node.ClassifierSlot, ""), x)
		case "first":
			fn = MatchFirst
		case "last":
		case "min":
			fn = MatchMin
		case "max":
			fn = MatchMax
		default:
			if _, ok := aggregateFunc(x.name.text); ok {
				sc.fail(x.at, "MATCH_RECOGNIZE has the aggregates Min, Max, First and Last; %s is not one", x.name.text)
			}
			return nil
		}
		sc.arity(x, 1, 1)
		name, ok := x.args[0].(*nameExpr)
		if !ok {
			sc.fail(x.args[0].where(), "%s takes one column of a pattern's name, such as A.temperature", x.name.text)
		}
		e := sc.matchColumn(name, fn, x)
		if e == nil {
			sc.fail(name.at, "'%s' is not a name of the pattern: write A.column", name.parts[0].text)
		}
		return e
	}
	return nil
}

// matchColumn binds symbol.column; nil if the path begins with no symbol.
func (sc *scope) matchColumn(x *nameExpr, fn MatchFunc, whole syntax) *Expr {
	ms := sc.match
	symbol, ok := ms.symbols[strings.ToLower(x.parts[0].text)]
	if !ok || len(x.parts) < 2 {
		return nil
	}
	if ms.self >= 0 && symbol > ms.self && symbol < ms.defined {
		sc.fail(x.at, "a DEFINE may refer to itself and to names defined before it; '%s' comes later", x.parts[0].text)
	}
	column := &nameExpr{parts: x.parts[1:], at: x.at}
	rows := &scope{b: sc.b, rel: ms.rel, clause: sc.clause}
	arg := rows.name(column)
	if symbol == ms.self && whole == syntax(x) {
		return arg
	}
	key := string(rune('0'+fn)) + rows.canon(column) + "@" + strings.ToLower(x.parts[0].text)
	agg, ok := ms.known[key]
	if !ok {
		agg = len(ms.node.Aggregates)
		ms.known[key] = agg
		ms.node.Aggregates = append(ms.node.Aggregates, &MatchAggregate{Func: fn, Symbol: symbol, Arg: arg, Slot: ms.rel.reserve()})
	}
	if ms.self >= 0 && !slices.Contains(ms.node.Symbols[ms.self].Reads, agg) {
		ms.node.Symbols[ms.self].Reads = append(ms.node.Symbols[ms.self].Reads, agg)
	}
	return sc.located(slotExpr(ms.node.Aggregates[agg].Slot, ""), whole)
}
