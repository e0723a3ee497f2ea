package cosmossql

import (
	"math"
	"strconv"
	"strings"
)

// primary reads a constant, a name, a call, a constructor or parentheses.
func (p *parser) primary() node {
	t := p.tok
	switch t.kind {
	case tokNumber:
		return p.number()
	case tokString:
		p.advance()
		return &litNode{t.span, stringValue([]byte(t.text))}
	case tokParam:
		p.advance()
		return &paramNode{t.span, t.text}
	case tokName:
		return p.nameOrCall()
	case tokWord:
		return p.wordPrimary()
	case "(":
		p.advance()
		if p.tok.is("SELECT") {
			return p.subquery(t.span, "")
		}
		x := p.expr()
		p.expect(")")
		x.widen(t.to(p.prev))
		return x
	case "[":
		return p.array()
	case "{":
		return p.object()
	}
	p.unexpected("an expression")
	return &litNode{span: t.span}
}

// wordPrimary reads the keywords that begin an expression.
func (p *parser) wordPrimary() node {
	t := p.tok
	switch t.text {
	case "NULL":
		p.advance()
		return &litNode{t.span, nullValue}
	case "TRUE", "FALSE":
		p.advance()
		return &litNode{t.span, boolValue(t.text == "TRUE")}
	case "UNDEFINED":
		p.advance()
		return &litNode{t.span, value{}}
	case "EXISTS":
		p.advance()
		p.expect("(")
		return p.subquery(t.span, "EXISTS")
	case "SELECT":
		p.unexpected("an expression (a subquery needs parentheses)")
	default:
		p.unexpected("an expression (write c[\"name\"] for a property named like a keyword)")
	}
	return &litNode{span: t.span}
}

// subquery reads a SELECT up to its closing parenthesis.
func (p *parser) subquery(start span, op string) node {
	q := p.query()
	p.expect(")")
	return &subqueryNode{start.to(p.prev), op, q}
}

// nameOrCall reads name, name(args), udf.name(args) or ARRAY(SELECT …).
func (p *parser) nameOrCall() node {
	t := p.advance()
	if isFold(t.text, "udf") && p.tok.is(".") {
		p.advance()
		if p.tok.kind != tokName {
			p.unexpected("a function's name after 'udf.'")
			return &litNode{span: t.span}
		}
		name := p.advance()
		if !p.tok.is("(") {
			return p.members(&memberNode{t.to(name.span), &nameNode{t.span, t.text}, name.text})
		}
		return p.call(t.span, name, true)
	}
	if !p.tok.is("(") {
		return &nameNode{t.span, t.text}
	}
	return p.call(t.span, t, false)
}

// call reads the arguments in parentheses.
func (p *parser) call(start span, name token, udf bool) node {
	p.expect("(")
	if p.tok.is("SELECT") && !udf {
		switch op := strings.ToUpper(name.text); op {
		case "ARRAY":
			return p.subquery(start, op)
		case "ALL", "ANY", "FIRST", "LAST":
			p.fail(name.span, codeUnsupported, "%s over a subquery is not supported: ARRAY, EXISTS and a scalar subquery are", op)
		}
	}
	if p.tok.is("*") {
		p.fail(p.tok.span, codeSyntax, "Syntax error, incorrect syntax near '*': an expression is expected; all rows are counted by COUNT(1)")
	}
	c := &callNode{name: name.text, nameSpan: name.span, udf: udf}
	if !p.tok.is(")") {
		c.args = p.list()
	}
	p.expect(")")
	c.span = start.to(p.prev)
	return c
}

func (p *parser) array() node {
	start := p.advance().span
	a := &arrayNode{}
	if !p.tok.is("]") {
		a.elems = p.list()
	}
	p.expect("]")
	a.span = start.to(p.prev)
	return a
}

// object reads {"k": v}; a key may also be a bare name.
func (p *parser) object() node {
	start := p.advance().span
	o := &objectNode{}
	for !p.tok.is("}") {
		t := p.tok
		switch t.kind {
		case tokString, tokName:
			o.keys = append(o.keys, t.text)
		case tokWord:
			o.keys = append(o.keys, p.lex.text[t.start:t.end])
		default:
			p.unexpected("a property name")
			return o
		}
		p.advance()
		p.expect(":")
		o.vals = append(o.vals, p.expr())
		if !p.accept(",") {
			break
		}
	}
	p.expect("}")
	o.span = start.to(p.prev)
	return o
}

// number makes a constant of the lookahead, which is a number.
func (p *parser) number() node {
	t := p.advance()
	if strings.HasPrefix(t.text, "0x") || strings.HasPrefix(t.text, "0X") {
		n, err := strconv.ParseUint(t.text[2:], 16, 64)
		if err != nil {
			p.fail(t.span, codeNumber, "'%s' is not a number", t.text)
		}
		return &litNode{t.span, numberValue(float64(n))}
	}
	if v, ok := loadValue([]byte(t.text)); ok && v.kind == Number && !math.IsInf(v.num, 0) {
		return &litNode{t.span, v}
	}
	n, err := strconv.ParseFloat(t.text, 64)
	if err != nil {
		p.fail(t.span, codeNumber, "'%s' is too large for a number", t.text)
	}
	return &litNode{t.span, numberValue(n)}
}

// isFold compares ignoring case.
func isFold(a, b string) bool { return strings.EqualFold(a, b) }
