package expression

import "slices"

// blockBody reads { … } and forgets the variables that it declares.
func (p *parser) blockBody() ([]statement, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.take("{"); err != nil {
		return nil, err
	}
	before := len(p.names)
	var all []statement
	for !p.is("}") {
		if p.tok.kind == endOfText {
			return nil, faultAt(p.tok.pos, "the block has no end")
		}
		s, err := p.statement()
		if err != nil {
			return nil, err
		}
		if s != nil {
			all = append(all, s)
		}
	}
	p.names = p.names[:before]
	return all, p.step()
}

// body is a block, or one statement.
func (p *parser) body() ([]statement, error) {
	if p.is("{") {
		return p.blockBody()
	}
	before := len(p.names)
	s, err := p.statement()
	p.names = p.names[:min(before, len(p.names))]
	if s == nil {
		return nil, err
	}
	return []statement{s}, err
}

func (p *parser) statement() (statement, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	at := p.tok.pos
	if p.tok.kind == ident {
		switch p.tok.word {
		case "return":
			return p.returning(at)
		case "if":
			return p.choosing(at)
		case "foreach":
			return p.foreach(at)
		case "while":
			return p.while(at)
		case "for":
			return p.counting(at)
		case "try":
			return p.trying(at)
		case "using":
			return p.using()
		case "throw":
			return p.throwing(at)
		case "break", "continue":
			s := &leave{at, p.tok.word == "break"}
			if err := p.step(); err != nil {
				return nil, err
			}
			return s, p.take(";")
		case "do", "switch", "goto", "lock", "yield", "unsafe", "fixed", "const":
			return nil, faultAt(at, "the statement %s is not served in policy expressions", p.tok.word)
		}
	}
	switch {
	case p.is(";"):
		return nil, p.step()
	case p.is("{"):
		b, err := p.blockBody()
		return &block{b}, err
	}
	if d, ok, err := p.declaration(); ok || err != nil {
		if err == nil {
			err = p.take(";")
		}
		return d, err
	}
	n, err := p.expression()
	if err != nil {
		return nil, err
	}
	return &evaluate{n}, p.take(";")
}

// declaration reads var a = …, b = … or the same with a type.
func (p *parser) declaration() (statement, bool, error) {
	start := p.mark()
	d := &declare{pos: p.tok.pos}
	if p.word("var") {
		if err := p.step(); err != nil {
			return nil, true, err
		}
		if p.tok.kind != ident {
			p.back(start)
			return nil, false, nil
		}
	} else {
		t, ok, err := p.typeName(false)
		if err != nil || !ok || p.tok.kind != ident {
			p.back(start)
			return nil, false, err
		}
		d.typ, d.typed = t, true
	}
	for {
		name, err := p.name()
		if err != nil {
			return nil, true, err
		}
		var v node
		if p.is("=") {
			if err := p.step(); err != nil {
				return nil, true, err
			}
			if p.is("{") {
				c := &creation{pos: p.tok.pos, typ: d.typ}
				if d.typ.array == 0 {
					return nil, true, faultAt(p.tok.pos, "only arrays are written as { … } without new")
				}
				v, err = c, p.initializer(c)
			} else {
				v, err = p.expression()
			}
			if err != nil {
				return nil, true, err
			}
		}
		d.names, d.values = append(d.names, name), append(d.values, v)
		p.names = append(slices.Clip(p.names), name)
		if !p.is(",") {
			return d, true, nil
		}
		if err := p.step(); err != nil {
			return nil, true, err
		}
	}
}

func (p *parser) returning(at Pos) (statement, error) {
	if err := p.step(); err != nil {
		return nil, err
	}
	if p.is(";") {
		return nil, faultAt(at, "a block returns a value: return needs one")
	}
	n, err := p.expression()
	if err != nil {
		return nil, err
	}
	return &give{at, n}, p.take(";")
}

// inBrackets reads (…) behind a keyword.
func (p *parser) inBrackets() (node, error) {
	if err := p.step(); err != nil {
		return nil, err
	}
	if err := p.take("("); err != nil {
		return nil, err
	}
	n, err := p.expression()
	if err != nil {
		return nil, err
	}
	return n, p.take(")")
}

func (p *parser) choosing(at Pos) (statement, error) {
	cond, err := p.inBrackets()
	if err != nil {
		return nil, err
	}
	s := &choose{pos: at, cond: cond}
	if s.yes, err = p.body(); err != nil || !p.word("else") {
		return s, err
	}
	if err := p.step(); err != nil {
		return nil, err
	}
	s.no, err = p.body()
	return s, err
}

