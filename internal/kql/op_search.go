package kql

import "strings"

// search gives the rows in which a text is found in any column, or for which a
// condition is true, of the tables that are named, or of all.
func (b *binder) search(op *opSearch, r *relation) *relation {
	var list []*relation
	var sources []string
	add := func(r *relation) {
		n := "union_arg" + string(appendInt(nil, len(list)))
		if len(r.scans) == 1 {
			n = r.scans[0].name
		}
		list, sources = append(list, r), append(sources, n)
	}
	switch {
	case r != nil:
		add(r)
	case len(op.tables) == 0:
		for _, one := range b.tables("*", op.span) {
			add(one)
		}
	default:
		for _, t := range op.tables {
			n, ok := t.(*name)
			switch {
			case ok && !n.quoted && hasStar(n.text):
				for _, one := range b.tables(n.text, n.span) {
					add(one)
				}
			default:
				if st, isStar := t.(*star); isStar {
					for _, one := range b.tables("*", st.span) {
						add(one)
					}
					break
				}
				add(b.table(t))
			}
		}
	}
	found := 0
	for i, one := range list {
		cond, ok := b.searchCondition(op, op.cond, one)
		if ok {
			found++
		}
		for _, ref := range cond.refs {
			ref.use()
		}
		one.learn(cond.facts)
		in := one.flow
		kept := &relation{cols: one.cols, scans: one.scans, mixed: one.mixed}
		kept.flow = func(yield func(*Chunk) bool) {
			in(func(c *Chunk) bool {
				c = filter(c, cond.eval(c))
				return c.N == 0 || yield(c)
			})
		}
		list[i] = kept
	}
	if found == 0 { // no table has the columns: say which is missing
		b.condition(op.cond, &scope{cols: list[0].cols})
	}
	return b.sourced(list, sources, &opUnion{span: op.span, withSource: "$table"})
}

// searchCondition binds the condition for one table; false where it lacks a
// column: then no row of it is found.
func (b *binder) searchCondition(op *opSearch, e expr, r *relation) (n *node, ok bool) {
	switch e := e.(type) {
	case *literal:
		if e.value.kind == String {
			return b.anywhere(op, e.value.text, r), true
		}
	case *operation:
		if e.op == "and" || e.op == "or" {
			x, okX := b.searchCondition(op, e.x, r)
			y, okY := b.searchCondition(op, e.y, r)
			and := e.op == "and"
			return lift(Bool, []*node{x, y}, func(a []Value) Value {
				p, q := a[0].full && a[0].Bool(), a[1].full && a[1].Bool()
				return BoolValue(and && p && q || !and && (p || q))
			}), okX || okY
		}
	case *call:
		if e.name == "not" && len(e.args) == 1 {
			x, okX := b.searchCondition(op, e.args[0], r)
			return lift(Bool, []*node{x}, func(a []Value) Value { return BoolValue(!a[0].full || !a[0].Bool()) }), okX
		}
	}
	depth := b.depth
	defer func() {
		if p := recover(); p != nil {
			err, is := p.(*Error)
			if !is || err.Code != "SEM0100" {
				panic(p)
			}
			b.depth = depth
			n, ok = constantNode(BoolValue(false)), false
		}
	}()
	return b.condition(e, &scope{cols: r.cols}), true
}

// anywhere finds a text in any column. A star at an end lets words go on there.
func (b *binder) anywhere(op *opSearch, what string, r *relation) *node {
	front, back := !strings.HasPrefix(what, "*"), !strings.HasSuffix(what, "*")
	what = strings.Trim(what, "*")
	if op.fold {
		what = fold2(what)
	}
	var args []*node
	for i, c := range r.cols {
		switch c.kind {
		case String, Dynamic, GUID:
			args = append(args, lift(Bool, []*node{columnNode(c, i).to(String)}, func(a []Value) Value {
				return BoolValue(hasTerm(a[0].text, what, op.fold, front, back))
			}))
		}
	}
	if len(args) == 0 {
		return constantNode(BoolValue(false))
	}
	return lift(Bool, args, func(a []Value) Value {
		for _, v := range a {
			if v.Bool() {
				return BoolValue(true)
			}
		}
		return BoolValue(false)
	})
}
