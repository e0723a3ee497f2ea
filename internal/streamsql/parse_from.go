package streamsql

import (
	"strconv"
	"strings"
)

// fromClause reads a source, or a join in parentheses, with joins and applies.
func (p *parser) fromClause() fromItem {
	start := p.tok.span
	var left fromItem
	if p.joinInParentheses() {
		p.enter()
		defer p.leave()
		p.advance()
		left = p.fromClause()
		p.expect(")")
	} else {
		left = p.source()
	}
	for n := 0; p.err == nil; n++ {
		p.chained(n)
		switch {
		case p.tok.is("JOIN"), p.tok.is("INNER"), p.tok.is("LEFT"):
			left = p.join(left, start)
		case p.tok.is("CROSS"), p.tok.is("OUTER"):
			left = p.apply(left, start)
		case p.tok.isWord("MATCH_RECOGNIZE"):
			left = p.matchRecognize(left, start)
		case p.tok.is(","):
			p.fail(p.tok.span, "FROM takes one source; combine streams with JOIN … ON or UNION")
		default:
			for _, kind := range []string{"RIGHT", "FULL"} {
				if p.tok.isWord(kind) && (p.peek(1).is("JOIN") || p.peek(1).is("OUTER")) {
					p.fail(p.tok.span, "%s JOIN is not part of the language: INNER JOIN and LEFT OUTER JOIN are", kind)
				}
			}
			return left
		}
	}
	return left
}

// joinInParentheses says whether the lookahead is ( but not that of a query.
func (p *parser) joinInParentheses() bool {
	n := 0
	for p.peek(n).is("(") {
		n++
	}
	return n > 0 && !p.peek(n).is("SELECT")
}

// source reads name | (query), [AS] alias, PARTITION BY, TIMESTAMP BY in any order.
func (p *parser) source() *sourceItem {
	s := &sourceItem{}
	start := p.tok.span
	if p.accept("(") {
		s.sub = p.query()
		p.expect(")")
	} else {
		const want = "the name of an input or step, or a query in parentheses,"
		if p.tok.kind == tokWord {
			p.unexpected(want)
		}
		s.name = p.ident(want)
	}
	for p.err == nil {
		switch {
		case p.acceptPartitionBy():
			if s.partitionBy != nil {
				p.fail(p.prev, "PARTITION BY is given twice")
			}
			s.partitionBy = list(p, p.expr)
			if p.tok.is("INTO") && p.peek(1).kind == tokNumber {
				p.advance()
				s.into = int(p.wholeNumber("the number of partitions", 1, 1024))
			}
		case p.tok.isWord("TIMESTAMP") && p.peek(1).is("BY"):
			p.advance()
			p.advance()
			if s.timestamp != nil {
				p.fail(p.prev, "TIMESTAMP BY is given twice")
			}
			s.timestamp = p.expr()
			if p.accept("OVER") {
				s.over = list(p, p.expr)
			}
		case s.alias == nil && p.accept("AS"):
			alias := p.ident("an alias")
			s.alias = &alias
		case s.alias == nil && p.aliasFollows():
			alias := p.ident("an alias")
			s.alias = &alias
		default:
			s.at = start.to(p.prev)
			return s
		}
	}
	return s
}

// aliasFollows says whether the lookahead is an alias and not a clause. Clauses of
// other dialects are refused, which would else be read as an alias.
func (p *parser) aliasFollows() bool {
	if p.tok.kind == tokQuoted || p.tok.kind == tokDouble {
		return true
	}
	if p.tok.kind != tokName {
		return false
	}
	next := p.peek(1)
	switch word := strings.ToUpper(p.tok.text); word {
	case "EXCEPT", "INTERSECT":
		if next.is("SELECT") || next.is("(") {
			p.fail(p.tok.span, "%s is not part of the language: UNION, WHERE and JOIN are", word)
		}
	case "LIMIT", "OFFSET", "FETCH":
		if next.kind == tokNumber || next.isWord("NEXT") || next.isWord("FIRST") {
			p.fail(p.tok.span, "%s is not part of the language: TopOne() and CollectTop(n) OVER (ORDER BY …) take the first of a window", word)
		}
	case "TIMESTAMP", "PARTITION":
		if next.kind == tokName && !next.isWord("PARTITION") && !next.isWord("TIMESTAMP") {
			p.fail(next.span, "%s is not expected here: '%s BY' would be valid", next.describe(), word)
		}
	}
	switch strings.ToUpper(p.tok.text) {
	case "MATCH_RECOGNIZE":
		return false
	case "RIGHT", "FULL":
		return !next.is("JOIN") && !next.is("OUTER")
	case "ORDER", "PARTITION", "TIMESTAMP":
		return !next.is("BY")
	case "CREATE":
		return !next.isWord("TABLE")
	}
	return true
}

// join reads [INNER | LEFT [OUTER]] JOIN source ON condition.
func (p *parser) join(left fromItem, start span) fromItem {
	j := &joinItem{left: left}
	if p.accept("LEFT") {
		j.outer = true
		p.accept("OUTER")
	} else {
		p.accept("INNER")
	}
	p.expect("JOIN")
	j.right = p.source()
	if !p.tok.is("ON") && p.err == nil {
		p.unexpected("ON with the condition of the join")
	}
	p.expect("ON")
	j.on = p.expr()
	j.at = start.to(p.prev)
	return j
}

// apply reads CROSS|OUTER APPLY GetArrayElements(x) | GetRecordProperties(x) [AS] alias.
func (p *parser) apply(left fromItem, start span) fromItem {
	a := &applyItem{left: left, outer: p.tok.is("OUTER")}
	if cross := p.advance(); cross.is("CROSS") && p.tok.is("JOIN") {
		p.fail(cross.span, "CROSS JOIN is not part of the language; with reference data write JOIN … ON 1 = 1")
		return a
	}
	p.expectWord("APPLY")
	const want = "GetArrayElements(array) or GetRecordProperties(record)"
	at := p.tok
	if p.err != nil {
		return a
	}
	call, ok := p.expr().(*callExpr)
	if !ok || call.prefix != "" || !strings.EqualFold(call.name.text, "GetArrayElements") && !strings.EqualFold(call.name.text, "GetRecordProperties") {
		p.fail(at.span, "APPLY takes %s", want)
		return a
	}
	a.call = call
	p.accept("AS")
	alias := p.ident("an alias for the elements")
	a.alias = &alias
	a.at = start.to(p.prev)
	return a
}

// wholeNumber reads an integer within limits.
func (p *parser) wholeNumber(what string, low, high int64) int64 {
	neg := p.accept("-")
	t := p.tok
	if t.kind != tokNumber {
		p.unexpected(what)
		return low
	}
	p.advance()
	n, err := strconv.ParseInt(t.text, 10, 64)
	if neg {
		n = -n
	}
	if err != nil || n < low || n > high {
		p.fail(t.span, "%s must be a whole number from %d to %d", what, low, high)
		return low
	}
	return n
}
