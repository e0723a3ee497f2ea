package azcli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// formats are those of --output.
var formats = []string{"json", "jsonc", "none", "table", "tsv", "yaml", "yamlc"}

// print writes a result in a format of --output, byte for byte as az does. order
// tells the keys of an object in the order of the query that made it.
func printResult(w io.Writer, format string, v any, order order) error {
	switch format {
	case "none":
		return nil
	case "table":
		return printTable(w, v, order)
	case "tsv":
		return printRows(w, v, order)
	case "yaml", "yamlc":
		text, err := yaml.MarshalWithOptions(whole(v), yaml.IndentSequence(false), yaml.UseSingleQuote(true))
		if err == nil {
			_, err = w.Write(text)
		}
		return err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// whole has whole numbers as such, which YAML would write as 2.0.
func whole(v any) any {
	switch v := v.(type) {
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v)
		}
	case []any:
		return each(v, whole)
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, value := range v {
			out[name] = whole(value)
		}
		return out
	}
	return v
}

// order is the keys of each object that a query makes, as it writes them.
type order [][]string

// of are an object's keys: as the query has them, else by the alphabet.
func (o order) of(object map[string]any) []string {
	sorted := slices.Sorted(maps.Keys(object))
	for _, keys := range o {
		if slices.Equal(slices.Sorted(slices.Values(keys)), sorted) {
			return keys
		}
	}
	return sorted
}

// rowsOf is a result as lines: a list has one each.
func rowsOf(v any) []any {
	if list, is := v.([]any); is {
		return list
	}
	return []any{v}
}

// printRows writes tab-separated values without a header.
func printRows(w io.Writer, v any, order order) error {
	var b strings.Builder
	for _, row := range rowsOf(v) {
		switch row := row.(type) {
		case map[string]any:
			for n, key := range order.of(row) {
				b.WriteString(tab(n) + cell(row[key]))
			}
		case []any:
			for n, value := range row {
				b.WriteString(tab(n) + cell(value))
			}
		case bool: // alone in its line a truth is written as in JSON
			b.WriteString(strconv.FormatBool(row))
		default:
			b.WriteString(cell(row))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func tab(n int) string {
	if n == 0 {
		return ""
	}
	return "\t"
}

// cell is a value between tabs: a list is its length, an object nothing.
func cell(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return ""
	case []any:
		return strconv.Itoa(len(v))
	}
	return plain(v)
}

// plain is a scalar as Python writes it.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// hidden are keys that tables leave out.
var hidden = []string{"id", "type", "etag"}

// line is what one line of a table shows, and the order of its columns.
type line struct {
	columns []string
	cells   map[string]string
}

func (l *line) add(column, text string) {
	l.columns = append(l.columns, column)
	l.cells[column] = text
}

func lineOf(v any, order order) line {
	l := line{cells: map[string]string{}}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range order.of(v) {
			switch v[key].(type) {
			case nil, map[string]any, []any:
				continue
			}
			if !slices.Contains(hidden, key) {
				l.add(strings.ToUpper(key[:min(1, len(key))])+key[min(1, len(key)):], plain(v[key]))
			}
		}
	case []any:
		for n, value := range v {
			text := plain(value)
			if value == nil {
				text = ""
			}
			l.add("Column"+strconv.Itoa(n+1), text)
		}
	default:
		l.add("Result", plain(v))
	}
	return l
}

// printTable writes columns with a header and a rule below it.
func printTable(w io.Writer, v any, order order) error {
	var columns []string
	var lines []line
	for _, row := range rowsOf(v) {
		l := lineOf(row, order)
		lines = append(lines, l)
		for _, c := range l.columns {
			if !slices.Contains(columns, c) {
				columns = append(columns, c)
			}
		}
	}
	if len(lines) == 0 {
		_, err := io.WriteString(w, "\n")
		return err
	}
	if len(columns) == 0 {
		return &failure{message: "Table output unavailable. Use the --query option to specify an appropriate query. Use --debug for more info.", status: exitFailed}
	}
	widths := make([]int, len(columns))
	for n, c := range columns {
		widths[n] = utf8.RuneCountInString(c) + 2 // tabulate's least space for a header
		for _, l := range lines {
			widths[n] = max(widths[n], utf8.RuneCountInString(l.cells[c]))
		}
	}
	var b strings.Builder
	writeLine := func(text func(n int) string) {
		var padded []string
		for n := range columns {
			t := text(n)
			padded = append(padded, t+strings.Repeat(" ", widths[n]-utf8.RuneCountInString(t)))
		}
		b.WriteString(strings.TrimRight(strings.Join(padded, "  "), " ") + "\n")
	}
	writeLine(func(n int) string { return columns[n] })
	writeLine(func(n int) string { return strings.Repeat("-", widths[n]) })
	for _, l := range lines {
		writeLine(func(n int) string { return l.cells[columns[n]] })
	}
	_, err := io.WriteString(w, b.String())
	return err
}
