package kql

// projected is a column that an operator makes.
type projected struct {
	name  string
	node  *node
	given bool // the name was written
}

// projection binds a list of expressions with their names.
func (b *binder) projection(list []expr, s *scope, taken map[string]bool) []projected {
	var out []projected
	for _, e := range list {
		names := []string(nil)
		x := e
		if n, ok := e.(*named); ok {
			names, x = n.names, n.x
		}
		if st, ok := x.(*star); ok {
			if len(names) > 0 {
				b.fail(st.span, "SEM0004", "'*' stands for no value here")
			}
			for i, c := range s.cols {
				out = append(out, projected{name: uniqueName(c.name, taken), node: columnNode(c, i)})
			}
			continue
		}
		n := b.scalar(x, s)
		switch len(names) {
		case 0:
			p := projected{name: n.name, node: n}
			if p.name == "" {
				p.name = "Column1"
				for i := 2; taken[p.name]; i++ {
					p.name = "Column" + string(appendInt(nil, i))
				}
			}
			p.name = uniqueName(p.name, taken)
			out = append(out, p)
		case 1:
			if taken[names[0]] && b.word == "project" {
				b.fail(e.where(), "SEM0017", "the column '%s' is defined twice", names[0])
			}
			taken[names[0]] = true
			out = append(out, projected{name: names[0], node: n, given: true})
		default: // (a, b) = an array's values
			for i, name := range names {
				at := constantNode(IntValue(Long, int64(i)))
				taken[name] = true
				out = append(out, projected{name: name, given: true, node: lift(Dynamic, []*node{n.to(Dynamic), at}, func(a []Value) Value {
					l, ok := a[0].dyn.([]any)
					if !ok || a[1].Int() >= int64(len(l)) {
						return Null(Dynamic)
					}
					return DynamicValue(l[a[1].Int()])
				})})
			}
		}
	}
	return out
}

// columnOf is the column that a projected expression becomes.
func (p *projected) columnOf() *column {
	if p.node.column != nil {
		return p.node.column.pass(p.name)
	}
	kind := p.node.kind
	if kind == None {
		kind = String
	}
	return &column{name: p.name, kind: kind, from: p.node.refs}
}

// vector is the expression's vector, made when it is needed.
func (p *projected) vector(c *Chunk) *Vector {
	if p.node.column != nil {
		return c.Columns[p.node.index]
	}
	return &Vector{Kind: p.node.kind, Load: func() (*Vector, error) {
		v := p.node.eval(c)
		if v.Kind == None {
			return constant(Null(String)), nil
		}
		return v, nil
	}}
}

func (b *binder) projectLike(op *opProject, r *relation) *relation {
	switch op.word {
	case "project-away", "project-keep":
		return b.keepOrDrop(op, r)
	case "distinct":
		return b.distinct(op, r)
	}
	b.windowed = false
	s := &scope{cols: r.cols, rowed: true}
	extend := op.word != "project"
	taken := map[string]bool{}
	if extend {
		for _, c := range r.cols {
			taken[c.name] = true
		}
	}
	list := b.projection(op.list, s, taken)
	if b.windowed {
		for _, p := range list {
			for _, ref := range p.node.refs {
				ref.use()
			}
		}
		r = b.whole(r)
	}
	if !extend {
		return project(r, list)
	}
	all := make([]projected, 0, len(r.cols)+len(list))
	at := map[string]int{}
	for i, c := range r.cols {
		at[c.name] = i
		all = append(all, projected{name: c.name, node: columnNode(c, i)})
	}
	for _, p := range list {
		if i, ok := at[p.name]; ok {
			all[i] = p
			continue
		}
		at[p.name] = len(all)
		all = append(all, p)
	}
	out := project(r, all)
	if op.word == "serialize" {
		out.ordered, out.scans = true, nil
	}
	return out
}

// project is a relation of the expressions over r.
func project(r *relation, list []projected) *relation {
	out := &relation{scans: r.scans, mixed: r.mixed, ordered: r.ordered}
	for i := range list {
		out.cols = append(out.cols, list[i].columnOf())
	}
	in := r.flow
	out.flow = func(yield func(*Chunk) bool) {
		in(func(c *Chunk) bool {
			made := &Chunk{N: c.N, Columns: make([]*Vector, len(list))}
			for i := range list {
				made.Columns[i] = list[i].vector(c)
			}
			return yield(made)
		})
	}
	return out
}

