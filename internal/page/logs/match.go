package logs

import (
	"errors"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/filter"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

type match = func(*telemetry.Line) bool

// compile makes a test of lines of a filter: level, source, app, function, job,
// run, text and attr.NAME, and words that stand anywhere in a line. An empty
// filter is nil.
func compile(text string) (match, error) {
	terms, err := filter.Parse(text)
	if err != nil {
		return nil, placed(err)
	}
	var all []match
	for _, t := range terms {
		m, err := term(t)
		if err != nil {
			return nil, placed(err)
		}
		all = append(all, m)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return func(l *telemetry.Line) bool {
		for _, m := range all {
			if !m(l) {
				return false
			}
		}
		return true
	}, nil
}

// placed is the error as the portal answers it.
func placed(err error) error {
	var wrong *filter.Error
	if errors.As(err, &wrong) {
		return &portal.SyntaxError{Message: wrong.Message, Place: portal.Place{Start: wrong.Start, End: wrong.End}}
	}
	return err
}

func term(t filter.Term) (match, error) {
	test := t.Test()
	if t.Op == filter.Text {
		return anywhere(t, test), nil
	}
	switch t.Path[0] {
	case "level":
		return levelTerm(t, test)
	case "source":
		return textTerm(test, func(l *telemetry.Line) string { return l.Source }), nil
	case "app":
		return textTerm(test, (*telemetry.Line).App), nil
	case "function":
		return textTerm(test, func(l *telemetry.Line) string { return named(l.Source, "function/") }), nil
	case "job":
		return textTerm(test, func(l *telemetry.Line) string { return named(l.Source, "job/") }), nil
	case "run":
		return textTerm(test, func(l *telemetry.Line) string { return l.Invocation }), nil
	case "text":
		return func(l *telemetry.Line) bool { return test.Text([]byte(l.Text)) }, nil
	case "attr":
		if len(t.Path) > 1 {
			return attrTerm(strings.Join(t.Path[1:], "."), test), nil
		}
	}
	return nil, t.Wrong("lines have no field %q; there are level, source, app, function, job, run, text and attr.NAME", t.Field())
}

// anywhere looks for words in the text, the source and the attributes.
func anywhere(t filter.Term, test filter.Test) match {
	return func(l *telemetry.Line) bool {
		found := test.In([]byte(l.Text)) || test.In([]byte(l.Source))
		for _, a := range l.Fields() {
			found = found || test.In([]byte(a.Value))
		}
		return found != t.Not
	}
}

// named is the last name of a source that begins so, or "".
func named(source, prefix string) string {
	rest, ok := strings.CutPrefix(source, prefix)
	if !ok {
		return ""
	}
	return rest[strings.LastIndexByte(rest, '/')+1:]
}

func textTerm(test filter.Test, value func(*telemetry.Line) string) match {
	return func(l *telemetry.Line) bool {
		if v := value(l); v != "" {
			return test.Text([]byte(v))
		}
		return test.Missing()
	}
}

func attrTerm(name string, test filter.Test) match {
	return func(l *telemetry.Line) bool {
		for _, a := range l.Fields() {
			if a.Key == name {
				if n, ok := number(a.Value); ok {
					return test.Number(n)
				}
				return test.Text([]byte(a.Value))
			}
		}
		return test.Missing()
	}
}

// levels in their order, and what else they are called.
var (
	levels  = [...]string{telemetry.LevelDebug, telemetry.LevelInfo, telemetry.LevelWarn, telemetry.LevelError}
	aliases = map[string]string{
		"trace": telemetry.LevelDebug, "information": telemetry.LevelInfo, "warning": telemetry.LevelWarn,
		"err": telemetry.LevelError, "critical": telemetry.LevelError,
	}
)

func rank(name string) int {
	for i, l := range levels {
		if l == name || l == aliases[name] {
			return i
		}
	}
	return -1
}

func levelTerm(t filter.Term, test filter.Test) (match, error) {
	wanted := [len(levels)]bool{}
	for _, v := range t.Values {
		at := rank(strings.ToLower(v))
		if at < 0 && v != "*" {
			return nil, t.WrongValue("%q is no level; there are debug, info, warn and error", v)
		}
		for i := range levels {
			wanted[i] = wanted[i] || v == "*" || holds(t.Op, i, at)
		}
	}
	return func(l *telemetry.Line) bool { return wanted[rank(telemetry.LevelName(l.Level))] != t.Not }, nil
}

func holds(op filter.Op, a, b int) bool {
	switch op {
	case filter.Greater:
		return a > b
	case filter.AtLeast:
		return a >= b
	case filter.Less:
		return a < b
	case filter.AtMost:
		return a <= b
	case filter.Unequal:
		return a != b
	}
	return a == b
}
