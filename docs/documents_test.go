package docs_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
)

// documents are all pages of the project, from the repository's root.
func documents(t *testing.T) []string {
	t.Helper()
	var pages []string
	for _, pattern := range []string{"../*.md", "*.md", "ko/*.md", "../examples/*/*.md", "../conformance/*.md", "../bench/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	return pages
}

var fence = regexp.MustCompile("(?ms)^```([a-z ]*)\n(.*?)^```")

// blocks returns the fenced blocks of a language in a page.
func blocks(t *testing.T, page, language string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range fence.FindAllSubmatch(text, -1) {
		if string(m[1]) == language {
			found = append(found, string(m[2]))
		}
	}
	return found
}

// namedQuery finds the files of stream queries in a project file.
var namedQuery = regexp.MustCompile(`(?m)^ +query: (\S+)`)

// TestProjectFilesParse loads every YAML block as a project file.
func TestProjectFilesParse(t *testing.T) {
	seen := 0
	for _, page := range documents(t) {
		for _, block := range blocks(t, page, "yaml") {
			seen++
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "app"), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, m := range namedQuery.FindAllStringSubmatch(block, -1) {
				if err := os.WriteFile(filepath.Join(dir, m[1]), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := config.Parse([]byte(block), dir); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
	if seen == 0 {
		t.Error("no project file is shown anywhere")
	}
}

// TestDashboardsParse checks every JSON block of the dashboards' guide.
func TestDashboardsParse(t *testing.T) {
	found := blocks(t, "dashboards.md", "json")
	if len(found) == 0 {
		t.Error("no dashboard is shown")
	}
	for _, block := range found {
		_, problems := dashboard.Parse("dashboards.md", []byte(block))
		for _, p := range problems {
			t.Error(p)
		}
	}
}

// TestLinksLead follows every relative link.
func TestLinksLead(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	for _, page := range documents(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(fence.ReplaceAll(text, nil), -1) {
			target := string(m[1])
			if strings.Contains(target, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), target)); err != nil {
				t.Errorf("%s links to %s, which is not there", page, target)
			}
		}
	}
}

// TestTranslationsKeepStep demands that a guide and its translation have the
// same headings' depths and the same blocks of code, but for their comments.
func TestTranslationsKeepStep(t *testing.T) {
	translated, err := filepath.Glob("ko/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, ko := range translated {
		if ko == glossary {
			continue // there is nothing to translate
		}
		en := filepath.Base(ko)
		if a, b := outline(t, en), outline(t, ko); a != b {
			t.Errorf("%s and %s have drifted apart:\n%s\n-- and --\n%s", en, ko, a, b)
		}
	}
}

// outline is a page without its prose: heading marks and code.
func outline(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	inCode := false
	for line := range bytes.Lines(text) {
		s := strings.TrimSpace(string(line))
		code, _, _ := strings.Cut(s, "#")
		switch {
		case strings.HasPrefix(s, "```"):
			inCode = !inCode
			out.WriteString(s + "\n")
		case inCode && strings.TrimSpace(code) != "":
			out.WriteString(strings.TrimSpace(code) + "\n")
		case !inCode && strings.HasPrefix(s, "#"):
			out.WriteString(s[:strings.IndexByte(s, ' ')] + "\n")
		}
	}
	return out.String()
}

// TestGoProgramsBuild builds every Go block, each a whole program.
func TestGoProgramsBuild(t *testing.T) {
	seen := map[string]bool{}
	for _, page := range documents(t) {
		for _, block := range blocks(t, page, "go") {
			if seen[block] {
				continue // the translation's copy
			}
			seen[block] = true
			dir, err := os.MkdirTemp(".", "_program")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(block), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("go", "vet", "./"+dir).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", page, err, out)
			}
		}
	}
	if len(seen) == 0 {
		t.Error("no Go program is shown anywhere")
	}
}
