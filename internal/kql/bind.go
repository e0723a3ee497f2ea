package kql

import (
	"fmt"
	"strings"
)

// mostBound bounds what lets and functions may expand to.
const mostBound = 50_000

// binder gives names their columns and expressions their types.
type binder struct {
	q     *query
	env   *environment
	depth int
	word  string // the operator that is bound, for messages
	// windowed says that an expression looks at other rows (prev, row_number).
	windowed bool
	// special is made by specials.
	special map[string]func(c *call, s *scope) *node
}

// environment is the names that let and parameters gave.
type environment struct {
	outer *environment
	names map[string]*binding
}

// binding is what a name stands for: one of the fields is set.
type binding struct {
	value    expr             // of let, in env
	function *function        // in env
	node     *node            // of a scalar parameter, or of a let that was bound before
	table    func() *relation // of a tabular parameter, or materialize
	env      *environment
	busy     bool
}

func (e *environment) find(name string) *binding {
	for ; e != nil; e = e.outer {
		if b, ok := e.names[name]; ok {
			return b
		}
	}
	return nil
}

func (e *environment) inner() *environment {
	return &environment{outer: e, names: map[string]*binding{}}
}

// scope is what a scalar expression can read.
type scope struct {
	cols  []*column
	right []*column // of join's $right; their indexes follow those of cols
	sided bool      // $left and $right are known
	aggs  *aggregation
	rowed bool // row_number() and its kin may stand here
}

func (b *binder) fail(at span, code, format string, args ...any) {
	e := place(b.q.text, at)
	e.Class, e.Code, e.Message = SemanticError, code, fmt.Sprintf(format, args...)
	if b.word != "" {
		e.Message = "'" + b.word + "' operator: " + e.Message
	}
	panic(e)
}

// refuse says that the language has something that is not supported here.
func (b *binder) refuse(at span, what string) {
	b.fail(at, "SEM0001", "%s is not supported", what)
}

// unresolved says that a name means nothing, and what it may have been.
func (b *binder) unresolved(at span, what, name string, names []string) {
	hint := ""
	if n := nearestName(name, names); n != "" {
		hint = ". Did you mean '" + n + "'?"
	}
	b.fail(at, "SEM0100", "Failed to resolve %s named '%s'%s", what, name, hint)
}

// in runs f with names of env, and with the operator's word for messages.
func (b *binder) in(env *environment, f func()) {
	old := b.env
	b.env = env
	f()
	b.env = old
}

func (b *binder) step(at span) func() {
	b.depth++
	b.q.bound++
	if b.depth > 2*deepest || b.q.bound > mostBound {
		e := limitError("E_QUERY_TOO_COMPLEX", "the query is too complex: its lets and functions expand to too much")
		p := place(b.q.text, at)
		e.Line, e.Pos, e.Token = p.Line, p.Pos, p.Token
		panic(e)
	}
	if b.q.bound%1000 == 0 {
		b.q.tick(0)
	}
	return func() { b.depth-- }
}

// script binds a whole query.
func (b *binder) script(s *script) *relation {
	b.env = b.env.inner()
	b.lets(s.lets)
	if _, ok := s.body.(*pipe); !ok && !b.isTable(s.body) {
		if n, ok := s.body.(*name); ok {
			b.unresolved(n.span, "table or column expression", n.text, b.tableNames())
		}
		b.fail(s.body.where(), "SEM0005", "a tabular expression is expected, not a scalar one")
	}
	return b.table(s.body)
}

func (b *binder) lets(lets []letStatement) {
	given := map[string]bool{}
	for i := range lets {
		l := &lets[i]
		if given[l.name] {
			b.fail(l.span, "SEM0016", "the name '%s' is defined twice", l.name)
		}
		given[l.name] = true
		if l.value != nil {
			b.env = b.env.inner() // so that let x = x … means the outer x
			b.env.names[l.name] = &binding{value: l.value, env: b.env.outer}
			continue
		}
		b.env = b.env.inner()
		b.env.names[l.name] = &binding{function: l.function, env: b.env.outer}
	}
}

// isTable reports whether an expression is tabular.
func (b *binder) isTable(e expr) bool {
	switch e := e.(type) {
	case *source, *star:
		return true
	case *pipe:
		return true
	case *name:
		if v := b.env.find(e.text); v != nil {
			return v.tabular(b)
		}
		return b.hasTable(e.text)
	case *call:
		switch e.name {
		case "materialize", "view":
			return true
		case "table":
			return true
		}
		if v := b.env.find(e.name); v != nil && v.function != nil {
			return b.functionIsTable(v)
		}
		return false
	case *member:
		c, ok := e.of.(*call)
		return ok && (c.name == "app" || c.name == "workspace" || c.name == "resource" || c.name == "database" || c.name == "cluster")
	}
	return false
}

