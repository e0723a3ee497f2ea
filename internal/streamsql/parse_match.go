package streamsql

import "strconv"

// matchRecognize reads MATCH_RECOGNIZE (LIMIT DURATION … PARTITION BY … MEASURES
// … AFTER MATCH SKIP TO NEXT ROW PATTERN (…) DEFINE …) [AS] alias.
func (p *parser) matchRecognize(left fromItem, start span) fromItem {
	m := &matchItem{left: left}
	p.advance()
	p.expect("(")
	for p.err == nil && !p.tok.is(")") {
		at := p.tok.span
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
			p.skipClause()
		case p.acceptWord("PATTERN"):
			p.expect("(")
			m.pattern = p.patternEither()
			p.expect(")")
			m.patternAt = at.to(p.prev)
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

// skipClause reads TO NEXT ROW, the only place that the language can go on from.
func (p *parser) skipClause() {
	start := p.tok.span
	if p.acceptWord("TO") && p.acceptWord("NEXT") && p.acceptWord("ROW") {
		return
	}
	p.fail(start.to(p.tok.span), "a match is looked for from every row: AFTER MATCH SKIP TO NEXT ROW is the only skip clause")
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

// patternRepeat reads an atom with *, +, ?, {n}, {n,} or {n,m}.
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
	low, high := 0, -1
	switch {
	case p.accept("*"):
	case p.accept("+"):
		low = 1
	case p.accept("?"):
		high = 1
	case p.tok.is("{"):
		low, high = p.patternCount()
	default:
		return atom
	}
	switch {
	case p.tok.is("?"):
		p.fail(p.tok.span, "a repetition takes as many rows as it can: there is no reluctant one")
	case p.tok.is("*"), p.tok.is("+"), p.tok.is("{"):
		p.fail(p.tok.span, "a part of the pattern is repeated twice: write (…)%s", p.tok.text)
	}
	return &patternExpr{kind: PatternRepeat, parts: []*patternExpr{atom}, min: low, max: high}
}

// maxPatternCount bounds the numbers of {n,m}.
const maxPatternCount = 1000

// patternCount reads {n}, {n,} or {n,m}; high is -1 without a bound.
func (p *parser) patternCount() (low, high int) {
	start := p.tok.span
	p.expect("{")
	low = p.patternNumber()
	switch {
	case !p.accept(","):
		high = low
	case p.tok.is("}"):
		high = -1
	default:
		high = p.patternNumber()
	}
	if p.expect("}"); p.err != nil {
		return 0, 0
	}
	at := start.to(p.prev)
	switch {
	case high == 0:
		p.fail(at, "a repetition of at most 0 rows takes none: leave it out")
	case high > 0 && high < low:
		p.fail(at, "a repetition is {at least, at most}: %d is more than %d", low, high)
	}
	return low, high
}

func (p *parser) patternNumber() int {
	if p.tok.kind != tokNumber {
		p.unexpected("a number, as in {2}, {2,} or {2,5}")
		return 0
	}
	t := p.advance()
	n, err := strconv.Atoi(t.text)
	if err != nil || n > maxPatternCount {
		p.fail(t.span, "a repetition is counted in whole numbers up to %d", maxPatternCount)
		return 0
	}
	return n
}
