package kql

import "strings"

func (p *parser) where(at span) operator {
	x := p.expression()
	return &opWhere{p.from(at), x}
}

// projector reads the operators that take a list of expressions or patterns.
func projector(word string) func(*parser, span) operator {
	return func(p *parser, at span) operator {
		op := &opProject{word: word}
		patterns := word == "project-away" || word == "project-keep"
		for {
			t := p.peek()
			switch {
			case word == "serialize" && (t.is("|") || t.is(";") || t.is(")") || t.kind == tokEnd):
				op.span = at
				return op
			case patterns:
				n, where := p.pattern()
				op.list = append(op.list, &name{span: where, text: n})
			default:
				op.list = append(op.list, p.named())
			}
			if !p.take(",") {
				op.span = p.from(at)
				return op
			}
		}
	}
}

func (p *parser) rename(at span) operator {
	op := &opRename{}
	for {
		start := p.peek().span
		n := p.name("a column")
		p.expect("=")
		old, where := p.nameAt("a column")
		op.list = append(op.list, named{p.from(start), []string{n}, &name{where, old, true}})
		if !p.take(",") {
			op.span = p.from(at)
			return op
		}
	}
}

func (p *parser) reorder(at span) operator {
	op := &opReorder{}
	for {
		o := orderedName{}
		o.pattern, o.at = p.pattern()
		for _, w := range [...]string{"asc", "desc"} {
			if p.take(w) {
				o.order = w
			}
		}
		if p.peek().is("granny") && p.ahead(1).is("-") {
			p.refuse(p.peek().span, "granny order")
		}
		op.list = append(op.list, o)
		if !p.take(",") {
			op.span = p.from(at)
			return op
		}
	}
}

// hints passes hint.x = y and other settings that change nothing here.
func (p *parser) hints() {
	for p.peek().is("hint") && p.ahead(1).is(".") {
		p.pos += 2
		p.name("a hint")
		p.expect("=")
		p.next()
	}
}

func (p *parser) summarize(at span) operator {
	p.hints()
	op := &opSummarize{}
	if !p.peek().is("by") {
		op.aggregates = p.list()
	}
	if p.take("by") {
		op.by = p.list()
	} else if len(op.aggregates) == 0 {
		p.fail(p.peek().span, "an aggregate or 'by' is expected")
	}
	op.span = p.from(at)
	return op
}

func (p *parser) sort(at span) operator {
	p.hints()
	p.expect("by")
	op := &opSort{keys: p.sortKeys()}
	op.span = p.from(at)
	return op
}

func (p *parser) sortKeys() []sortKey {
	var keys []sortKey
	for {
		k := sortKey{x: p.named()}
		switch {
		case p.take("asc"):
			k.ascending, k.directed = true, true
		case p.take("desc"):
			k.directed = true
		}
		k.nullsFirst = k.ascending
		if p.take("nulls") {
			switch {
			case p.take("first"):
				k.nullsFirst = true
			case p.take("last"):
				k.nullsFirst = false
			default:
				p.fail(p.peek().span, "'first' or 'last' is expected")
			}
		}
		keys = append(keys, k)
		if !p.take(",") {
			return keys
		}
	}
}

func (p *parser) top(at span) operator {
	p.hints()
	op := &opTop{n: p.expression()}
	p.expect("by")
	op.keys = p.sortKeys()
	op.span = p.from(at)
	return op
}

func (p *parser) topNested(at span) operator {
	op := &opTopNested{}
	for {
		l := nestedLevel{}
		if !p.peek().is("of") {
			l.n = p.expression()
		}
		p.expect("of")
		l.x = p.named()
		if p.take("with") {
			p.expect("others")
			p.expect("=")
			l.others = p.expression()
		}
		p.expect("by")
		l.by = p.named()
		if p.take("asc") {
			l.ascending = true
		} else {
			p.take("desc")
		}
		op.levels = append(op.levels, l)
		if !p.take(",") {
			op.span = p.from(at)
			return op
		}
		if !p.take("top-nested") {
			p.fail(p.peek().span, "'top-nested' is expected")
		}
	}
}

func (p *parser) takeOp(at span) operator {
	n := p.expression()
	return &opTake{p.from(at), n}
}

func (p *parser) sample(at span) operator {
	n := p.expression()
	return &opSample{p.from(at), n, nil}
}

func (p *parser) sampleDistinct(at span) operator {
	n := p.expression()
	p.expect("of")
	x := p.named()
	return &opSample{p.from(at), n, x}
}

func (p *parser) join(at span) operator   { return p.joinOf(at, "join") }
func (p *parser) lookup(at span) operator { return p.joinOf(at, "lookup") }

func (p *parser) joinOf(at span, word string) operator {
	op := &opJoin{word: word}
	p.hints()
	if p.peek().is("kind") && p.ahead(1).is("=") {
		p.pos += 2
		op.kind, op.kindAt = p.nameAt("a kind of join")
	}
	p.hints()
	if p.peek().is("(") {
		op.right = p.primary()
	} else {
		op.right = p.path()
	}
	if p.take("on") {
		for {
			op.on = append(op.on, p.expression())
			if !p.take(",") {
				break
			}
		}
	} else if p.take("where") {
		p.refuse(p.tokens[p.pos-1].span, "'join where'")
	}
	op.span = p.from(at)
	return op
}