// functionIsTable looks at a body, whose own lets and parameters may decide.
func (b *binder) functionIsTable(v *binding) (tabular bool) {
	if v.busy {
		return false
	}
	v.busy = true
	defer func() { v.busy = false }()
	env := v.env.inner()
	for _, p := range v.function.parameters {
		if p.table {
			env.names[p.name] = &binding{table: func() *relation { return &relation{} }}
		} else {
			env.names[p.name] = &binding{node: constantNode(Null(p.kind))}
		}
	}
	b.in(env, func() {
		b.lets(v.function.lets)
		tabular = b.isTable(v.function.body)
	})
	return tabular
}

func (v *binding) tabular(b *binder) (tabular bool) {
	switch {
	case v.table != nil:
		return true
	case v.value != nil:
		if v.busy {
			return false
		}
		v.busy = true
		defer func() { v.busy = false }()
		b.in(v.env, func() { tabular = b.isTable(v.value) })
	}
	return tabular
}

func (b *binder) hasTable(name string) bool {
	for _, t := range b.q.tables {
		if _, ok := t.Table(name); ok {
			return true
		}
	}
	return false
}

func (b *binder) tableNames() []string {
	var names []string
	for _, t := range b.q.tables {
		names = append(names, t.Names()...)
	}
	for e := b.env; e != nil; e = e.outer {
		for n := range e.names {
			names = append(names, n)
		}
	}
	return names
}

// scalar binds a scalar expression.
func (b *binder) scalar(e expr, s *scope) *node {
	defer b.step(e.where())()
	switch e := e.(type) {
	case *literal:
		return constantNode(e.value)
	case *name:
		return b.nameNode(e, s)
	case *member:
		return b.memberNode(e, s)
	case *element:
		return b.elementNode(e, s)
	case *unary:
		return b.unaryNode(e, s)
	case *operation:
		return b.binaryNode(e, s)
	case *between:
		return b.betweenNode(e, s)
	case *within:
		return b.withinNode(e, s)
	case *call:
		return b.callNode(e, s)
	case *named:
		b.fail(e.span, "SEM0003", "a name is not given to a value here")
	case *star:
		b.fail(e.span, "SEM0004", "'*' stands for no value here")
	}
	b.fail(e.where(), "SEM0005", "a scalar expression is expected, not a tabular one: toscalar() makes one of the other")
	return nil
}

// constant binds an expression that must not read columns.
func (b *binder) constant(e expr, what string) Value {
	n := b.scalar(e, &scope{})
	if n.value == nil {
		b.fail(e.where(), "SEM0006", "%s must be a constant", what)
	}
	return *n.value
}

// count binds a constant that is a number of rows.
func (b *binder) count(e expr, what string) int {
	v := convert(b.constant(e, what), Long)
	if !v.full || v.Int() < 0 {
		b.fail(e.where(), "SEM0007", "%s must be a number that is not negative", what)
	}
	return int(min(v.Int(), 1<<40))
}

func (b *binder) nameNode(e *name, s *scope) *node {
	if s.sided && (e.text == "$left" || e.text == "$right") {
		b.fail(e.span, "SEM0008", "%s is followed by a dot and a column", e.text)
	}
	for i, c := range s.cols {
		if c.name == e.text {
			return columnNode(c, i)
		}
	}
	for i, c := range s.right {
		if c.name == e.text {
			return columnNode(c, len(s.cols)+i)
		}
	}
	if v := b.env.find(e.text); v != nil {
		if v.node != nil {
			return v.node
		}
		if v.value != nil && !v.tabular(b) {
			var n *node
			b.in(v.env, func() { n = b.scalar(v.value, &scope{}) })
			v.node = n
			return n
		}
		if v.function != nil && len(v.function.parameters) == 0 {
			return b.callNode(&call{span: e.span, name: e.text, at: e.span}, s)
		}
		b.fail(e.span, "SEM0005", "'%s' is a table: a scalar expression is expected", e.text)
	}
	names := make([]string, 0, len(s.cols)+len(s.right))
	for _, c := range append(append([]*column{}, s.cols...), s.right...) {
		names = append(names, c.name)
	}
	for env := b.env; env != nil; env = env.outer {
		for n := range env.names {
			names = append(names, n)
		}
	}
	if s.aggs != nil {
		for _, c := range s.aggs.rows {
			if c.name == e.text {
				b.fail(e.span, "SEM0139", "the column '%s' is read outside of an aggregate: group by it, or use take_any()", e.text)
			}
		}
	}
	b.unresolved(e.span, "column or scalar expression", e.text, names)
	return nil
}

// memberNode is $left.x, $right.x or a member of a dynamic.
func (b *binder) memberNode(e *member, s *scope) *node {
	if n, ok := e.of.(*name); ok && s.sided && !n.quoted {
		side, offset := s.cols, 0
		if n.text == "$right" {
			side, offset = s.right, len(s.cols)
		}
		if n.text == "$left" || n.text == "$right" {
			names := make([]string, len(side))
			for i, c := range side {
				if c.name == e.name {
					return columnNode(c, offset+i)
				}
				names[i] = c.name
			}
			b.unresolved(e.plain, "column", n.text+"."+e.name, names)
		}
	}
	of := b.scalar(e.of, s)
	if of.kind != Dynamic {
		b.fail(e.plain, "SEM0009", "a %s has no members: only dynamic has", of.kind)
	}
	out := memberOf(of, e.name)
	out.name = strings.TrimPrefix(of.name+"_"+e.name, "_")
	return out
}

