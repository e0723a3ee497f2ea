package items

import (
	"encoding/json"
	"unicode/utf8"
)

// maxValue is the longest value of a row in a list, in bytes of JSON.
const maxValue = 2 << 10

// Row is a row of an answer: a JSON value as text, so that numbers keep their
// digits, with the values that are too long for a list cut.
type Row struct {
	Text string `json:"text"`
	// Cut are the names of the properties whose value is cut, with the value's
	// length in bytes: the value is then a string that holds its beginning. The
	// name "" is the row itself, where it is no object.
	Cut map[string]int `json:"cut,omitempty"`
	RID string         `json:"rid,omitempty"` // of the item that it is, or was taken from
}

// newRow makes a row, cut unless it is wanted whole.
func newRow(value []byte, whole bool) Row {
	r := Row{}
	long := false
	object := members(value, func(name, v []byte) bool {
		if string(name) == `"_rid"` {
			r.RID = unquoted(v)
		}
		long = long || len(v) > maxValue
		return true
	})
	switch {
	case whole || len(value) <= maxValue || object && !long:
		r.Text = string(value)
	case !object:
		r.Text, r.Cut = beginning(value), map[string]int{"": len(value)}
	default:
		r.Text, r.Cut = cutMembers(value)
	}
	return r
}

func cutMembers(object []byte) (string, map[string]int) {
	out, cut := []byte{'{'}, map[string]int{}
	members(object, func(name, v []byte) bool {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(out, name...), ':')
		if len(v) <= maxValue {
			out = append(out, v...)
			return true
		}
		out = append(out, beginning(v)...)
		cut[unquoted(name)] = len(v)
		return true
	})
	return string(append(out, '}')), cut
}

// beginning is a JSON string that holds the beginning of a value: of a string its
// text, of anything else its JSON.
func beginning(value []byte) string {
	text := whole(string(value[:min(len(value), maxValue)]))
	if value[0] == '"' {
		text = stringBeginning(text)
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return `""` // a string is always JSON
	}
	return string(quoted)
}

// stringBeginning is the text of a JSON string that was cut, perhaps within an
// escape sequence, of which the longest has 12 bytes.
func stringBeginning(raw string) string {
	for end := len(raw); end > max(len(raw)-12, 0); end-- {
		var s string
		if json.Unmarshal([]byte(raw[:end]+`"`), &s) == nil {
			return s
		}
	}
	return raw
}

// whole cuts off the bytes of a character that was cut.
func whole(text string) string {
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if c := text[len(text)-i]; utf8.RuneStart(c) {
			if !utf8.FullRuneInString(text[len(text)-i:]) {
				return text[:len(text)-i]
			}
			break
		}
	}
	return text
}
