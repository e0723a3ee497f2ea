package localrun

import (
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strings"
)

// Difference says how the rows of an output are not the expected ones.
type Difference struct {
	Output     string
	Unknown    bool     // the query has no such output
	Missing    []string // expected rows that did not come, as JSON
	Unexpected []string // rows that came and were not expected
}

// Text prints the difference, of each kind at most the first rows (all: 0).
func (d *Difference) Text(most int) string {
	if d.Unknown {
		return d.Output + ": the query has no such output\n"
	}
	var b strings.Builder
	b.WriteString(d.Output + ":\n")
	printRows(&b, "-", "missing", d.Missing, most)
	printRows(&b, "+", "unexpected", d.Unexpected, most)
	return b.String()
}

func printRows(b *strings.Builder, sign, what string, rows []string, most int) {
	for i, row := range rows {
		if most > 0 && i == most {
			fmt.Fprintf(b, "  %s … and %d more %s\n", sign, len(rows)-most, what)
			return
		}
		fmt.Fprintf(b, "  %s %s\n", sign, row)
	}
}

// difference matches rows in any order and lists those left over.
func difference(want, got []any) (d Difference) {
	left := make(map[string][]any)
	for _, g := range got {
		left[shape(g)] = append(left[shape(g)], g)
	}
	for _, w := range want {
		rows := left[shape(w)]
		at := -1
		for i, g := range rows {
			if same(w, g) {
				at = i
				break
			}
		}
		if at < 0 {
			d.Missing = append(d.Missing, rowText(w))
			continue
		}
		left[shape(w)] = append(rows[:at], rows[at+1:]...)
	}
	for _, rows := range left {
		for _, g := range rows {
			d.Unexpected = append(d.Unexpected, rowText(g))
		}
	}
	sort.Strings(d.Unexpected)
	return d
}

func rowText(row any) string {
	text, err := json.Marshal(row)
	if err != nil {
		return fmt.Sprint(row)
	}
	return string(text)
}

// shape is the same for rows that may be the same: their text without numbers,
// so that few rows have to be compared.
func shape(v any) string {
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name, x := range v {
			if x != nil {
				names = append(names, name+"="+shape(x))
			}
		}
		sort.Strings(names)
		return strings.Join(names, ",")
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = shape(x)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case float64:
		return "#"
	}
	return fmt.Sprint(v)
}

func same(a, b any) bool {
	switch x := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && math.Abs(x-y) <= 1e-9*math.Max(1, math.Max(math.Abs(x), math.Abs(y)))
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			return false
		}
		for name, v := range x {
			if !same(v, y[name]) {
				return false
			}
		}
		for name, v := range y {
			if v != nil && x[name] == nil {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	}
	return a == b
}
