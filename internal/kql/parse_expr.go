package kql

// levels of binary operators, from those that bind least. String operators
// bind tightest of all (see matching).
var levels = [...][]string{
	{"or"},
	{"and"},
	{"==", "!=", "<>"},
	{"<", ">", "<=", ">="},
	{"+", "-"},
	{"*", "/", "%"},
}

const (
	levelEqual   = 2
	levelCompare = 3
)

// matchers are the operators on texts.
var matchers = map[string]bool{
	"=~": true, "!~": true,
	"has": true, "!has": true, "has_cs": true, "!has_cs": true,
	"hasprefix": true, "!hasprefix": true, "hasprefix_cs": true, "!hasprefix_cs": true,
	"hassuffix": true, "!hassuffix": true, "hassuffix_cs": true, "!hassuffix_cs": true,
	"contains": true, "!contains": true, "contains_cs": true, "!contains_cs": true,
	"startswith": true, "!startswith": true, "startswith_cs": true, "!startswith_cs": true,
	"endswith": true, "!endswith": true, "endswith_cs": true, "!endswith_cs": true,
	"notcontains": true, "notcontainscs": true, "containscs": true, "like": true, "notlike": true,
}

func (p *parser) expression() expr { return p.binary(0) }

// named reads x, a = x or (a, b) = x.
func (p *parser) named() expr { return p.namedBy(p.expression) }

// argument is named within parentheses, where a whole pipe may stand too.
func (p *parser) argument() expr { return p.namedBy(p.pipe) }

func (p *parser) namedBy(read func() expr) expr {
	start := p.peek().span
	if t := p.peek(); (t.kind == tokName || t.is("[")) && !t.is("*") {
		width := 1
		if t.is("[") {
			width = 3
		}
		if p.ahead(width).is("=") && (t.kind == tokName || p.ahead(1).kind == tokLiteral) {
			n := p.name("a column")
			p.expect("=")
			x := read()
			return &named{p.from(start), []string{n}, x}
		}
	}
	if p.peek().is("(") && p.startsNames() {
		p.next()
		out := &named{}
		for {
			out.names = append(out.names, p.name("a column"))
			if !p.take(",") {
				break
			}
		}
		p.expect(")")
		p.expect("=")
		out.x = read()
		out.span = p.from(start)
		return out
	}
	return read()
}

// startsNames looks whether (a, b) = follows.
func (p *parser) startsNames() bool {
	for i := 1; ; i++ {
		t := p.ahead(i)
		if t.is(")") {
			return p.ahead(i + 1).is("=")
		}
		if t.kind != tokName && !t.is(",") {
			return false
		}
	}
}

// list reads named expressions with commas between.
func (p *parser) list() []expr {
	list := []expr{p.named()}
	for p.take(",") {
		list = append(list, p.named())
	}
	return list
}

func (p *parser) binary(level int) expr {
	if level == len(levels) {
		return p.matching()
	}
	if level == 0 {
		defer p.deeper(p.peek().span)()
	}
	start := p.peek().span
	x := p.binary(level + 1)
	for n := 0; ; n++ {
		t := p.peek()
		op, ok := "", false
		for _, o := range levels[level] {
			if t.is(o) {
				op, ok = o, true
			}
		}
		if level == levelEqual && !ok {
			if y := p.membership(start, x); y != nil {
				x = y
				continue
			}
		}
		if !ok {
			return x
		}
		if n > 0 && (level == levelCompare || level == levelEqual) {
			p.fail(t.span, "comparisons do not follow one another: parentheses are needed")
		}
		p.next()
		y := p.binary(level + 1)
		if op == "<>" {
			op = "!="
		}
		x = &operation{p.from(start), op, t.span, x, y}
	}
}

// membership reads in, between, has_any and has_all behind x, or gives nil.
func (p *parser) membership(start span, x expr) expr {
	t := p.peek()
	not := ""
	words := t
	width := 1
	if t.is("!") && p.ahead(1).kind == tokName && p.ahead(1).from == t.to {
		not, words, width = "!", p.ahead(1), 2
	}
	if words.kind != tokName || words.quoted {
		return nil
	}
	switch words.text {
	case "between":
		p.pos += width
		p.expect("(")
		low := p.expression()
		p.expect("..")
		high := p.expression()
		p.expect(")")
		return &between{p.from(start), not != "", x, low, high}
	case "in", "has_any", "has_all":
		op := not + words.text
		p.pos += width
		if words.text == "in" && p.take("~") {
			op += "~"
		}
		if not != "" && words.text != "in" {
			p.fail(t.span, "'!"+words.text+"' is no operator")
		}
		out := &within{op: op, x: x}
		if p.peek().is("(") {
			p.next()
			for !p.take(")") {
				if len(out.list) > 0 {
					p.expect(",")
				}
				out.list = append(out.list, p.pipe())
			}
		} else {
			out.list = []expr{p.primary()}
		}
		out.span = p.from(start)
		return out
	}
	return nil
}

