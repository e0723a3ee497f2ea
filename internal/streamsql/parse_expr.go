package streamsql

import "math"

// expr reads an expression, loosest binding first: OR, AND, NOT, comparison,
// + - & | ^, * / %, unary.
func (p *parser) expr() syntax {
	p.enter()
	defer p.leave()
	return p.chain(p.and, "OR")
}

func (p *parser) and() syntax { return p.chain(p.not, "AND") }

func (p *parser) not() syntax {
	start := p.tok.span
	if p.accept("NOT") {
		p.enter()
		defer p.leave()
		x := p.not()
		return &unaryExpr{"NOT", x, start.to(p.prev)}
	}
	return p.comparison()
}

func (p *parser) sum() syntax { return p.chain(p.product, "+", "-", "&", "|", "^") }

func (p *parser) product() syntax { return p.chain(p.unary, "*", "/", "%") }

// chain reads operands of equal binding, grouped from the left.
func (p *parser) chain(operand func() syntax, ops ...string) syntax {
	start := p.tok.span
	x := operand()
next:
	for n := 1; ; n++ {
		for _, op := range ops {
			if p.accept(op) {
				p.chained(n)
				if op == "&" && p.tok.is("&") || op == "|" && p.tok.is("|") {
					p.fail(p.prev.to(p.tok.span), "conditions are joined by AND and OR, texts by + or CONCAT(…)")
				}
				y := operand()
				x = &binaryExpr{op, x, y, start.to(p.prev)}
				continue next
			}
		}
		return x
	}
}

// comparison reads sum [op sum | [NOT] IN … | [NOT] LIKE … | [NOT] BETWEEN … | IS [NOT] NULL].
func (p *parser) comparison() syntax {
	start := p.tok.span
	x := p.sum()
	for n := 1; p.err == nil; n++ {
		p.chained(n)
		not := false
		if p.tok.is("NOT") {
			if next := p.peek(1); !next.is("IN") && !next.is("LIKE") && !next.is("BETWEEN") {
				p.advance()
				p.unexpected("IN, LIKE or BETWEEN after NOT")
				return x
			}
			p.advance()
			not = true
		}
		switch {
		case p.accept("BETWEEN"):
			low := p.sum()
			p.expect("AND")
			x = &betweenExpr{x, low, p.sum(), not, start.to(p.prev)}
		case p.accept("IN"):
			p.expect("(")
			if p.tok.is("SELECT") {
				p.fail(p.tok.span, "a subquery in IN is not supported: list the values, or JOIN reference data")
			}
			items := list(p, p.expr)
			p.expect(")")
			x = &inExpr{x, items, not, start.to(p.prev)}
		case p.accept("LIKE"):
			e := &likeExpr{x: x, pattern: p.sum(), not: not}
			if p.acceptWord("ESCAPE") {
				e.escape = p.sum()
			}
			e.at = start.to(p.prev)
			x = e
		case p.accept("IS"):
			negated := p.accept("NOT")
			p.expect("NULL")
			x = &isNullExpr{x, negated, start.to(p.prev)}
		default:
			op, ok := p.comparisonOperator()
			if !ok {
				return x
			}
			x = &binaryExpr{op, x, p.sum(), start.to(p.prev)}
		}
	}
	return x
}

func (p *parser) comparisonOperator() (string, bool) {
	for _, op := range [...]string{"=", "<>", "<=", ">=", "<", ">"} {
		if p.accept(op) {
			if op == "=" && p.tok.is("=") {
				p.fail(p.prev.to(p.tok.span), "equality is written with one =")
			}
			return op, true
		}
	}
	switch {
	case p.accept("!<"):
		return ">=", true
	case p.accept("!>"):
		return "<=", true
	}
	return "<>", p.accept("!=")
}

// unary reads signs and ~.
func (p *parser) unary() syntax {
	start := p.tok.span
	for _, op := range [...]string{"-", "+", "~"} {
		if p.accept(op) {
			p.enter()
			defer p.leave()
			if t := p.tok; op == "-" && t.kind == tokNumber && t.text == "9223372036854775808" {
				p.advance() // the one bigint whose size alone is none
				return &literal{BigIntValue(math.MinInt64), start.to(t.span)}
			}
			x := p.unary()
			return &unaryExpr{op, x, start.to(p.prev)}
		}
	}
	return p.postfix()
}

// postfix reads .field after something that is not a path.
func (p *parser) postfix() syntax {
	start := p.tok.span
	x := p.primary()
	for n := 1; p.accept("."); n++ {
		p.chained(n)
		name := p.anyIdent("a property name")
		x = &fieldExpr{x, name, start.to(p.prev)}
	}
	return x
}
