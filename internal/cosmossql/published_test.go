package cosmossql

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// withoutPage are functions that the language reference has no page for.
var withoutPage = map[string]bool{"COUNTIF": true, "MAKELIST": true, "MAKESET": true}

// TestPublishedPages holds the table of testdata/README.md against the functions
// and the golden files: each function has a row, each row's golden calls it.
func TestPublishedPages(t *testing.T) {
	readme := readText(t, "README.md")
	rows := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([A-Z0-9_]+) \| (\w+\.test) \|`).FindAllStringSubmatch(readme, -1) {
		rows[m[1]] = m[2]
	}
	known := func(name string) bool { return functions[name].fn != nil || aggregateNames[name] }
	for name := range functions {
		if rows[name] == "" {
			t.Errorf("%s has no row in testdata/README.md: give its page a golden", name)
		}
	}
	for name := range aggregateNames {
		if rows[name] == "" && !withoutPage[name] {
			t.Errorf("the aggregate %s has no row in testdata/README.md", name)
		}
	}
	for name, file := range rows {
		if !known(name) {
			t.Errorf("testdata/README.md has a row for %s, which is no function", name)
		}
		if !regexp.MustCompile(`\b` + name + `\(`).MatchString(queriesOf(readText(t, file))) {
			t.Errorf("%s: no query calls %s", file, name)
		}
	}
	for name := range withoutPage {
		if !strings.Contains(readme, name) {
			t.Errorf("testdata/README.md does not say that %s has no page", name)
		}
	}
}

// TestPublishedClauses demands that each comment of the table of clauses is
// there and has queries below it.
func TestPublishedClauses(t *testing.T) {
	_, rest, _ := strings.Cut(readText(t, "README.md"), "### Clauses and expressions")
	table, _, ok := strings.Cut(rest, "###")
	if !ok {
		t.Fatal("testdata/README.md has no table of clauses")
	}
	golden := readText(t, "published_clause.test")
	rows := regexp.MustCompile(`(?m)^\| [^|]+ \| ([^|]+) \| [^|]+ \|$`).FindAllStringSubmatch(table, -1)
	if len(rows) < 15 {
		t.Fatalf("%d rows of clauses", len(rows))
	}
	for _, m := range rows[1:] {
		at := regexp.MustCompile(`(?m)^# ` + regexp.QuoteMeta(m[1]) + `\b[^\n]*\n\n(query|error)`)
		if !at.MatchString(golden) {
			t.Errorf("published_clause.test has no queries below %q", m[1])
		}
	}
}

// TestRefusedFunctions demands a refusal by name and position for each function
// that is not here.
func TestRefusedFunctions(t *testing.T) {
	readme := readText(t, "README.md")
	for name, why := range refusedFunctions {
		q, err := Parse("SELECT VALUE " + name + "(c.a, c.b) FROM c")
		if err != nil {
			t.Fatal(err)
		}
		_, err = Compile(q, nil, SourceInfo{})
		var se *SyntaxError
		if !errors.As(err, &se) || se.Code != codeUnsupported || !strings.Contains(se.Msg, name) || !strings.Contains(se.Msg, why) || se.Start != len("SELECT VALUE ") {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.Contains(readme, name) {
			t.Errorf("testdata/README.md does not say that %s is refused", name)
		}
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// queriesOf is the golden file without its comments and results.
func queriesOf(golden string) string {
	var sb strings.Builder
	for _, chunk := range strings.Split(golden, "\n\n") {
		if text, _, ok := strings.Cut(chunk, "\n----"); ok && !strings.HasPrefix(chunk, "#") {
			sb.WriteString(text + "\n")
		}
	}
	return sb.String()
}
