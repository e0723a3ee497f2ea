package cosmossql

import "strconv"

// selection binds what a row becomes.
func (b *binder) selection(bl *block, sc *scope, q *selectNode) expr {
	sc.nowhere = "this place"
	switch {
	case q.star:
		return b.star(bl, q)
	case q.value != nil:
		return b.expr(sc, q.value)
	}
	var keys []string
	var vals []expr
	unnamed := 0
	seen := map[string]bool{}
	for _, it := range q.items {
		name := it.alias
		if name == "" {
			name = lastName(it.x)
		}
		if name == "" {
			unnamed++
			name = "$" + strconv.Itoa(unnamed)
		}
		if seen[name] {
			b.fail(it.x.at(), codeSyntax, "The column '%s' occurs twice in the select list: give one of them an alias with AS", name)
		}
		seen[name] = true
		keys = append(keys, name)
		vals = append(vals, b.expr(sc, it.x))
	}
	return newObjectExpr(keys, vals)
}

// star binds SELECT *, which is the one source's value.
func (b *binder) star(bl *block, q *selectNode) expr {
	if len(q.from) == 0 {
		b.fail(q.span, codeSyntax, "'SELECT *' is not valid if FROM clause is omitted")
		return &constExpr{}
	}
	if len(q.from) > 1 {
		b.fail(q.span, codeSyntax, "'SELECT *' is only valid with a single input set: name what you want of the joined aliases")
		return &constExpr{}
	}
	return &slotExpr{bl.from[len(bl.from)-1].slot}
}
