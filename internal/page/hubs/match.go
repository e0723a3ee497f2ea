package hubs

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/filter"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// matcher is a filter over events, made ready for millions of them. What it
// tells without the message comes first, and the message is opened only when it
// must be. It belongs to one goroutine.
//
//	text                  the key or the body contains it
//	key:  partition:  seq:  offset:  time:  size:
//	body:text             the body contains it
//	body.PATH             a value of a JSON body
//	prop.NAME             an application property
//	sys.NAME              a system property, as content-type
type matcher struct {
	seqs, times span // bounds that all positive terms set, seq and time in ms
	partitions  *filter.Test
	early       []check // of the record
	late        []check // of the message

	event   eventdata.Event // of the record that was matched last
	opened  bool            // event is that
	scratch []byte
}

// span is from low to below high.
type span struct{ low, high int64 }

var everything = span{math.MinInt64, math.MaxInt64}

// check is one term.
type check struct {
	early func(r *broker.Record) bool
	late  func(r *broker.Record, e *eventdata.Event) bool
	// show is the value that a positive term found, as JSON, for its column.
	name string
	show func(e *eventdata.Event) []byte
}

// newMatcher compiles a filter. now is what "now" means in it. An error is a
// portal.SyntaxError.
func newMatcher(text string, now time.Time) (*matcher, error) {
	m := &matcher{seqs: everything, times: everything}
	terms, err := filter.Parse(text)
	for i := 0; err == nil && i < len(terms); i++ {
		err = m.add(terms[i], now)
	}
	var wrong *filter.Error
	if errors.As(err, &wrong) {
		at := portal.Place{Line: 1, Col: utf8.RuneCountInString(text[:wrong.Start]) + 1, Start: wrong.Start, End: wrong.End}
		return nil, &portal.SyntaxError{Message: wrong.Message, Place: at}
	}
	return m, err
}

func (m *matcher) add(t filter.Term, now time.Time) error {
	if t.Op == filter.Text {
		return m.addText(t)
	}
	switch field := t.Path[0]; {
	case len(t.Path) == 1 && (field == "partition" || field == "seq" || field == "offset" || field == "time" || field == "size"):
		return m.addNumber(t, field, now)
	case len(t.Path) == 1 && field == "key":
		test := t.Test()
		m.early = append(m.early, check{early: func(r *broker.Record) bool {
			if r.Key == "" {
				return test.Missing()
			}
			m.scratch = append(m.scratch[:0], r.Key...)
			return test.Text(m.scratch)
		}})
		return nil
	case len(t.Path) == 1 && field == "body":
		test := t.Test()
		m.late = append(m.late, check{late: func(_ *broker.Record, e *eventdata.Event) bool { return test.Text(e.Body) }})
		return nil
	case len(t.Path) > 1 && field == "body":
		m.addBody(t)
		return nil
	case len(t.Path) > 1 && (field == "prop" || field == "sys"):
		m.addProperty(t, field == "sys")
		return nil
	}
	return t.Wrong("there is no field %s; there are key, partition, seq, offset, time, size, body, body.PATH, prop.NAME and sys.NAME. Put quotes around it to look for the text", t.Field())
}

func (m *matcher) addText(t filter.Term) error {
	test, not := t.Test(), t.Not
	m.late = append(m.late, check{late: func(r *broker.Record, e *eventdata.Event) bool {
		if test.In(e.Body) {
			return !not
		}
		m.scratch = append(m.scratch[:0], r.Key...)
		return test.In(m.scratch) != not
	}})
	return nil
}

// addNumber adds a term over one of an event's own numbers. Those that say how
// far to look are bounds and no test at all.
func (m *matcher) addNumber(t filter.Term, field string, now time.Time) error {
	numbers := make([]int64, len(t.Values))
	text := make([]string, len(t.Values))
	for i, v := range t.Values {
		n, err := strconv.ParseInt(v, 10, 64)
		if field == "time" {
			n, err = parseTime(v, now)
		}
		if field == "partition" && (v == "all" || v == "*") {
			return nil
		}
		if err != nil {
			if field == "time" {
				return t.WrongValue("%q is no time; write 2026-01-31T14:28:00Z, now-15m, or milliseconds since 1970", v)
			}
			return t.WrongValue("%q is not a whole number", v)
		}
		numbers[i], text[i] = n, strconv.FormatInt(n, 10)
	}
	t.Values, t.Quoted = text, false
	test := t.Test()
	switch {
	case field == "partition":
		m.partitions = both(m.partitions, &test)
		if m.partitions == nil {
			return t.Wrong("name the partitions in one term: partition:3,5")
		}
	case field == "seq" && m.seqs.narrow(t, numbers), field == "time" && m.times.narrow(t, numbers):
	case field == "seq":
		m.early = append(m.early, check{early: func(r *broker.Record) bool { return test.Number(float64(r.Sequence)) }})
	case field == "offset":
		m.early = append(m.early, check{early: func(r *broker.Record) bool { return test.Number(float64(r.Offset)) }})
	case field == "time":
		m.early = append(m.early, check{early: func(r *broker.Record) bool { return test.Number(float64(r.EnqueuedAt.UnixMilli())) }})
	default:
		m.late = append(m.late, check{late: func(_ *broker.Record, e *eventdata.Event) bool { return test.Number(float64(len(e.Body))) }})
	}
	return nil
}

