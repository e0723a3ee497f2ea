package expression

import (
	"slices"
	"strings"
)

// parser reads an expression or a block by descending through C#'s precedences.
type parser struct {
	lex   *lexer
	tok   token
	depth int
	names []string // variables that can be seen here
}

// Program is a compiled expression. It is safe for concurrent use.
type Program struct {
	root  node
	block []statement
}

// Compile reads the text of an expression: what stands behind its @, brackets
// included. at is the place of its first byte; names are the variables that the host
// gives.
func Compile(src string, at Pos, names ...string) (*Program, error) {
	p := parser{lex: &lexer{src: src, pos: at}, names: slices.Clone(names)}
	if err := p.step(); err != nil {
		return nil, err
	}
	var out Program
	var err error
	switch {
	case p.is("{"):
		if out.block, err = p.blockBody(); err == nil && !alwaysReturns(out.block) {
			err = faultAt(at, "not all ways through the block end with return")
		}
	case p.is("("):
		if err = p.step(); err == nil {
			if out.root, err = p.expression(); err == nil {
				err = p.take(")")
			}
		}
	default:
		err = faultAt(at, "an expression stands in ( ) or { }")
	}
	if err == nil && p.tok.kind != endOfText {
		err = faultAt(p.tok.pos, "%s is behind the end of the expression", p.tok.shown())
	}
	if err != nil {
		return nil, err
	}
	return &out, nil
}

func (p *parser) step() (err error) {
	p.lex.seen = p.names
	p.tok, err = p.lex.next()
	return err
}

func (p *parser) is(mark string) bool { return p.tok.kind == punct && p.tok.word == mark }

func (p *parser) word(w string) bool { return p.tok.kind == ident && p.tok.word == w }

func (p *parser) take(mark string) error {
	if !p.is(mark) {
		return faultAt(p.tok.pos, "%s stands where %s belongs", p.tok.shown(), mark)
	}
	return p.step()
}

func (p *parser) name() (string, error) {
	if p.tok.kind != ident {
		return "", faultAt(p.tok.pos, "%s stands where a name belongs", p.tok.shown())
	}
	w := p.tok.word
	return w, p.step()
}

// mark is a place to come back to.
type mark struct {
	lex lexer
	tok token
}

func (p *parser) mark() mark { return mark{*p.lex, p.tok} }

func (p *parser) back(m mark) { *p.lex, p.tok = m.lex, m.tok }

func (p *parser) deeper() error {
	if p.depth++; p.depth > maxNested {
		return faultAt(p.tok.pos, "the expression is nested too deeply")
	}
	return nil
}

func (p *parser) holeExpression() (node, error) {
	return p.expression()
}

func (p *parser) expression() (node, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if n, ok, err := p.lambda(); ok || err != nil {
		return n, err
	}
	left, err := p.conditional()
	if err != nil || p.tok.kind != punct {
		return left, err
	}
	op := p.tok.word
	switch op {
	case "=", "+=", "-=", "*=", "/=", "%=", "??=":
	case "|=", "&=", "^=", "<<=":
		return nil, faultAt(p.tok.pos, "%s is not served; write it out", op)
	default:
		return left, nil
	}
	at := p.tok.pos
	switch left.(type) {
	case *variable, *index, *member:
	default:
		return nil, faultAt(at, "what is left of %s cannot be assigned to", op)
	}
	if err := p.step(); err != nil {
		return nil, err
	}
	right, err := p.expression()
	return &assign{at, left, strings.TrimSuffix(op, "="), right}, err
}

// lambda reads x => …, (x, y) => ….
func (p *parser) lambda() (node, bool, error) {
	if p.tok.kind != ident && !p.is("(") {
		return nil, false, nil
	}
	start, at := p.mark(), p.tok.pos
	params, ok := p.parameters()
	if !ok || !p.is("=>") {
		p.back(start)
		return nil, false, nil
	}
	before := len(p.names)
	p.names = append(slices.Clip(p.names), params...) // before the next word is read: it may be a string with holes
	defer func() { p.names = p.names[:before] }()
	if err := p.step(); err != nil {
		return nil, true, err
	}
	l := &lambda{pos: at, params: params}
	var err error
	if p.is("{") {
		l.block, err = p.blockBody()
	} else {
		l.body, err = p.expression()
	}
	return l, true, err
}

func (p *parser) parameters() (params []string, ok bool) {
	if p.tok.kind == ident {
		n, err := p.name()
		return []string{n}, err == nil
	}
	if p.step() != nil {
		return nil, false
	}
	for !p.is(")") {
		n, err := p.name()
		if err != nil {
			return nil, false
		}
		if p.tok.kind == ident { // with its type
			if n, err = p.name(); err != nil {
				return nil, false
			}
		}
		params = append(params, n)
		if p.is(",") && p.step() != nil {
			return nil, false
		} else if p.tok.kind != ident && !p.is(")") {
			return nil, false
		}
	}
	return params, p.step() == nil
}

