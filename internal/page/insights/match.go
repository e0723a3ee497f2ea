package insights

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/filter"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// condition is a filter made ready: what of each type it leaves.
type condition []filter.Term

// compile reads a filter: the fields of kinds, type, result, prop.NAME, and words that
// stand anywhere.
func compile(text string) (condition, error) {
	terms, err := filter.Parse(text)
	if err != nil {
		return nil, filterPlace(err)
	}
	for _, t := range terms {
		known := false
		for i := range kinds {
			// What is wrong with a term is so for every type that has the field.
			_, there, err := kinds[i].term(t)
			if err != nil {
				return nil, filterPlace(err)
			}
			known = known || there
		}
		if !known {
			return nil, filterPlace(t.Wrong("telemetry has no field %q; there are %s and prop.NAME", t.Field(), strings.Join(fields(), ", ")))
		}
	}
	return terms, nil
}

// fields are all names that a filter may have, but prop.
func fields() []string {
	all := map[string]bool{"type": true, "result": true}
	for name := range common {
		all[name] = true
	}
	for i := range kinds {
		for name := range kinds[i].fields {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// filterPlace is the error as the portal answers it.
func filterPlace(err error) error {
	var wrong *filter.Error
	if errors.As(err, &wrong) {
		return &portal.SyntaxError{Message: wrong.Message, Place: portal.Place{Start: wrong.Start, End: wrong.End}}
	}
	return err
}

// where is the condition as operators of a query on the type's table. ok is false where
// nothing of the type can pass.
func (c condition) where(k *kind) (text string, ok bool) {
	for _, t := range c {
		expression, _, err := k.term(t)
		switch {
		case err != nil || expression == "false":
			return "", false
		case expression != "true":
			text += " | where " + expression
		}
	}
	return text, true
}

// term is a term as an expression on the type's table. there is false where the type has
// no such field.
func (k *kind) term(t filter.Term) (expression string, there bool, err error) {
	not := t.Not
	if t.Op == filter.Unequal {
		t.Op, not = filter.Equal, !not
	}
	expression, there, err = k.plain(t)
	switch {
	case err != nil || !not:
	case expression == "true":
		expression = "false"
	case expression == "false":
		expression = "true"
	default:
		expression = "not(" + expression + ")"
	}
	return expression, there, err
}

// plain is a term without its not.
func (k *kind) plain(t filter.Term) (expression string, there bool, err error) {
	if t.Op == filter.Text {
		return k.anywhere(t.Values[0]), true, nil
	}
	name := t.Path[0]
	switch {
	case name == "type":
		expression, err = k.typed(t)
		return expression, true, err
	case name == "result":
		expression, err = k.result(t)
		return expression, true, err
	case name == "prop" && len(t.Path) > 1:
		expression, err = words("tostring(customDimensions["+literal(strings.Join(t.Path[1:], "."))+"])", t)
		return expression, true, err
	case len(t.Path) > 1:
		return "false", false, nil
	case name == "severity":
		expression, err = severity(t)
	case name == "duration":
		expression, err = duration(t)
	default:
		column := k.fields[name]
		if column == "" {
			column = common[name]
		}
		if column == "" {
			return "false", false, nil
		}
		expression, err = words(column, t)
		return expression, true, err
	}
	if _, there = k.fields[name]; !there && err == nil {
		expression = "false"
	}
	return expression, there, err
}

// anyOf is an expression that holds when one of them does.
func anyOf(all []string) string {
	if slices.Contains(all, "true") {
		return "true"
	}
	all = slices.DeleteFunc(all, func(s string) bool { return s == "false" })
	switch len(all) {
	case 0:
		return "false"
	case 1:
		return all[0]
	}
	return "(" + strings.Join(all, " or ") + ")"
}

// anywhere is words somewhere in a row.
func (k *kind) anywhere(word string) string {
	var all []string
	for _, column := range slices.Concat(k.texts, everywhere) {
		all = append(all, column+" contains "+literal(word))
	}
	return anyOf(all)
}

func (k *kind) typed(t filter.Term) (string, error) {
	found := "false"
	for n, v := range t.Values {
		if v == "*" && !(n == 0 && t.Quoted) {
			found = "true"
			continue
		}
		i := slices.IndexFunc(kinds, func(o kind) bool { return strings.EqualFold(o.name, v) })
		if i < 0 {
			names := ""
			for i := range kinds {
				names += " " + kinds[i].name
			}
			return "", t.WrongValue("%q is no type; there are%s", v, names)
		}
		if kinds[i].name == k.name {
			found = "true"
		}
	}
	return found, equalOnly(t)
}

// result is ok or failed, of what can be either.
func (k *kind) result(t filter.Term) (string, error) {
	var all []string
	for _, v := range t.Values {
		switch {
		case v == "*":
			return "true", nil
		case strings.EqualFold(v, "failed"):
			all = append(all, or(k.failed, "false"))
		case !strings.EqualFold(v, "ok"):
			return "", t.WrongValue("%q is no result; there are ok and failed", v)
		case k.failed == "" || k.failed == "true":
			all = append(all, "false")
		default:
			all = append(all, `success == "True"`)
		}
	}
	return anyOf(all), equalOnly(t)
}

func equalOnly(t filter.Term) error {
	if t.Op > filter.Unequal {
		return t.Wrong("%s is one of some, and not more or less than others", t.Field())
	}
	return nil
}

var severities = []string{"verbose", "information", "warning", "error", "critical"}

func severity(t filter.Term) (string, error) {
	var all []string
	for _, v := range t.Values {
		if v == "*" {
			return "isnotnull(severityLevel)", nil
		}
		level := slices.IndexFunc(severities, func(s string) bool { return strings.HasPrefix(s, strings.ToLower(v)) })
		if n, err := strconv.Atoi(v); err == nil && n >= 0 && n < len(severities) {
			level = n
		}
		if level < 0 {
			return "", t.WrongValue("%q is no severity; there are %s", v, strings.Join(severities, ", "))
		}
		all = append(all, "severityLevel "+operator(t.Op)+" "+strconv.Itoa(level))
	}
	return anyOf(all), nil
}

// duration is in milliseconds, or with its unit: 250, 1.5s.
func duration(t filter.Term) (string, error) {
	var all []string
	for _, v := range t.Values {
		if v == "*" {
			return "isnotnull(duration)", nil
		}
		ms, err := strconv.ParseFloat(v, 64)
		if err != nil || ms-ms != 0 {
			d, err := time.ParseDuration(v)
			if err != nil {
				return "", t.WrongValue("%q is no duration; write 250 for milliseconds, or 1.5s", v)
			}
			ms = float64(d) / float64(time.Millisecond)
		}
		all = append(all, "duration "+operator(t.Op)+" "+number(ms))
	}
	return anyOf(all), nil
}

func operator(o filter.Op) string {
	switch o {
	case filter.Greater:
		return ">"
	case filter.AtLeast:
		return ">="
	case filter.Less:
		return "<"
	case filter.AtMost:
		return "<="
	}
	return "=="
}

// words is a term on a column of texts.
func words(column string, t filter.Term) (string, error) {
	if t.Op > filter.Unequal {
		return compared(column, t)
	}
	var all []string
	for n, v := range t.Values {
		switch {
		case t.Op == filter.Equal:
			all = append(all, column+" == "+literal(v))
		case v == "*" && !(n == 0 && t.Quoted):
			all = append(all, "isnotempty("+column+")")
		default:
			all = append(all, column+" contains "+literal(v))
		}
	}
	return anyOf(all), nil
}

// compared is a column of texts that are numbers, as result codes are.
func compared(column string, t filter.Term) (string, error) {
	f, err := strconv.ParseFloat(t.Values[0], 64)
	if err != nil || f-f != 0 {
		return "", t.WrongValue("%q is no number", t.Values[0])
	}
	return "todouble(" + column + ") " + operator(t.Op) + " " + number(f), nil
}