func (b *binder) keepOrDrop(op *opProject, r *relation) *relation {
	chosen := make([]bool, len(r.cols))
	for _, e := range op.list {
		n, _ := e.(*name)
		any := false
		for i, c := range r.cols {
			if fits(n.text, c.name) {
				chosen[i], any = true, true
			}
		}
		if !any && !hasStar(n.text) {
			b.unresolved(n.span, "column or scalar expression", n.text, columnNames(r.cols))
		}
	}
	var indexes []int
	var cols []*column
	for i, c := range r.cols {
		if chosen[i] == (op.word == "project-keep") {
			indexes, cols = append(indexes, i), append(cols, c.pass(c.name))
		}
	}
	return r.columnsAt(indexes, cols)
}

func hasStar(s string) bool {
	for i := range len(s) {
		if s[i] == '*' {
			return true
		}
	}
	return false
}

func columnNames(cols []*column) []string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = c.name
	}
	return out
}

func (b *binder) rename(op *opRename, r *relation) *relation {
	indexes := make([]int, len(r.cols))
	cols := passAll(r.cols)
	for i := range indexes {
		indexes[i] = i
	}
	for _, n := range op.list {
		old, _ := n.x.(*name)
		i, c := r.find(old.text)
		if c == nil {
			b.unresolved(old.span, "column or scalar expression", old.text, columnNames(r.cols))
		}
		cols[i] = c.pass(n.names[0])
	}
	taken := map[string]bool{}
	for _, c := range cols {
		if taken[c.name] {
			b.fail(op.span, "SEM0017", "the column '%s' would be there twice", c.name)
		}
		taken[c.name] = true
	}
	return r.columnsAt(indexes, cols)
}

func (b *binder) reorder(op *opReorder, r *relation) *relation {
	var indexes []int
	done := make([]bool, len(r.cols))
	for _, o := range op.list {
		from := len(indexes)
		for i, c := range r.cols {
			if !done[i] && fits(o.pattern, c.name) {
				done[i] = true
				indexes = append(indexes, i)
			}
		}
		if len(indexes) == from && !hasStar(o.pattern) {
			if _, c := r.find(o.pattern); c == nil {
				b.unresolved(o.at, "column or scalar expression", o.pattern, columnNames(r.cols))
			}
		}
		part := indexes[from:]
		if o.order != "" {
			for i := range part {
				for j := i; j > 0 && (r.cols[part[j]].name < r.cols[part[j-1]].name) == (o.order == "asc") && r.cols[part[j]].name != r.cols[part[j-1]].name; j-- {
					part[j], part[j-1] = part[j-1], part[j]
				}
			}
		}
	}
	for i := range r.cols {
		if !done[i] {
			indexes = append(indexes, i)
		}
	}
	cols := make([]*column, len(indexes))
	for i, at := range indexes {
		cols[i] = r.cols[at].pass(r.cols[at].name)
	}
	return r.columnsAt(indexes, cols)
}

// distinct keeps the first row of each combination.
func (b *binder) distinct(op *opProject, r *relation) *relation {
	list := b.projection(op.list, &scope{cols: r.cols}, map[string]bool{})
	b.groupable(list, op.list)
	p := project(r, list)
	useAll(p.cols)
	out := &relation{cols: p.cols}
	out.flow = func(yield func(*Chunk) bool) {
		g := newGrouper(b.q, kindsOf(p.cols))
		p.flow(func(c *Chunk) bool {
			b.q.tick(c.N)
			keys := make([]*Vector, len(c.Columns))
			for i, v := range c.Columns {
				keys[i] = v.load()
			}
			seen := int32(g.n)
			var rows []int32
			for i, id := range g.add(keys, c.N) {
				if id >= seen {
					rows, seen = append(rows, int32(i)), id+1
				}
			}
			return len(rows) == 0 || yield(c.pick(rows))
		})
	}
	return out
}

// groupable fails for keys that are dynamic: the service does not group by them.
func (b *binder) groupable(list []projected, at []expr) {
	for i, p := range list {
		if p.node.kind == Dynamic {
			where := at[min(i, len(at)-1)].where()
			b.fail(where, "SEM0018", "a group key is expected, not a dynamic: tostring(%s) makes one", p.name)
		}
	}
}
