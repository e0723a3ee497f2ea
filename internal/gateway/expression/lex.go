package expression

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind uint8

const (
	endOfText kind = iota
	ident
	number
	text   // a string
	letter // a char
	interpolated
	punct
)

// token is a word of an expression.
type token struct {
	kind  kind
	pos   Pos
	word  string // of identifiers and marks; the value of strings
	value any    // of numbers
	parts []part // of interpolated strings
	glued bool   // nothing is between it and the one before
}

// part is a piece of an interpolated string: a text, or a hole.
type part struct {
	text   string
	hole   node // nil: text
	align  int
	format string
}

// marks, the longer before their beginnings.
var marks = []string{
	"??=", "<<=", ">>=",
	"=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "<<", "|=", "&=", "^=",
	"(", ")", "[", "]", "{", "}", "<", ">", "+", "-", "*", "/", "%", "!", "~", "?", ":", ";", ",", ".", "=", "&", "|", "^",
}

// lexer cuts a text into tokens.
type lexer struct {
	src   string
	at    int
	pos   Pos
	depth int      // of interpolated strings in each other
	seen  []string // the variables that can be seen here
}

func (l *lexer) advance(n int) {
	for _, r := range l.src[l.at : l.at+n] {
		if r == '\n' {
			l.pos.Line++
			l.pos.Column = 1
		} else {
			l.pos.Column++
		}
	}
	l.at += n
}

func (l *lexer) rest() string { return l.src[l.at:] }

// space passes over white space and comments.
func (l *lexer) space() error {
	for l.at < len(l.src) {
		rest := l.rest()
		switch {
		case strings.HasPrefix(rest, "//"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			l.advance(end)
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return faultAt(l.pos, "the comment has no end")
			}
			l.advance(end + 4)
		default:
			r, n := utf8.DecodeRuneInString(rest)
			if !unicode.IsSpace(r) && r != '\ufeff' {
				return nil
			}
			l.advance(n)
		}
	}
	return nil
}

// next returns the next token.
func (l *lexer) next() (token, error) {
	before := l.at
	if err := l.space(); err != nil {
		return token{}, err
	}
	t := token{pos: l.pos, glued: before == l.at}
	if l.at == len(l.src) {
		return t, nil
	}
	rest := l.rest()
	c := rest[0]
	switch {
	case c == '"' || strings.HasPrefix(rest, `@"`):
		return l.str(t)
	case strings.HasPrefix(rest, `$"`), strings.HasPrefix(rest, `$@"`), strings.HasPrefix(rest, `@$"`):
		return l.interpolation(t)
	case c == '\'':
		return l.char(t)
	case c >= '0' && c <= '9', c == '.' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9':
		return l.number(t)
	}
	if r, _ := utf8.DecodeRuneInString(rest); r == '_' || r == '@' || unicode.IsLetter(r) {
		return l.ident(t)
	}
	for _, m := range marks {
		if strings.HasPrefix(rest, m) {
			t.kind, t.word = punct, m
			l.advance(len(m))
			return t, nil
		}
	}
	return t, faultAt(l.pos, "%q means nothing here", firstRune(rest))
}

func firstRune(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}

func (l *lexer) ident(t token) (token, error) {
	rest := strings.TrimPrefix(l.rest(), "@")
	end := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		end = len(rest)
	}
	if end == 0 {
		return t, faultAt(l.pos, "@ means nothing here")
	}
	t.kind, t.word = ident, rest[:end]
	l.advance(len(l.rest()) - len(rest) + end)
	return t, nil
}