func (p *parser) union(at span) operator {
	op := &opUnion{}
	for p.ahead(1).is("=") || p.peek().is("hint") && p.ahead(1).is(".") {
		p.hints()
		if !p.ahead(1).is("=") {
			break
		}
		switch t := p.next(); lower(t.text) {
		case "kind":
			p.expect("=")
			k := p.next()
			if !k.is("inner") && !k.is("outer") {
				p.fail(k.span, "'inner' or 'outer' is expected")
			}
			op.inner = k.is("inner")
		case "withsource":
			p.expect("=")
			op.withSource = p.name("a column")
		case "isfuzzy":
			p.expect("=")
			v := p.next()
			op.fuzzy = v.is("true") || v.value.Int() == 1
		default:
			p.fail(t.span, "'kind', 'withsource' or 'isfuzzy' is expected")
		}
	}
	for {
		op.tables = append(op.tables, p.tableName())
		if !p.take(",") {
			break
		}
	}
	op.span = p.from(at)
	return op
}

// tableName reads a table with stars in its name, or any tabular expression.
func (p *parser) tableName() expr {
	t := p.peek()
	if t.is("*") || t.kind == tokName && !t.quoted && p.ahead(1).is("*") && p.ahead(1).from == t.to {
		n, at := p.pattern()
		if n == "*" {
			return &star{at}
		}
		return &name{span: at, text: n}
	}
	if t.is("(") {
		return p.primary()
	}
	return p.path()
}

func (p *parser) expand(at span) operator { return p.expandOf(at, false) }
func (p *parser) apply(at span) operator  { return p.expandOf(at, true) }

func (p *parser) expandOf(at span, apply bool) operator {
	op := &opExpand{}
	for (p.peek().is("bagexpansion") || p.peek().is("kind") || p.peek().is("with_itemindex")) && p.ahead(1).is("=") {
		t := p.next()
		p.next()
		n, where := p.nameAt("a name")
		switch {
		case t.is("with_itemindex"):
			op.itemIndex = n
		case n == "array":
			op.bagArrays = true
		case n != "bag":
			p.fail(where, "'bag' or 'array' is expected")
		}
	}
	for {
		c := expandColumn{x: p.named()}
		if p.take("to") {
			t := p.next()
			if !t.is("typeof") {
				p.fail(t.span, "'typeof' is expected")
			}
			p.expect("(")
			c.to = p.kind()
			p.expect(")")
		}
		op.columns = append(op.columns, c)
		if !p.take(",") {
			break
		}
	}
	if p.take("limit") {
		op.limit = p.expression()
	}
	if apply {
		if p.peek().is("id") {
			p.refuse(p.peek().span, "'id' of mv-apply")
		}
		p.expect("on")
		p.expect("(")
		defer p.deeper(at)()
		op.apply = []operator{p.operator()}
		op.apply = append(op.apply, p.operators()...)
		p.expect(")")
	}
	op.span = p.from(at)
	return op
}

func (p *parser) makeSeries(at span) operator {
	op := &opMakeSeries{}
	p.hints()
	if p.peek().is("kind") && p.ahead(1).is("=") {
		p.pos += 2
		p.next() // nonempty: an empty input gives no series here, either way
	}
	for {
		a := seriesAggregate{x: p.named()}
		if p.take("default") {
			p.expect("=")
			a.defaultValue = p.expression()
		}
		op.aggregates = append(op.aggregates, a)
		if !p.take(",") {
			break
		}
	}
	p.expect("on")
	// The axis ends before `in`, which is no operator on it here.
	op.on = p.namedBy(func() expr { return p.binary(levelCompare) })
	if p.take("in") {
		t := p.next()
		if !t.is("range") {
			p.fail(t.span, "'range' is expected")
		}
		op.inclusive = true
		p.expect("(")
		op.from = p.expression()
		p.expect(",")
		op.to = p.expression()
		p.expect(",")
		op.step = p.expression()
		p.expect(")")
	} else {
		if p.take("from") {
			op.from = p.expression()
		}
		if p.take("to") {
			op.to = p.expression()
		}
		if !p.take("step") {
			p.fail(p.peek().span, "'step' is expected")
		}
		op.step = p.expression()
	}
	if p.take("by") {
		op.by = p.list()
	}
	op.span = p.from(at)
	return op
}