func (p *parser) foreach(at Pos) (statement, error) {
	if err := p.step(); err != nil {
		return nil, err
	}
	if err := p.take("("); err != nil {
		return nil, err
	}
	if p.word("var") {
		if err := p.step(); err != nil {
			return nil, err
		}
	} else if _, ok, err := p.typeName(false); err != nil || !ok {
		return nil, orUnknownType(err, p.tok)
	}
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	if !p.word("in") {
		return nil, faultAt(p.tok.pos, "%s stands where in belongs", p.tok.shown())
	}
	if err := p.step(); err != nil {
		return nil, err
	}
	s := &foreach{pos: at, name: name}
	if s.in, err = p.expression(); err == nil {
		err = p.take(")")
	}
	if err != nil {
		return nil, err
	}
	p.names = append(slices.Clip(p.names), name)
	s.body, err = p.body()
	p.names = p.names[:len(p.names)-1]
	return s, err
}

func (p *parser) while(at Pos) (statement, error) {
	cond, err := p.inBrackets()
	if err != nil {
		return nil, err
	}
	body, err := p.body()
	return &while{at, nil, cond, nil, body}, err
}

func (p *parser) counting(at Pos) (statement, error) {
	if err := p.step(); err != nil {
		return nil, err
	}
	if err := p.take("("); err != nil {
		return nil, err
	}
	before := len(p.names)
	defer func() { p.names = p.names[:before] }()
	s := &while{pos: at}
	if !p.is(";") {
		d, ok, err := p.declaration()
		if err == nil && !ok {
			var n node
			n, err = p.expression()
			d = &evaluate{n}
		}
		if err != nil {
			return nil, err
		}
		s.first = d
	}
	if err := p.take(";"); err != nil {
		return nil, err
	}
	var err error
	if !p.is(";") {
		if s.cond, err = p.expression(); err != nil {
			return nil, err
		}
	}
	if err := p.take(";"); err != nil {
		return nil, err
	}
	if !p.is(")") {
		if s.each, err = p.expression(); err != nil {
			return nil, err
		}
	}
	if err := p.take(")"); err != nil {
		return nil, err
	}
	s.body, err = p.body()
	return s, err
}

func (p *parser) trying(at Pos) (statement, error) {
	if err := p.step(); err != nil {
		return nil, err
	}
	s := &try{pos: at}
	var err error
	if s.body, err = p.blockBody(); err != nil {
		return nil, err
	}
	if p.word("catch") {
		s.caught = true
		if err := p.step(); err != nil {
			return nil, err
		}
		before := len(p.names)
		if p.is("(") {
			if err := p.step(); err != nil {
				return nil, err
			}
			if _, ok, err := p.typeName(false); err != nil || !ok {
				return nil, orUnknownType(err, p.tok)
			}
			if p.tok.kind == ident {
				s.name = p.tok.word
				p.names = append(slices.Clip(p.names), s.name)
				if err := p.step(); err != nil {
					return nil, err
				}
			}
			if err := p.take(")"); err != nil {
				return nil, err
			}
		}
		if s.handler, err = p.blockBody(); err != nil {
			return nil, err
		}
		p.names = p.names[:before]
	}
	if p.word("finally") {
		if err := p.step(); err != nil {
			return nil, err
		}
		s.finally, err = p.blockBody()
	} else if !s.caught {
		return nil, faultAt(p.tok.pos, "try needs catch or finally")
	}
	return s, err
}

// using runs its body; nothing here has to be disposed of.
func (p *parser) using() (statement, error) {
	if err := p.step(); err != nil {
		return nil, err
	}
	if err := p.take("("); err != nil {
		return nil, err
	}
	before := len(p.names)
	first, ok, err := p.declaration()
	if err == nil && !ok {
		var n node
		n, err = p.expression()
		first = &evaluate{n}
	}
	if err == nil {
		err = p.take(")")
	}
	if err != nil {
		return nil, err
	}
	body, err := p.body()
	p.names = p.names[:before]
	return &block{append([]statement{first}, body...)}, err
}

func (p *parser) throwing(at Pos) (statement, error) {
	if err := p.step(); err != nil {
		return nil, err
	}
	if p.is(";") {
		return &throw{at, nil}, p.step()
	}
	n, err := p.expression()
	if err != nil {
		return nil, err
	}
	return &throw{at, n}, p.take(";")
}

// alwaysReturns reports whether no way through the statements ends without a value.
func alwaysReturns(all []statement) bool {
	for _, s := range all {
		switch s := s.(type) {
		case *give, *throw:
			return true
		case *block:
			if alwaysReturns(s.body) {
				return true
			}
		case *choose:
			if alwaysReturns(s.yes) && alwaysReturns(s.no) {
				return true
			}
		case *try:
			if alwaysReturns(s.finally) || alwaysReturns(s.body) && (!s.caught || alwaysReturns(s.handler)) {
				return true
			}
		case *while:
			if s.cond == nil {
				return true
			}
			if l, ok := s.cond.(*literal); ok && l.value == true {
				return true
			}
		}
	}
	return false
}
