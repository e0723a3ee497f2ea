package odata

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// The limits of a filter.
const (
	maxText  = 64 << 10
	maxDepth = 200 // of parentheses and not
)

// Filter is a parsed filter. It is never changed and safe for concurrent use.
type Filter struct{ root *node }

// op is what a node does.
type op uint8

const (
	opOr op = iota
	opAnd
	opNot
	opEq
	opNe
	opGt
	opGe
	opLt
	opLe
	opProperty
	opLiteral
)

// node is an expression.
type node struct {
	op          op
	at          int // byte in the text
	left, right *node
	name        string           // of a property
	value       tablestore.Value // of a literal
}

// comparisons are the operators' words.
var comparisons = map[string]op{"eq": opEq, "ne": opNe, "gt": opGt, "ge": opGe, "lt": opLt, "le": opLe}

// Parse reads a filter. An empty one is nil, which everything matches. The error
// is an *Error.
func Parse(text string) (*Filter, error) {
	if len(text) > maxText {
		return nil, &Error{Position: maxText + 1, Message: "a filter has at most 65536 bytes"}
	}
	if !utf8.ValidString(text) {
		return nil, &Error{Position: 1, Message: "it is not valid UTF-8"}
	}
	p := parser{lexer: lexer{text: text}}
	if err := p.next(); err != nil {
		return nil, err
	}
	if p.tok.kind == end {
		return nil, nil
	}
	root, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != end {
		return nil, p.unexpected()
	}
	if err := p.truth(root); err != nil {
		return nil, err
	}
	return &Filter{root}, nil
}

type parser struct {
	lexer
	depth int
}

// take goes on behind a word, if it is the next token.
func (p *parser) take(text string) (bool, *Error) {
	if p.tok.kind != word || p.tok.text != text {
		return false, nil
	}
	return true, p.next()
}

func (p *parser) or() (*node, *Error) { return p.chain("or", opOr, (*parser).and) }

func (p *parser) and() (*node, *Error) { return p.chain("and", opAnd, (*parser).not) }

// chain reads operands that a word joins.
func (p *parser) chain(joint string, o op, operand func(*parser) (*node, *Error)) (*node, *Error) {
	left, err := operand(p)
	for err == nil {
		at := p.tok.at
		var more bool
		if more, err = p.take(joint); err != nil || !more {
			return left, err
		}
		var right *node
		if right, err = operand(p); err != nil {
			return nil, err
		}
		if err = p.truth(left); err == nil {
			err = p.truth(right)
		}
		left = &node{op: o, at: at, left: left, right: right}
	}
	return nil, err
}

// not reads a comparison or the opposite of one. OData binds not more tightly than
// eq; where that has a meaning, (not a) eq b and not (a eq b) are the same.
func (p *parser) not() (*node, *Error) {
	at := p.tok.at
	found, err := p.take("not")
	if err != nil || !found {
		if err != nil {
			return nil, err
		}
		return p.comparison()
	}
	if err := p.deeper(at); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	of, err := p.not()
	if err == nil {
		err = p.truth(of)
	}
	return &node{op: opNot, at: at, left: of}, err
}

func (p *parser) deeper(at int) *Error {
	if p.depth++; p.depth > maxDepth {
		return p.fail(at, "it is nested more than %d deep", maxDepth)
	}
	return nil
}

func (p *parser) comparison() (*node, *Error) {
	left, err := p.operand()
	if err != nil || p.tok.kind != word {
		return left, err
	}
	o, ok := comparisons[p.tok.text]
	if !ok {
		return left, p.arithmetic()
	}
	at := p.tok.at
	if err := p.next(); err != nil {
		return nil, err
	}
	right, err := p.operand()
	if err != nil {
		return nil, err
	}
	if _, again := comparisons[p.tok.text]; again && p.tok.kind == word {
		return nil, p.fail(p.tok.at, "two comparisons need parentheses, or and or or between them")
	}
	return &node{op: o, at: at, left: left, right: right}, p.arithmetic()
}

// arithmetic refuses the operators of OData that tables do not have.
func (p *parser) arithmetic() *Error {
	if p.tok.kind == word {
		switch p.tok.text {
		case "add", "sub", "mul", "div", "mod":
			return p.unsupported(p.tok.at, "the operator %s", p.tok.text)
		}
	}
	return nil
}

func (p *parser) unsupported(at int, format string, args ...any) *Error {
	err := p.fail(at, format, args...)
	err.Unsupported = true
	err.Message += " is not supported in filters of tables; there are eq, ne, gt, ge, lt, le, and, or, not"
	return err
}

func (p *parser) operand() (*node, *Error) {
	t := p.tok
	if t.kind == open {
		return p.parentheses()
	}
	n := &node{op: opLiteral, at: t.at}
	var err *Error
	switch t.kind {
	case quoted:
		n.value, err = p.literal(t)
	case number:
		n.value, err = p.numberValue(t)
	case word:
		err = p.name(n, t.text)
	default:
		err = p.unexpected()
	}
	if err != nil {
		return nil, err
	}
	if err := p.next(); err != nil {
		return nil, err
	}
	switch {
	case t.kind == word && p.tok.kind == open:
		return nil, p.unsupported(t.at, "the function %.60s", t.text)
	case t.kind == word && p.tok.kind == other && p.tok.text == "/":
		return nil, p.unsupported(p.tok.at, "a path behind %.60s", t.text)
	}
	return n, nil
}

func (p *parser) parentheses() (*node, *Error) {
	at := p.tok.at
	if err := p.deeper(at); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.next(); err != nil {
		return nil, err
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != shut {
		if p.tok.kind == end {
			return nil, p.fail(at, "this parenthesis is not closed")
		}
		return nil, p.unexpected()
	}
	return n, p.next()
}

// name makes n what a word stands for.
func (p *parser) name(n *node, text string) *Error {
	switch text {
	case "true", "false":
		n.value = tablestore.BoolValue(text == "true")
	case "NaN":
		n.value = tablestore.DoubleValue(math.NaN())
	case "INF":
		n.value = tablestore.DoubleValue(math.Inf(1))
	case "null":
		return p.unsupported(n.at, "null (a property without a value is not kept, so nothing can be compared with it)")
	case "and", "or", "eq", "ne", "gt", "ge", "lt", "le":
		return p.unexpected()
	default:
		if strings.IndexByte(text, '.') >= 0 {
			return p.fail(n.at, "%.60s is not the name of a property", text)
		}
		n.op, n.name = opProperty, text
	}
	return nil
}

func (p *parser) unexpected() *Error {
	switch t := p.tok; t.kind {
	case end:
		return p.fail(t.at, "it ends where a property, a literal or a parenthesis is expected")
	case word, number:
		return p.fail(t.at, "%.60q is not expected here", t.text)
	case quoted:
		return p.fail(t.at, "a literal is not expected here")
	case open:
		return p.fail(t.at, "( is not expected here")
	case shut:
		return p.fail(t.at, ") is not expected here")
	default:
		return p.fail(t.at, "the character %q cannot be in a filter", t.text)
	}
}

// truth refuses what can be neither true nor false.
func (p *parser) truth(n *node) *Error {
	switch {
	case n.op == opLiteral && n.value.Type() != tablestore.Boolean:
		return p.fail(n.at, "a literal of type %s is not true or false; compare it with a property", n.value.Type())
	case n.op == opProperty && (n.name == tablestore.PartitionKeyName || n.name == tablestore.RowKeyName || n.name == tablestore.TimestampName):
		return p.fail(n.at, "%s is not true or false; compare it with a literal", n.name)
	}
	return nil
}
