package cosmossql

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

var update = flag.Bool("update", false, "write the results into the golden files")

// TestGolden runs the blocks of testdata/*.test:
//
//	load pk=/deviceId      the documents that follow, one a line
//	query [name=json …]    a query (its lines up to ----) and its rows
//	error [name=json …]    a query that is refused: the message, and the place marked
//	explain [name=json …]  a query and its plan
//	condition              a patch condition on each loaded document
//
// Each query runs twice: with indexes and in pages of two rows, and without
// indexes in one page. Both must give the rows of the file.
func TestGolden(t *testing.T) {
	testkit.Golden(t, *update, 300, func() testkit.GoldenFunc {
		src := newFakeSource(nil)
		return func(t *testing.T, b testkit.GoldenBlock) (got string, cases int, ok bool) {
			switch b.Verb {
			case "load":
				src = loadFake(t, b.Args, b.Text)
				return "", 0, true
			case "query", "error", "explain", "condition":
				return evalGolden(t, b.Verb, b.Text, b.Args, src), 1, true
			}
			return "", 0, false
		}
	})
}

func loadFake(t *testing.T, args, body string) *fakeSource {
	var docs [][]byte
	for sc := bufio.NewScanner(strings.NewReader(body)); sc.Scan(); {
		if !json.Valid(sc.Bytes()) {
			t.Fatalf("not JSON: %s", sc.Text())
		}
		docs = append(docs, bytes.Clone(sc.Bytes()))
	}
	var pk []Path
	if p, ok := strings.CutPrefix(args, "pk="); ok {
		for _, one := range strings.Split(p, ",") {
			pk = append(pk, Path(strings.Split(strings.Trim(one, "/"), "/")))
		}
	}
	return newFakeSource(docs, pk...)
}

// goldenNow is what the date functions see.
var goldenNow = time.Date(2026, 3, 1, 12, 30, 45, 123456700, time.UTC)

func evalGolden(t *testing.T, verb, text, args string, src *fakeSource) string {
	params := map[string][]byte{}
	for _, f := range strings.Fields(args) {
		k, v, _ := strings.Cut(f, "=")
		params["@"+k] = []byte(v)
	}
	if verb == "condition" {
		return evalGoldenCondition(text, src)
	}
	q, err := Parse(text)
	var p *Plan
	if err == nil {
		p, err = Compile(q, params, src.info())
	}
	if verb == "error" {
		return markError(err, text)
	}
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	if verb == "explain" {
		return p.Explain()
	}
	p.small = 0 // so that indexes are used on few documents
	rows, err := runPages(p, src, 2)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	naive, err := Compile(q, params, SourceInfo{})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := runPages(naive, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !sameRows(q.Features(), rows, plain) {
		t.Errorf("%s\nwith indexes:\n%s\nwithout:\n%s\nplan:\n%s", text, strings.Join(rows, "\n"), strings.Join(plain, "\n"), p.Explain())
	}
	return strings.Join(append(plain, ""), "\n")
}

// sameRows compares two answers: in order if the query has one, and by number if
// it takes any few rows.
func sameRows(f Features, a, b []string) bool {
	switch {
	case f.OrderBy || f.GroupBy:
	case f.Top || f.OffsetLimit:
		return len(a) == len(b)
	default:
		a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	}
	return slices.Equal(a, b)
}

func evalGoldenCondition(text string, src *fakeSource) string {
	var out strings.Builder
	for _, d := range src.docs {
		ok, err := EvalCondition(text, d)
		if err != nil {
			return markError(err, text)
		}
		fmt.Fprintln(&out, ok)
	}
	return out.String()
}

// markError writes the message and the line at fault with carets under it.
func markError(err error, text string) string {
	var se *SyntaxError
	if !errors.As(err, &se) {
		return fmt.Sprintf("no SyntaxError: %v\n", err)
	}
	line := strings.Split(text, "\n")[se.Line-1]
	n := min(max(len([]rune(text[se.Start:se.End])), 1), max(len([]rune(line))-se.Col+1, 1))
	return fmt.Sprintf("%s %s\n%s\n%s%s\n", se.Code, se.Msg, line, strings.Repeat(" ", se.Col-1), strings.Repeat("^", n))
}

// runPages runs all pages of at most max rows and joins their rows.
func runPages(p *Plan, src Source, max int) ([]string, error) {
	rows := []string{}
	opts := RunOptions{MaxItems: max, Now: goldenNow}
	for n := 0; ; n++ {
		page, err := p.Run(context.Background(), src, opts)
		if err != nil {
			return nil, err
		}
		if n > 10000 {
			return nil, errors.New("the pages do not end")
		}
		if max > 0 && len(page.Rows) > max {
			return nil, fmt.Errorf("a page of %d rows where %d were allowed", len(page.Rows), max)
		}
		if len(page.Continuation) > 1024 {
			return nil, fmt.Errorf("a continuation of %d bytes", len(page.Continuation))
		}
		for _, r := range page.Rows {
			if !json.Valid(r) {
				return nil, fmt.Errorf("a row that is not JSON: %s", r)
			}
			rows = append(rows, string(r))
		}
		if opts.Continuation = page.Continuation; opts.Continuation == "" {
			return rows, nil
		}
	}
}
