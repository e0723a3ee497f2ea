package kql

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lexer cuts a query into tokens.
type lexer struct {
	text string
	pos  int
}

// marks are the operators and punctuation, longer ones before their beginnings.
var marks = [...]string{
	"==", "!=", "<>", "<=", ">=", "=~", "!~", "..", "=>",
	"=", "<", ">", "+", "-", "*", "/", "%", "|", "(", ")", "[", "]", "{", "}", ",", ";", ":", ".", "!", "$", "?", "~",
}

// lex cuts the whole text. The last token is tokEnd.
func lex(text string) ([]token, *Error) {
	l := lexer{text: text}
	tokens := make([]token, 0, len(text)/4+1)
	for {
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		if t.kind == tokEnd {
			return tokens, nil
		}
	}
}

func (l *lexer) rest() string { return l.text[l.pos:] }

func (l *lexer) blanks() {
	for l.pos < len(l.text) {
		if strings.HasPrefix(l.rest(), "//") {
			n := strings.IndexByte(l.rest(), '\n')
			if n < 0 {
				n = len(l.rest())
			}
			l.pos += n
			continue
		}
		r, n := utf8.DecodeRuneInString(l.rest())
		if !unicode.IsSpace(r) && r != '\uFEFF' {
			return
		}
		l.pos += n
	}
}

func (l *lexer) next() (token, *Error) {
	l.blanks()
	start := l.pos
	if start == len(l.text) {
		return token{span: span{start, start}}, nil
	}
	c := l.text[start]
	switch {
	case c == '"' || c == '\'' || c == '`' && strings.HasPrefix(l.rest(), "```"):
		return l.text1(start, false)
	case c == '@' && start+1 < len(l.text) && (l.text[start+1] == '"' || l.text[start+1] == '\''):
		l.pos++
		return l.text1(start, true)
	case (c == 'h' || c == 'H') && start+1 < len(l.text):
		switch n := l.text[start+1]; {
		case n == '"' || n == '\'' || n == '`' && strings.HasPrefix(l.rest()[1:], "```"):
			l.pos++
			return l.text1(start, false)
		case n == '@' && start+2 < len(l.text) && (l.text[start+2] == '"' || l.text[start+2] == '\''):
			l.pos += 2
			return l.text1(start, true)
		}
	case c >= '0' && c <= '9':
		return l.number(start)
	}
	if l.word(); l.pos > start {
		return l.named(start)
	}
	for _, m := range marks {
		if strings.HasPrefix(l.rest(), m) {
			l.pos += len(m)
			return token{kind: tokMark, span: span{start, l.pos}, text: m}, nil
		}
	}
	_, n := utf8.DecodeRuneInString(l.rest())
	return token{}, syntaxError(l.text, span{start, start + n}, "this letter has no meaning here")
}

// word passes letters, digits and underscores.
func (l *lexer) word() {
	for l.pos < len(l.text) {
		r, n := utf8.DecodeRuneInString(l.rest())
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return
		}
		l.pos += n
	}
}

// literals are the types whose name before a parenthesis begins a literal.
var literals = map[string]Kind{
	"datetime": Datetime, "date": Datetime, "time": Timespan, "timespan": Timespan,
	"bool": Bool, "boolean": Bool, "int": Int, "long": Long, "real": Real, "double": Real,
	"guid": GUID, "decimal": Decimal, "dynamic": Dynamic,
}

// named is a name with hyphens (project-away), a literal such as
// datetime(2020-01-01), or a plain name.
func (l *lexer) named(start int) (token, *Error) {
	word := l.text[start:l.pos]
	if kind, ok := literals[word]; ok {
		after := l.pos
		l.blanks()
		if l.pos < len(l.text) && l.text[l.pos] == '(' {
			return l.literal(start, kind)
		}
		l.pos = after
	}
	for _, hyphened := range [...]string{
		"project-away", "project-keep", "project-rename", "project-reorder", "project-smart", "mv-expand", "mv-apply", "make-series",
		"top-nested", "top-hitters", "parse-where", "parse-kv", "sample-distinct", "make-graph", "graph-match", "graph-shortest-paths",
		"graph-to-table", "partition-by", "macro-expand",
	} {
		if rest := l.text[start:]; strings.HasPrefix(rest, hyphened) {
			old := l.pos
			l.pos = start + len(hyphened)
			end := l.pos
			if l.word(); l.pos == end {
				return token{kind: tokName, span: span{start, end}, text: hyphened}, nil
			}
			l.pos = old
		}
	}
	return token{kind: tokName, span: span{start, l.pos}, text: word}, nil
}

