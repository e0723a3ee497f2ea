package kql

// tokenKind says what a token is.
type tokenKind uint8

const (
	tokEnd     tokenKind = iota
	tokName              // abc, ['a b'] (then quoted)
	tokLiteral           // a value: 1, 1.5, 2h, "x", datetime(2020-01-01)
	tokMark              // an operator or punctuation
)

// span is a piece of the query's text.
type span struct{ from, to int }

func (s span) where() span { return s }

// token is a word of the query.
type token struct {
	kind tokenKind
	span
	text   string // of a name: without quotes; of a mark: itself
	quoted bool
	value  Value
}

// is reports whether the token is this mark or unquoted word.
func (t token) is(text string) bool {
	return t.text == text && (t.kind == tokMark || t.kind == tokName && !t.quoted)
}
