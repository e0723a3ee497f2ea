package streamsql

// matchRecognize reads MATCH_RECOGNIZE (LIMIT DURATION … PARTITION BY … MEASURES
// … AFTER MATCH SKIP TO NEXT ROW PATTERN (…) DEFINE …) [AS] alias.
func (p *parser) matchRecognize(left fromItem, start span) fromItem {
	m := &matchItem{left: left}
	p.advance()
	p.expect("(")
	for p.err == nil && !p.tok.is(")") {
		switch {
		case p.tok.isWord("LIMIT"):
			m.limit = p.limit()
		case p.acceptPartitionBy():
			m.partitionBy = list(p, p.expr)
		case p.acceptWord("MEASURES"):
			m.measures = list(p, p.selectItem)
		case p.acceptWord("AFTER"):
			p.expectWord("MATCH")
			p.expectWord("SKIP")
			p.expectWord("TO")
			if !p.tok.isWord("NEXT") {
				p.fail(p.tok.span, "only AFTER MATCH SKIP TO NEXT ROW is supported")
			}
			p.expectWord("NEXT")
			p.expectWord("ROW")
		case p.acceptWord("PATTERN"):
			p.expect("(")
			m.pattern = p.patternEither()
			p.expect(")")
		case p.acceptWord("DEFINE"):
			m.defines = list(p, func() defineClause {
				name := p.ident("a name of the pattern")
				p.expect("AS")
				return defineClause{name, p.expr()}
			})
		default:
			p.unexpected("LIMIT DURATION, PARTITION BY, MEASURES, AFTER MATCH, PATTERN, DEFINE or ')'")
		}
	}
	p.expect(")")
	m.at = start.to(p.prev)
	switch {
	case p.err != nil:
	case m.limit == nil:
		p.fail(m.at, "MATCH_RECOGNIZE needs LIMIT DURATION(unit, n)")
	case m.measures == nil:
		p.fail(m.at, "MATCH_RECOGNIZE needs MEASURES")
	case m.pattern == nil:
		p.fail(m.at, "MATCH_RECOGNIZE needs PATTERN (…)")
	}
	if p.accept("AS") || isNameToken(p.tok) {
		alias := p.ident("an alias")
		m.alias = &alias
	}
	return m
}

// patternEither reads sequence [| sequence]…
func (p *parser) patternEither() *patternExpr {
	p.enter()
	defer p.leave()
	parts := []*patternExpr{p.patternSequence()}
	for p.accept("|") {
		parts = append(parts, p.patternSequence())
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return &patternExpr{kind: PatternEither, parts: parts}
}

// patternSequence reads one or more repeated atoms.
func (p *parser) patternSequence() *patternExpr {
	var parts []*patternExpr
	for p.err == nil && !p.tok.is("|") && !p.tok.is(")") && p.tok.kind != tokEOF {
		parts = append(parts, p.patternRepeat())
		p.chained(len(parts))
	}
	switch len(parts) {
	case 0:
		p.unexpected("a name of the pattern, '.' or '('")
		return &patternExpr{kind: PatternAny}
	case 1:
		return parts[0]
	}
	return &patternExpr{kind: PatternSequence, parts: parts}
}

// patternRepeat reads an atom with *, + or ?.
func (p *parser) patternRepeat() *patternExpr {
	atom := &patternExpr{kind: PatternAny}
	switch {
	case p.accept("("):
		atom = p.patternEither()
		p.expect(")")
	case p.accept("."):
	default:
		atom = &patternExpr{kind: PatternSymbol, name: p.ident("a name of the pattern, '.' or '('")}
	}
	repeat := func(low, high int) *patternExpr {
		return &patternExpr{kind: PatternRepeat, parts: []*patternExpr{atom}, min: low, max: high}
	}
	switch {
	case p.accept("*"):
		return repeat(0, -1)
	case p.accept("+"):
		return repeat(1, -1)
	case p.accept("?"):
		return repeat(0, 1)
	case p.tok.is("{"):
		p.fail(p.tok.span, "counted repetition is not supported: * + and ? are")
	}
	return atom
}