func both(have, test *filter.Test) *filter.Test {
	if have != nil {
		return nil
	}
	return test
}

// narrow makes the span what a term leaves of it; false when the term is no
// bound.
func (s *span) narrow(t filter.Term, n []int64) bool {
	if t.Not || len(n) > 1 || t.Op == filter.Unequal {
		return false
	}
	switch v := n[0]; t.Op {
	case filter.Has, filter.Equal:
		s.low, s.high = max(s.low, v), min(s.high, above(v))
	case filter.Greater:
		s.low = max(s.low, above(v))
	case filter.AtLeast:
		s.low = max(s.low, v)
	case filter.Less:
		s.high = min(s.high, v)
	case filter.AtMost:
		s.high = min(s.high, above(v))
	}
	return true
}

func above(n int64) int64 { return n + min(1, math.MaxInt64-n) }

// parseTime reads a time in milliseconds: RFC 3339, a number, or now-15m.
func parseTime(v string, now time.Time) (int64, error) {
	if rest, ok := strings.CutPrefix(v, "now"); ok || strings.HasPrefix(v, "-") {
		if rest == "" {
			return now.UnixMilli(), nil
		}
		if days, isDays := strings.CutSuffix(rest, "d"); isDays {
			n, err := strconv.Atoi(days)
			return now.Add(time.Duration(n) * 24 * time.Hour).UnixMilli(), err
		}
		d, err := time.ParseDuration(rest)
		return now.Add(d).UnixMilli(), err
	}
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		return n, nil
	}
	at, err := time.Parse(time.RFC3339Nano, v)
	return at.UnixMilli(), err
}

func (m *matcher) addBody(t filter.Term) {
	test, at := t.Test(), newPath(t.Path[1:])
	c := check{late: func(_ *broker.Record, e *eventdata.Event) bool { return holds(&test, at.in(e.Body)) }}
	if !t.Not {
		c.name, c.show = t.Field(), func(e *eventdata.Event) []byte { return at.in(e.Body) }
	}
	m.late = append(m.late, c)
}

// holds tests a JSON value, nil being none.
func holds(t *filter.Test, value []byte) bool {
	if len(value) == 0 {
		return t.Missing()
	}
	switch c := value[0]; {
	case c == '"':
		return t.Text(unquote(value))
	case c == '-' || c >= '0' && c <= '9':
		if f, ok := number(value); ok {
			return t.Number(f)
		}
	case c == 't':
		return t.Word("true")
	case c == 'f':
		return t.Word("false")
	case c == 'n':
		return t.Word("null")
	}
	return t.Text(value)
}

func (m *matcher) addProperty(t filter.Term, system bool) {
	test, name := t.Test(), strings.Join(t.Path[1:], ".")
	at := newPath([]string{name})
	find := func(e *eventdata.Event) []byte {
		for p := e.Properties(); p.Next(); {
			if string(p.Property.Name) == name {
				m.scratch = m.appendValue(m.scratch[:0], p.Property)
				return m.scratch
			}
		}
		return nil
	}
	if system {
		find = func(e *eventdata.Event) []byte {
			m.scratch, _ = e.AppendSystem(m.scratch[:0]) // what cannot be read is not there
			return at.in(m.scratch)
		}
	}
	c := check{late: func(_ *broker.Record, e *eventdata.Event) bool { return holds(&test, find(e)) }}
	if !t.Not {
		c.name, c.show = t.Field(), find
	}
	m.late = append(m.late, c)
}

func (m *matcher) appendValue(dst []byte, p eventdata.Property) []byte {
	v, err := p.Value()
	if err != nil {
		return dst
	}
	return eventdata.AppendJSON(dst, v)
}

// admits reports whether anything in a partition may match.
func (m *matcher) admits(partition int) bool {
	return m.partitions == nil || m.partitions.Number(float64(partition))
}

// match tests a record of a partition and within the bounds. Where the filter
// asks for the message, it is open in m.event from then on.
func (m *matcher) match(r *broker.Record) bool {
	m.opened = false
	for i := range m.early {
		if !m.early[i].early(r) {
			return false
		}
	}
	if len(m.late) == 0 {
		return true
	}
	if m.open(r) != nil {
		return false
	}
	for i := range m.late {
		if !m.late[i].late(r, &m.event) {
			return false
		}
	}
	return true
}

// open reads the record's message, once.
func (m *matcher) open(r *broker.Record) (err error) {
	if !m.opened {
		m.event, err = eventdata.Read(r.Body)
		m.opened = err == nil
	}
	return err
}

// within reports whether the record is inside the bounds, for readers that do
// not begin and end at them.
func (m *matcher) within(r *broker.Record) bool {
	ms := r.EnqueuedAt.UnixMilli()
	return r.Sequence >= m.seqs.low && r.Sequence < m.seqs.high && ms >= m.times.low && ms < m.times.high
}
