package kql

import "slices"

// union gives the rows of several tables. first, if not nil, is what stands
// before the operator.
func (b *binder) union(op *opUnion, first *relation) *relation {
	var list []*relation
	var sources []string
	add := func(r *relation) {
		n := "union_arg" + string(appendInt(nil, len(list)))
		if len(r.scans) == 1 {
			n = r.scans[0].name
		}
		list, sources = append(list, r), append(sources, n)
	}
	if first != nil {
		add(first)
	}
	word := b.word
	for _, t := range op.tables {
		b.word = ""
		switch e := t.(type) {
		case *star:
			for _, r := range b.tables("*", e.span) {
				add(r)
			}
		case *name:
			if !e.quoted && hasStar(e.text) {
				for _, r := range b.tables(e.text, e.span) {
					add(r)
				}
				break
			}
			if op.fuzzy && b.env.find(e.text) == nil && !b.hasTable(e.text) {
				break // isfuzzy: a table that is missing is left out
			}
			add(b.table(t))
		case *member:
			if op.fuzzy && !b.resolves(e) {
				break
			}
			add(b.table(t))
		default:
			add(b.table(t))
		}
	}
	b.word = word
	if len(list) == 0 {
		b.fail(op.span, "SEM0100", "Failed to resolve any of the tables")
	}
	r := b.unionOf(list, op)
	if op.withSource != "" {
		r = b.sourced(list, sources, op)
	}
	return r
}

// resolves reports whether app('x').t is there.
func (b *binder) resolves(e *member) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, is := r.(*Error); !is {
				panic(r)
			}
			ok = false
		}
	}()
	b.tableElsewhere(e)
	return true
}

// unionOf lays tables one behind the other. Columns of one name and type are
// one; where types differ each type has its own: name_string, name_long.
func (b *binder) unionOf(list []*relation, op *opUnion) *relation {
	return b.laid(list, op, nil)
}

// sourced adds a column that names each row's table.
func (b *binder) sourced(list []*relation, sources []string, op *opUnion) *relation {
	return b.laid(list, op, sources)
}

func (b *binder) laid(list []*relation, op *opUnion, sources []string) *relation {
	type key struct {
		name string
		kind Kind
	}
	out := &relation{}
	var keys []key
	kindsOfName := map[string][]Kind{}
	for _, r := range list {
		for _, c := range r.cols {
			k := key{c.name, c.kind}
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
				kindsOfName[c.name] = append(kindsOfName[c.name], c.kind)
			}
		}
	}
	if op.inner {
		keys = slices.DeleteFunc(keys, func(k key) bool {
			for _, r := range list {
				if _, c := r.find(k.name); c == nil || c.kind != k.kind {
					return true
				}
			}
			return false
		})
	}
	offset := 0
	if sources != nil {
		offset = 1
		out.cols = append(out.cols, &column{name: op.withSource, kind: String})
	}
	places := make([][]int, len(list)) // of each table's columns for ours, or -1
	for _, k := range keys {
		n := k.name
		if len(kindsOfName[n]) > 1 && !op.inner {
			n += "_" + k.kind.String()
		}
		col := &column{name: n, kind: k.kind}
		for i, r := range list {
			at := slices.IndexFunc(r.cols, func(c *column) bool { return c.name == k.name && c.kind == k.kind })
			places[i] = append(places[i], at)
			if at >= 0 {
				col.from = append(col.from, r.cols[at])
				col.origins = append(col.origins, r.cols[at].origins...)
			}
		}
		out.cols = append(out.cols, col)
	}
	for _, r := range list {
		if r.scans == nil {
			// Rows of other origin are here too: what holds for all can still be
			// told to those that are tables.
			continue
		}
		out.scans = append(out.scans, r.scans...)
	}
	out.flow = func(yield func(*Chunk) bool) {
		more := true
		for i, r := range list {
			r.flow(func(c *Chunk) bool {
				made := &Chunk{N: c.N, Columns: make([]*Vector, len(out.cols))}
				if sources != nil {
					made.Columns[0] = constant(TextValue(String, sources[i]))
				}
				for k, at := range places[i] {
					if at >= 0 {
						made.Columns[offset+k] = c.Columns[at]
					} else {
						made.Columns[offset+k] = constant(Null(out.cols[offset+k].kind))
					}
				}
				more = yield(made)
				return more
			})
			if !more {
				return
			}
		}
	}
	// take and top may skip by time only if every table has one.
	if slices.ContainsFunc(list, func(r *relation) bool { return r.scans == nil }) {
		out.mixed = true
	}
	return out
}
