package kql

import (
	"context"
	"math"
	"path"
	"slices"
	"strings"
)

// scan is one walk over a table, with what the query told it.
type scan struct {
	q      *query
	table  Table
	name   string
	cols   []*column
	ask    Ask
	floor  int64 // rows before it are no longer needed
	time   int
	bounds bool // a floor is kept
}

// table binds a tabular expression.
func (b *binder) table(e expr) *relation {
	defer b.step(e.where())()
	switch e := e.(type) {
	case *pipe:
		r := b.table(e.source)
		b.in(b.env.inner(), func() {
			for _, op := range e.ops {
				r = b.apply(op, r)
			}
		})
		return r
	case *source:
		return b.sourceOf(e.op)
	case *name:
		return b.tableNamed(e)
	case *call:
		return b.tableCall(e)
	case *member:
		return b.tableElsewhere(e)
	case *star:
		return b.unionOf(b.tables("*", e.span), &opUnion{span: e.span})
	case *named:
		b.fail(e.span, "SEM0003", "a table is expected, not a name with a value")
	}
	b.fail(e.where(), "SEM0005", "a tabular expression is expected, not a scalar one")
	return nil
}

func (b *binder) tableNamed(e *name) *relation {
	if v := b.env.find(e.text); v != nil {
		switch {
		case v.table != nil:
			return v.table()
		case v.value != nil && v.tabular(b):
			return b.tableOfLet(v)
		case v.value != nil:
			b.fail(e.span, "SEM0005", "'%s' is a scalar: a table is expected", e.text)
		case v.function != nil && len(v.function.parameters) == 0:
			return b.tableCall(&call{span: e.span, name: e.text, at: e.span})
		case v.node != nil:
			b.fail(e.span, "SEM0005", "'%s' is a scalar: a table is expected", e.text)
		}
	}
	if !e.quoted && strings.Contains(e.text, "*") {
		return b.unionOf(b.tables(e.text, e.span), &opUnion{span: e.span})
	}
	var found []*relation
	for _, t := range b.q.tables {
		if table, ok := t.Table(e.text); ok {
			found = append(found, b.q.scanOf(table, e.text))
		}
	}
	switch len(found) {
	case 0:
		b.unresolved(e.span, "table or column expression", e.text, b.tableNames())
	case 1:
		return found[0]
	}
	return b.unionOf(found, &opUnion{span: e.span})
}

// tableOfLet binds the table of a let anew for each use; what materialize made
// is kept.
func (b *binder) tableOfLet(v *binding) (r *relation) {
	if v.busy {
		b.fail(v.value.where(), "SEM0016", "a let refers to itself")
	}
	v.busy = true
	defer func() { v.busy = false }()
	if c, ok := v.value.(*call); ok && c.name == "materialize" && len(c.args) == 1 {
		b.in(v.env, func() { r = b.table(c.args[0]) })
		useAll(r.cols)
		chunks, cols := b.q.collect(r), r.cols
		v.table = func() *relation { return kept(chunks, cols) }
		return v.table()
	}
	b.in(v.env, func() { r = b.table(v.value) })
	return r
}

// kept is a relation of rows that are there.
func kept(chunks []*Chunk, cols []*column) *relation {
	out := make([]*column, len(cols))
	for i, c := range cols {
		out[i] = &column{name: c.name, kind: c.kind}
	}
	return &relation{cols: out, flow: rowsOf(chunks)}
}

func (b *binder) tableCall(e *call) *relation {
	switch e.name {
	case "materialize", "view":
		b.arity(e, 1, 1)
		return b.table(e.args[0])
	case "table":
		b.arity(e, 1, 1)
		n := b.constant(e.args[0], "the table's name")
		return b.tableNamed(&name{e.args[0].where(), n.String(), true})
	}
	v := b.env.find(e.name)
	if v == nil || v.function == nil {
		if v == nil {
			b.unknownFunction(e)
		}
		b.fail(e.at, "SEM0005", "'%s' is no function", e.name)
	}
	env := b.callEnvironment(e, v, &scope{})
	var r *relation
	b.in(env, func() {
		b.lets(v.function.lets)
		r = b.table(v.function.body)
	})
	return r
}

// tableElsewhere is app('x').requests, workspace('x').AppRequests and so on.
func (b *binder) tableElsewhere(e *member) *relation {
	c, ok := e.of.(*call)
	if !ok {
		b.fail(e.span, "SEM0005", "a tabular expression is expected")
	}
	switch c.name {
	case "app", "workspace", "resource":
	default:
		b.refuse(c.at, "'"+c.name+"()'")
	}
	b.arity(c, 1, 1)
	n := b.constant(c.args[0], "the resource's name")
	others, ok := b.q.tables[0].(Others)
	if ok {
		if tables, found := others.Other(c.name, n.String()); found {
			if t, has := tables.Table(e.name); has {
				return b.q.scanOf(t, e.name)
			}
			b.unresolved(e.plain, "table or column expression", e.name, tables.Names())
		}
	}
	b.fail(c.span, "SEM0100", "Failed to resolve the %s named '%s'", c.name, n.String())
	return nil
}

// tables are all tables whose name fits a pattern with stars.
func (b *binder) tables(pattern string, at span) []*relation {
	var out []*relation
	for _, t := range b.q.tables {
		for _, n := range t.Names() {
			if table, ok := t.Table(n); ok && fits(pattern, n) {
				out = append(out, b.q.scanOf(table, n))
			}
		}
	}
	if len(out) == 0 {
		b.unresolved(at, "table or column expression", pattern, b.tableNames())
	}
	return out
}