func (p *parser) conditional() (node, error) {
	cond, err := p.coalesce()
	if err != nil || !p.is("?") {
		return cond, err
	}
	at := p.tok.pos
	if err := p.step(); err != nil {
		return nil, err
	}
	yes, err := p.expression()
	if err == nil {
		err = p.take(":")
	}
	if err != nil {
		return nil, err
	}
	no, err := p.expression()
	return &conditional{at, cond, yes, no}, err
}

func (p *parser) coalesce() (node, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	left, err := p.binary(0)
	if err != nil || !p.is("??") {
		return left, err
	}
	at := p.tok.pos
	if err := p.step(); err != nil {
		return nil, err
	}
	right, err := p.coalesce()
	return &coalesce{at, left, right}, err
}

// levels are the binary operators, the weakest first.
var levels = [][]string{{"||"}, {"&&"}, {"|"}, {"^"}, {"&"}, {"==", "!="}, {"<", ">", "<=", ">="}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "%"}}

const relational = 6

func (p *parser) binary(level int) (node, error) {
	if level == len(levels) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	for err == nil {
		at := p.tok.pos
		switch {
		case level == relational && (p.word("is") || p.word("as")):
			left, err = p.typeTest(left)
			continue
		case p.tok.kind != punct:
			return left, nil
		}
		op := p.tok.word
		if op == ">" && level == relational+1 && p.shiftRight() {
			op = ">>"
		}
		if !slices.Contains(levels[level], op) {
			return left, nil
		}
		if err = p.step(); err == nil && op == ">>" {
			err = p.step()
		}
		if err != nil {
			return nil, err
		}
		var right node
		right, err = p.binary(level + 1)
		left = &infix{at, op, left, right}
	}
	return nil, err
}

// shiftRight reports whether two > stand together.
func (p *parser) shiftRight() bool {
	m := p.mark()
	defer p.back(m)
	return p.step() == nil && p.is(">") && p.tok.glued
}

func (p *parser) typeTest(left node) (node, error) {
	at, op := p.tok.pos, p.tok.word
	if err := p.step(); err != nil {
		return nil, err
	}
	if op == "is" && (p.word("null") || p.word("not")) {
		not := p.word("not")
		if not {
			if err := p.step(); err != nil {
				return nil, err
			}
			if !p.word("null") {
				return nil, faultAt(p.tok.pos, "of patterns only is null, is not null and is TYPE are served")
			}
		}
		op := "=="
		if not {
			op = "!="
		}
		return &infix{at, op, left, &literal{at, nil}}, p.step()
	}
	t, ok, err := p.typeName(true)
	if err != nil || !ok {
		return nil, orUnknownType(err, p.tok)
	}
	n := &typeTest{pos: at, of: left, typ: t, as: op == "as"}
	if op == "is" && p.tok.kind == ident && !p.word("is") && !p.word("as") {
		n.name = p.tok.word
		p.names = append(slices.Clip(p.names), n.name)
		return n, p.step()
	}
	return n, nil
}

func orUnknownType(err error, t token) error {
	if err != nil {
		return err
	}
	return faultAt(t.pos, "%s is no type that policy expressions have", t.shown())
}

// typeName reads a type when one stands here. noNullable leaves a ? behind it.
func (p *parser) typeName(noNullable bool) (typeName, bool, error) {
	start := p.mark()
	if p.tok.kind != ident {
		return typeName{}, false, nil
	}
	t := typeName{name: p.tok.word}
	for {
		if err := p.step(); err != nil {
			return t, false, err
		}
		if !namespaces[t.name] || !p.is(".") {
			break
		}
		if err := p.step(); err != nil {
			return t, false, err
		}
		if p.tok.kind != ident {
			p.back(start)
			return t, false, nil
		}
		t.name = p.tok.word
	}
	if _, keyword := keywordTypes[t.name]; !keyword && !knownTypes[t.name] {
		p.back(start)
		return t, false, nil
	}
	if p.is("<") {
		args, ok, err := p.typeArguments()
		if err != nil || !ok {
			p.back(start)
			return t, false, err
		}
		t.args = args
	}
	if p.is("?") && !noNullable {
		t.nullable = true
		if err := p.step(); err != nil {
			return t, false, err
		}
	}
	for p.is("[") {
		m := p.mark()
		if err := p.step(); err != nil {
			return t, false, err
		}
		if !p.is("]") {
			p.back(m)
			break
		}
		t.array++
		if err := p.step(); err != nil {
			return t, false, err
		}
	}
	return t, true, nil
}

// typeArguments reads <A, B>.
func (p *parser) typeArguments() (args []typeName, ok bool, err error) {
	start := p.mark()
	if err := p.deeper(); err != nil {
		return nil, false, err
	}
	defer func() { p.depth-- }()
	for {
		if err := p.step(); err != nil { // < or ,
			return nil, false, err
		}
		t, ok, err := p.typeName(false)
		if err != nil {
			return nil, false, err
		}
		if !ok || !p.is(",") && !p.is(">") {
			p.back(start)
			return nil, false, nil
		}
		args = append(args, t)
		if p.is(">") {
			return args, true, p.step()
		}
	}
}
