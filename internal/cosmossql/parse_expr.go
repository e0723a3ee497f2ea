package cosmossql

// The grammar of an expression, loosest first:
//
//	expr   = coal [ "?" expr ":" expr ]
//	coal   = or {"??" or}
//	or     = and {OR and}          and = not {AND not}         not = NOT not | range
//	range  = bin { [NOT] IN "(" list ")" | [NOT] BETWEEN bin AND bin | [NOT] LIKE bin [ESCAPE bin] }
//	bin    = unary {operator unary}, operators by precedence
//	unary  = ( "+" | "-" | "~" ) unary | primary { "." name | "[" expr "]" }

// precedence orders the binary operators; a higher number binds tighter.
var precedence = map[tokenKind]int{
	"=": 1, "!=": 1, "<>": 1, "<": 1, "<=": 1, ">": 1, ">=": 1,
	"|": 2, "^": 3, "&": 4,
	"<<": 5, ">>": 5, ">>>": 5,
	"+": 6, "-": 6, "||": 6,
	"*": 7, "/": 7, "%": 7,
}

// operandPrecedence is where the operands of BETWEEN and LIKE begin: above the
// comparisons.
const operandPrecedence = 2

func (p *parser) expr() node {
	p.enter()
	defer p.leave()
	x := p.or()
	for n := 0; p.tok.is("??"); n++ {
		p.chained(n)
		p.advance()
		r := p.or()
		x = &binaryNode{x.at().to(r.at()), "??", x, r}
	}
	if p.accept("?") {
		yes := p.expr()
		p.expect(":")
		no := p.expr()
		return &condNode{x.at().to(no.at()), x, yes, no}
	}
	return x
}

func (p *parser) or() node { return p.logic("OR", p.and) }

func (p *parser) and() node { return p.logic("AND", p.not) }

// logic reads term {op term} as one flat node.
func (p *parser) logic(op string, term func() node) node {
	x := term()
	if !p.tok.is(op) {
		return x
	}
	terms := []node{x}
	for p.accept(op) {
		terms = append(terms, term())
	}
	return &logicNode{x.at().to(p.prev), op, terms}
}

func (p *parser) not() node {
	if !p.tok.is("NOT") {
		return p.rangeTest()
	}
	p.enter()
	defer p.leave()
	at := p.advance().span
	x := p.not()
	return &unaryNode{at.to(x.at()), "NOT", x}
}

// rangeTest reads IN, BETWEEN and LIKE.
func (p *parser) rangeTest() node {
	x := p.binary(1)
	for n := 0; ; n++ {
		p.chained(n)
		not := p.accept("NOT")
		switch {
		case p.accept("IN"):
			x = p.inTest(x, not)
		case p.accept("BETWEEN"):
			low := p.binary(operandPrecedence)
			p.expect("AND")
			high := p.binary(operandPrecedence)
			x = &betweenNode{x.at().to(high.at()), x, low, high, not}
		case p.accept("LIKE"):
			like := &likeNode{x: x, pattern: p.binary(operandPrecedence), not: not}
			if p.accept("ESCAPE") {
				like.escape = p.binary(operandPrecedence)
			}
			like.span = x.at().to(p.prev)
			x = like
		case not:
			p.unexpected("IN, BETWEEN or LIKE after NOT")
			return x
		default:
			return x
		}
	}
}

// inTest reads the list behind IN.
func (p *parser) inTest(x node, not bool) node {
	p.expect("(")
	if p.tok.is("SELECT") {
		q := p.query()
		p.expect(")")
		p.fail(q.span, codeUnsupported, "IN takes a list of values: test a subquery with ARRAY_CONTAINS(ARRAY(SELECT VALUE …), x)")
		return x
	}
	list := p.list()
	if len(list) > MaxInList {
		p.fail(x.at(), codeLimit, "this IN list has %d items; at most %d are allowed", len(list), MaxInList)
	}
	p.expect(")")
	return &inNode{x.at().to(p.prev), x, list, not}
}

// binary climbs the precedences from least.
func (p *parser) binary(least int) node {
	l := p.unary()
	for n := 0; ; n++ {
		prec := precedence[p.tok.kind]
		if prec == 0 || prec < least {
			return l
		}
		p.chained(n)
		op := p.advance().text
		if op == "<>" {
			op = "!="
		}
		if p.tok.kind == tokName && (isFold(p.tok.text, "ALL") || isFold(p.tok.text, "ANY")) {
			at := p.advance()
			if p.tok.is("(") {
				p.fail(at.span, codeUnsupported, "%s comparisons are not supported: use EXISTS(SELECT VALUE x FROM x IN … WHERE …)", at.text)
			}
			r := p.members(&nameNode{at.span, at.text})
			l = &binaryNode{l.at().to(r.at()), op, l, r}
			continue
		}
		r := p.binary(prec + 1)
		l = &binaryNode{l.at().to(r.at()), op, l, r}
	}
}

func (p *parser) unary() node {
	switch {
	case p.tok.is("+"), p.tok.is("-"), p.tok.is("~"):
		p.enter()
		defer p.leave()
		op := p.advance()
		x := p.unary()
		return &unaryNode{op.to(x.at()), op.text, x}
	}
	return p.members(p.primary())
}

// members reads what follows a primary: .name and [expr].
func (p *parser) members(x node) node {
	for n := 0; ; n++ {
		p.chained(n)
		switch {
		case p.accept("."):
			if p.tok.kind != tokName && p.tok.kind != tokWord {
				p.unexpected("a property name after '.'")
				return x
			}
			t := p.advance()
			x = &memberNode{x.at().to(t.span), x, p.lex.text[t.start:t.end]}
		case p.accept("["):
			i := p.expr()
			p.expect("]")
			at := x.at().to(p.prev)
			if lit, ok := i.(*litNode); ok && lit.val.kind == String {
				x = &memberNode{at, x, string(lit.val.text)}
			} else {
				x = &indexNode{at, x, i}
			}
		default:
			return x
		}
	}
}
