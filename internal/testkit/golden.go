package testkit

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// GoldenBlock is a block of a golden file: a head of a verb and arguments, a
// text, and below a line "----" what came of it.
type GoldenBlock struct {
	Verb, Args string
	Text       string // up to the line ----
}

// GoldenFunc answers a block: what comes of it, and as how many cases it
// counts. No cases: the block only prepares the next ones, and has no result.
// An unknown verb is reported by ok.
type GoldenFunc func(t *testing.T, b GoldenBlock) (got string, cases int, ok bool)

// Golden runs testdata/*.test, one subtest each. A file is a sequence of blocks
// separated by blank lines; one whose head begins with # is a comment. With
// update the results are written into the files. begin makes the function of
// one file. Fewer cases than least fail the test.
func Golden(t *testing.T, update bool, least int, begin func() GoldenFunc) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	cases := 0
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".test"), func(t *testing.T) {
			cases += goldenFile(t, name, update, begin())
		})
	}
	if cases < least && !t.Failed() {
		t.Errorf("only %d golden cases, at least %d are wanted", cases, least)
	}
}

func goldenFile(t *testing.T, name string, update bool, answer GoldenFunc) (cases int) {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	line := 1
	for i, chunk := range strings.Split(strings.TrimRight(string(data), "\n"), "\n\n") {
		if i > 0 {
			out.WriteByte('\n')
		}
		head, body, _ := strings.Cut(chunk, "\n")
		text, want, _ := strings.Cut(body+"\n", "----\n")
		verb, args, _ := strings.Cut(head, " ")
		got, n, ok := "", 0, true
		if !strings.HasPrefix(verb, "#") {
			got, n, ok = answer(t, GoldenBlock{Verb: verb, Args: args, Text: strings.TrimSpace(text)})
		}
		switch {
		case !ok:
			t.Fatalf("%s:%d: unknown verb %q", name, line, verb)
		case n == 0:
			fmt.Fprintln(&out, chunk)
		default:
			fmt.Fprintf(&out, "%s\n%s----\n%s", head, text, got)
			if !update && strings.TrimRight(want, "\n") != strings.TrimRight(got, "\n") {
				t.Errorf("%s:%d: %s\ngot:\n%s\nwant:\n%s", name, line, text, got, want)
			}
		}
		cases += n
		line += strings.Count(chunk, "\n") + 2
	}
	if update {
		if err := os.WriteFile(name, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return cases
}