// matching reads x, or x with an operator on texts.
func (p *parser) matching() expr {
	start := p.peek().span
	x := p.unary()
	t := p.peek()
	op, width := t.text, 1
	if t.is("!") && p.ahead(1).kind == tokName && p.ahead(1).from == t.to {
		op, width = "!"+p.ahead(1).text, 2
	}
	at := span{t.from, p.ahead(width - 1).to}
	if t.kind == tokName && !t.quoted && op == "matches" && p.ahead(1).is("regex") {
		at.to = p.ahead(1).to
		p.pos += 2
		y := p.unary()
		return &operation{p.from(start), "matches regex", at, x, y}
	}
	if (t.kind == tokName && !t.quoted || t.kind == tokMark) && matchers[op] {
		p.pos += width
		y := p.unary()
		return &operation{p.from(start), op, at, x, y}
	}
	return x
}

func (p *parser) unary() expr {
	t := p.peek()
	if t.is("-") || t.is("+") {
		defer p.deeper(t.span)()
		p.next()
		return &unary{span{t.from, p.peek().to}, t.text, p.unary()}
	}
	return p.path()
}

// path reads x.name, x["name"], x[0] and x.[0].
func (p *parser) path() expr {
	start := p.peek().span
	x := p.primary()
	for n := 0; ; n++ {
		if n > deepest {
			p.fail(p.peek().span, "this path is too long")
		}
		switch {
		case p.peek().is(".") && p.ahead(1).is("["):
			p.next()
			fallthrough
		case p.peek().is("[") && p.peek().from == p.tokens[p.pos-1].to:
			p.next()
			i := p.expression()
			p.expect("]")
			x = &element{p.from(start), x, i}
		case p.peek().is("."):
			p.next()
			t := p.peek()
			if t.kind == tokLiteral && t.text != "" {
				p.fail(t.span, "a name is expected")
			}
			n := p.name("a name")
			if p.peek().is("(") { // app('x').f(): a function of another place
				p.fail(p.peek().span, "functions are not called on a value")
			}
			x = &member{p.from(start), x, n, t.span}
		default:
			return x
		}
	}
}

func (p *parser) primary() expr {
	t := p.peek()
	switch {
	case t.kind == tokLiteral:
		p.next()
		if t.value.kind == String { // texts that follow one another are one
			v := t.value
			for n := p.peek(); n.kind == tokLiteral && n.value.kind == String && n.text == ""; n = p.peek() {
				v.text += n.value.text
				p.next()
			}
			return &literal{p.from(t.span), v}
		}
		return &literal{t.span, t.value}
	case t.is("("):
		defer p.deeper(t.span)()
		p.next()
		x := p.pipe()
		p.expect(")")
		return x
	case t.is("*"):
		p.next()
		return &star{t.span}
	case t.is("$"):
		p.next()
		n := p.name("left or right")
		return &name{span: p.from(t.span), text: "$" + n}
	case t.is("["):
		n := p.name("a name")
		return &name{p.from(t.span), n, true}
	case t.kind != tokName:
		p.fail(t.span, "an expression is expected")
	}
	p.next()
	if p.peek().is("(") {
		return p.call(t)
	}
	switch t.text {
	case "true", "false":
		return &literal{t.span, BoolValue(t.text == "true")}
	case "null":
		return &literal{t.span, Null(None)}
	}
	return &name{t.span, t.text, false}
}

// pattern reads a name that may have stars, as names of tables and columns may:
// the parts touch.
func (p *parser) pattern() (string, span) {
	t := p.peek()
	if !t.is("*") && (t.kind != tokName || t.quoted) {
		return p.nameAt("a name")
	}
	text, end := "", t.from
	for {
		n := p.peek()
		if text != "" && n.from != end || !n.is("*") && (n.kind != tokName || n.quoted) {
			return text, span{t.from, end}
		}
		text += n.text
		end = n.to
		p.next()
	}
}

func (p *parser) call(t token) expr {
	defer p.deeper(t.span)()
	c := &call{name: t.text, at: t.span}
	p.expect("(")
	for !p.take(")") {
		if len(c.args) > 0 {
			p.expect(",")
		}
		c.args = append(c.args, p.argument())
	}
	c.span = p.from(t.span)
	return c
}
