package kql

import (
	"fmt"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/nearest"
)

// deepest bounds how far expressions may be nested.
const deepest = 250

// parser reads tokens; the first error ends it by a panic that parse catches.
type parser struct {
	text   string
	tokens []token
	pos    int
	depth  int
	// readers of operators, by word.
	readers map[string]func(*parser, span) operator
}

// parse reads a query.
func parse(text string) (s *script, err *Error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, tokens: tokens, readers: operatorReaders()}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			s, err = nil, e
		}
	}()
	return p.script(), nil
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) ahead(n int) token { return p.tokens[min(p.pos+n, len(p.tokens)-1)] }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != tokEnd {
		p.pos++
	}
	return t
}

// take passes the mark or word if it is next.
func (p *parser) take(text string) bool {
	if p.peek().is(text) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) expect(text string) token {
	if !p.peek().is(text) {
		p.fail(p.peek().span, "'"+text+"' is expected")
	}
	return p.next()
}

func (p *parser) fail(at span, why string) {
	panic(syntaxError(p.text, at, why))
}

// refuse says that the language has something that is not supported here.
func (p *parser) refuse(at span, what string) {
	e := place(p.text, at)
	e.Class, e.Code, e.Message = SemanticError, "SEM0001", what+" is not supported"
	panic(e)
}

func (p *parser) deeper(at span) func() {
	p.depth++
	if p.depth > deepest {
		e := place(p.text, at)
		e.Class, e.Code, e.Message = LimitError, "E_QUERY_TOO_DEEP", fmt.Sprintf("the query is nested more than %d deep", deepest)
		panic(e)
	}
	return func() { p.depth-- }
}

// from is the span from start to the token before the next.
func (p *parser) from(start span) span {
	return span{start.from, p.tokens[max(p.pos-1, 0)].to}
}

func (p *parser) script() *script {
	s := &script{}
	for {
		for p.take(";") {
		}
		t := p.peek()
		switch {
		case t.kind == tokEnd:
			if s.body == nil {
				p.fail(t.span, "a query is expected")
			}
			return s
		case t.is(".") && s.body == nil:
			p.refuse(t.span, "a control command")
		case t.is("let") && p.ahead(1).kind == tokName:
			s.lets = append(s.lets, p.let())
		case t.is("set") && p.ahead(1).kind == tokName:
			p.set()
		case t.is("declare"):
			p.refuse(span{t.from, p.ahead(1).to}, "'declare "+p.ahead(1).text+"'")
		case t.is("alias") || t.is("restrict") || t.is("pattern"):
			if p.ahead(1).kind == tokName {
				p.refuse(t.span, "'"+t.text+"'")
			}
			fallthrough
		default:
			if s.body != nil {
				p.refuse(t.span, "more than one tabular expression in a query")
			}
			s.body = p.pipe()
		}
		if t := p.peek(); t.kind != tokEnd && !t.is(";") {
			p.fail(t.span, "an operator after '|', or ';' is expected")
		}
	}
}

// set passes `set option = value`, which changes nothing here.
func (p *parser) set() {
	p.next()
	p.next()
	if p.take("=") {
		p.take("-")
		p.next()
	}
}

func (p *parser) let() letStatement {
	start := p.next().span
	l := letStatement{name: p.name("a name")}
	p.expect("=")
	if p.startsFunction() {
		l.function = p.function(l.name)
	} else {
		l.value = p.pipe()
	}
	l.span = p.from(start)
	return l
}

// startsFunction looks whether a parameter list and a body follow.
func (p *parser) startsFunction() bool {
	if p.peek().is("view") && p.ahead(1).is("(") {
		return true
	}
	if !p.peek().is("(") {
		return false
	}
	depth := 0
	for i := p.pos; i < len(p.tokens); i++ {
		switch t := p.tokens[i]; {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
			if depth == 0 {
				return i+1 < len(p.tokens) && p.tokens[i+1].is("{")
			}
		}
	}
	return false
}

