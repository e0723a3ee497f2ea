package expression

import (
	"strings"
)

// node is a value in the making.
type node interface {
	eval(f *frame) (any, error)
}

type literal struct {
	pos   Pos
	value any
}

func (n *literal) eval(*frame) (any, error) { return n.value, nil }

type variable struct {
	pos  Pos
	name string
}

func (n *variable) eval(f *frame) (any, error) {
	if v := f.scope.find(n.name); v != nil {
		return *v, nil
	}
	return nil, faultAt(n.pos, "the variable %s has no value here", n.name)
}

// typeRef is a type that stands for its static members.
type typeRef struct {
	pos Pos
	typ typeName
}

func (n *typeRef) eval(*frame) (any, error) {
	return nil, faultAt(n.pos, "%s is a type, not a value", n.typ)
}

type interpolate struct {
	pos   Pos
	parts []part
}

func (n *interpolate) eval(f *frame) (any, error) {
	if err := f.step(n.pos); err != nil {
		return nil, err
	}
	var out strings.Builder
	for _, p := range n.parts {
		s := p.text
		if p.hole != nil {
			v, err := p.hole.eval(f)
			if err != nil {
				return nil, err
			}
			if s, err = formatValue(v, p.format); err != nil {
				return nil, at(n.pos, err)
			}
			s = padded(s, p.align)
		}
		if err := f.fits(n.pos, out.Len()+len(s)); err != nil {
			return nil, err
		}
		out.WriteString(s)
	}
	return out.String(), nil
}

func padded(s string, align int) string {
	switch {
	case align > len(s):
		return strings.Repeat(" ", align-len(s)) + s
	case -align > len(s):
		return s + strings.Repeat(" ", -align-len(s))
	}
	return s
}

type unary struct {
	pos Pos
	op  string
	of  node
}

func (n *unary) eval(f *frame) (any, error) {
	v, err := n.of.eval(f)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case bool:
		if n.op == "!" {
			return !v, nil
		}
	case int32:
		switch n.op {
		case "-":
			return -v, nil
		case "~":
			return ^v, nil
		case "+":
			return v, nil
		}
	case int64:
		switch n.op {
		case "-":
			return -v, nil
		case "~":
			return ^v, nil
		case "+":
			return v, nil
		}
	case float64:
		switch n.op {
		case "-":
			return -v, nil
		case "+":
			return v, nil
		}
	case Span:
		if n.op == "-" {
			return -v, nil
		}
	case *Token:
		if n.op == "!" {
			if b, err := convertTo("Boolean", v); err == nil {
				return b != true, nil
			}
		}
	}
	return nil, faultAt(n.pos, "operator %s cannot be applied to a value of type %s", n.op, typeNameOf(v))
}

type infix struct {
	pos         Pos
	op          string
	left, right node
}

func (n *infix) eval(f *frame) (any, error) {
	if err := f.step(n.pos); err != nil {
		return nil, err
	}
	l, err := n.left.eval(f)
	if err != nil {
		return nil, err
	}
	if n.op == "&&" || n.op == "||" {
		b, ok := asBool(l)
		if !ok {
			return nil, faultAt(n.pos, "left of %s stands a %s, not a bool", n.op, typeNameOf(l))
		}
		if b == (n.op == "||") {
			return b, nil
		}
		r, err := n.right.eval(f)
		if err != nil {
			return nil, err
		}
		if b, ok = asBool(r); !ok {
			return nil, faultAt(n.pos, "right of %s stands a %s, not a bool", n.op, typeNameOf(r))
		}
		return b, nil
	}
	r, err := n.right.eval(f)
	if err != nil {
		return nil, err
	}
	v, err := operate(n.op, l, r)
	if err != nil {
		return nil, at(n.pos, err)
	}
	if s, ok := v.(string); ok {
		err = f.fits(n.pos, len(s))
	}
	return v, err
}

func asBool(v any) (bool, bool) {
	if t, ok := v.(*Token); ok {
		v, _ = convertTo("Boolean", t)
	}
	b, ok := v.(bool)
	return b, ok
}

// at gives an error its place, when it has none.
func at(p Pos, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := err.(*Error); ok { //nolint:errorlint // ours, never wrapped here
		return err
	}
	return &Error{Pos: p, Message: err.Error(), Err: err}
}

type conditional struct {
	pos           Pos
	cond, yes, no node
}

func (n *conditional) eval(f *frame) (any, error) {
	b, err := condition(f, n.pos, n.cond)
	if err != nil {
		return nil, err
	}
	if b {
		return n.yes.eval(f)
	}
	return n.no.eval(f)
}

// condition is a value that must be a bool.
func condition(f *frame, p Pos, n node) (bool, error) {
	if err := f.step(p); err != nil {
		return false, err
	}
	v, err := n.eval(f)
	if err != nil {
		return false, err
	}
	b, ok := asBool(v)
	if !ok {
		return false, faultAt(p, "a condition is a bool; this one is a %s", typeNameOf(v))
	}
	return b, nil
}

type coalesce struct {
	pos         Pos
	left, right node
}

func (n *coalesce) eval(f *frame) (any, error) {
	v, err := n.left.eval(f)
	if err != nil || v != nil {
		return v, err
	}
	return n.right.eval(f)
}

type cast struct {
	pos Pos
	typ typeName
	of  node
}

func (n *cast) eval(f *frame) (any, error) {
	v, err := n.of.eval(f)
	if err != nil {
		return nil, err
	}
	v, err = castTo(n.typ, v)
	return v, at(n.pos, err)
}

type typeTest struct {
	pos  Pos
	of   node
	typ  typeName
	as   bool
	name string // declared by is TYPE NAME
}

func (n *typeTest) eval(f *frame) (any, error) {
	v, err := n.of.eval(f)
	if err != nil {
		return nil, err
	}
	ok := isOf(n.typ, v)
	switch {
	case n.as && ok:
		return v, nil
	case n.as:
		return nil, nil //nolint:nilnil // null is a value
	}
	if n.name != "" {
		if f.declare(n.name, nil); ok {
			*f.scope.find(n.name) = v
		}
	}
	return ok, nil
}

type lambda struct {
	pos    Pos
	params []string
	body   node
	block  []statement
}

func (n *lambda) eval(f *frame) (any, error) { return &closure{n, f}, nil }

// maxCalls bounds lambdas that call each other.
const maxCalls = 50

// call runs a lambda. Arguments beyond its parameters are left out.
func (c *closure) call(from *frame, args ...any) (any, error) {
	f := c.frame.inner()
	if f.calls = from.calls + 1; f.calls > maxCalls {
		return nil, faultAt(c.of.pos, "lambdas call each other too deeply")
	}
	if err := f.step(c.of.pos); err != nil {
		return nil, err
	}
	if len(c.of.params) > len(args) {
		return nil, faultAt(c.of.pos, "the lambda has %d parameters; it is called with %d", len(c.of.params), len(args))
	}
	for i, p := range c.of.params {
		f.declare(p, args[i])
	}
	if c.of.body != nil {
		return c.of.body.eval(f)
	}
	_, v, err := runBlock(f, c.of.block)
	return v, err
}

type out struct {
	pos      Pos
	name     string
	declared bool
}

func (n *out) eval(*frame) (any, error) { return &Out{}, nil }
