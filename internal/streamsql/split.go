package streamsql

import (
	"bytes"
	"strings"
	"unsafe"
)

// SplitEvents calls visit with each event of a message that is not one JSON
// object: an array of objects, or objects one after the other, as lines are; a
// byte order mark may stand in front. Text that is no value, up to the end of its
// line, is an event too: what is wrong with it is for Decode to say. It returns
// false, and has visited nothing, for a message that has no such form.
func SplitEvents(message []byte, visit func(event []byte)) bool {
	body := bytes.TrimPrefix(message, []byte("\xef\xbb\xbf"))
	s := unsafe.String(unsafe.SliceData(body), len(body))
	i := skipSpace(s, 0)
	if i >= len(s) || s[i] != '[' && s[i] != '{' {
		return false
	}
	if s[i] == '[' {
		if end := skipValue(s, i, 0); end == bad || skipSpace(s, end) != len(s) {
			return false
		}
		splitArray(body, s, i+1, visit)
		return true
	}
	if end := skipValue(s, i, 0); (end == bad || skipSpace(s, end) == len(s)) && len(body) == len(message) {
		return false
	}
	splitLines(body, s, i, visit)
	return true
}

// SplitLines calls visit with each object of those that stand one after the other.
// Text that is none, up to the end of its line, is one too, even the first.
func SplitLines(text []byte, visit func(object []byte)) {
	s := unsafe.String(unsafe.SliceData(text), len(text))
	splitLines(text, s, skipSpace(s, 0), visit)
}

// splitArray visits the elements of an array that is well formed.
func splitArray(body []byte, s string, i int, visit func([]byte)) {
	for i = skipSpace(s, i); s[i] != ']'; i = skipSpace(s, i) {
		if s[i] == ',' {
			i++
			continue
		}
		end := skipValue(s, i, 0)
		visit(body[i:end:end])
		i = end
	}
}

// splitLines visits values one after the other.
func splitLines(body []byte, s string, i int, visit func([]byte)) {
	for ; i < len(s); i = skipSpace(s, i) {
		end := bad
		if s[i] == '{' {
			end = skipValue(s, i, 0)
		}
		if end == bad {
			if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
				end = i + n
			} else {
				end = len(s)
			}
		}
		visit(body[i:end:end])
		i = end
	}
}

// Has says whether an event has the property that the expression is, if it is
// one. It is for error messages: it searches the event anew.
func (in *Input) Has(event []byte, e *Expr) bool {
	slot, ok := e.Slot()
	if !ok {
		return true
	}
	for _, f := range in.Fields {
		if f.Slot == slot {
			return hasPath(string(event), f.Path)
		}
	}
	return true
}

func hasPath(text string, path []string) bool {
	if len(path) == 0 {
		return true
	}
	found := false
	text = text[skipSpace(text, 0):]
	members(text, func(key string, escaped bool, value string) bool {
		if sameKey(key, escaped, path[0]) {
			found = value[0] == '{' && hasPath(value, path[1:]) || len(path) == 1
		}
		return !found
	})
	return found
}
