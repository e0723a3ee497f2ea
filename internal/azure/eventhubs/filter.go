package eventhubs

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// SelectorField is what a receiver's selector compares.
type SelectorField uint8

// The fields of a selector.
const (
	ByOffset SelectorField = iota + 1
	BySequence
	ByEnqueuedTime
)

// Selector is a parsed start position.
type Selector struct {
	Field     SelectorField
	Inclusive bool // ">=" rather than ">"

	Start  bool // value -1: the oldest event there is
	Latest bool // value @latest: the end of the partition when the link attaches

	Offset   string    // ByOffset: decimal digits
	Sequence int64     // BySequence
	Time     time.Time // ByEnqueuedTime, in whole milliseconds
}

// maxSelectorBytes bounds the text a peer may make us parse.
const maxSelectorBytes = 512

// selectorWords are the annotation names a selector may begin with.
var selectorWords = []struct {
	word  string
	field SelectorField
}{
	{"amqp.annotation.x-opt-offset", ByOffset},
	{"amqp.annotation.x-opt-sequence-number", BySequence},
	{"amqp.annotation.x-opt-enqueued-time", ByEnqueuedTime},
}

// ParseSelector parses the text of the filter apache.org:selector-filter:string:
//
//	selector = field op value
//	field    = "amqp.annotation.x-opt-" ( "offset" | "sequence-number" | "enqueued-time" )
//	op       = ">" | ">="
//	value    = "'" ( decimal | "-1" | "@latest" ) "'"    the quotes may be missing
//
// Enqueued time is in milliseconds since 1970. Anything else is refused with a
// fault.Invalid that names the position.
func ParseSelector(text string) (Selector, error) {
	if len(text) > maxSelectorBytes {
		return Selector{}, fault.New(fault.Invalid, "", "The selector filter is longer than %d bytes.", maxSelectorBytes)
	}
	p := selectorParser{text: text}
	s := p.parse()
	return s, p.err
}

// selectorParser reads the text once; the first error sticks.
type selectorParser struct {
	text string
	pos  int
	err  error
}

func (p *selectorParser) parse() Selector {
	var s Selector
	p.space()
	s.Field = p.field()
	p.space()
	s.Inclusive = p.operator()
	p.space()
	at := p.pos
	value := p.value()
	p.space()
	if p.err == nil && p.pos < len(p.text) {
		p.fail(p.pos, "only one comparison is supported")
	}
	if p.err == nil {
		p.convert(&s, value, at)
	}
	return s
}

func (p *selectorParser) fail(at int, format string, args ...any) {
	if p.err == nil {
		e := fault.New(fault.Invalid, "", format, args...)
		e.Msg = "The selector filter '" + clip(p.text) + "' cannot be used: " + e.Msg +
			" (position " + strconv.Itoa(at+1) + ")."
		p.err = e
	}
}

func (p *selectorParser) space() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t') {
		p.pos++
	}
}

func (p *selectorParser) field() SelectorField {
	end := p.pos
	for end < len(p.text) && !strings.ContainsRune(" \t<>=!'", rune(p.text[end])) {
		end++
	}
	word := p.text[p.pos:end]
	for _, w := range selectorWords {
		if strings.EqualFold(word, w.word) {
			p.pos = end
			return w.field
		}
	}
	p.fail(p.pos, "'%s' is not one of amqp.annotation.x-opt-offset, -sequence-number, -enqueued-time", clip(word))
	return 0
}

func (p *selectorParser) operator() (inclusive bool) {
	rest := p.text[p.pos:]
	switch {
	case p.err != nil:
	case strings.HasPrefix(rest, ">="):
		p.pos += 2
		return true
	case strings.HasPrefix(rest, ">"):
		p.pos++
	default:
		p.fail(p.pos, "the comparison must be > or >=")
	}
	return false
}

func (p *selectorParser) value() string {
	if p.err != nil {
		return ""
	}
	if p.pos < len(p.text) && p.text[p.pos] == '\'' {
		start := p.pos + 1
		n := strings.IndexByte(p.text[start:], '\'')
		if n < 0 {
			p.fail(p.pos, "the quoted value does not end")
			return ""
		}
		p.pos = start + n + 1
		return p.text[start : start+n]
	}
	start := p.pos
	for p.pos < len(p.text) && p.text[p.pos] != ' ' && p.text[p.pos] != '\t' {
		p.pos++
	}
	return p.text[start:p.pos]
}

// convert turns the value's text into the field's type.
func (p *selectorParser) convert(s *Selector, value string, at int) {
	switch {
	case strings.EqualFold(value, "@latest"):
		s.Latest = true
		return
	case value == "-1" && s.Field != ByEnqueuedTime:
		s.Start = true
		return
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil:
		p.fail(at, "the value '%s' is not a whole number, -1 or @latest", clip(value))
	case s.Field == ByEnqueuedTime:
		p.convertTime(s, n)
	case n < 0:
		p.fail(at, "the value '%s' is negative", clip(value))
	case s.Field == ByOffset:
		s.Offset = strconv.FormatInt(n, 10)
	default:
		s.Sequence = n
	}
}

// convertTime keeps times that every clock on the way can represent; earlier
// ones mean the start (clients send the year 1 for "no event yet").
func (p *selectorParser) convertTime(s *Selector, ms int64) {
	if ms < 0 {
		s.Start = true
		return
	}
	s.Time = time.UnixMilli(min(ms, math.MaxInt64/int64(time.Millisecond))).UTC()
}
