package cosmossql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lexer cuts the query text into tokens, one at a time.
type lexer struct {
	text string
	pos  int
}

// operators, longest first for each first byte.
var operators = [...]string{
	">>>", "<<", ">>", "<=", ">=", "<>", "!=", "||", "??",
	"<", ">", "=", "+", "-", "*", "/", "%", "|", "&", "^", "~", "?", ":", ",", ".", "(", ")", "[", "]", "{", "}",
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
	case c == '\'' || c == '"':
		return l.stringToken(c)
	case isDigit(c), c == '.' && start+1 < len(l.text) && isDigit(l.text[start+1]):
		return l.numberToken()
	case c == '@':
		l.pos++
		l.skipName()
		if l.pos == start+1 {
			return token{}, errorAt(l.text, span{start, l.pos}, codeSyntax, "a parameter name is expected after '@', as in @id")
		}
		return token{kind: tokParam, span: span{start, l.pos}, text: l.text[start:l.pos]}, nil
	}
	if l.skipName(); l.pos > start {
		word := l.text[start:l.pos]
		if upper, ok := keyword(word); ok {
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
	_, n := utf8.DecodeRuneInString(l.text[start:])
	return token{}, errorAt(l.text, span{start, start + n}, codeSyntax, "%q is not part of the language", l.text[start:start+n])
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
			n := strings.Index(rest, "*/")
			if n < 0 {
				return errorAt(l.text, span{l.pos, l.pos + 2}, codeSyntax, "this comment does not end: */ is expected")
			}
			l.pos += n + 2
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

// skipName passes letters, digits and underscores.
func (l *lexer) skipName() {
	first := l.pos
	for l.pos < len(l.text) {
		r, n := utf8.DecodeRuneInString(l.text[l.pos:])
		switch {
		case r == '_', unicode.IsLetter(r):
		case l.pos > first && unicode.IsDigit(r), l.pos > first && r == '$':
		case l.pos > 0 && l.text[l.pos-1] == '@' && unicode.IsDigit(r): // @0 is a parameter name
		default:
			return
		}
		l.pos += n
	}
}

// numberToken reads 12, 1.5, .5, 1e-3 and 0x1F.
func (l *lexer) numberToken() (token, *SyntaxError) {
	start := l.pos
	digits := func(ok func(byte) bool) (n int) {
		for l.pos < len(l.text) && ok(l.text[l.pos]) {
			l.pos++
			n++
		}
		return n
	}
	fine := true
	if strings.HasPrefix(l.text[start:], "0x") || strings.HasPrefix(l.text[start:], "0X") {
		l.pos += 2
		n := digits(isHexDigit)
		fine = n > 0 && n <= 16
	} else {
		digits(isDigit)
		if l.at('.') {
			l.pos++
			digits(isDigit)
		}
		if l.at('e') || l.at('E') {
			l.pos++
			if l.at('+') || l.at('-') {
				l.pos++
			}
			fine = digits(isDigit) > 0
		}
	}
	l.skipTail(&fine)
	at := span{start, l.pos}
	if !fine {
		return token{}, errorAt(l.text, at, codeNumber, "'%s' is not a number", l.text[at.start:at.end])
	}
	return token{kind: tokNumber, span: at, text: l.text[start:l.pos]}, nil
}

// skipTail passes letters glued to a number, which make it invalid.
func (l *lexer) skipTail(fine *bool) {
	for l.pos < len(l.text) {
		r, n := utf8.DecodeRuneInString(l.text[l.pos:])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return
		}
		*fine = false
		l.pos += n
	}
}

// at says whether the next byte is c.
func (l *lexer) at(c byte) bool { return l.pos < len(l.text) && l.text[l.pos] == c }

// stringToken reads a literal in single or double quotes with JSON's escapes,
// and \' besides.
func (l *lexer) stringToken(quote byte) (token, *SyntaxError) {
	start := l.pos
	l.pos++
	var sb strings.Builder
	for {
		rest := l.text[l.pos:]
		n := strings.IndexAny(rest, string([]byte{quote, '\\'}))
		if n < 0 {
			l.pos = len(l.text)
			return token{}, errorAt(l.text, span{start, l.pos}, codeString, "this string does not end: %c is expected", quote)
		}
		sb.WriteString(rest[:n])
		l.pos += n + 1
		if rest[n] == quote {
			return token{kind: tokString, span: span{start, l.pos}, text: strings.ToValidUTF8(sb.String(), "\uFFFD")}, nil
		}
		r, size := unescape(l.text[l.pos:])
		if size == 0 {
			return token{}, errorAt(l.text, span{l.pos - 1, l.pos + 1}, codeString, `this is no escape: \\ \' \" \/ \b \f \n \r \t and \uXXXX are`)
		}
		sb.WriteRune(r)
		l.pos += size
	}
}

// unescape decodes what follows a backslash and returns the character and how
// many bytes it took; 0 if it is no escape. A surrogate pair is one character.
func unescape[T string | []byte](s T) (rune, int) {
	if len(s) == 0 {
		return 0, 0
	}
	switch s[0] {
	case '\'', '"', '\\', '/':
		return rune(s[0]), 1
	case 'b':
		return '\b', 1
	case 'f':
		return '\f', 1
	case 'n':
		return '\n', 1
	case 'r':
		return '\r', 1
	case 't':
		return '\t', 1
	case 'u':
		hi, ok := hex4(s[1:])
		if !ok {
			return 0, 0
		}
		if hi >= 0xD800 && hi < 0xDC00 && len(s) >= 11 && s[5] == '\\' && s[6] == 'u' {
			if lo, ok := hex4(s[7:]); ok && lo >= 0xDC00 && lo < 0xE000 {
				return (hi-0xD800)<<10 + (lo - 0xDC00) + 0x10000, 11
			}
		}
		if hi >= 0xD800 && hi < 0xE000 {
			hi = unicode.ReplacementChar
		}
		return hi, 5
	}
	return 0, 0
}

// hex4 reads four hexadecimal digits.
func hex4[T string | []byte](s T) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for i := range 4 {
		c := s[i]
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case isHexDigit(c):
			r = r<<4 | rune((c|0x20)-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHexDigit(c byte) bool {
	return isDigit(c) || (c|0x20) >= 'a' && (c|0x20) <= 'f'
}
