package kql

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The files under testdata are of two kinds.
//
// NAME.test has cases: a line "-- what it shows", a query, a line "----", and
// the table that it gives: columns as name:type, then rows, cells with " | "
// between. Or "error CODE [line,position] part of the message".
//
// NAME.expr has a case a line: expression => type value.
//
// In both null is null and "" is an empty text.

func cell(v Value) string {
	switch {
	case v.IsNull():
		return "null"
	case v.String() == "":
		return `""`
	}
	return strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(v.String())
}

func table(r *Result) string {
	var s strings.Builder
	for i, c := range r.Columns {
		if i > 0 {
			s.WriteString(" | ")
		}
		s.WriteString(c.Name + ":" + c.Kind.String())
	}
	for row := range r.All() {
		s.WriteString("\n")
		for i, v := range row {
			if i > 0 {
				s.WriteString(" | ")
			}
			s.WriteString(cell(v))
		}
	}
	return s.String()
}

func errorText(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return "error " + err.Error()
	}
	return fmt.Sprintf("error %s [%d,%d] %s", e.Code, e.Line, e.Pos, e.Message)
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	tables := sampleTables(t)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test"), func(t *testing.T) {
			for _, section := range strings.Split("\n"+string(data), "\n-- ")[1:] {
				name, rest, _ := strings.Cut(section, "\n")
				query, want, ok := strings.Cut(rest, "\n----\n")
				if !ok {
					t.Errorf("%s: no line ----", name)
					continue
				}
				want = strings.TrimSpace(want)
				r, err := Run(t.Context(), tables, query, Options{Now: testNow})
				var got string
				if err != nil {
					got = errorText(err)
					if strings.HasPrefix(got, want) && strings.HasPrefix(want, "error ") {
						continue
					}
					if head, part, ok := strings.Cut(want, "] "); ok && strings.HasPrefix(got, head+"] ") && strings.Contains(got, part) {
						continue
					}
				} else {
					got = table(r)
				}
				if got != want {
					t.Errorf("%s\n%s\ngives\n%s\nwant\n%s", name, query, got, want)
				}
			}
		})
	}
}

func TestExpressions(t *testing.T) {
	files, err := filepath.Glob("testdata/*.expr")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	tables := sampleTables(t)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".expr"), func(t *testing.T) {
			for i, line := range strings.Split(string(data), "\n") {
				if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
					continue
				}
				at := strings.LastIndex(line, " => ")
				if at < 0 {
					t.Errorf("line %d: no =>", i+1)
					continue
				}
				expression, want := line[:at], strings.TrimSpace(line[at+4:])
				for form, query := range map[string]string{
					"constant": "print " + expression,
					// The same over rows, so that it is not folded while it is bound.
					"rows": "range _i from 1 to 3 step 1 | extend _x = " + expression + " | where _i == 2 | project _x",
				} {
					r, err := Run(t.Context(), tables, query, Options{Now: testNow})
					got := ""
					if err != nil {
						got = errorText(err)
						if code, ok := strings.CutPrefix(want, "error "); ok && strings.HasPrefix(got, "error "+code) {
							continue
						}
					} else {
						for row := range r.All() {
							got = r.Columns[0].Kind.String() + " " + cell(row[0])
						}
					}
					if got != want {
						got = got[:min(len(got), 500)]
						t.Errorf("line %d, %s: %s gives %s, want %s", i+1, form, expression, got, want)
					}
				}
			}
		})
	}
}