func (p *parser) function(fname string) *function {
	p.take("view")
	p.expect("(")
	f := &function{name: fname}
	for !p.take(")") {
		if len(f.parameters) > 0 {
			p.expect(",")
		}
		a := parameter{name: p.name("a parameter")}
		p.expect(":")
		if p.take("(") {
			a.table = true
			for !p.take(")") {
				if len(a.columns) > 0 || a.open {
					p.expect(",")
				}
				if p.take("*") {
					a.open = true
					continue
				}
				a.columns = append(a.columns, p.column())
			}
		} else {
			a.kind = p.kind()
			if p.take("=") {
				a.fallback = p.expression()
			}
		}
		f.parameters = append(f.parameters, a)
	}
	p.expect("{")
	defer p.deeper(p.peek().span)()
	for {
		for p.take(";") {
		}
		if p.peek().is("}") && f.body != nil {
			p.next()
			return f
		}
		if p.peek().is("let") && p.ahead(1).kind == tokName {
			f.lets = append(f.lets, p.let())
		} else {
			if f.body != nil {
				p.fail(p.peek().span, "'}' is expected")
			}
			f.body = p.pipe()
		}
		if t := p.peek(); !t.is(";") && !t.is("}") {
			p.fail(t.span, "';' or '}' is expected")
		}
	}
}

// name reads a name: plain, ['quoted'] or ["quoted"].
func (p *parser) name(what string) string {
	n, _ := p.nameAt(what)
	return n
}

func (p *parser) nameAt(what string) (string, span) {
	t := p.peek()
	if t.kind == tokName {
		p.next()
		return t.text, t.span
	}
	if t.is("[") && p.ahead(1).kind == tokLiteral && p.ahead(1).value.kind == String && p.ahead(2).is("]") {
		s := p.ahead(1).value.text
		p.pos += 3
		return s, p.from(t.span)
	}
	if t.kind == tokLiteral && t.text != "" {
		p.fail(t.span, what+" is expected, not a number")
	}
	p.fail(t.span, what+" is expected")
	return "", span{}
}

func (p *parser) column() Column {
	c := Column{Name: p.name("a column")}
	p.expect(":")
	c.Kind = p.kind()
	return c
}

var kindWords = map[string]Kind{
	"bool": Bool, "boolean": Bool, "int": Int, "long": Long, "real": Real, "double": Real, "string": String,
	"datetime": Datetime, "date": Datetime, "timespan": Timespan, "time": Timespan,
	"guid": GUID, "uniqueid": GUID, "uuid": GUID, "decimal": Decimal, "dynamic": Dynamic, "object": Dynamic,
}

func (p *parser) kind() Kind {
	t := p.next()
	k, ok := kindWords[t.text]
	if !ok || t.kind != tokName {
		p.fail(t.span, "a type is expected")
	}
	return k
}

// pipe reads a tabular expression, or a scalar one.
func (p *parser) pipe() expr {
	defer p.deeper(p.peek().span)()
	start := p.peek().span
	var x expr
	if op := p.source(); op != nil {
		x = op
	} else {
		x = p.expression()
	}
	if !p.peek().is("|") {
		return x
	}
	out := &pipe{source: x, ops: p.operators()}
	out.span = p.from(start)
	return out
}

func (p *parser) operators() []operator {
	var ops []operator
	for p.take("|") {
		ops = append(ops, p.operator())
		if len(ops) > 1000 {
			p.fail(p.peek().span, "there are more than 1000 operators")
		}
	}
	return ops
}

// source reads what begins a tabular expression with a word, or gives nil.
func (p *parser) source() expr {
	t, n := p.peek(), p.ahead(1)
	if t.kind != tokName || t.quoted {
		return nil
	}
	begins := false
	switch t.text {
	case "print", "search":
		begins = n.kind != tokEnd && !n.is("|") && !n.is("=") && !n.is(";")
	case "range":
		begins = n.kind == tokName && p.ahead(2).is("from")
	case "union":
		begins = n.kind == tokName || n.is("(") || n.is("*")
	case "datatable", "externaldata":
		begins = n.is("(")
	case "find":
		begins = n.kind == tokName || n.is("(")
	case "evaluate":
		begins = n.kind == tokName
	}
	if !begins {
		return nil
	}
	p.next()
	var op operator
	switch t.text {
	case "print":
		op = &opPrint{t.span, p.list()}
	case "search":
		op = p.search(t.span)
	case "range":
		op = p.rangeOf(t.span)
	case "union":
		op = p.union(t.span)
	case "datatable":
		op = p.datatable(t.span)
	default:
		p.refuse(t.span, "'"+t.text+"'")
	}
	return &source{p.from(t.span), op}
}

