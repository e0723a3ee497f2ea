package settings

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// object is where the parts of a JSON object stand in a text. clean is the text with
// its comments blanked, in which every offset is as it was; it is valid JSON.
type object struct {
	clean      []byte
	open, shut int // of the braces
	members    []member
}

// member is "name": value; key is the offset of the first quote.
type member struct {
	name            string
	key, value, end int
}

func parseObject(clean []byte, open int) object {
	o := object{clean: clean, open: open}
	for i := space(clean, open+1); ; i = space(clean, i) {
		switch clean[i] {
		case '}':
			o.shut = i
			return o
		case ',':
			i++
			continue
		}
		m := member{key: i}
		i = valueEnd(clean, i)
		_ = json.Unmarshal(clean[m.key:i], &m.name) // the whole text was read before
		m.value = space(clean, space(clean, i)+1)   // behind the colon
		m.end = valueEnd(clean, m.value)
		o.members, i = append(o.members, m), m.end
	}
}

func space(b []byte, i int) int {
	for strings.IndexByte(" \t\r\n", b[i]) >= 0 {
		i++
	}
	return i
}

// valueEnd is the offset behind the value that begins at i.
func valueEnd(b []byte, i int) int {
	depth := 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		default:
			if next := i + 1; depth == 0 && strings.IndexByte(" \t\r\n,]}", b[next]) >= 0 {
				return next // the end of a number or a word
			}
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return i
}

// find finds the member that a name means: that of the very name, or the one whose
// name is equal as settings' names are.
func (o object) find(file, name string) (m member, found bool, err error) {
	var alike []member
	for _, have := range o.members {
		if key(have.name) == key(name) {
			alike = append(alike, have)
		}
	}
	switch len(alike) {
	case 0:
		return member{}, false, nil
	case 1:
		return alike[0], true, nil
	}
	return member{}, false, fault.New(fault.Invalid, file, "%q and %q are one name, and both are there; remove one by hand", alike[0].name, alike[1].name)
}

// insert writes a member behind the others, or into an object that has none.
func (f *File) insert(o object, text string) {
	end := "\n"
	if bytes.Contains(f.text, []byte("\r\n")) {
		end = "\r\n"
	}
	body := f.text[o.open+1 : o.shut]
	last := o.open + 1 + len(bytes.TrimRight(body, " \t\r\n")) // behind what was written last, a comment perhaps
	if len(o.members) == 0 {
		outer := f.indent(o.open)
		f.splice(last, o.shut, end+outer+f.step()+text+end+outer)
		return
	}
	m := o.members[len(o.members)-1]
	if bytes.IndexByte(body, '\n') < 0 { // all on one line
		f.splice(m.end, m.end, ", "+text)
		return
	}
	f.splice(last, last, end+f.indent(m.key)+text)
	f.splice(m.end, m.end, ",")
}

// indent is the white space with which the line of an offset begins.
func (f *File) indent(at int) string {
	line := f.text[bytes.LastIndexByte(f.text[:at], '\n')+1 : at]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// step is what the file indents by.
func (f *File) step() string {
	if top, err := f.top(); err == nil && len(top.members) > 0 && f.indent(top.members[0].key) != "" {
		return f.indent(top.members[0].key)
	}
	return "  "
}

// remove takes a member out, with its comma, and with its line where nothing else is
// on it but a comment behind it.
func (f *File) remove(o object, m member) {
	from, to := m.key, m.end
	comma := space(o.clean, m.end)
	last := o.clean[comma] != ','
	if !last {
		to = comma + 1
	}
	begin := bytes.LastIndexByte(f.text[:from], '\n') + 1
	if rest, ok := restOfLine(f.text, to); ok && len(bytes.TrimSpace(f.text[begin:from])) == 0 && begin > o.open {
		from, to = begin, rest
	} else if !last {
		to = space(f.text, to)
	}
	f.splice(from, to, "")
	if n := len(o.members); last && n > 1 {
		before := o.members[n-2]
		comma := before.end + bytes.IndexByte(o.clean[before.end:], ',')
		f.splice(comma, comma+1, "")
	}
}

// restOfLine is the offset behind the line's end, when nothing but white space and
// comments that end on the line are before it.
func restOfLine(text []byte, at int) (int, bool) {
	end := bytes.IndexByte(text[at:], '\n')
	if end < 0 {
		return 0, false
	}
	rest := strings.TrimSpace(string(text[at : at+end]))
	closed := strings.HasPrefix(rest, "/*") && strings.Index(rest, "*/") == len(rest)-2
	return at + end + 1, rest == "" || strings.HasPrefix(rest, "//") || closed
}