func (p *parser) parseOp(at span, only bool) operator {
	op := &opParse{only: only, kind: "simple"}
	if p.peek().is("kind") && p.ahead(1).is("=") {
		p.pos += 2
		k := p.next()
		op.kind = k.text
		if !k.is("simple") && !k.is("regex") && !k.is("relaxed") {
			p.fail(k.span, "'simple', 'regex' or 'relaxed' is expected")
		}
		if p.take("flags") {
			p.expect("=")
			op.flags = p.next().text
		}
	}
	op.x = p.expression()
	t := p.next()
	if !t.is("with") {
		p.fail(t.span, "'with' is expected")
	}
	for {
		t := p.peek()
		switch {
		case t.is("*"):
			p.next()
			op.parts = append(op.parts, parsePart{star: true, at: t.span})
		case t.kind == tokLiteral && t.value.kind == String:
			p.next()
			op.parts = append(op.parts, parsePart{text: t.value.text, at: t.span})
		case t.kind == tokName || t.is("["):
			part := parsePart{kind: String}
			part.column, part.at = p.nameAt("a column")
			if p.take(":") {
				part.kind = p.kind()
			}
			op.parts = append(op.parts, part)
		default:
			if len(op.parts) == 0 {
				p.fail(t.span, "a pattern is expected")
			}
			op.span = p.from(at)
			return op
		}
	}
}

func (p *parser) parseKV(at span) operator {
	op := &opParseKV{x: p.expression()}
	if t := p.next(); !t.is("as") {
		p.fail(t.span, "'as' is expected")
	}
	p.expect("(")
	for !p.take(")") {
		if len(op.columns) > 0 {
			p.expect(",")
		}
		op.columns = append(op.columns, p.column())
	}
	if p.take("with") {
		p.expect("(")
		for !p.take(")") {
			if len(op.options) > 0 {
				p.expect(",")
			}
			start := p.peek().span
			n := p.name("an option")
			p.expect("=")
			x := p.primary()
			op.options = append(op.options, named{p.from(start), []string{n}, x})
		}
	}
	op.span = p.from(at)
	return op
}

func (p *parser) evaluate(at span) operator {
	p.hints()
	t := p.peek()
	p.name("a plugin")
	c, _ := p.call(t).(*call)
	if p.take(":") {
		p.refuse(p.tokens[p.pos-1].span, "a schema after a plugin")
	}
	return &opEvaluate{p.from(at), *c}
}

func (p *parser) invoke(at span) operator {
	t := p.peek()
	p.name("a function")
	c, _ := p.call(t).(*call)
	return &opInvoke{p.from(at), *c}
}

func (p *parser) render(at span) operator {
	op := &opRender{kind: p.name("a kind of chart")}
	paren := false
	if p.take("with") {
		paren = p.take("(")
	}
	for p.peek().kind == tokName && p.ahead(1).is("=") {
		n := p.name("a property")
		p.expect("=")
		var value []string
		for {
			t := p.next()
			switch {
			case t.kind == tokLiteral:
				value = append(value, t.value.String())
			case t.kind == tokName:
				value = append(value, t.text)
			case t.is("["):
				p.pos--
				value = append(value, p.name("a column"))
			case t.is("-") && p.peek().kind == tokLiteral:
				value = append(value, "-"+p.next().value.String())
			default:
				p.fail(t.span, "a value is expected")
			}
			if !p.peek().is(",") || p.ahead(2).is("=") {
				break
			}
			p.next()
		}
		op.properties = append(op.properties, Property{n, strings.Join(value, ",")})
		p.take(",")
	}
	if paren {
		p.expect(")")
	}
	op.span = p.from(at)
	return op
}

func (p *parser) as(at span) operator {
	p.hints()
	n := p.name("a name")
	return &opAs{p.from(at), n}
}

func (p *parser) consume(at span) operator {
	if p.peek().is("decodeblocks") {
		p.pos += 3
	}
	return &opConsume{p.from(at)}
}

func (p *parser) search(at span) operator {
	op := &opSearch{fold: true}
	for p.peek().is("kind") && p.ahead(1).is("=") {
		p.pos += 2
		op.fold = !p.next().is("case_sensitive")
	}
	if p.peek().is("in") && p.ahead(1).is("(") {
		p.pos += 2
		for !p.take(")") {
			if len(op.tables) > 0 {
				p.expect(",")
			}
			op.tables = append(op.tables, p.tableName())
		}
	}
	op.cond = p.expression()
	op.span = p.from(at)
	return op
}

func (p *parser) rangeOf(at span) operator {
	op := &opRange{name: p.name("a column")}
	for _, part := range [...]struct {
		word string
		to   *expr
	}{{"from", &op.from}, {"to", &op.to}, {"step", &op.step}} {
		if t := p.next(); !t.is(part.word) {
			p.fail(t.span, "'"+part.word+"' is expected")
		}
		*part.to = p.expression()
	}
	op.span = p.from(at)
	return op
}

func (p *parser) datatable(at span) operator {
	op := &opDatatable{}
	p.expect("(")
	for !p.take(")") {
		if len(op.columns) > 0 {
			p.expect(",")
		}
		op.columns = append(op.columns, p.column())
	}
	p.expect("[")
	for !p.take("]") {
		if len(op.values) > 0 {
			p.expect(",")
			if p.take("]") {
				break
			}
		}
		op.values = append(op.values, p.expression())
	}
	op.span = p.from(at)
	return op
}