func (b *binder) elementNode(e *element, s *scope) *node {
	of, index := b.scalar(e.of, s), b.scalar(e.index, s)
	if of.kind != Dynamic {
		b.fail(e.of.where(), "SEM0009", "a %s has no elements: only dynamic has", of.kind)
	}
	if index.value != nil && index.kind == String {
		out := memberOf(of, index.value.text)
		out.name = strings.TrimPrefix(of.name+"_"+index.value.text, "_")
		return out
	}
	var out *node
	switch index.kind {
	case Long, Int:
		out = lift(Dynamic, []*node{of, index}, func(a []Value) Value {
			list, ok := a[0].dyn.([]any)
			if !ok || !a[1].full {
				return Null(Dynamic)
			}
			i := a[1].Int()
			if i < 0 {
				i += int64(len(list))
			}
			if i < 0 || i >= int64(len(list)) {
				return Null(Dynamic)
			}
			return DynamicValue(list[i])
		})
	case String, Dynamic:
		out = lift(Dynamic, []*node{of, index}, func(a []Value) Value {
			bag, ok := a[0].dyn.(*Bag)
			if !ok {
				list, isList := a[0].dyn.([]any)
				if i, isInt := a[1].dyn.(int64); isList && isInt && i >= 0 && i < int64(len(list)) {
					return DynamicValue(list[i])
				}
				return Null(Dynamic)
			}
			v, _ := bag.Get(a[1].String())
			return DynamicValue(v)
		})
	default:
		b.fail(e.index.where(), "SEM0010", "an index is a number or a text, not a %s", index.kind)
	}
	if index.value != nil {
		out.name = strings.TrimPrefix(of.name+"_"+index.value.String(), "_")
	}
	return out
}

// memberOf reads a member of a dynamic. From JSON text it parses only what it
// needs.
func memberOf(of *node, member string) *node {
	out := &node{kind: Dynamic, refs: of.refs}
	var memo textMemo
	row := func(a []Value) Value {
		if bag, ok := a[0].dyn.(*Bag); ok {
			v, _ := bag.Get(member)
			return DynamicValue(v)
		}
		return Null(Dynamic)
	}
	out.eval = func(c *Chunk) *Vector {
		v := of.eval(c)
		n := c.N
		if v.Same {
			return constant(row([]Value{v.At(0)}))
		}
		if v.Codes != nil && memo.fits(v, n) {
			return memo.eval(Dynamic, []*Vector{v}, 0, make([]Value, 1), n, row)
		}
		list := make([]any, n)
		for i := range n {
			if v.Dynamics != nil {
				if bag, ok := v.Dynamics[i].(*Bag); ok {
					list[i], _ = bag.Get(member)
				}
			} else {
				list[i] = scanMember(v.text(i), member)
			}
		}
		return &Vector{Kind: Dynamic, Dynamics: list}
	}
	return fold(out, []*node{of})
}

// scanMember reads one member of an object in JSON, without the others.
func scanMember(text, member string) any {
	p := jsonReader{text: text}
	p.blanks()
	if p.peek() != '{' {
		return nil
	}
	p.pos++
	for {
		p.blanks()
		if p.peek() != '"' {
			return nil
		}
		key, ok := p.string()
		if !ok {
			return nil
		}
		p.blanks()
		if p.peek() != ':' {
			return nil
		}
		p.pos++
		p.blanks()
		if key == member {
			v, _ := p.value(1)
			return v
		}
		if !p.skip() {
			return nil
		}
		p.blanks()
		if p.peek() != ',' {
			return nil
		}
		p.pos++
	}
}

// skip passes a JSON value.
func (p *jsonReader) skip() bool {
	depth := 0
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case '"':
			p.pos++
			for p.pos < len(p.text) && p.text[p.pos] != '"' {
				if p.text[p.pos] == '\\' {
					p.pos++
				}
				p.pos++
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return true
			}
			depth--
		case ',':
			if depth == 0 {
				return true
			}
		}
		p.pos++
	}
	return false
}

func (b *binder) unaryNode(e *unary, s *scope) *node {
	x := b.scalar(e.x, s)
	if x.kind == Dynamic {
		x = x.to(Real)
	}
	switch x.kind {
	case Int, Long, Real, Decimal, Timespan:
	default:
		b.fail(e.span, "SEM0011", "'%s' is applied to a %s: a number is expected", e.op, x.kind)
	}
	if e.op == "+" {
		return x
	}
	return lift(x.kind, []*node{x}, func(a []Value) Value {
		switch v := a[0]; {
		case !v.full:
			return v
		case v.kind == Real:
			return RealValue(-v.Real())
		case v.kind == Decimal:
			return decimalOp("-", TextValue(Decimal, "0"), v)
		default:
			return IntValue(v.kind, -v.Int())
		}
	})
}
