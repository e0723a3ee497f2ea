package dashboard

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// tree is a JSON value that knows where it stands in its file: encoding/json
// reads values, this says to people where a mistake is.
type tree struct {
	kind       byte // '{', '[', '"', '0' for numbers, 't' for true and false, 'n'
	start, end int  // byte offsets
	members    []member
	items      []*tree
}

type member struct {
	name  string
	at    int // of the name
	value *tree
}

// mistake is what is wrong with a file, and where: the offset, or the path of
// the value that it is about.
type mistake struct {
	at   int
	path path
	text string
}

func (m *mistake) Error() string { return m.text }

// path leads to a value: names of members (string) and indexes (int).
type path []any

func (p path) to(steps ...any) path { return append(p[:len(p):len(p)], steps...) }

// String is the path as people write it: tiles[3].where.kind.
func (p path) String() string {
	var b strings.Builder
	for _, step := range p {
		switch s := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", s)
		case string:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s)
		}
	}
	return b.String()
}

const maxDepth = 64

// readTree reads one JSON value and nothing behind it.
func readTree(text []byte) (*tree, *mistake) {
	r := treeReader{text: text}
	if strings.HasPrefix(string(text), "\ufeff") {
		return nil, &mistake{at: 0, text: "the file begins with a byte order mark; save it as UTF-8 without one"}
	}
	if i := invalidUTF8(text); i >= 0 {
		return nil, &mistake{at: i, text: "this is not UTF-8; save the file as UTF-8"}
	}
	v := r.value(0)
	if r.wrong == nil && r.space() < len(text) {
		r.fail(r.at, "there is more after the end of the JSON value")
	}
	if r.wrong != nil {
		return nil, r.wrong
	}
	return v, nil
}

func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// treeReader goes bad once, and is asked at the end.
type treeReader struct {
	text  []byte
	at    int
	end   int // of the value before
	wrong *mistake
}

func (r *treeReader) fail(at int, format string, args ...any) *tree {
	if r.wrong == nil {
		r.wrong = &mistake{at: at, text: fmt.Sprintf(format, args...)}
	}
	return &tree{start: at, end: at}
}

func (r *treeReader) space() int {
	r.at = skipSpace(r.text, r.at)
	return r.at
}

// next is the character under the reader, behind white space; 0 at the end.
func (r *treeReader) next() byte {
	if r.space() == len(r.text) {
		return 0
	}
	return r.text[r.at]
}

func (r *treeReader) value(depth int) *tree {
	defer func() { r.end = r.at }()
	c := r.next()
	switch {
	case depth > maxDepth:
		return r.fail(r.at, "this is nested more than %d deep", maxDepth)
	case c == 0:
		return r.fail(r.at, "the file ends here, and a value is missing")
	case c == '{':
		return r.object(depth)
	case c == '[':
		return r.array(depth)
	case c == '"':
		start := r.at
		r.string()
		return &tree{kind: '"', start: start, end: r.at}
	}
	return r.word()
}

func (r *treeReader) object(depth int) *tree {
	v := &tree{kind: '{', start: r.at}
	names := map[string]bool{}
	r.at++
	for r.wrong == nil && (r.next() != '}' || len(v.members) > 0) {
		at := r.space()
		if r.next() != '"' {
			return r.fail(at, "%s; a name in double quotes belongs here", r.found())
		}
		name := r.string()
		if names[name] {
			return r.fail(at, "%q is here twice", name)
		}
		names[name] = true
		if r.next() != ':' {
			return r.fail(r.at, "%s; a colon belongs behind the name %q", r.found(), name)
		}
		r.at++
		v.members = append(v.members, member{name, at, r.value(depth + 1)})
		if !r.more('}') {
			break
		}
	}
	r.at++
	v.end = r.at
	return v
}

func (r *treeReader) array(depth int) *tree {
	v := &tree{kind: '[', start: r.at}
	r.at++
	for r.wrong == nil && (r.next() != ']' || len(v.items) > 0) {
		v.items = append(v.items, r.value(depth+1))
		if !r.more(']') {
			break
		}
	}
	r.at++
	v.end = r.at
	return v
}

// more steps over a comma, or stays at the closing bracket.
func (r *treeReader) more(closing byte) bool {
	if r.wrong != nil {
		return false
	}
	switch r.next() {
	case closing:
		return false
	case ',':
		comma := r.at
		r.at++
		if r.next() == closing {
			r.fail(comma, "JSON has no comma before the closing %c; take it away", closing)
		}
		return r.wrong == nil
	}
	if c := r.next(); c == '/' || c == 0 {
		r.fail(r.at, "%s; a comma or the closing %c belongs here", r.found(), closing)
	}
	r.fail(r.end, "a comma or the closing %c is missing here", closing)
	return false
}

// string reads the string under the reader.
func (r *treeReader) string() string {
	start := r.at
	r.at = skipString(r.text, start)
	var s string
	raw := r.text[start:r.at]
	if i := strings.IndexByte(string(raw), '\n'); i >= 0 || len(raw) < 2 || raw[len(raw)-1] != '"' {
		r.fail(start, "this text has no closing double quote on its line")
	} else if json.Unmarshal(raw, &s) != nil {
		r.fail(start, `this text holds a control character, or a \ that JSON does not know; write \\ for one backslash`)
	}
	return s
}

// word reads a number, true, false or null.
func (r *treeReader) word() *tree {
	start := r.at
	end := skipValue(r.text, start)
	raw := string(r.text[start:end])
	v := &tree{start: start, end: end}
	r.at = end
	switch {
	case raw == "true" || raw == "false":
		v.kind = 't'
	case raw == "null":
		v.kind = 'n'
	case (raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9') && json.Valid([]byte(raw)):
		v.kind = '0'
		if _, err := strconv.ParseFloat(raw, 64); err != nil {
			r.fail(start, "%s is too large a number", raw)
		}
	default:
		r.at = start
		return r.fail(start, "%s; a value belongs here: a text in double quotes, a number, true, false, null, [ or {", r.found())
	}
	return v
}

// found says what is under the reader.
func (r *treeReader) found() string {
	rest := r.text[r.at:]
	c, _ := utf8.DecodeRune(rest)
	switch {
	case len(rest) == 0:
		return "the file ends here"
	case strings.HasPrefix(string(rest), "//") || strings.HasPrefix(string(rest), "/*"):
		return "here is a comment, which JSON does not have"
	case c == '\'':
		return "here is a single quote, and JSON has double ones only"
	}
	return fmt.Sprintf("here is %q", c)
}

// member returns a member's value, or nil.
func (v *tree) member(name string) *tree {
	for _, m := range v.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// find returns where the value at a path is, or where what holds it is.
func (v *tree) find(p path) int {
	for _, step := range p {
		var next *tree
		switch s := step.(type) {
		case string:
			next = v.member(s)
		case int:
			if s < len(v.items) {
				next = v.items[s]
			}
		}
		if next == nil {
			break
		}
		v = next
	}
	return v.start
}
