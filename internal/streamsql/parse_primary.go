package streamsql

import (
	"strconv"
	"strings"
)

// primary reads a literal, a path, a call, CASE, CAST or a parenthesised
// expression.
func (p *parser) primary() syntax {
	t := p.tok
	switch {
	case t.kind == tokNumber:
		p.advance()
		return p.numberLiteral(t)
	case t.kind == tokString:
		p.advance()
		return &literal{StringValue(t.text), t.span}
	case t.is("NULL"):
		p.advance()
		return &literal{NullValue, t.span}
	case t.is("CASE"):
		return p.caseExpr()
	case t.is("LEFT") && p.peek(1).is("("):
		p.advance()
		return p.call("", ident{p.text[t.start:t.end], t.span})
	case t.is("SELECT"):
		p.fail(t.span, "a subquery is not an expression here: make it a step of WITH and JOIN it")
		return &literal{at: t.span}
	case t.is("("):
		p.advance()
		x := p.expr()
		p.expect(")")
		return x
	case t.kind == tokName && p.peek(1).is("(") && (t.isWord("CAST") || t.isWord("TRY_CAST")):
		return p.cast()
	case isNameToken(t), t.kind == tokDouble && p.peek(1).is("."):
		return p.path()
	}
	p.unexpected("an expression")
	return &literal{at: t.span}
}

func (p *parser) numberLiteral(t token) syntax {
	if !strings.ContainsAny(t.text, ".eE") {
		n, err := strconv.ParseInt(t.text, 10, 64)
		if err != nil {
			p.fail(t.span, "%s does not fit a bigint; write it with a fraction to make it a float", t.text)
		}
		return &literal{BigIntValue(n), t.span}
	}
	f, err := strconv.ParseFloat(t.text, 64)
	if err != nil {
		p.fail(t.span, "%s does not fit a float", t.text)
	}
	return &literal{FloatValue(f), t.span}
}

// path reads a.b.c, name(args), udf.name(args) and System.Timestamp().
func (p *parser) path() syntax {
	first := p.ident("a name")
	if p.tok.is("(") {
		return p.call("", first)
	}
	e := &nameExpr{parts: []ident{first}}
	for p.tok.is(".") {
		p.advance()
		next := p.anyIdent("a property name")
		if p.tok.is("(") && len(e.parts) == 1 {
			switch prefix := strings.ToLower(first.text); prefix {
			case "udf", "uda", "system":
				c := p.call(prefix, next)
				c.at.start = first.at.start
				return c
			}
			p.fail(first.at.to(next.at), "'%s.%s' is not a function: functions have no prefix but udf., uda. and System.", first.text, next.text)
			return e
		}
		e.parts = append(e.parts, next)
		p.chained(len(e.parts))
	}
	e.at = first.at.to(p.prev)
	if len(e.parts) == 2 && strings.EqualFold(first.text, "system") && strings.EqualFold(e.parts[1].text, "timestamp") {
		return &callExpr{prefix: "system", name: e.parts[1], at: e.at}
	}
	return e
}

// call reads ([ALL | DISTINCT] args | *) [WITHIN GROUP (ORDER BY …)] [OVER (…)].
func (p *parser) call(prefix string, name ident) *callExpr {
	c := &callExpr{prefix: prefix, name: name}
	p.expect("(")
	switch {
	case p.accept(")"):
	case p.tok.is("*") && (p.peek(1).is(")") || p.peek(1).is(",")):
		p.advance()
		c.star = true
		if p.accept(",") {
			c.args = list(p, p.expr)
		}
		p.expect(")")
	default:
		switch next := p.peek(1); {
		case next.is(")"), next.is(","), next.is("."):
		case p.acceptWord("DISTINCT"):
			c.distinct = true
		case p.tok.isWord("ALL") && (isNameToken(next) || next.kind == tokWord):
			p.advance() // the default
		}
		c.args = p.arguments(prefix, name)
		if !p.tok.is(")") && p.err == nil {
			p.unexpected("',' or ')'")
		}
		p.expect(")")
	}
	if p.tok.isWord("WITHIN") && p.peek(1).is("GROUP") {
		p.advance()
		p.advance()
		c.over = p.over()
	}
	if p.tok.is("OVER") && p.peek(1).is("(") { // else it is TIMESTAMP BY f(x) OVER key
		p.advance()
		if c.over != nil {
			p.fail(p.prev, "WITHIN GROUP and OVER exclude each other")
		}
		c.over = p.over()
	}
	c.at = name.at.to(p.prev)
	return c
}

