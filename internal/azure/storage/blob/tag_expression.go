package blob

import (
	"fmt"
	"strings"
)

// A tag expression is what Find Blobs by Tags takes as `where`, and what the
// headers x-ms-if-tags and x-ms-source-if-tags take as a condition (Azure: "Find
// Blobs by Tags", "Specifying conditional headers for Blob Service operations"):
//
//	where     := term { AND term }
//	condition := all { OR all }      all := factor { AND factor }
//	factor    := term | "(" condition ")"
//	term      := key op 'value'      op := = > >= < <= and, in a condition, <>
//	key       := "quoted" | letters, digits and _ | @container (in where, only with =)
//
// Texts compare by their code points. A tag that a blob does not have satisfies no
// comparison, <> excepted.
type tagExpression struct {
	root node
	// container is the only container asked for, or "".
	container string
}

// node is one part of a parsed expression.
type node interface {
	holds(tags map[string]string) bool
}

type (
	allOf      []node
	anyOf      []node
	comparison struct{ key, op, value string }
)

func (n allOf) holds(tags map[string]string) bool {
	for _, part := range n {
		if !part.holds(tags) {
			return false
		}
	}
	return true
}

func (n anyOf) holds(tags map[string]string) bool {
	for _, part := range n {
		if part.holds(tags) {
			return true
		}
	}
	return false
}

func (n comparison) holds(tags map[string]string) bool {
	have, ok := tags[n.key]
	if !ok {
		return n.op == "<>"
	}
	switch n.op {
	case "=":
		return have == n.value
	case "<>":
		return have != n.value
	case ">":
		return have > n.value
	case ">=":
		return have >= n.value
	case "<":
		return have < n.value
	default:
		return have <= n.value
	}
}

// Holds reports whether tags satisfy the expression.
func (e *tagExpression) Holds(tags map[string]string) bool { return e.root.holds(tags) }

// holdsIn is Holds of a blob in a container, which the search looks for already.
func (e *tagExpression) holdsIn(_ string, tags map[string]string) bool { return e.root.holds(tags) }

// maxTerms and maxNesting bound an expression; no service documents more.
const (
	maxTerms   = 64
	maxNesting = 16
)

// parseWhere reads the expression of a search.
func parseWhere(text string) (*tagExpression, error) { return parseTagExpression(text, true) }

// parseIfTags reads the expression of a condition.
func parseIfTags(text string) (*tagExpression, error) { return parseTagExpression(text, false) }

func parseTagExpression(text string, search bool) (*tagExpression, error) {
	p := &tagParser{text: text, search: search}
	p.next()
	e := &tagExpression{root: p.any(0)}
	if p.err == nil && p.kind != tokenEnd {
		p.expect("the end, AND" + p.alternatives())
	}
	e.container = p.container
	return e, p.err
}

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenKey
	tokenText
	tokenOp
	tokenAnd
	tokenOr
	tokenOpen
	tokenClose
	tokenContainer
)

// tagParser goes bad once, with err, and then yields ends.
type tagParser struct {
	text      string
	search    bool
	at        int // of what is behind the token
	start     int // of the token
	kind      tokenKind
	value     string // of the token
	terms     int
	container string
	err       error
}

func (p *tagParser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("at character %d of the tag expression: "+format, append([]any{p.start + 1}, args...)...)
	}
	p.kind = tokenEnd
}

func (p *tagParser) expect(what string) {
	if p.kind == tokenEnd {
		p.fail("it ends where %s is expected", what)
		return
	}
	p.fail("there is %q where %s is expected", clip(p.text[p.start:p.at], 40), what)
}

// alternatives names what may follow a term beside AND.
func (p *tagParser) alternatives() string {
	if p.search {
		return ""
	}
	return ", OR"
}

