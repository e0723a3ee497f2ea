package items

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/filter"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// filtered is the query that means a filter bar's text and an order: the names
// of a property's path joined by dots, the last descending with a minus before.
//
//	data.tempC>40 city:seoul      SELECT * FROM c WHERE c["data"]["tempC"] > 40 AND …
//
// A text without a field is looked for in the item's JSON. What the filter
// language says of values is said here in the query's.
func filtered(q, sort string) (string, error) {
	terms, err := filter.Parse(q)
	var wrong *filter.Error
	if errors.As(err, &wrong) {
		return "", &portal.SyntaxError{Message: wrong.Message, Place: spanOf([]byte(q), wrong.Start, wrong.End)}
	}
	if err != nil {
		return "", err
	}
	var conditions []string
	for _, t := range terms {
		conditions = append(conditions, condition(t))
	}
	sql := "SELECT * FROM c"
	if len(conditions) > 0 {
		sql += "\nWHERE " + strings.Join(conditions, "\n  AND ")
	}
	if sort == "" {
		return sql, nil
	}
	path, down := strings.CutPrefix(sort, "-")
	by, err := filter.Parse(path + ":*")
	if err != nil || len(by) != 1 || len(by[0].Path) == 0 {
		return "", fault.New(fault.Invalid, "sort", "%q is no property", sort)
	}
	sql += "\nORDER BY " + property(by[0].Path)
	if down {
		sql += " DESC"
	}
	return sql, nil
}

// condition is a term as an expression that is true or false, never undefined
// under a NOT: there what lacks the property counts.
func condition(t filter.Term) string {
	not := t.Not
	op := t.Op
	if op == filter.Unequal {
		op, not = filter.Equal, !not
	}
	var any []string
	for i, v := range t.Values {
		any = append(any, comparisons(t.Path, op, v, i == 0 && t.Quoted)...)
	}
	text := strings.Join(any, " OR ")
	if len(any) > 1 && !not {
		text = "(" + text + ")"
	}
	if not {
		return "NOT ((" + text + ") ?? false)"
	}
	return text
}

var operators = map[filter.Op]string{
	filter.Equal: " = ", filter.Greater: " > ", filter.AtLeast: " >= ", filter.Less: " < ", filter.AtMost: " <= ",
}

// comparisons are the ways in which a property can have a value that was typed:
// 40 may be the number or the text, true the word or the text.
func comparisons(path []string, op filter.Op, value string, quoted bool) []string {
	if op == filter.Text {
		return []string{"CONTAINS(ToString(c), " + literal(value) + ", true)"}
	}
	p := property(path)
	if op == filter.Has && value == "*" && !quoted {
		return []string{"IS_DEFINED(" + p + ")"}
	}
	bare := ""
	if n, err := strconv.ParseFloat(value, 64); !quoted && err == nil && n-n == 0 {
		bare = strconv.FormatFloat(n, 'g', -1, 64)
	} else if word := strings.ToLower(value); !quoted && (word == "true" || word == "false" || word == "null") {
		bare = word
	}
	switch op {
	case filter.Has:
		text := "CONTAINS(" + p + ", " + literal(value) + ", true)"
		if bare == "" {
			return []string{text}
		}
		return []string{p + " = " + bare, text}
	case filter.Equal:
		text := p + " = " + literal(value)
		if bare == "" {
			return []string{text}
		}
		return []string{p + " = " + bare, text}
	}
	if bare != "" {
		return []string{p + operators[op] + bare}
	}
	return []string{p + operators[op] + literal(value)}
}

// property is a path in a query. Every name is in brackets, since any text may be
// one.
func property(path []string) string {
	var b strings.Builder
	b.WriteString("c")
	for _, name := range path {
		b.WriteString("[" + literal(name) + "]")
	}
	return b.String()
}

// literal is a text in a query, written as in JSON.
func literal(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		return `""` // a text is always JSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}
