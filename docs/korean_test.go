package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const glossary = "ko/glossary.md"

// TestKoreanTerms: the Korean guides and the portal call one thing by one word,
// that of the glossary, and no text has both forms of a particle.
func TestKoreanTerms(t *testing.T) {
	rivals := readRivals(t)
	for _, page := range korean(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			for rival, term := range rivals {
				if strings.Contains(line, rival) {
					t.Errorf("%s:%d: %q; the glossary says %q\n\t%s", page, n, rival, term, strings.TrimSpace(line))
				}
			}
		}
	}
}

// readRivals are the words that the glossary rules out, each with what it wants.
func readRivals(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(glossary)
	if err != nil {
		t.Fatal(err)
	}
	rivals := map[string]string{"을(를)": "", "이(가)": "", "은(는)": "", "십시오": "~하세요"}
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$`).FindAllStringSubmatch(string(text), -1) {
		for _, rival := range strings.Split(row[3], ",") {
			if rival = strings.TrimSpace(rival); rival != "" && row[1] != "영어" {
				rivals[rival] = row[2]
			}
		}
	}
	if len(rivals) < 30 {
		t.Fatalf("the glossary rules out %d words", len(rivals))
	}
	return rivals
}

// korean are all files that hold Korean for people.
func korean(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"ko/*.md", "../examples/*/*.ko.md", "../web/src/pages/*/*.ts", "../web/src/*/*.ts"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		for _, f := range found {
			if filepath.ToSlash(f) != glossary {
				files = append(files, f)
			}
		}
	}
	return files
}