// literal reads what is between the parentheses of a type's name.
func (l *lexer) literal(start int, kind Kind) (token, *Error) {
	open := l.pos
	depth := 0
	for l.pos < len(l.text) {
		switch c := l.text[l.pos]; c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case '"', '\'':
			if _, err := l.text1(l.pos, false); err != nil {
				return token{}, err
			}
			l.pos--
		}
		l.pos++
		if depth == 0 {
			break
		}
	}
	at := span{start, l.pos}
	if depth > 0 {
		return token{}, syntaxError(l.text, span{open, open + 1}, "this parenthesis is not closed")
	}
	inner := strings.TrimSpace(l.text[open+1 : l.pos-1])
	if unquoted, ok := unquote(inner); ok && kind != Dynamic {
		inner = strings.TrimSpace(unquoted)
	}
	v, ok := parseLiteral(kind, inner)
	if !ok {
		return token{}, syntaxError(l.text, at, fmt.Sprintf("this is no %s", kind))
	}
	return token{kind: tokLiteral, span: at, value: v}, nil
}

// unquote takes the quotes of a text that is one string literal.
func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != '"' && s[0] != '\'' {
		return "", false
	}
	l := lexer{text: s}
	t, err := l.text1(0, false)
	if err != nil || l.pos != len(s) {
		return "", false
	}
	return t.value.text, true
}

// parseLiteral reads the text within datetime(…), guid(…) and so on.
func parseLiteral(kind Kind, s string) (Value, bool) {
	if s == "null" && kind != Dynamic {
		return Null(kind), true
	}
	switch kind {
	case Dynamic:
		return dynamicLiteral(s)
	case Bool:
		if s == "0" || s == "1" {
			return BoolValue(s == "1"), true
		}
	case Timespan:
		l := lexer{text: s}
		if t, err := l.next(); err == nil && t.kind == tokLiteral && l.pos == len(s) && t.value.kind == Timespan {
			return t.value, true
		}
	case Real:
		switch s {
		case "nan":
			s = "NaN"
		case "+inf", "inf":
			s = "Infinity"
		case "-inf":
			s = "-Infinity"
		}
	}
	v := convert(TextValue(String, s), kind)
	return v, v.full
}

// dynamicLiteral reads JSON, in which strings may have single quotes and
// datetime(…), timespan(…) and other literals may stand.
func dynamicLiteral(s string) (Value, bool) {
	if v, ok := parseJSON(s); ok {
		return DynamicValue(v), true
	}
	tokens, err := lex(s)
	if err != nil {
		return Value{}, false
	}
	p := parser{text: s, tokens: tokens}
	v, ok := p.dynamic(0)
	return DynamicValue(v), ok && p.peek().kind == tokEnd
}

// text1 reads a string literal; l.pos is at its quote.
func (l *lexer) text1(start int, verbatim bool) (token, *Error) {
	quote := l.text[l.pos]
	if quote == '`' {
		n := strings.Index(l.text[l.pos+3:], "```")
		if n < 0 {
			return token{}, syntaxError(l.text, span{start, start + 3}, "this text does not end")
		}
		s := l.text[l.pos+3 : l.pos+3+n]
		l.pos += n + 6
		return token{kind: tokLiteral, span: span{start, l.pos}, value: TextValue(String, s)}, nil
	}
	l.pos++
	var out []byte
	begin := l.pos
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		switch {
		case c == quote && verbatim && l.pos+1 < len(l.text) && l.text[l.pos+1] == quote:
			out = append(append(out, l.text[begin:l.pos]...), quote)
			l.pos += 2
			begin = l.pos
		case c == quote:
			s := string(append(out, l.text[begin:l.pos]...))
			l.pos++
			return token{kind: tokLiteral, span: span{start, l.pos}, value: TextValue(String, s)}, nil
		case c == '\n' && !verbatim:
			return token{}, syntaxError(l.text, span{start, start + 1}, "this text does not end in its line")
		case c == '\\' && !verbatim:
			out = append(out, l.text[begin:l.pos]...)
			r, n := escape(l.rest())
			if n == 0 {
				return token{}, syntaxError(l.text, span{l.pos, min(l.pos+2, len(l.text))}, "this escape is unknown")
			}
			out = utf8.AppendRune(out, r)
			l.pos += n
			begin = l.pos
		default:
			l.pos++
		}
	}
	return token{}, syntaxError(l.text, span{start, start + 1}, "this text does not end")
}