// arguments reads those of a call. The name of a property may have double quotes.
func (p *parser) arguments(prefix string, name ident) []syntax {
	n, property := 0, prefix == "" && strings.EqualFold(name.text, "GetRecordPropertyValue")
	return list(p, func() syntax {
		n++
		if t := p.tok; property && n == 2 && t.kind == tokDouble {
			p.advance()
			return &literal{StringValue(t.text), t.span}
		}
		return p.expr()
	})
}

// over reads ([PARTITION BY …] [ORDER BY …] [LIMIT DURATION (…)] [WHEN …]).
func (p *parser) over() *overClause {
	o := &overClause{}
	start := p.tok.span
	p.expect("(")
	if p.acceptPartitionBy() {
		o.partitionBy = list(p, p.expr)
	}
	if p.tok.isWord("ORDER") && p.peek(1).is("BY") {
		p.advance()
		p.advance()
		o.orderBy = list(p, func() orderItem {
			item := orderItem{expr: p.expr()}
			if p.acceptWord("DESC") {
				item.desc = true
			} else {
				p.acceptWord("ASC")
			}
			return item
		})
	}
	if p.tok.isWord("LIMIT") {
		o.limit = p.limit()
	}
	if p.accept("WHEN") {
		o.when = p.expr()
	}
	if !p.tok.is(")") && p.err == nil {
		p.unexpected("PARTITION BY, ORDER BY, LIMIT DURATION(unit, n), WHEN (in this order) or ')'")
	}
	p.expect(")")
	o.at = start.to(p.prev)
	return o
}

// limit reads LIMIT DURATION (unit, n).
func (p *parser) limit() *limitClause {
	l := &limitClause{}
	start := p.tok.span
	p.advance()
	p.expectWord("DURATION")
	p.expect("(")
	name := p.ident("a unit of time")
	p.expect(",")
	l.n = p.wholeNumber("the duration", 1, MaxDuration)
	p.expect(")")
	l.at = start.to(p.prev)
	if p.err != nil {
		return l
	}
	unit, ok := unitByName(name.text)
	switch {
	case !ok || unit.Ticks() == 0 || unit.Ticks() > TicksPerDay:
		p.fail(name.at, "'%s' is not a unit of a duration: day, hour, minute, second, millisecond or microsecond would be valid", name.text)
	case l.n > MaxDuration/unit.Ticks():
		p.fail(l.at, "a duration is at most 7 days")
	}
	l.unit = unit
	return l
}

// caseExpr reads CASE [x] WHEN … THEN … [ELSE …] END.
func (p *parser) caseExpr() syntax {
	e := &caseExpr{}
	start := p.tok.span
	p.advance()
	if !p.tok.is("WHEN") {
		e.operand = p.expr()
	}
	for p.accept("WHEN") {
		cond := p.expr()
		p.expect("THEN")
		e.whens = append(e.whens, whenClause{cond, p.expr()})
	}
	if len(e.whens) == 0 && p.err == nil {
		p.unexpected("WHEN")
	}
	if p.accept("ELSE") {
		e.other = p.expr()
	}
	p.expect("END")
	e.at = start.to(p.prev)
	return e
}

// cast reads CAST(x AS type) and TRY_CAST(x AS type).
func (p *parser) cast() syntax {
	start := p.tok.span
	e := &castExpr{try: p.advance().isWord("TRY_CAST")}
	p.expect("(")
	e.x = p.expr()
	p.expect("AS")
	e.kind = p.typeName()
	p.expect(")")
	e.at = start.to(p.prev)
	return e
}
