package cosmossql

// The grammar of a query:
//
//	query   = SELECT [DISTINCT] [TOP n] ( "*" | VALUE expr | item {"," item} )
//	          [FROM source {JOIN source}] [WHERE expr] [GROUP BY expr {"," expr}]
//	          [ORDER BY expr [ASC|DESC] {"," …}] [OFFSET n LIMIT n]
//	item    = expr [[AS] name]
//	source  = name IN ( path | call ) | ( path | "(" query ")" ) [[AS] name]
//	path    = name {"." name | "[" constant "]"}

// Query is a parsed query. It is immutable and may be compiled many times, also
// concurrently.
type Query struct {
	text string
	root *selectNode
}

// Parse reads one query. Its error is a *SyntaxError.
func Parse(text string) (*Query, error) {
	p := newParser(text)
	root := p.query()
	if p.err == nil && p.tok.kind != tokEOF {
		p.unexpected(p.afterQuery(root))
	}
	if p.err != nil {
		return nil, p.err
	}
	return &Query{text: text, root: root}, nil
}

// afterQuery lists the clauses that may still follow q.
func (p *parser) afterQuery(q *selectNode) string {
	switch {
	case q.limit != nil:
		return "the end of the query"
	case len(q.order) > 0:
		return "',', OFFSET or the end of the query"
	case len(q.group) > 0:
		return "',', ORDER BY, OFFSET or the end of the query"
	case q.where != nil:
		return "an operator, GROUP BY, ORDER BY, OFFSET or the end of the query"
	case len(q.from) > 0:
		return "JOIN, WHERE, GROUP BY, ORDER BY, OFFSET or the end of the query"
	}
	return "',', FROM, WHERE, GROUP BY, ORDER BY, OFFSET or the end of the query"
}

func (p *parser) query() *selectNode {
	p.enter()
	defer p.leave()
	q := &selectNode{span: p.tok.span}
	p.expect("SELECT")
	q.distinct = p.accept("DISTINCT")
	if p.accept("TOP") {
		q.top = p.count("TOP")
	}
	p.selection(q)
	if p.accept("FROM") {
		q.from = append(q.from, p.source())
		for p.tok.is("JOIN") {
			if p.joins++; p.joins > MaxJoins {
				p.fail(p.tok.span, codeLimit, "a query may have at most %d JOINs", MaxJoins)
			}
			p.advance()
			q.from = append(q.from, p.source())
		}
	}
	p.tail(q)
	q.span = q.span.to(p.prev)
	return q
}

// tail reads the clauses behind FROM.
func (p *parser) tail(q *selectNode) {
	if p.accept("WHERE") {
		q.where = p.expr()
	}
	if p.accept("GROUP") {
		p.expect("BY")
		q.group = p.list()
	}
	if p.tok.is("HAVING") {
		p.fail(p.tok.span, codeUnsupported, "HAVING is not a clause of this language: filter around a subquery, as in SELECT * FROM (SELECT … GROUP BY …) AS g WHERE …")
	}
	if p.accept("ORDER") {
		p.expect("BY")
		if p.tok.kind == tokName && isFold(p.tok.text, "RANK") {
			p.fail(p.tok.span, codeUnsupported, "ORDER BY RANK needs full-text search, which is not supported")
		}
		for {
			k := orderNode{x: p.expr()}
			if !p.accept("ASC") {
				k.desc = p.accept("DESC")
			}
			q.order = append(q.order, k)
			if !p.accept(",") {
				break
			}
		}
	}
	if p.accept("OFFSET") {
		q.offset = p.count("OFFSET")
		p.expect("LIMIT")
		q.limit = p.count("LIMIT")
	}
}

// count reads the number or parameter of TOP, OFFSET or LIMIT.
func (p *parser) count(clause string) node {
	switch p.tok.kind {
	case tokNumber:
		return p.number()
	case tokParam:
		t := p.advance()
		return &paramNode{t.span, t.text}
	}
	p.unexpected("a number or parameter after " + clause)
	return &litNode{}
}

// selection reads what follows SELECT.
func (p *parser) selection(q *selectNode) {
	switch {
	case p.tok.is("*"):
		p.advance()
		q.star = true
	case p.accept("VALUE"):
		q.value = p.expr()
	default:
		for {
			it := selectItem{x: p.expr()}
			it.alias = p.alias()
			q.items = append(q.items, it)
			if !p.accept(",") {
				return
			}
		}
	}
}

// alias reads [AS] name; it returns "" if there is none.
func (p *parser) alias() string {
	if p.accept("AS") {
		if p.tok.kind != tokName && p.tok.kind != tokWord {
			p.unexpected("a name after AS")
			return ""
		}
		t := p.advance()
		return p.lex.text[t.start:t.end]
	}
	if p.tok.kind == tokName {
		return p.advance().text
	}
	return ""
}

// source reads one source of FROM or JOIN.
func (p *parser) source() fromNode {
	f := fromNode{span: p.tok.span}
	switch {
	case p.tok.is("("):
		p.advance()
		f.q = p.query()
		p.expect(")")
		f.alias = p.alias()
	case p.tok.kind == tokName:
		name := p.advance()
		if p.accept("IN") {
			f.alias, f.iterate = name.text, true
			if p.tok.is("(") {
				p.advance()
				f.q = p.query()
				p.expect(")")
				break
			}
			if p.tok.kind != tokName {
				p.unexpected("a path to an array")
				return f
			}
			name = p.advance()
			if p.tok.is("(") {
				f.x = p.members(p.call(name.span, name, false))
				break
			}
		}
		f.x = p.members(&nameNode{name.span, name.text})
		if !f.iterate {
			f.alias = p.alias()
		}
	default:
		p.unexpected("the container's name, a path or a subquery in parentheses")
	}
	f.span = f.span.to(p.prev)
	return f
}

// list reads expr {"," expr}.
func (p *parser) list() []node {
	xs := []node{p.expr()}
	for p.accept(",") {
		xs = append(xs, p.expr())
	}
	return xs
}
