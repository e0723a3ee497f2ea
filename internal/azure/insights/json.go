package insights

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxNesting bounds how deep arrays and objects of a body go.
const maxNesting = 64

// reader reads one JSON text from front to back, without reflection and without a copy:
// what it returns are parts of the text, unless an escape had to be undone. It goes bad
// once, and is asked at the end: a bad reader returns nothing and moves no more.
//
// It takes what servers must take: values of another kind than expected are read as
// what they say, and members that nobody asked for are skipped.
type reader struct {
	text  string
	at    int
	depth int
	why   string // why it is bad; "": it is not
}

func (r *reader) fail(why string) {
	if r.why == "" {
		r.why = why + " at byte " + strconv.Itoa(r.at)
	}
	r.at = len(r.text)
}

// next is the next byte that is no space, without taking it; 0 at the end.
func (r *reader) next() byte {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// object calls member with the name of each member; it must take the value.
func (r *reader) object(member func(name string)) {
	if r.next() != '{' {
		r.fail("no object")
		return
	}
	if !r.enter() {
		return
	}
	for first := true; ; first = false {
		switch c := r.next(); {
		case c == '}':
			r.leave()
			return
		case c == ',' && !first:
			r.at++
		case !first:
			r.fail("no comma between members")
			return
		}
		if r.next() != '"' {
			r.fail("a member's name is no string")
			return
		}
		name := r.quoted()
		if r.next() != ':' {
			r.fail("no colon after a name")
			return
		}
		r.at++
		member(name)
		if r.why != "" {
			return
		}
	}
}

// array calls element before each element; it must take the value.
func (r *reader) array(element func()) {
	if r.next() != '[' {
		r.fail("no array")
		return
	}
	if !r.enter() {
		return
	}
	for first := true; ; first = false {
		switch c := r.next(); {
		case c == ']':
			r.leave()
			return
		case c == ',' && !first:
			r.at++
		case !first:
			r.fail("no comma between elements")
			return
		}
		element()
		if r.why != "" {
			return
		}
	}
}

func (r *reader) enter() bool {
	r.at++
	if r.depth++; r.depth > maxNesting {
		r.fail("nested deeper than " + strconv.Itoa(maxNesting))
		return false
	}
	return true
}

func (r *reader) leave() {
	r.at++
	r.depth--
}

// string takes a value as text: a string without its quotes, nothing for null, all
// others as they stand there.
func (r *reader) string() string {
	switch r.next() {
	case '"':
		return r.quoted()
	case 'n':
		r.skip()
		return ""
	}
	return r.raw()
}

// raw takes a value as it stands in the text.
func (r *reader) raw() string {
	r.next()
	begin := r.at
	r.skip()
	if r.why != "" {
		return ""
	}
	return r.text[begin:r.at]
}

// number takes a number, or a string that holds one; false where it is none.
func (r *reader) number() (float64, bool) {
	v, err := strconv.ParseFloat(r.string(), 64)
	return v, err == nil
}

// truth takes true or false, as such or as a string of any case; false, false where it
// is neither.
func (r *reader) truth() (v, ok bool) {
	switch s := r.string(); {
	case strings.EqualFold(s, "true"), s == "1":
		return true, true
	case strings.EqualFold(s, "false"), s == "0":
		return false, true
	}
	return false, false
}

// skip takes a value and forgets it.
func (r *reader) skip() {
	switch c := r.next(); c {
	case '{':
		r.object(func(string) { r.skip() })
	case '[':
		r.array(r.skip)
	case '"':
		r.quoted()
	case 't':
		r.word("true")
	case 'f':
		r.word("false")
	case 'n':
		r.word("null")
	default:
		r.digits()
	}
}

func (r *reader) word(w string) {
	if !strings.HasPrefix(r.text[r.at:], w) {
		r.fail("no JSON value")
		return
	}
	r.at += len(w)
}

// digits takes a number by its looks; what it is worth is seen by whoever wants it.
func (r *reader) digits() {
	begin := r.at
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c >= '0' && c <= '9', c == '-', c == '+', c == '.', c == 'e', c == 'E':
			r.at++
			continue
		}
		break
	}
	if r.at == begin {
		r.fail("no JSON value")
	}
}

// quoted takes a string, at whose quote the reader stands.
func (r *reader) quoted() string {
	r.at++
	rest := r.text[r.at:]
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '"':
			r.at += i + 1
			return valid(rest[:i])
		case c == '\\':
			return r.escaped(i)
		case c < ' ':
			r.at += i
			r.fail("a control character in a string")
			return ""
		}
	}
	r.fail("a string without an end")
	return ""
}

// valid is a text with U+FFFD for what is no UTF-8.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// escaped takes a string whose first plain bytes are seen already.
func (r *reader) escaped(plain int) string {
	var out strings.Builder
	rest := r.text[r.at:]
	out.Grow(plain + min(len(rest)-plain, 64))
	out.WriteString(rest[:plain])
	for i := plain; i < len(rest); {
		switch c := rest[i]; {
		case c == '"':
			r.at += i + 1
			return valid(out.String())
		case c < ' ':
			r.at += i
			r.fail("a control character in a string")
			return ""
		case c != '\\':
			begin := i
			for i < len(rest) && rest[i] != '\\' && rest[i] != '"' && rest[i] >= ' ' {
				i++
			}
			out.WriteString(rest[begin:i])
		default:
			size := escape(&out, rest[i:])
			if size == 0 {
				r.at += i
				r.fail("an escape that there is not")
				return ""
			}
			i += size
		}
	}
	r.fail("a string without an end")
	return ""
}

// escapes are those of one letter.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape writes what an escape at the beginning of a text means, and returns its
// length; 0: it is none.
func escape(out *strings.Builder, s string) int {
	if len(s) < 2 {
		return 0
	}
	if c := escapes[s[1]]; c != 0 {
		out.WriteByte(c)
		return 2
	}
	first, ok := unit(s)
	if !ok {
		return 0
	}
	if second, ok := unit(s[6:]); ok && utf16.IsSurrogate(first) {
		if both := utf16.DecodeRune(first, second); both != utf8.RuneError {
			out.WriteRune(both)
			return 12
		}
	}
	out.WriteRune(first) // half a pair is U+FFFD
	return 6
}

// unit is the value of \uXXXX.
func unit(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(v), err == nil
}

// element returns the length of the JSON value at the beginning of a text by its
// brackets and quotes alone, so that a value that is wrong inside can be left out and
// the next one found; 0 where it has no end.
func element(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			end := closing(s[i+1:])
			if end < 0 {
				return 0
			}
			i += end + 1
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				return i + 1 + depth // of a bracket that nothing opened: what is before it
			}
		case ',', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	if depth > 0 {
		return 0
	}
	return len(s)
}

// closing is the place of the quote that ends a string; -1: there is none.
func closing(s string) int {
	for from := 0; ; {
		end := strings.IndexByte(s[from:], '"')
		if end < 0 {
			return -1
		}
		end += from
		slashes := 0
		for end-slashes > 0 && s[end-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return end
		}
		from = end + 1
	}
}
