package table

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads a JSON object of plain values: what entities are. It goes wrong
// once.
type scanner struct {
	s   string
	at  int
	err error
}

func (j *scanner) fail(reason string) {
	if j.err == nil {
		j.err = invalid("The body is not an entity in JSON: at byte " + strconv.Itoa(j.at) + " " + reason)
	}
}

func (j *scanner) space() {
	for j.at < len(j.s) {
		switch j.s[j.at] {
		case ' ', '\t', '\r', '\n':
			j.at++
		default:
			return
		}
	}
}

// skip passes a character, after spaces.
func (j *scanner) skip(c byte) bool {
	j.space()
	if j.at == len(j.s) || j.s[j.at] != c {
		return false
	}
	j.at++
	return true
}

// object calls use for each member of the object that the text is, with the scanner
// at its value, which use reads.
func (j *scanner) object(use func(name string)) error {
	j.s = strings.TrimPrefix(j.s, "\ufeff")
	if !j.skip('{') {
		j.fail("an object is expected")
	}
	for more := !j.skip('}'); more && j.err == nil; {
		j.space()
		name := j.text()
		if !j.skip(':') {
			j.fail("a colon is expected")
		}
		if j.space(); j.err != nil {
			break
		}
		use(name)
		if more = j.skip(','); !more && !j.skip('}') {
			j.fail("a comma or the end of the object is expected")
		}
	}
	if j.space(); j.at < len(j.s) {
		j.fail("there is something behind the object")
	}
	return j.err
}

// text reads a string.
func (j *scanner) text() string {
	if j.at == len(j.s) || j.s[j.at] != '"' {
		j.fail("a string is expected")
		return ""
	}
	j.at++
	from := j.at
	for ; j.at < len(j.s); j.at++ {
		switch c := j.s[j.at]; {
		case c == '"':
			text := j.s[from:j.at]
			j.at++
			return j.valid(text)
		case c == '\\':
			return j.escaped(from)
		case c < ' ':
			j.fail("a control character has to be escaped")
			return ""
		}
	}
	j.fail("the string has no end")
	return ""
}

func (j *scanner) valid(text string) string {
	if !utf8.ValidString(text) {
		j.fail("the string is not valid UTF-8")
	}
	return text
}

// escaped goes on with a string at its first backslash.
func (j *scanner) escaped(from int) string {
	var b strings.Builder
	for j.at < len(j.s) && j.err == nil {
		switch c := j.s[j.at]; {
		case c == '"':
			b.WriteString(j.s[from:j.at])
			j.at++
			return j.valid(b.String())
		case c == '\\':
			b.WriteString(j.s[from:j.at])
			j.at++
			b.WriteRune(j.escape())
			from = j.at
		case c < ' ':
			j.fail("a control character has to be escaped")
		default:
			j.at++
		}
	}
	j.fail("the string has no end")
	return ""
}

// escape reads what is behind a backslash.
func (j *scanner) escape() rune {
	if j.at == len(j.s) {
		return 0
	}
	c := j.s[j.at]
	j.at++
	switch c {
	case '"', '\\', '/':
		return rune(c)
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'u':
		return j.unicode()
	}
	j.fail("an unknown escape")
	return 0
}

// unicode reads four digits, and of a surrogate the other one too.
func (j *scanner) unicode() rune {
	r := j.unit()
	if !utf16.IsSurrogate(r) {
		return r
	}
	if strings.HasPrefix(j.s[j.at:], `\u`) {
		j.at += 2
		if both := utf16.DecodeRune(r, j.unit()); both != utf8.RuneError {
			return both
		}
	}
	j.fail("half of a surrogate pair")
	return 0
}

func (j *scanner) unit() rune {
	if len(j.s)-j.at < 4 {
		j.fail("four hexadecimal digits are expected")
		return 0
	}
	n, err := strconv.ParseUint(j.s[j.at:j.at+4], 16, 32)
	if err != nil || strings.ContainsAny(j.s[j.at:j.at+4], "+-_") {
		j.fail("four hexadecimal digits are expected")
	}
	j.at += 4
	return rune(n)
}

// token is a value that is no object or list.
type token struct {
	kind byte   // s string, n number, t true, f false, z null
	text string // of a string or a number
}

// value reads a plain value.
func (j *scanner) value() token {
	if j.at == len(j.s) {
		j.fail("a value is expected")
		return token{}
	}
	switch c := j.s[j.at]; {
	case c == '"':
		return token{'s', j.text()}
	case c == '-' || '0' <= c && c <= '9':
		return token{'n', j.number()}
	case c == '{' || c == '[':
		j.fail("a property cannot be an object or a list")
	}
	for _, w := range [...]struct {
		word string
		kind byte
	}{{"true", 't'}, {"false", 'f'}, {"null", 'z'}} {
		if strings.HasPrefix(j.s[j.at:], w.word) {
			j.at += len(w.word)
			return token{kind: w.kind}
		}
	}
	j.fail("a value is expected")
	return token{}
}

// number reads a number by JSON's grammar.
func (j *scanner) number() string {
	from := j.at
	j.pass("-")
	if j.at < len(j.s) && j.s[j.at] == '0' {
		j.at++
	} else {
		j.digits()
	}
	if j.pass(".") {
		j.digits()
	}
	if j.pass("eE") {
		j.pass("+-")
		j.digits()
	}
	return j.s[from:j.at]
}

func (j *scanner) pass(any string) bool {
	if j.at == len(j.s) || strings.IndexByte(any, j.s[j.at]) < 0 {
		return false
	}
	j.at++
	return true
}

func (j *scanner) digits() {
	from := j.at
	for j.at < len(j.s) && '0' <= j.s[j.at] && j.s[j.at] <= '9' {
		j.at++
	}
	if j.at == from {
		j.fail("a digit is expected")
	}
}

// appendJSON appends a string in quotes. What is not valid UTF-8 becomes U+FFFD.
func appendJSON(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[from:i]...), "\ufffd"...)
				from = i + 1
			}
			i += n
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	return append(append(b, s[from:]...), '"')
}