// fits reports whether a name fits a pattern with stars.
func fits(pattern, n string) bool {
	ok, err := path.Match(strings.NewReplacer(`\`, `\\`, "[", `\[`, "?", `\?`, "/", "\x00").Replace(pattern), strings.ReplaceAll(n, "/", "\x00"))
	return err == nil && ok
}

// scanOf is a table of the source.
func (q *query) scanOf(t Table, tableName string) *relation {
	s := &scan{q: q, table: t, name: tableName, time: t.Time()}
	s.ask.From, s.ask.To = q.from, q.to
	if s.time < 0 {
		s.ask.From, s.ask.To = 0, 0
	}
	for i, c := range t.Columns() {
		s.cols = append(s.cols, &column{name: c.Name, kind: c.Kind, origins: []origin{{s, i}}})
	}
	r := &relation{cols: s.cols, scans: []*scan{s}}
	r.flow = s.run
	return r
}

// run asks the table for the columns that are used, and gives chunks with all.
func (s *scan) run(yield func(*Chunk) bool) {
	ask := s.ask
	if ask.From != 0 || ask.To != 0 {
		// The query's own time range is a condition that nothing else checks.
		if s.q.from != 0 || s.q.to != 0 {
			s.cols[s.time].use()
		}
	}
	place := make([]int, len(s.cols))
	for i, c := range s.cols {
		if place[i] = -1; c.used {
			place[i] = len(ask.Columns)
			ask.Columns = append(ask.Columns, i)
		}
	}
	if s.bounds {
		ask.Floor = func() int64 { return s.floor }
	}
	ctx, cancel := context.WithCancel(s.q.ctx)
	defer cancel()
	for c, err := range s.table.Scan(ctx, ask) {
		if err != nil {
			panic(stop{err})
		}
		s.q.scanned += int64(c.N)
		s.q.tick(c.N)
		out := &Chunk{N: c.N, Columns: make([]*Vector, len(s.cols))}
		for i, col := range s.cols {
			if place[i] >= 0 {
				out.Columns[i] = c.Columns[place[i]]
			} else {
				out.Columns[i] = absent(col.kind)
			}
		}
		out = s.bounded(out)
		if out.N > 0 && !yield(out) {
			return
		}
	}
}

// bounded keeps the rows within the query's own time range.
func (s *scan) bounded(c *Chunk) *Chunk {
	if s.time < 0 || s.q.from == 0 && s.q.to == 0 {
		return c
	}
	v := c.Columns[s.time].load()
	var rows []int32
	for i := range c.N {
		t := v.Ints[v.at(i)]
		if !v.Nulls.Has(v.at(i)) && t >= s.q.from && (s.q.to == 0 || t < s.q.to) {
			rows = append(rows, int32(i))
		}
	}
	if len(rows) == c.N {
		return c
	}
	return c.pick(rows)
}

// learn tells the tables what holds for every row that is kept.
func (r *relation) learn(facts []fact) {
	if r.scans == nil {
		return
	}
	for _, f := range facts {
		for _, o := range f.column.origins {
			if !slices.Contains(r.scans, o.scan) || !f.value.full {
				continue
			}
			o.scan.learn(o.index, f)
		}
	}
}

func (s *scan) learn(index int, f fact) {
	if index == s.time && f.value.kind == Datetime {
		t := f.value.Int()
		switch f.op {
		case ">=", "==":
			s.ask.From = max(s.ask.From, t)
		case ">":
			s.ask.From = max(s.ask.From, t+1)
		}
		switch f.op {
		case "<=", "==":
			t++
		case "<":
		default:
			return
		}
		if t <= 0 || t == math.MaxInt64 {
			return
		}
		if s.ask.To == 0 || t < s.ask.To {
			s.ask.To = t
		}
		return
	}
	kind := s.table.Columns()[index].Kind
	if kind != String && kind != Dynamic || f.value.kind != String {
		return
	}
	how := TermContains
	switch f.op {
	case "==":
		how = TermEqual
	case "=~":
		how = TermEqualFold
	case "has", "has_cs":
		how = TermHas
	case "contains", "contains_cs", "startswith", "startswith_cs", "endswith", "endswith_cs":
	default:
		return
	}
	if kind == Dynamic && (how == TermEqual || how == TermEqualFold) {
		return
	}
	if kind == Dynamic && !plainJSON(f.value.text) {
		return
	}
	if f.value.text != "" {
		s.ask.Terms = append(s.ask.Terms, Term{Column: index, How: how, Text: f.value.text})
	}
}

// plainJSON reports whether a text looks the same in the store's JSON and in
// ours: no quotes, escapes or blanks about punctuation.
func plainJSON(s string) bool {
	return ascii(s) && !strings.ContainsAny(s, "\\\"/{}[]:, \t\n\r<>&'+.")
}

// columnsAt is the relation with its columns at the indexes, under new names.
func (r *relation) columnsAt(indexes []int, cols []*column) *relation {
	out := &relation{cols: cols, scans: r.scans, mixed: r.mixed, ordered: r.ordered}
	in := r.flow
	out.flow = func(yield func(*Chunk) bool) {
		in(func(c *Chunk) bool {
			picked := &Chunk{N: c.N, Columns: make([]*Vector, len(indexes))}
			for i, at := range indexes {
				picked.Columns[i] = c.Columns[at]
			}
			return yield(picked)
		})
	}
	return out
}