func (l *lexer) number(t token) (token, error) {
	rest := l.rest()
	end := 0
	hex := strings.HasPrefix(rest, "0x") || strings.HasPrefix(rest, "0X")
	real := false
	for end < len(rest) {
		c := rest[end]
		switch {
		case c >= '0' && c <= '9', c == '_', hex && (c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'), hex && end == 1:
		case !hex && c == '.' && end+1 < len(rest) && rest[end+1] >= '0' && rest[end+1] <= '9':
			real = true
		case !hex && (c == 'e' || c == 'E') && end+1 < len(rest) && strings.IndexByte("+-0123456789", rest[end+1]) >= 0:
			real = true
			end++
		default:
			goto done
		}
		end++
	}
done:
	digits := strings.ReplaceAll(rest[:end], "_", "")
	suffix := ""
	for end < len(rest) && strings.IndexByte("lLuUdDfFmM", rest[end]) >= 0 {
		suffix += strings.ToLower(rest[end : end+1])
		end++
	}
	var err error
	t.kind = number
	switch {
	case real || suffix == "d" || suffix == "f" || suffix == "m":
		t.value, err = strconv.ParseFloat(digits, 64)
	default:
		base := 10
		if hex {
			base, digits = 16, digits[2:]
		}
		var n int64
		n, err = strconv.ParseInt(digits, base, 64)
		if t.value = n; suffix == "" && n == int64(int32(n)) { //nolint:gosec // that is the question
			t.value = int32(n) //nolint:gosec // it fits
		}
	}
	if err != nil {
		return t, faultAt(t.pos, "%s is no number that fits", rest[:end])
	}
	l.advance(end)
	return t, nil
}

// str reads "…" and @"…".
func (l *lexer) str(t token) (token, error) {
	verbatim := l.src[l.at] == '@'
	l.advance(1)
	if verbatim {
		l.advance(1)
	}
	var out strings.Builder
	for l.at < len(l.src) {
		rest := l.rest()
		switch {
		case verbatim && strings.HasPrefix(rest, `""`):
			out.WriteByte('"')
			l.advance(2)
		case rest[0] == '"':
			l.advance(1)
			t.kind, t.word = text, out.String()
			return t, nil
		case rest[0] == '\\' && !verbatim:
			if err := l.escape(&out); err != nil {
				return t, err
			}
		case rest[0] == '\n' && !verbatim:
			return t, faultAt(t.pos, "the string has no end on its line")
		default:
			n := len(firstRune(rest))
			out.WriteString(rest[:n])
			l.advance(n)
		}
	}
	return t, faultAt(t.pos, "the string has no end")
}

// escape reads what stands behind a backslash.
func (l *lexer) escape(out *strings.Builder) error {
	rest := l.rest()
	if len(rest) < 2 {
		return faultAt(l.pos, "the string has no end")
	}
	if plain := strings.IndexByte(`'"\0abfnrtv`, rest[1]); plain >= 0 {
		out.WriteByte("'\"\\\x00\a\b\f\n\r\t\v"[plain])
		l.advance(2)
		return nil
	}
	width := map[byte]int{'u': 4, 'x': 4, 'U': 8}[rest[1]]
	digits := 0
	for digits < width && 2+digits < len(rest) && strings.IndexByte("0123456789abcdefABCDEF", rest[2+digits]) >= 0 {
		digits++
	}
	if digits == 0 || rest[1] != 'x' && digits < width {
		return faultAt(l.pos, "\\%c is no escape of a string", rest[1])
	}
	n, err := strconv.ParseUint(rest[2:2+digits], 16, 32)
	if err != nil || n > unicode.MaxRune {
		return faultAt(l.pos, "the escape is no character")
	}
	out.WriteRune(rune(n)) //nolint:gosec // checked
	l.advance(2 + digits)
	return nil
}

func (l *lexer) char(t token) (token, error) {
	l.advance(1)
	var out strings.Builder
	if l.at < len(l.src) && l.src[l.at] == '\\' {
		if err := l.escape(&out); err != nil {
			return t, err
		}
	} else if l.at < len(l.src) {
		r := firstRune(l.rest())
		out.WriteString(r)
		l.advance(len(r))
	}
	if l.at >= len(l.src) || l.src[l.at] != '\'' || utf8.RuneCountInString(out.String()) != 1 {
		return t, faultAt(t.pos, "between ' and ' stands one character")
	}
	l.advance(1)
	r, _ := utf8.DecodeRuneInString(out.String())
	t.kind, t.value = letter, Char(r)
	return t, nil
}

// maxHoles bounds interpolated strings in each other, which are read anew at each try.
const maxHoles = 3

// maxNested bounds brackets, strings and statements in each other.
const maxNested = 100

// interpolation reads $"…{hole,align:format}…".
func (l *lexer) interpolation(t token) (token, error) {
	open := strings.IndexByte(l.rest(), '"')
	verbatim := strings.Contains(l.rest()[:open], "@")
	l.advance(open + 1)
	var out strings.Builder
	flush := func() {
		if out.Len() > 0 {
			t.parts = append(t.parts, part{text: out.String()})
			out.Reset()
		}
	}
	for l.at < len(l.src) {
		rest := l.rest()
		switch {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"), verbatim && strings.HasPrefix(rest, `""`):
			out.WriteByte(rest[0])
			l.advance(2)
		case rest[0] == '"':
			l.advance(1)
			flush()
			t.kind = interpolated
			return t, nil
		case rest[0] == '{':
			flush()
			p, err := l.hole()
			if err != nil {
				return t, err
			}
			t.parts = append(t.parts, p)
		case rest[0] == '}':
			return t, faultAt(l.pos, "a } in an interpolated string is written }}")
		case rest[0] == '\\' && !verbatim:
			if err := l.escape(&out); err != nil {
				return t, err
			}
		default:
			n := len(firstRune(rest))
			out.WriteString(rest[:n])
			l.advance(n)
		}
	}
	return t, faultAt(t.pos, "the string has no end")
}

// hole reads {expression,align:format}; the format runs to the brace.
func (l *lexer) hole() (part, error) {
	l.advance(1)
	l.depth++
	if l.depth > maxHoles {
		return part{}, faultAt(l.pos, "strings are nested too deeply")
	}
	defer func() { l.depth-- }()
	p := parser{lex: l, names: slices.Clone(l.seen), depth: l.depth}
	if err := p.step(); err != nil {
		return part{}, err
	}
	n, err := p.holeExpression()
	if err != nil {
		return part{}, err
	}
	out := part{hole: n}
	if p.is(",") {
		if err := p.step(); err != nil {
			return out, err
		}
		minus := p.is("-")
		if minus {
			if err := p.step(); err != nil {
				return out, err
			}
		}
		width, ok := p.tok.value.(int32)
		if !ok || width > 1000 {
			return out, faultAt(p.tok.pos, "the width of a hole is a number up to 1000")
		}
		if out.align = int(width); minus {
			out.align = -out.align
		}
		if err := p.step(); err != nil {
			return out, err
		}
	}
	if p.is(":") {
		end := strings.IndexByte(l.rest(), '}')
		if end < 0 {
			return out, faultAt(l.pos, "the hole of the string has no end")
		}
		out.format = l.rest()[:end]
		l.advance(end + 1)
		return out, nil
	}
	if !p.is("}") {
		return out, faultAt(p.tok.pos, "the hole of the string has no end: %s is not }", p.tok.shown())
	}
	return out, nil
}

func (t token) shown() string {
	switch t.kind {
	case endOfText:
		return "the end"
	case text, interpolated:
		return "a string"
	case letter:
		return "a character"
	case number:
		return "a number"
	}
	return strconv.Quote(t.word)
}
