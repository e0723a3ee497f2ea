package streamsql

// maxChain bounds the operators in a row on one level, a + b + c …, and the
// branches of a UNION, which make trees as deep as nesting does.
const maxChain = 1000

// parser is a recursive-descent parser over the tokens of the script. The first
// error stops it: after failure every token is the end, so that no loop goes on.
type parser struct {
	text  string
	toks  []token
	pos   int
	tok   token // the lookahead
	prev  span  // the token consumed last
	err   *SyntaxError
	depth int
}

// Parse reads a script. Errors are *SyntaxError.
func Parse(text string) (*Script, error) {
	p := &parser{text: text}
	if len(text) > MaxTextBytes {
		return nil, errorAt(text, span{}, "the script has %d bytes; at most %d are allowed", len(text), MaxTextBytes)
	}
	toks, err := lex(text)
	if err != nil {
		return nil, err
	}
	p.toks, p.tok = toks, toks[0]
	script := p.script()
	if p.err != nil {
		return nil, p.err
	}
	return script, nil
}

// fail records the first error and ends the input.
func (p *parser) fail(at span, format string, args ...any) {
	if p.err == nil {
		p.err = errorAt(p.text, at, format, args...)
	}
	p.pos = len(p.toks) - 1
	p.tok = p.toks[p.pos]
}

// unexpected reports the lookahead; want says what would be valid. The vendor's
// pages use double quotes for names here and for strings there, so in an
// expression they are read as neither. Where only one of them can stand they are
// that: a name after a dot, after AS, FROM or INTO, and as an entry of the SELECT
// list; a string as the second argument of GetRecordPropertyValue.
func (p *parser) unexpected(want string) {
	if p.tok.kind == tokDouble {
		text := shorten(p.tok.text)
		p.fail(p.tok.span, `"%s" is ambiguous: a string is written '%[1]s', the name of a column [%[1]s]`, text)
		return
	}
	p.fail(p.tok.span, "%s is not expected here: %s would be valid", p.tok.describe(), want)
}

// advance consumes the lookahead and returns it.
func (p *parser) advance() token {
	t := p.tok
	p.prev = t.span
	if p.pos < len(p.toks)-1 {
		p.pos++
	}
	p.tok = p.toks[p.pos]
	return t
}

// peek returns the n-th token after the lookahead.
func (p *parser) peek(n int) token { return p.toks[min(p.pos+n, len(p.toks)-1)] }

// accept consumes the lookahead if it is the reserved word or operator.
func (p *parser) accept(word string) bool {
	if p.tok.is(word) {
		p.advance()
		return true
	}
	return false
}

// acceptWord consumes the lookahead if it is the word, reserved or not.
func (p *parser) acceptWord(word string) bool {
	if p.tok.isWord(word) {
		p.advance()
		return true
	}
	return false
}

// expect consumes the reserved word or operator, or fails.
func (p *parser) expect(word string) {
	if !p.accept(word) {
		p.unexpected("'" + word + "'")
	}
}

// expectWord consumes the word, reserved or not, or fails.
func (p *parser) expectWord(word string) {
	if !p.acceptWord(word) {
		p.unexpected("'" + word + "'")
	}
}

// enter counts one level of nesting, with leave.
func (p *parser) enter() {
	if p.depth++; p.depth > MaxDepth {
		p.fail(p.tok.span, "the script is nested deeper than %d levels", MaxDepth)
	}
}

func (p *parser) leave() { p.depth-- }

// chained reports a chain that is too long.
func (p *parser) chained(n int) {
	if n > maxChain {
		p.fail(p.tok.span, "more than %d operators in a row; group them with parentheses", maxChain)
	}
}

// ident consumes a name; what says of what in errors.
func (p *parser) ident(what string) ident {
	if p.tok.kind == tokName || p.tok.kind == tokQuoted || p.tok.kind == tokDouble {
		t := p.advance()
		return ident{t.text, t.span}
	}
	if p.tok.kind == tokWord {
		p.fail(p.tok.span, "%s is a reserved word and cannot be %s; write it [%s]", p.tok.describe(), what, p.text[p.tok.start:p.tok.end])
		return ident{}
	}
	p.unexpected(what)
	return ident{}
}

// anyIdent consumes a name where even reserved words are names: after a dot or AS.
func (p *parser) anyIdent(what string) ident {
	if p.tok.kind == tokWord {
		t := p.advance()
		return ident{p.text[t.start:t.end], t.span}
	}
	return p.ident(what)
}

// list reads one or more items with commas between.
func list[T any](p *parser, item func() T) []T {
	out := []T{item()}
	for p.accept(",") {
		out = append(out, item())
	}
	return out
}
