package stream

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

var update = flag.Bool("update", false, "rewrite the outputs in testdata")

// TestGolden runs the cases of testdata/*.test and of testdata/pages/*.test, which
// are named after the vendor's pages. A case is
//
//	=== name
//	--- function NAME [aggregate]   JavaScript
//	--- query
//	--- policy        late, reorder: durations; drop; files (no policy)
//	--- hub NAME      the input is an event hub
//	--- input NAME    one event a line, "@ARRIVAL #KEY NAME=VALUE {…}" with the
//	                  partition key and properties; again for a partition more
//	--- reference NAME [VALID-FROM]
//	--- output NAME   what comes out, in order
//	--- metrics       numbers that are not zero
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.test")
	pages, err2 := filepath.Glob("testdata/pages/*.test")
	if err != nil || err2 != nil || len(files) == 0 || len(pages) == 0 {
		t.Fatalf("no cases: %v %v", err, err2)
	}
	for _, file := range append(files, pages...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cases := parseCases(string(text))
		for _, c := range cases {
			t.Run(strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "testdata/"), ".test")+"/"+c.name, func(t *testing.T) {
				want := c.results()
				c.run(t)
				if got := c.results(); !*update {
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s (-want +got):\n%s", c.name, diff)
					}
				}
			})
		}
		if *update {
			var b strings.Builder
			for _, c := range cases {
				b.WriteString(c.String())
			}
			if err := os.WriteFile(file, []byte(strings.TrimRight(b.String(), "\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestPages holds testdata/README.md and the files of pages to each other.
func TestPages(t *testing.T) {
	text, err := os.ReadFile("testdata/README.md")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("testdata/pages/*.test")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	cases := 0
	for _, file := range pages {
		if name := "`pages/" + filepath.Base(file) + "`"; !strings.Contains(string(text), name) {
			t.Errorf("README.md has no row for %s", name)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cases += len(parseCases(string(content)))
	}
	for _, quoted := range strings.Split(string(text), "`") {
		if strings.HasSuffix(quoted, ".test") && !strings.ContainsAny(quoted, " *") {
			if _, err := os.Stat(filepath.Join("testdata", quoted)); err != nil {
				t.Error(err)
			}
		}
	}
	if cases < 115 {
		t.Errorf("only %d cases of pages, at least 115 are wanted", cases)
	}
}

type goldenCase struct {
	name     string
	sections []goldenSection
}

type goldenSection struct {
	kind, arg string
	lines     []string
}

func parseCases(text string) []*goldenCase {
	var cases []*goldenCase
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if name, ok := strings.CutPrefix(line, "=== "); ok {
			cases = append(cases, &goldenCase{name: name})
			continue
		}
		if len(cases) == 0 || line == "" {
			continue
		}
		c := cases[len(cases)-1]
		if head, ok := strings.CutPrefix(line, "--- "); ok {
			kind, arg, _ := strings.Cut(head, " ")
			c.sections = append(c.sections, goldenSection{kind: kind, arg: arg})
		} else if n := len(c.sections); n > 0 {
			c.sections[n-1].lines = append(c.sections[n-1].lines, line)
		}
	}
	return cases
}

func (c *goldenCase) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "=== %s\n", c.name)
	for _, s := range c.sections {
		b.WriteString(strings.TrimRight("--- "+s.kind+" "+s.arg, " ") + "\n")
		for _, l := range s.lines {
			b.WriteString(l + "\n")
		}
	}
	return b.String() + "\n"
}

// results are the sections that a run writes.
func (c *goldenCase) results() string {
	var b strings.Builder
	for _, s := range c.sections {
		if s.kind == "output" || s.kind == "metrics" {
			fmt.Fprintf(&b, "%s %s\n%s\n", s.kind, s.arg, strings.Join(s.lines, "\n"))
		}
	}
	return b.String()
}

func (c *goldenCase) run(t *testing.T) {
	opts := Options{Name: c.name, Start: StartAll, Policy: DefaultTimePolicy(), Sources: map[string]Source{}, References: map[string]Reference{}, Sinks: map[string]Sink{}}
	query, inputs := "", []streamsql.InputOptions{}
	var functions []streamsql.Function
	sources, versions := map[string]*memSource{}, map[string]memReference{}
	for _, s := range c.sections {
		switch s.kind {
		case "query":
			query = strings.Join(s.lines, "\n")
		case "function":
			name, kind, _ := strings.Cut(s.arg, " ")
			functions = append(functions, streamsql.Function{Name: name, Aggregate: kind == "aggregate", Source: strings.Join(s.lines, "\n")})
		case "policy":
			opts.Policy = parsePolicy(t, s.lines[0])
		case "hub":
			inputs = append(inputs, streamsql.InputOptions{Name: s.arg, EventHub: true})
		case "input":
			if sources[s.arg] == nil {
				sources[s.arg] = &memSource{}
				opts.Sources[s.arg] = sources[s.arg]
			}
			sources[s.arg].parts = append(sources[s.arg].parts, events(t, s.lines))
		case "reference":
			name, from, _ := strings.Cut(s.arg, " ")
			version := Snapshot{ValidFrom: StartOfInput}
			if from != "" {
				version.ValidFrom = parseTicks(t, from)
			}
			for _, l := range s.lines {
				version.Rows = append(version.Rows, []byte(l))
			}
			if versions[name] == nil {
				inputs = append(inputs, streamsql.InputOptions{Name: name, Reference: true})
			}
			versions[name] = append(versions[name], version)
			opts.References[name] = versions[name]
		}
	}
	opts.Program = compileWith(t, query, streamsql.Options{Inputs: inputs, Functions: functions})
	sinks := map[string]*memSink{}
	for _, o := range opts.Program.Outputs {
		sinks[o.Name] = &memSink{}
		opts.Sinks[o.Name] = sinks[o.Name]
	}
	job, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := job.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	c.write(opts, sinks, job.Metrics())
}

// write replaces the result sections.
func (c *goldenCase) write(opts Options, sinks map[string]*memSink, m Metrics) {
	kept := c.sections[:0:0]
	for _, s := range c.sections {
		if s.kind != "output" && s.kind != "metrics" {
			kept = append(kept, s)
		}
	}
	for _, o := range opts.Program.Outputs {
		kept = append(kept, goldenSection{kind: "output", arg: o.Name, lines: sinks[o.Name].lines()})
	}
	var numbers []string
	for _, n := range []struct {
		name string
		n    int64
	}{
		{"late", m.LateEvents},
		{"early", m.EarlyEvents},
		{"outOfOrder", m.OutOfOrderEvents},
		{"dropped", m.DroppedEvents},
		{"malformed", m.DeserializationErrors},
		{"conversion", m.ConversionErrors},
		{"runtime", m.RuntimeErrors},
	} {
		if n.n != 0 {
			numbers = append(numbers, fmt.Sprintf("%s %d", n.name, n.n))
		}
	}
	for _, e := range m.DataErrors {
		numbers = append(numbers, fmt.Sprintf("%s %d: %s", e.Kind, e.Events, e.Last))
	}
	if len(numbers) > 0 {
		kept = append(kept, goldenSection{kind: "metrics", lines: numbers})
	}
	c.sections = kept
}

func parsePolicy(t *testing.T, text string) TimePolicy {
	p := DefaultTimePolicy()
	for _, word := range strings.Fields(text) {
		name, value, _ := strings.Cut(word, "=")
		d, err := time.ParseDuration(value)
		if value != "" && err != nil {
			t.Fatal(err)
		}
		switch name {
		case "late":
			p.Late = d
		case "reorder":
			p.OutOfOrder = d
		case "drop":
			p.Drop = true
		case "files":
			p.Unlimited = true
		case "forever":
			p.Late = WaitForever
		default:
			t.Fatalf("policy %q", word)
		}
	}
	return p
}

func parseTicks(t testing.TB, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return Ticks(at)
}
