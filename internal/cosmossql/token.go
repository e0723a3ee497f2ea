package cosmossql

import "strings"

// tokenKind is a class of token. Operators and punctuation have their own text
// as kind.
type tokenKind string

const (
	tokEOF    tokenKind = "end of query"
	tokName   tokenKind = "name"
	tokWord   tokenKind = "keyword"
	tokParam  tokenKind = "parameter"
	tokNumber tokenKind = "number"
	tokString tokenKind = "string"
)

// token is one word of the query.
type token struct {
	kind tokenKind
	span
	text string // tokName, tokParam: as written; tokWord: upper case; tokString: decoded; else as written
}

// is says whether the token is the given keyword (in capitals) or operator.
func (t token) is(word string) bool {
	switch t.kind {
	case tokWord:
		return t.text == word
	case tokName, tokParam, tokNumber, tokString, tokEOF:
		return false
	}
	return string(t.kind) == word
}

// describe names the token in an error message.
func (t token) describe() string {
	switch t.kind {
	case tokEOF:
		return "the end of the query"
	case tokString:
		return "a string"
	}
	return "'" + t.text + "'"
}

// keyword returns the word in capitals if it is reserved. Reserved words cannot
// name an alias, but may follow a dot or AS.
func keyword(word string) (string, bool) {
	if len(word) > 9 {
		return "", false
	}
	upper := strings.ToUpper(word)
	switch upper {
	case "AND", "AS", "ASC", "BETWEEN", "BY", "DESC", "DISTINCT", "ESCAPE", "EXISTS", "FALSE",
		"FROM", "GROUP", "HAVING", "IN", "JOIN", "LET", "LIKE", "LIMIT", "NOT", "NULL", "OFFSET",
		"OR", "ORDER", "OVER", "SELECT", "TOP", "TRUE", "UNDEFINED", "VALUE", "WHERE":
		return upper, true
	}
	return "", false
}
