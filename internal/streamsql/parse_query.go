package streamsql

import "strings"

// script reads CREATE TABLE …, WITH …, SELECT …
func (p *parser) script() *Script {
	s := &Script{text: p.text}
	for p.accept(";") {
	}
	for p.tok.isWord("CREATE") && p.err == nil {
		s.tables = append(s.tables, p.createTable())
		for p.accept(";") {
		}
	}
	if p.accept("WITH") {
		s.steps = list(p, p.step)
		p.accept(",") // a comma after the last step is common in scripts
		for p.accept(";") {
		}
	}
	for p.err == nil && p.tok.kind != tokEOF {
		if !p.tok.is("SELECT") && !p.tok.is("(") {
			switch {
			case p.tok.is("WITH"):
				p.fail(p.tok.span, "a script has one WITH, before the first SELECT; separate its steps by commas")
			case p.tok.isWord("CREATE"):
				p.fail(p.tok.span, "CREATE TABLE comes before WITH and SELECT")
			case len(s.selects) == 0:
				p.unexpected("CREATE TABLE, WITH or SELECT")
			default:
				p.unexpected("SELECT, or a clause that continues the query,")
			}
			break
		}
		s.selects = append(s.selects, p.query())
		for p.accept(";") {
		}
	}
	if p.err == nil && len(s.selects) == 0 {
		p.unexpected("SELECT")
	}
	return s
}

// createTable reads CREATE TABLE name (column type, …).
func (p *parser) createTable() *tableDecl {
	p.advance()
	p.expectWord("TABLE")
	t := &tableDecl{name: p.ident("the name of an input")}
	p.expect("(")
	t.cols = list(p, func() columnDecl {
		name := p.anyIdent("a column name")
		return columnDecl{name, p.typeName()}
	})
	p.expect(")")
	return t
}

// typeName reads bigint, float, nvarchar(max), datetime, bit, record or array.
func (p *parser) typeName() Kind {
	const types = "a type (bigint, float, nvarchar(max), datetime, bit, record or array)"
	if here, ok := otherType(p.tok); ok {
		p.fail(p.tok.span, "the type '%s' is %s here", p.tok.text, here)
		return Null
	}
	if p.tok.kind != tokName {
		p.unexpected(types)
		return Null
	}
	for k := Bit; k <= Array; k++ {
		if k != String && p.acceptWord(k.String()) {
			return k
		}
	}
	if !p.acceptWord("nvarchar") {
		p.unexpected(types)
		return Null
	}
	if p.accept("(") {
		if !p.acceptWord("max") {
			p.fail(p.tok.span, "only nvarchar(max) is a type; lengths are not supported")
		}
		p.expect(")")
	}
	return String
}

// otherType is the type that stands here for one of other dialects.
func otherType(t token) (here string, ok bool) {
	if t.kind != tokName {
		return "", false
	}
	here, ok = map[string]string{
		"int": "bigint", "integer": "bigint", "smallint": "bigint", "tinyint": "bigint",
		"real": "float", "double": "float", "decimal": "float", "numeric": "float", "money": "float",
		"varchar": "nvarchar(max)", "char": "nvarchar(max)", "nchar": "nvarchar(max)", "text": "nvarchar(max)", "string": "nvarchar(max)",
		"datetime2": "datetime", "datetimeoffset": "datetime", "date": "datetime", "timestamp": "datetime",
		"bool": "bit", "boolean": "bit", "object": "record", "json": "record", "list": "array",
	}[strings.ToLower(t.text)]
	return here, ok
}

// step reads name AS (query).
func (p *parser) step() *stepDecl {
	s := &stepDecl{name: p.ident("the name of a step")}
	p.expect("AS")
	p.expect("(")
	s.query = p.query()
	p.expect(")")
	return s
}

// query reads SELECT … [UNION SELECT …]…
func (p *parser) query() query {
	p.enter()
	defer p.leave()
	start := p.tok.span
	first := p.queryTerm()
	if !p.tok.is("UNION") {
		return first
	}
	u := &unionQuery{branches: []query{first}}
	for p.accept("UNION") {
		p.acceptWord("ALL")
		p.chained(len(u.branches))
		u.branches = append(u.branches, p.queryTerm())
	}
	u.at = start.to(p.prev)
	return u
}

// queryTerm reads SELECT … or a parenthesised query.
func (p *parser) queryTerm() query {
	if p.accept("(") {
		q := p.query()
		p.expect(")")
		return q
	}
	return p.selectQuery()
}