// escape reads an escape at the front of s: its letter and its length.
func escape(s string) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '\\', '"', '\'':
		return rune(s[1]), 2
	case 'n':
		return '\n', 2
	case 't':
		return '\t', 2
	case 'r':
		return '\r', 2
	case 'a':
		return '\a', 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'v':
		return '\v', 2
	case '0':
		return 0, 2
	}
	for _, e := range [...]struct {
		letter byte
		digits int
	}{{'x', 2}, {'u', 4}, {'U', 8}} {
		if s[1] == e.letter && len(s) >= 2+e.digits {
			n, err := strconv.ParseUint(s[2:2+e.digits], 16, 32)
			if err == nil && n <= unicode.MaxRune {
				return rune(n), 2 + e.digits
			}
		}
	}
	return 0, 0
}

// units of timespan literals, in ticks.
var units = map[string]float64{
	"d": float64(Day), "day": float64(Day), "days": float64(Day),
	"h": float64(Hour), "hr": float64(Hour), "hrs": float64(Hour), "hour": float64(Hour), "hours": float64(Hour),
	"m": float64(Minute), "min": float64(Minute), "minute": float64(Minute), "minutes": float64(Minute),
	"s": float64(Second), "sec": float64(Second), "second": float64(Second), "seconds": float64(Second),
	"ms": float64(Millisecond), "milli": float64(Millisecond), "millis": float64(Millisecond), "millisecond": float64(Millisecond), "milliseconds": float64(Millisecond),
	"micro": float64(Microsecond), "micros": float64(Microsecond), "microsecond": float64(Microsecond), "microseconds": float64(Microsecond),
	"nano": 0.01, "nanos": 0.01, "nanosecond": 0.01, "nanoseconds": 0.01,
	"tick": 1, "ticks": 1,
}

// number reads 12, 0x1F, 1.5, 1e-3, 2h, and names that begin with a digit.
func (l *lexer) number(start int) (token, *Error) {
	digits := func() {
		for l.pos < len(l.text) && l.text[l.pos] >= '0' && l.text[l.pos] <= '9' {
			l.pos++
		}
	}
	literal := func(v Value) (token, *Error) {
		return token{kind: tokLiteral, span: span{start, l.pos}, text: l.text[start:l.pos], value: v}, nil
	}
	if strings.HasPrefix(l.rest(), "0x") || strings.HasPrefix(l.rest(), "0X") {
		l.word()
		n, err := strconv.ParseUint(l.text[start+2:l.pos], 16, 64)
		if err != nil {
			return token{}, syntaxError(l.text, span{start, l.pos}, "this is no hexadecimal number")
		}
		return literal(IntValue(Long, int64(n)))
	}
	digits()
	whole := true
	if l.pos+1 < len(l.text) && l.text[l.pos] == '.' && l.text[l.pos+1] >= '0' && l.text[l.pos+1] <= '9' {
		whole = false
		l.pos++
		digits()
	} else if l.pos < len(l.text) && l.text[l.pos] == '.' && !strings.HasPrefix(l.rest(), "..") {
		if r, _ := utf8.DecodeRuneInString(l.rest()[1:]); r != '_' && !unicode.IsLetter(r) {
			whole = false
			l.pos++
		}
	}
	number := l.text[start:l.pos]
	if l.pos < len(l.text) && (l.text[l.pos] == 'e' || l.text[l.pos] == 'E') {
		old := l.pos
		l.pos++
		if l.pos < len(l.text) && (l.text[l.pos] == '+' || l.text[l.pos] == '-') {
			l.pos++
		}
		if from := l.pos; from < len(l.text) {
			digits()
			if l.pos > from {
				whole, number = false, l.text[start:l.pos]
			} else {
				l.pos = old
			}
		} else {
			l.pos = old
		}
	}
	after := l.pos
	if l.word(); l.pos > after {
		if unit, ok := units[strings.ToLower(l.text[after:l.pos])]; ok {
			f, err := strconv.ParseFloat(number, 64)
			if err != nil || f*unit > float64(1<<62) {
				return token{}, syntaxError(l.text, span{start, l.pos}, "this is too long a time")
			}
			return literal(IntValue(Timespan, roundTicks(f*unit)))
		}
		if whole {
			return token{kind: tokName, span: span{start, l.pos}, text: l.text[start:l.pos]}, nil
		}
		return token{}, syntaxError(l.text, span{start, l.pos}, "this is no number")
	}
	if whole {
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return token{}, syntaxError(l.text, span{start, l.pos}, "this number is too large for a long")
		}
		return literal(IntValue(Long, n))
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return token{}, syntaxError(l.text, span{start, l.pos}, "this is no real")
	}
	return literal(RealValue(f))
}

func roundTicks(f float64) int64 {
	if f < 0 {
		return -int64(-f + 0.5)
	}
	return int64(f + 0.5)
}
