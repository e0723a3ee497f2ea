package cosmossql

// parser is a recursive-descent parser with one token of lookahead. The first
// error stops it: after failure every token is the end, so that no loop goes on.
type parser struct {
	lex   lexer
	tok   token // the lookahead
	prev  span  // the token consumed last
	err   *SyntaxError
	depth int
	joins int
}

// maxChain bounds the operators in a row on one level, a + b + c …, which make
// the tree as deep as nesting does. Chains of AND and OR are flat and unbounded.
const maxChain = 1000

func newParser(text string) *parser {
	p := &parser{lex: lexer{text: text}}
	if len(text) > MaxTextBytes {
		p.fail(span{0, 0}, codeLimit, "the query has %d bytes; at most %d are allowed", len(text), MaxTextBytes)
		return p
	}
	p.advance()
	return p
}

// fail records the first error and ends the input.
func (p *parser) fail(at span, code, format string, args ...any) {
	if p.err == nil {
		p.err = errorAt(p.lex.text, at, code, format, args...)
	}
	p.lex.pos = len(p.lex.text)
	p.tok = token{kind: tokEOF, span: span{p.lex.pos, p.lex.pos}}
}

// unexpected reports the lookahead; want says what would be valid.
func (p *parser) unexpected(want string) {
	p.fail(p.tok.span, codeSyntax, "Syntax error, incorrect syntax near %s: %s is expected", p.tok.describe(), want)
}

// advance consumes the lookahead and returns it.
func (p *parser) advance() token {
	t := p.tok
	p.prev = t.span
	if p.err != nil {
		return t
	}
	next, err := p.lex.next()
	if err != nil {
		p.fail(span{}, "", "")
		p.err = err
		return t
	}
	p.tok = next
	return t
}

// accept consumes the lookahead if it is the word.
func (p *parser) accept(word string) bool {
	if p.tok.is(word) {
		p.advance()
		return true
	}
	return false
}

// expect consumes the word or fails.
func (p *parser) expect(word string) {
	if !p.accept(word) {
		p.unexpected("'" + word + "'")
	}
}

// enter counts one level of nesting, with leave.
func (p *parser) enter() {
	if p.depth++; p.depth > MaxDepth {
		p.fail(p.tok.span, codeLimit, "the query is nested deeper than %d levels", MaxDepth)
	}
}

func (p *parser) leave() { p.depth-- }

// chained reports a chain that is too long.
func (p *parser) chained(n int) {
	if n > maxChain {
		p.fail(p.tok.span, codeLimit, "more than %d operators in a row; group them with parentheses", maxChain)
	}
}