// selectQuery reads SELECT … [INTO …] FROM … [WHERE …] [GROUP BY …] [HAVING …].
func (p *parser) selectQuery() *selectQuery {
	q := &selectQuery{}
	start := p.tok.span
	p.expect("SELECT")
	switch {
	case p.tok.isWord("DISTINCT") && !p.peek(1).is(",") && !p.peek(1).is("FROM"):
		p.fail(p.tok.span, "SELECT DISTINCT is not supported: use GROUP BY with a window, or COUNT(DISTINCT x)")
	case p.tok.isWord("TOP") && p.peek(1).kind == tokNumber:
		p.fail(p.tok.span, "TOP is not supported: use TopOne() or CollectTop(n) OVER (ORDER BY …) with a window")
	}
	q.items = list(p, p.selectItem)
	if p.accept("INTO") {
		q.into = &intoClause{output: p.ident("the name of an output")}
		if p.acceptPartitionBy() {
			q.into.partitionBy = list(p, p.expr)
		}
	}
	switch {
	case p.tok.is("FROM") || p.err != nil:
	case q.into == nil:
		p.unexpected("',' or INTO or FROM")
	case p.tok.is(","):
		p.fail(p.tok.span, "INTO takes one output; write a SELECT for each, of a step of WITH that they share")
	default:
		p.unexpected("FROM")
	}
	p.expect("FROM")
	q.from = p.fromClause()
	if p.accept("WHERE") {
		q.cond = p.expr()
	}
	if p.accept("GROUP") {
		p.expect("BY")
		q.groupBy = list(p, p.expr)
	}
	if p.accept("HAVING") {
		q.having = p.expr()
	}
	if p.tok.isWord("ORDER") {
		p.fail(p.tok.span, "ORDER BY is not part of the language: a stream is ordered by time; TopOne and CollectTop take OVER (ORDER BY …)")
	}
	q.at = start.to(p.prev)
	return q
}

// selectItem reads *, alias.*, record.*, expr [AS alias] or alias = expr.
func (p *parser) selectItem() selectItem {
	start := p.tok.span
	switch {
	case p.accept("*"):
		return selectItem{star: true, at: start}
	case p.starPath():
		item := selectItem{star: true}
		for !p.accept("*") {
			item.starOf = append(item.starOf, p.anyIdent("a name"))
			p.expect(".")
		}
		item.at = start.to(p.prev)
		return item
	case (isNameToken(p.tok) || p.tok.kind == tokDouble) && p.peek(1).is("="):
		alias := p.ident("a name")
		p.advance()
		return selectItem{alias: &alias, expr: p.expr(), at: start.to(p.prev)}
	}
	item := selectItem{expr: p.selectExpr()}
	if p.accept("AS") {
		alias := p.aliasName()
		item.alias = &alias
	} else if p.tok.kind == tokQuoted && p.tok.start == p.prev.end {
		p.fail(p.tok.span, "an array is read with GetArrayElement(array, %s); a name for the column stands behind AS", p.tok.text)
	} else if isNameToken(p.tok) || p.tok.kind == tokDouble {
		alias := p.aliasName()
		item.alias = &alias
	}
	item.at = start.to(p.prev)
	return item
}

// selectExpr reads the expression of an entry of the SELECT list, which may be a
// name in double quotes.
func (p *parser) selectExpr() syntax {
	if t := p.tok; t.kind == tokDouble {
		switch next := p.peek(1); {
		case next.is(","), next.is("AS"), next.is("INTO"), next.is("FROM"), isNameToken(next):
			p.advance()
			return &nameExpr{parts: []ident{{t.text, t.span}}, at: t.span}
		}
	}
	return p.expr()
}

// aliasName reads a column's name: any word, [name], "name" or 'name'.
func (p *parser) aliasName() ident {
	if p.tok.kind == tokDouble || p.tok.kind == tokString && p.tok.text != "" {
		t := p.advance()
		return ident{t.text, t.span}
	}
	return p.anyIdent("a column name")
}

// starPath says whether the lookahead begins a.b.*
func (p *parser) starPath() bool {
	if !isNameToken(p.tok) && p.tok.kind != tokDouble {
		return false
	}
	for n := 1; p.peek(n).is("."); n += 2 {
		switch next := p.peek(n + 1); {
		case next.is("*"):
			return true
		case !isNameToken(next) && next.kind != tokWord && next.kind != tokDouble:
			return false
		}
	}
	return false
}

func isNameToken(t token) bool { return t.kind == tokName || t.kind == tokQuoted }

// acceptPartitionBy consumes PARTITION BY.
func (p *parser) acceptPartitionBy() bool {
	if p.tok.isWord("PARTITION") && p.peek(1).is("BY") {
		p.advance()
		p.advance()
		return true
	}
	return false
}
