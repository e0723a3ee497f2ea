package dashboard

import (
	"encoding/json"
	"strconv"
	"strings"
)

// picker reads some paths out of JSON objects in one pass each. The text must
// be valid JSON: rows come from the document store or were checked before.
type picker struct {
	root   node
	fields int
	same   [][2]int // fields with the path of another one: {field, that one}
}

// node is a member that is wanted, or leads to wanted ones.
type node struct {
	field    int // index of the path that ends here, or -1
	children map[string]*node
}

// newPicker reads the dotted paths; field i of pick is paths[i]. A path may
// come twice.
func newPicker(paths []string) *picker {
	p := &picker{root: node{field: -1}, fields: len(paths)}
	for i, path := range paths {
		n := &p.root
		for _, name := range strings.Split(path, ".") {
			if n.children == nil {
				n.children = map[string]*node{}
			}
			next := n.children[name]
			if next == nil {
				next = &node{field: -1}
				n.children[name] = next
			}
			n = next
		}
		if n.field >= 0 {
			p.same = append(p.same, [2]int{i, n.field})
			continue
		}
		n.field = i
	}
	return p
}

// pick returns the raw value of each path, nil where the row has none.
func (p *picker) pick(row []byte, into [][]byte) [][]byte {
	into = append(into[:0], make([][]byte, p.fields)...)
	p.object(row, skipSpace(row, 0), &p.root, into)
	for _, s := range p.same {
		into[s[0]] = into[s[1]]
	}
	return into
}

// object walks the object at i and returns the index behind it.
func (p *picker) object(b []byte, i int, n *node, into [][]byte) int {
	if i >= len(b) || b[i] != '{' {
		return skipValue(b, i)
	}
	i = skipSpace(b, i+1)
	for i < len(b) && b[i] == '"' {
		end := skipString(b, i)
		child := n.children[string(b[i+1:max(i+1, end-1)])]
		i = skipSpace(b, end)
		if i < len(b) && b[i] == ':' {
			i = skipSpace(b, i+1)
		}
		begin := i
		if child != nil && child.children != nil {
			i = p.object(b, i, child, into)
		} else {
			i = skipValue(b, i)
		}
		if child != nil && child.field >= 0 {
			into[child.field] = b[begin:min(i, len(b))]
		}
		i = skipSpace(b, i)
		if i < len(b) && b[i] == ',' {
			i = skipSpace(b, i+1)
		}
	}
	return i + 1 // the closing brace
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipString returns the index behind the string at i.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// skipValue returns the index behind the value at i.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return i
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		depth := 0
		for i < len(b) {
			switch b[i] {
			case '"':
				i = skipString(b, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return i
	}
	begin := i
	for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ' {
		i++
	}
	return max(i, begin+1) // never stand still
}

// kinds of a cell.
const (
	missing uint8 = iota // absent, null, an array or an object
	number
	text
	truth
)

// scalar reads a raw value. Texts without escapes are not copied.
func scalar(raw []byte) (kind uint8, num float64, str []byte) {
	if len(raw) == 0 {
		return missing, 0, nil
	}
	switch c := raw[0]; {
	case c == '"':
		inside := raw[1:max(1, len(raw)-1)]
		if strings.IndexByte(string(inside), '\\') < 0 {
			return text, 0, inside
		}
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return missing, 0, nil
		}
		return text, 0, []byte(s)
	case c == 't':
		return truth, 1, nil
	case c == 'f':
		return truth, 0, nil
	case c == '-' || '0' <= c && c <= '9':
		f, err := strconv.ParseFloat(string(raw), 64)
		if err != nil {
			return missing, 0, nil // beyond a float's range
		}
		return number, f, nil
	}
	return missing, 0, nil
}
