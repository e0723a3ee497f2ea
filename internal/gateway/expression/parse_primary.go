package expression

import (
	"slices"

	"github.com/lazuli-dev/lazuli/internal/nearest"
)

func (p *parser) unary() (node, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	at := p.tok.pos
	if p.tok.kind == punct {
		switch op := p.tok.word; op {
		case "!", "-", "+", "~":
			if err := p.step(); err != nil {
				return nil, err
			}
			of, err := p.unary()
			return &unary{at, op, of}, err
		case "++", "--":
			if err := p.step(); err != nil {
				return nil, err
			}
			of, err := p.unary()
			return &assign{at, of, op[:1], &literal{at, int32(1)}}, err
		case "(":
			if n, ok, err := p.cast(); ok || err != nil {
				return n, err
			}
		}
	}
	n, err := p.primary()
	if err != nil {
		return nil, err
	}
	return p.postfix(n)
}

// cast reads (TYPE) before a value; other brackets are left alone.
func (p *parser) cast() (node, bool, error) {
	start, at := p.mark(), p.tok.pos
	if err := p.step(); err != nil {
		return nil, false, err
	}
	t, ok, err := p.typeName(false)
	if err != nil {
		return nil, false, err
	}
	if !ok || !p.is(")") {
		p.back(start)
		return nil, false, nil
	}
	if err := p.step(); err != nil {
		return nil, false, err
	}
	_, keyword := keywordTypes[t.name]
	switch {
	case p.tok.kind == endOfText, p.tok.kind == punct && !p.is("(") && !p.is("!") && !p.is("~") && (!keyword || !p.is("-") && !p.is("+")), p.word("is"), p.word("as"):
		p.back(start)
		return nil, false, nil
	}
	of, err := p.unary()
	return &cast{at, t, of}, true, err
}

func (p *parser) primary() (node, error) {
	t := p.tok
	switch t.kind {
	case number, letter:
		return &literal{t.pos, t.value}, p.step()
	case text:
		return &literal{t.pos, t.word}, p.step()
	case interpolated:
		return &interpolate{t.pos, t.parts}, p.step()
	case ident:
		return p.primaryWord()
	case punct:
		if t.word == "(" {
			if err := p.step(); err != nil {
				return nil, err
			}
			n, err := p.expression()
			if err != nil {
				return nil, err
			}
			return n, p.take(")")
		}
	}
	return nil, faultAt(t.pos, "%s stands where a value belongs", t.shown())
}

func (p *parser) primaryWord() (node, error) {
	t := p.tok
	switch t.word {
	case "true", "false":
		return &literal{t.pos, t.word == "true"}, p.step()
	case "null":
		return &literal{t.pos, nil}, p.step()
	case "new":
		return p.creation()
	case "typeof", "nameof", "default", "checked", "unchecked", "await", "async", "delegate", "stackalloc", "switch", "from":
		return nil, faultAt(t.pos, "%s is not served in policy expressions", t.word)
	}
	if slices.Contains(p.names, t.word) {
		return &variable{t.pos, t.word}, p.step()
	}
	typ, ok, err := p.typeName(true)
	if err != nil {
		return nil, err
	}
	if !ok {
		hint := ""
		if best := nearest.Name(t.word, p.names); best != "" {
			hint = "; did you mean " + best + "?"
		}
		return nil, faultAt(t.pos, "the name %s does not exist here, as a variable or a type of policy expressions%s", t.word, hint)
	}
	return &typeRef{t.pos, typ}, nil
}

