package streamsql

import "strings"

// tokenKind is a class of token. Operators and punctuation have their own text
// as kind.
type tokenKind string

const (
	tokEOF    tokenKind = "end of script"
	tokName   tokenKind = "name"        // a bare word that is not reserved
	tokQuoted tokenKind = "quoted name" // [any text]
	tokDouble tokenKind = "double-quoted name"
	tokWord   tokenKind = "keyword" // a reserved word
	tokNumber tokenKind = "number"
	tokString tokenKind = "string"
)

// token is one word of the script.
type token struct {
	kind tokenKind
	span
	text string // tokString, tokQuoted, tokDouble: decoded; tokWord: in capitals; else as written
}

// is says whether the token is the given reserved word (in capitals) or operator.
func (t token) is(word string) bool {
	switch t.kind {
	case tokWord:
		return t.text == word
	case tokName, tokQuoted, tokDouble, tokNumber, tokString, tokEOF:
		return false
	}
	return string(t.kind) == word
}

// isWord says whether the token is a bare word, reserved or not, without case.
func (t token) isWord(word string) bool {
	return (t.kind == tokName || t.kind == tokWord) && strings.EqualFold(t.text, word)
}

// describe names the token in an error message.
func (t token) describe() string {
	switch t.kind {
	case tokEOF:
		return "the end of the script"
	case tokString:
		return "the string '" + shorten(t.text) + "'"
	case tokQuoted:
		return "[" + shorten(t.text) + "]"
	case tokDouble:
		return `"` + shorten(t.text) + `"`
	}
	return "'" + t.text + "'"
}

// shorten keeps messages readable.
func shorten(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}

// reserved returns the word in capitals if it is reserved. A reserved word is a
// name only after a dot, after AS, or in brackets. Words such as PARTITION,
// TIMESTAMP and LIMIT are recognised by their place and may name columns.
func reserved(word string) (string, bool) {
	if len(word) > 7 {
		return "", false
	}
	upper := strings.ToUpper(word)
	switch upper {
	case "AND", "AS", "BETWEEN", "BY", "CASE", "CROSS", "ELSE", "END", "FROM", "GROUP", "HAVING",
		"IN", "INNER", "INTO", "IS", "JOIN", "LEFT", "LIKE", "NOT", "NULL", "ON", "OR", "OUTER",
		"OVER", "SELECT", "THEN", "UNION", "WHEN", "WHERE", "WITH":
		return upper, true
	}
	return "", false
}