func (p *tagParser) any(depth int) node {
	parts := anyOf{p.all(depth)}
	for p.err == nil && p.kind == tokenOr {
		if p.search {
			p.fail("OR is not supported in a search for tags")
			break
		}
		p.next()
		parts = append(parts, p.all(depth))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return parts
}

func (p *tagParser) all(depth int) node {
	parts := allOf{p.factor(depth)}
	for p.err == nil && p.kind == tokenAnd {
		p.next()
		parts = append(parts, p.factor(depth))
	}
	return parts
}

func (p *tagParser) factor(depth int) node {
	if p.kind != tokenOpen {
		return p.term()
	}
	switch {
	case p.search:
		p.fail("parentheses are not supported in a search for tags")
	case depth == maxNesting:
		p.fail("more than %d parentheses are open", maxNesting)
	}
	p.next()
	n := p.any(depth + 1)
	if p.err == nil && p.kind != tokenClose {
		p.expect("a closing parenthesis")
	}
	p.next()
	return n
}

func (p *tagParser) term() node {
	kind, key := p.kind, p.value
	if kind != tokenKey && (kind != tokenContainer || !p.search) {
		p.expect("the key of a tag")
		return allOf{}
	}
	if p.terms++; p.terms > maxTerms {
		p.fail("there are more than %d comparisons", maxTerms)
	}
	p.next()
	c := comparison{key: key, op: p.value}
	switch {
	case p.err != nil:
	case p.kind != tokenOp:
		p.expect("a comparison (=, >, >=, <, <=)")
	case p.search && c.op == "<>", kind == tokenContainer && c.op != "=":
		p.fail("%s is not supported here", c.op)
	}
	p.next()
	if p.err == nil && p.kind != tokenText {
		p.expect("a value in single quotes")
	}
	c.value = p.value
	p.next()
	if kind == tokenContainer {
		p.container = c.value
		return allOf{}
	}
	return c
}

// next reads a token.
func (p *tagParser) next() {
	if p.err != nil {
		p.kind = tokenEnd
		return
	}
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
	p.start, p.value = p.at, ""
	if p.at == len(p.text) {
		p.kind = tokenEnd
		return
	}
	switch c := p.text[p.at]; {
	case c == '\'':
		p.quoted(c, tokenText)
	case c == '"':
		p.quoted(c, tokenKey)
	case c == '(':
		p.take(1, tokenOpen)
	case c == ')':
		p.take(1, tokenClose)
	case strings.IndexByte("=<>", c) >= 0:
		p.operator()
	default:
		p.word()
	}
}

func (p *tagParser) take(n int, kind tokenKind) {
	p.value, p.kind = p.text[p.at:p.at+n], kind
	p.at += n
}

func (p *tagParser) operator() {
	n := 1
	if rest := p.text[p.at:]; strings.HasPrefix(rest, ">=") || strings.HasPrefix(rest, "<=") || strings.HasPrefix(rest, "<>") {
		n = 2
	}
	p.take(n, tokenOp)
}

func (p *tagParser) quoted(quote byte, kind tokenKind) {
	var value strings.Builder
	for i := p.at + 1; i < len(p.text); i++ {
		if p.text[i] != quote {
			value.WriteByte(p.text[i])
			continue
		}
		if i+1 < len(p.text) && p.text[i+1] == quote { // doubled
			value.WriteByte(quote)
			i++
			continue
		}
		p.value, p.kind, p.at = value.String(), kind, i+1
		return
	}
	p.at = len(p.text)
	p.fail("a quote is not closed")
}

func (p *tagParser) word() {
	n := 0
	for p.at+n < len(p.text) && isWordByte(p.text[p.at+n], n) {
		n++
	}
	if n == 0 {
		p.at++
		p.fail("there is an unexpected %q", p.text[p.start:p.at])
		return
	}
	p.take(n, tokenKey)
	switch strings.ToLower(p.value) {
	case "and":
		p.kind = tokenAnd
	case "or":
		p.kind = tokenOr
	case "@container":
		p.kind = tokenContainer
	default:
		if p.value[0] == '@' {
			p.fail("%q is unknown; there is @container", clip(p.value, 40))
		}
	}
}

func isWordByte(c byte, at int) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '@' && at == 0
}
