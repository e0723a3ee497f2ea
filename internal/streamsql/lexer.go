package streamsql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lexer cuts the script into tokens, one at a time.
type lexer struct {
	text string
	pos  int
}

// operators, longest first for each first byte.
var operators = [...]string{
	"<=", ">=", "<>", "!=", "!<", "!>",
	"<", ">", "=", "+", "-", "*", "/", "%", "|", "&", "^", "~", "?", ",", ".", "(", ")", ";", "{", "}",
}

// lex cuts the whole script. The last token is tokEOF.
func lex(text string) ([]token, *SyntaxError) {
	l := lexer{text: text}
	tokens := make([]token, 0, len(text)/4+1)
	for {
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		if t.kind == tokEOF {
			return tokens, nil
		}
	}
}

// next returns the next token.
func (l *lexer) next() (token, *SyntaxError) {
	if err := l.skipBlanks(); err != nil {
		return token{}, err
	}
	start := l.pos
	if start >= len(l.text) {
		return token{kind: tokEOF, span: span{start, start}}, nil
	}
	c := l.text[start]
	switch {
	case c == '\'':
		return l.quoted('\'', tokString, "string")
	case c == '[':
		return l.quoted(']', tokQuoted, "quoted name")
	case c == '"':
		return l.quoted('"', tokDouble, "double-quoted name")
	case isDigit(c), c == '.' && start+1 < len(l.text) && isDigit(l.text[start+1]):
		return l.number()
	}
	if l.skipName(); l.pos > start {
		word := l.text[start:l.pos]
		if upper, ok := reserved(word); ok {
			return token{kind: tokWord, span: span{start, l.pos}, text: upper}, nil
		}
		return token{kind: tokName, span: span{start, l.pos}, text: word}, nil
	}
	for _, op := range operators {
		if strings.HasPrefix(l.text[start:], op) {
			l.pos += len(op)
			return token{kind: tokenKind(op), span: span{start, l.pos}, text: op}, nil
		}
	}
	if c == '!' {
		return token{}, errorAt(l.text, span{start, start + 1}, "'!' is not part of the language: NOT is, and != !< !>")
	}
	_, n := utf8.DecodeRuneInString(l.text[start:])
	return token{}, errorAt(l.text, span{start, start + n}, "%q is not part of the language", l.text[start:start+n])
}

// skipBlanks passes white space, -- comments and /* comments */.
func (l *lexer) skipBlanks() *SyntaxError {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case strings.HasPrefix(rest, "--"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest) - 1
			}
			l.pos += n + 1
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return errorAt(l.text, span{l.pos, l.pos + 2}, "this comment does not end: */ is expected")
			}
			l.pos += n + 4
		default:
			r, n := utf8.DecodeRuneInString(rest)
			if !unicode.IsSpace(r) && r != '\uFEFF' {
				return nil
			}
			l.pos += n
		}
	}
	return nil
}

// skipName passes letters, digits, and _ @ # $, the latter two not in front.
func (l *lexer) skipName() {
	first := l.pos
	for l.pos < len(l.text) {
		r, n := utf8.DecodeRuneInString(l.text[l.pos:])
		switch {
		case r == '_', r == '@', unicode.IsLetter(r):
		case l.pos > first && (unicode.IsDigit(r) || r == '$' || r == '#'):
		default:
			return
		}
		l.pos += n
	}
}

// number reads 12, 1.5, .5 and 1e-3.
func (l *lexer) number() (token, *SyntaxError) {
	start := l.pos
	digits := func() (n int) {
		for l.pos < len(l.text) && isDigit(l.text[l.pos]) {
			l.pos++
			n++
		}
		return n
	}
	digits()
	if l.at('.') {
		l.pos++
		digits()
	}
	fine := true
	if l.at('e') || l.at('E') {
		l.pos++
		if l.at('+') || l.at('-') {
			l.pos++
		}
		fine = digits() > 0
	}
	if end := l.pos; end < len(l.text) {
		if l.skipName(); l.pos > end {
			fine = false
		}
	}
	at := span{start, l.pos}
	if !fine {
		return token{}, errorAt(l.text, at, "'%s' is not a number; a name that begins with a digit is written [%[1]s]", shorten(l.text[at.start:at.end]))
	}
	return token{kind: tokNumber, span: at, text: l.text[start:l.pos]}, nil
}

// at says whether the next byte is c.
func (l *lexer) at(c byte) bool { return l.pos < len(l.text) && l.text[l.pos] == c }

// quoted reads up to the closing byte; two of them stand for one.
func (l *lexer) quoted(quote byte, kind tokenKind, what string) (token, *SyntaxError) {
	start := l.pos
	l.pos++
	var sb strings.Builder
	for {
		rest := l.text[l.pos:]
		n := strings.IndexByte(rest, quote)
		if n < 0 {
			return token{}, errorAt(l.text, span{start, len(l.text)}, "this %s does not end: %c is expected", what, quote)
		}
		sb.WriteString(rest[:n])
		l.pos += n + 1
		if !l.at(quote) {
			text := strings.ToValidUTF8(sb.String(), "\uFFFD")
			if text == "" && kind != tokString {
				return token{}, errorAt(l.text, span{start, l.pos}, "a name is expected between %c and %c", l.text[start], quote)
			}
			return token{kind: kind, span: span{start, l.pos}, text: text}, nil
		}
		sb.WriteByte(quote)
		l.pos++
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