// operatorReaders by the word that begins the operator; words of the language
// that are missing here are in refusedOperators.
func operatorReaders() map[string]func(*parser, span) operator {
	return map[string]func(*parser, span) operator{
		"where":           (*parser).where,
		"filter":          (*parser).where,
		"project":         projector("project"),
		"extend":          projector("extend"),
		"distinct":        projector("distinct"),
		"serialize":       projector("serialize"),
		"project-away":    projector("project-away"),
		"project-keep":    projector("project-keep"),
		"project-rename":  (*parser).rename,
		"project-reorder": (*parser).reorder,
		"summarize":       (*parser).summarize,
		"order":           (*parser).sort,
		"sort":            (*parser).sort,
		"top":             (*parser).top,
		"top-nested":      (*parser).topNested,
		"take":            (*parser).takeOp,
		"limit":           (*parser).takeOp,
		"sample":          (*parser).sample,
		"sample-distinct": (*parser).sampleDistinct,
		"count":           func(_ *parser, at span) operator { return &opCount{at} },
		"join":            (*parser).join,
		"lookup":          (*parser).lookup,
		"union":           (*parser).union,
		"mv-expand":       (*parser).expand,
		"mvexpand":        (*parser).expand,
		"mv-apply":        (*parser).apply,
		"mvapply":         (*parser).apply,
		"make-series":     (*parser).makeSeries,
		"parse":           func(p *parser, at span) operator { return p.parseOp(at, false) },
		"parse-where":     func(p *parser, at span) operator { return p.parseOp(at, true) },
		"parse-kv":        (*parser).parseKV,
		"evaluate":        (*parser).evaluate,
		"getschema":       func(_ *parser, at span) operator { return &opSchema{at} },
		"render":          (*parser).render,
		"as":              (*parser).as,
		"consume":         (*parser).consume,
		"invoke":          (*parser).invoke,
		"search":          (*parser).search,
	}
}

// refusedOperators the language has and this package has not.
var refusedOperators = []string{
	"find", "scan", "partition", "reduce", "fork", "facet", "externaldata", "make-graph", "graph-match", "graph-shortest-paths",
	"graph-to-table", "top-hitters", "project-smart", "execute-and-cache", "assert-schema", "macro-expand", "partition-by",
}

func (p *parser) operator() operator {
	t := p.next()
	if t.kind != tokName || t.quoted {
		p.fail(t.span, "an operator is expected")
	}
	if read, ok := p.readers[t.text]; ok {
		return read(p, t.span)
	}
	for _, r := range refusedOperators {
		if r == t.text {
			p.refuse(t.span, "the operator '"+t.text+"'")
		}
	}
	why := "there is no such operator"
	names := make([]string, 0, len(p.readers))
	for n := range p.readers {
		names = append(names, n)
	}
	if n := nearestName(t.text, names); n != "" {
		why += ". Did you mean '" + n + "'?"
	}
	p.fail(t.span, why)
	return nil
}

// nearestName is the name that a word was meant to be, the same for any order of names.
func nearestName(word string, names []string) string {
	best := ""
	for _, n := range names {
		if got := nearest.Name(word, []string{n}); got != "" {
			d, b := nearest.Edits(word, n), 0
			if best != "" {
				b = nearest.Edits(word, best)
			}
			if best == "" || d < b || d == b && n < best {
				best = n
			}
		}
	}
	return best
}

// dynamic reads a value within dynamic(…) that is not plain JSON.
func (p *parser) dynamic(depth int) (any, bool) {
	if depth > jsonDepth {
		return nil, false
	}
	t := p.next()
	switch {
	case t.kind == tokLiteral:
		if !t.value.full && t.value.kind != Dynamic {
			return nil, true
		}
		return toDynamic(t.value), true
	case t.is("-") && p.peek().kind == tokLiteral:
		switch v := p.next().value; v.kind {
		case Long:
			return -v.Int(), true
		case Real:
			return -v.Real(), true
		}
		return nil, false
	case t.is("true"), t.is("false"):
		return t.text == "true", true
	case t.is("null"):
		return nil, true
	case t.is("["):
		list := []any{}
		for !p.take("]") {
			if len(list) > 0 && !p.take(",") {
				return nil, false
			}
			v, ok := p.dynamic(depth + 1)
			if !ok {
				return nil, false
			}
			list = append(list, v)
		}
		return list, true
	case t.is("{"):
		bag := &Bag{}
		for !p.take("}") {
			if len(bag.Names) > 0 && !p.take(",") {
				return nil, false
			}
			key := p.next()
			if key.kind != tokLiteral || key.value.kind != String || !p.take(":") {
				return nil, false
			}
			v, ok := p.dynamic(depth + 1)
			if !ok {
				return nil, false
			}
			bag.Set(key.value.text, v)
		}
		return bag, true
	}
	return nil, false
}

func lower(s string) string { return strings.ToLower(s) }
