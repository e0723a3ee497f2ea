package cosmossql

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Codes of SyntaxError, as the service numbers them.
const (
	codeSyntax        = "SC1001" // the text does not follow the grammar
	codeString        = "SC1010" // a string literal that does not end or has a bad escape
	codeNumber        = "SC1012" // a malformed number
	codeIdentifier    = "SC2001" // a name that nothing binds
	codeFunction      = "SC2005" // an unknown function
	codeArguments     = "SC2050" // a wrong number or kind of arguments
	codeNotGrouped    = "SC2103" // a property that is neither grouped nor aggregated
	codeAggregate     = "SC2041" // an aggregate where none may be
	codeOrderBy       = "SC2206" // a key of ORDER BY that is no property
	codeParameter     = "SC2002" // a parameter without a value
	codeSubqueryOrder = "SC2202" // ORDER BY in a subquery
	codeSubqueryTop   = "SC2203" // TOP in a subquery
	codeSubqueryLimit = "SC2204" // OFFSET LIMIT in a subquery
	codeUnsupported   = "SC3001" // a feature of the language that is refused here
	codeLimit         = "SC3023" // a limit of this package
)

// SyntaxError is a query that cannot run, with the place that is at fault.
type SyntaxError struct {
	Code       string // the service's number, for instance SC1001
	Msg        string // what is wrong and what would be valid
	Start, End int    // byte offsets in the query text, End exclusive
	Line, Col  int    // of Start, from 1; Col counts characters
}

// Error gives line, column and message.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Col, e.Msg)
}

// span is a range of byte offsets in the query text, end exclusive.
type span struct{ start, end int }

// to joins two spans.
func (s span) to(e span) span { return span{s.start, e.end} }

// errorAt makes a SyntaxError for a span of text.
func errorAt(text string, at span, code, format string, args ...any) *SyntaxError {
	at.start = min(at.start, len(text))
	at.end = max(min(at.end, len(text)), at.start)
	before := text[:at.start]
	bol := strings.LastIndexByte(before, '\n') + 1
	return &SyntaxError{
		Code: code, Msg: fmt.Sprintf(format, args...),
		Start: at.start, End: at.end,
		Line: strings.Count(before, "\n") + 1,
		Col:  utf8.RuneCountInString(before[bol:]) + 1,
	}
}
