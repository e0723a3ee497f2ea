package streamsql

import (
	"slices"
	"strconv"
	"strings"
)

// query binds a SELECT or UNION and returns its node and columns.
func (b *binder) query(q query) (Node, rowSource) {
	if u, ok := q.(*unionQuery); ok {
		return b.union(u)
	}
	return b.selectQuery(q.(*selectQuery))
}

// selectQuery binds one SELECT. The order of evaluation is FROM, functions with
// OVER, WHERE, GROUP BY, HAVING, SELECT list.
func (b *binder) selectQuery(q *selectQuery) (Node, rowSource) {
	rel := b.from(q.from)
	rows := &scope{b: b, rel: rel, clause: "SELECT", analytic: map[string]int{}, times: true}
	var where *Expr
	if q.cond != nil {
		where = rows.in("WHERE").condition(q.cond)
	}
	list, groups := rows, (*Aggregate)(nil)
	if isAggregated(q) {
		list, groups = b.aggregate(q, rows)
	}
	node := &Project{}
	src := &projectSource{node: node, top: rel, paths: map[string]int{}}
	b.items(q, list, src)
	var having *Expr
	if q.having != nil {
		h := *list
		h.clause, h.aliases = "HAVING", q.items
		having = h.condition(q.having)
	}
	below := rel.settle()
	if where != nil {
		below = &Filter{Input: below, Cond: where}
	}
	if groups != nil {
		groups.Input = below
		below = groups
	}
	if having != nil {
		below = &Filter{Input: below, Cond: having}
	}
	node.Input = below
	return node, src
}

// isAggregated says whether the SELECT makes groups. HAVING without groups is a
// second WHERE.
func isAggregated(q *selectQuery) bool {
	if len(q.groupBy) > 0 || q.having != nil && contains(q.having, isAggregateCall) {
		return true
	}
	for _, item := range q.items {
		if item.expr != nil && contains(item.expr, isAggregateCall) {
			return true
		}
	}
	return false
}

// items binds the SELECT list into the projection. Of a column that * brings and
// another of the same name the left one stays; two that the list names are an
// error.
func (b *binder) items(q *selectQuery, sc *scope, src *projectSource) {
	used := map[string]bool{}
	for _, item := range q.items {
		if item.alias != nil {
			used[strings.ToLower(item.alias.text)] = true
		}
	}
	named, starred := map[string]bool{}, map[string]bool{}
	for _, item := range q.items {
		if item.star {
			for _, c := range b.star(item, sc, src) {
				key := strings.ToLower(c.Name)
				if !c.Spread && (named[key] || starred[key]) {
					continue
				}
				starred[key] = true
				src.node.schema.Columns = append(src.node.schema.Columns, c)
			}
			continue
		}
		e := sc.expr(item.expr)
		name, given := itemName(item)
		if given && named[strings.ToLower(name)] {
			b.fail(item.at, "the column '%s' is given twice; name one of them with AS", name)
		}
		base := name
		for n := 2; !given && (used[strings.ToLower(name)] || named[strings.ToLower(name)]); n++ {
			name = base + strconv.Itoa(n)
		}
		key := strings.ToLower(name)
		named[key] = true
		if !starred[key] {
			src.node.schema.Columns = append(src.node.schema.Columns, Column{Name: name, Slot: src.add(e)})
		}
	}
}

// itemName returns the column's name; given is false if it is made up.
func itemName(item selectItem) (name string, given bool) {
	if item.alias != nil {
		return item.alias.text, true
	}
	switch x := item.expr.(type) {
	case *nameExpr:
		return x.parts[len(x.parts)-1].text, true
	case *fieldExpr:
		return x.name.text, true
	case *callExpr:
		return strings.ToLower(x.name.text), false
	case *castExpr:
		if _, ok := x.x.(*nameExpr); ok {
			name, _ = itemName(selectItem{expr: x.x})
			return name, false
		}
		return "cast", false
	}
	return "column", false
}

// star computes the columns of *, alias.* or record.*.
func (b *binder) star(item selectItem, sc *scope, src *projectSource) []Column {
	if sc.groups != nil {
		b.fail(item.at, "* is not valid with GROUP BY or an aggregate: name the columns")
	}
	leaves := sc.rel.leaves()
	var from *relation
	switch {
	case item.starOf != nil:
		if len(item.starOf) == 1 {
			from = sc.rel.leaf(item.starOf[0].text)
		}
		if from == nil {
			return b.recordStar(item, sc, src)
		}
	default:
		for _, l := range leaves {
			if !l.element && from != nil {
				b.fail(item.at, "* is not valid in a JOIN: write alias.* for each source%s", sc.aliasList())
			}
			if !l.element {
				from = l
			}
		}
	}
	src.stars = append(src.stars, starSource{rel: from, before: len(src.node.schema.Columns)})
	cols := slices.Clone(from.src.columns())
	for i, c := range cols {
		cols[i].Slot = src.add(slotExpr(from.lift(c.Slot, sc.rel), c.Name))
	}
	return cols
}

// recordStar is path.*: the properties of a record as columns.
func (b *binder) recordStar(item selectItem, sc *scope, src *projectSource) []Column {
	at := item.starOf[0].at.to(item.starOf[len(item.starOf)-1].at)
	if len(item.starOf) == 1 && sc.streams() > 1 {
		b.fail(at, "'%s' is no source of this query%s", item.starOf[0].text, sc.aliasList())
	}
	rec := sc.name(&nameExpr{parts: item.starOf, at: at})
	src.stars = append(src.stars, starSource{record: rec, before: len(src.node.schema.Columns)})
	return []Column{{Slot: src.add(rec), Spread: true}}
}

// union binds q1 UNION q2 …
func (b *binder) union(u *unionQuery) (Node, rowSource) {
	node := &Union{}
	src := &unionSource{node: node, paths: map[string]int{}}
	for _, branch := range u.branches {
		n, s := b.query(branch)
		node.Branches = append(node.Branches, n)
		node.Slots = append(node.Slots, nil)
		src.branches = append(src.branches, s)
	}
	first := src.branches[0].columns()
	for i, s := range src.branches[1:] {
		cols := s.columns()
		at := u.branches[i+1].where()
		if len(cols) != len(first) {
			b.fail(at, "the queries of a UNION have the same columns: the first has %d, this one %d", len(first), len(cols))
		}
		for k := range cols {
			if cols[k].Spread != first[k].Spread {
				b.fail(at, "column %d of this query and of the first in the UNION differ: one is *, the other a single column", k+1)
			}
		}
	}
	for k, c := range first {
		from := make([]int, len(src.branches))
		for i, s := range src.branches {
			from[i] = s.columns()[k].Slot
		}
		c.Slot = src.add(from)
		node.schema.Columns = append(node.schema.Columns, c)
	}
	return node, src
}