func (p *parser) postfix(n node) (node, error) {
	for p.tok.kind == punct {
		at := p.tok.pos
		var err error
		switch p.tok.word {
		case ".", "?.":
			n, err = p.memberOf(n)
		case "?":
			if !p.nullIndex() {
				return n, nil
			}
			if err = p.step(); err == nil {
				n, err = p.indexOf(n, true)
			}
		case "[":
			n, err = p.indexOf(n, false)
		case "(":
			args, aerr := p.arguments()
			n, err = &invoke{at, n, args}, aerr
		case "++", "--":
			n, err = &increment{at, n, p.tok.word[:1]}, p.step()
		case "!":
			m := p.mark()
			if err = p.step(); err == nil && !p.is(".") && !p.is(")") && !p.is("[") {
				p.back(m)
				return n, nil
			}
		default:
			return n, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return n, nil
}

// nullIndex reports whether ?[ begins an access rather than a choice: its bracket is
// glued to it, and no : follows on its level.
func (p *parser) nullIndex() bool {
	m := p.mark()
	defer p.back(m)
	return p.step() == nil && p.is("[") && p.tok.glued
}

func (p *parser) memberOf(n node) (node, error) {
	at, null := p.tok.pos, p.is("?.")
	if err := p.step(); err != nil {
		return nil, err
	}
	if p.tok.kind == ident {
		at = p.tok.pos
	}
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	if err := checkMember(at, n, name); err != nil {
		return nil, err
	}
	var types []typeName
	if p.is("<") {
		m := p.mark()
		args, ok, err := p.typeArguments()
		if err != nil {
			return nil, err
		}
		if ok && p.is("(") {
			types = args
		} else {
			p.back(m)
		}
	}
	if p.is("(") {
		args, err := p.arguments()
		return &call{at, n, name, types, args, null}, err
	}
	return &member{at, n, name, null}, nil
}

func (p *parser) indexOf(n node, null bool) (node, error) {
	at := p.tok.pos
	if err := p.step(); err != nil {
		return nil, err
	}
	i, err := p.expression()
	if err != nil {
		return nil, err
	}
	return &index{at, n, i, null}, p.take("]")
}

// arguments reads (a, b, out var c).
func (p *parser) arguments() (args []node, err error) {
	if err := p.take("("); err != nil {
		return nil, err
	}
	for !p.is(")") {
		if p.word("out") || p.word("ref") {
			n, err := p.outArgument()
			if err != nil {
				return nil, err
			}
			args = append(args, n)
		} else {
			if err := p.skipArgumentName(); err != nil {
				return nil, err
			}
			n, err := p.expression()
			if err != nil {
				return nil, err
			}
			args = append(args, n)
		}
		if !p.is(")") {
			if err := p.take(","); err != nil {
				return nil, err
			}
		}
	}
	return args, p.step()
}

// skipArgumentName passes over preserveContent: before a value.
func (p *parser) skipArgumentName() error {
	if p.tok.kind != ident {
		return nil
	}
	m := p.mark()
	if err := p.step(); err != nil {
		return err
	}
	if p.is(":") {
		return p.step()
	}
	p.back(m)
	return nil
}

func (p *parser) outArgument() (node, error) {
	at := p.tok.pos
	if err := p.step(); err != nil {
		return nil, err
	}
	declared := p.word("var")
	if declared {
		if err := p.step(); err != nil {
			return nil, err
		}
	} else if _, ok, err := p.typeName(false); err != nil {
		return nil, err
	} else if ok {
		declared = true
	}
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	if declared {
		p.names = append(slices.Clip(p.names), name)
	} else if !slices.Contains(p.names, name) {
		return nil, faultAt(at, "there is no variable %s", name)
	}
	return &out{at, name, declared}, nil
}

// creation reads new T(…) {…}, new[] {…}, new T[n], new { A = 1 }.
func (p *parser) creation() (node, error) {
	c := &creation{pos: p.tok.pos}
	if err := p.step(); err != nil {
		return nil, err
	}
	var err error
	switch {
	case p.is("["):
		if err = p.step(); err == nil {
			err = p.take("]")
		}
		c.typ = typeName{name: "object", array: 1}
	case p.is("{"):
		c.anonymous = true
	default:
		var ok bool
		if c.typ, ok, err = p.typeName(true); err != nil || !ok {
			return nil, orUnknownType(err, p.tok)
		}
		switch {
		case p.is("("):
			c.args, err = p.arguments()
		case p.is("["):
			if err = p.step(); err == nil {
				if c.size, err = p.expression(); err == nil {
					err = p.take("]")
				}
			}
			c.typ.array++
		case !p.is("{"):
			err = faultAt(p.tok.pos, "%s stands where ( or { belongs", p.tok.shown())
		}
	}
	if err == nil {
		err = checkCreation(c)
	}
	if err == nil && p.is("{") {
		err = p.initializer(c)
	}
	return c, err
}

// initializer reads { a, b }, { {k, v}, … }, { ["k"] = v, … }, { Name = v, … }.
func (p *parser) initializer(c *creation) error {
	c.filled = true
	if err := p.take("{"); err != nil {
		return err
	}
	for !p.is("}") {
		var e entry
		var err error
		switch {
		case p.is("{"):
			if err = p.step(); err == nil {
				e.key, err = p.expression()
			}
			if err == nil {
				err = p.take(",")
			}
			if err == nil {
				e.value, err = p.expression()
			}
			if err == nil {
				err = p.take("}")
			}
		case p.is("["):
			if err = p.step(); err == nil {
				e.key, err = p.expression()
			}
			if err == nil {
				err = p.take("]")
			}
			if err == nil {
				err = p.take("=")
			}
			if err == nil {
				e.value, err = p.expression()
			}
		default:
			err = p.initializerValue(&e)
		}
		if err != nil {
			return err
		}
		c.entries = append(c.entries, e)
		if !p.is("}") {
			if err := p.take(","); err != nil {
				return err
			}
		}
	}
	return p.step()
}

func (p *parser) initializerValue(e *entry) error {
	if p.tok.kind == ident {
		m := p.mark()
		name := p.tok.word
		if err := p.step(); err != nil {
			return err
		}
		if p.is("=") {
			if err := p.step(); err != nil {
				return err
			}
			e.name = name
		} else {
			p.back(m)
		}
	}
	v, err := p.expression()
	if m, ok := v.(*member); ok && e.name == "" {
		e.implied = m.name
	}
	if m, ok := v.(*variable); ok && e.name == "" {
		e.implied = m.name
	}
	e.value = v
	return err
}
