package localrun

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// put writes a file into the test's folder.
func put(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readObjects(t testing.TB, path string) []string {
	t.Helper()
	o, err := openFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer o.f.Close()
	var all []string
	for {
		body, err := o.next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(body))
	}
}

// TestObjects: the same objects however a file holds them, and a broken one
// does not take others with it.
func TestObjects(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", 600<<10) + `"}`
	for name, tc := range map[string]struct {
		file, text string
		want       []string
	}{
		"lines":              {"f.json", "{\"a\":1}\n{\"a\":2}\r\n\n{\"a\":3}", []string{`{"a":1}`, `{"a":2}`, `{"a":3}`}},
		"byte order mark":    {"f.json", "\xef\xbb\xbf{\"a\":1}\n", []string{`{"a":1}`}},
		"array in a line":    {"f.json", `[{"a":1},{"a":{"b":2}}, {"a":"]}{"}]`, []string{`{"a":1}`, `{"a":{"b":2}}`, `{"a":"]}{"}`}},
		"array over lines":   {"f.json", "[\n  {\n    \"a\": 1\n  },\n  {\"a\": 2}\n]\n", []string{"{\n    \"a\": 1\n  }", `{"a": 2}`}},
		"objects in a line":  {"f.json", `{"a":1}{"a":2} {"a":3}`, []string{`{"a":1}`, `{"a":2}`, `{"a":3}`}},
		"quotes":             {"f.json", `{"a":"\"}\\"}` + "\n" + `{"b":1}`, []string{`{"a":"\"}\\"}`, `{"b":1}`}},
		"a broken line":      {"f.json", "{\"a\":1}\n{\"a\":\n{\"a\":3}\n", []string{`{"a":1}`, `{"a":`, `{"a":3}`}},
		"an open text":       {"f.json", "{\"a\":\"x\n{\"a\":2}\n", []string{`{"a":"x`, `{"a":2}`}},
		"no object":          {"f.json", "{\"a\":1}\nnonsense\n{\"a\":2}\n", []string{`{"a":1}`, `nonsense`, `{"a":2}`}},
		"a brace too many":   {"f.json", "{\"a\":1}}\n{\"a\":2}\n", []string{`{"a":1}`, `}`, `{"a":2}`}},
		"the end is missing": {"f.json", "[{\"a\":1},{\"a\":", []string{`{"a":1}`, `{"a":`}},
		"long":               {"f.json", long + "\n[" + long + "," + long, []string{long, long, long}},
		"nothing":            {"f.json", "", nil},
		"csv":                {"f.CSV", "a, b\n1,\"x,y\"\n2\n3,4,5\n", []string{`{"a":"1","b":"x,y"}`, `{"a":"2"}`, `{"Column3":"5","a":"3","b":"4"}`}},
		"csv of a header":    {"f.csv", "a,b\n", nil},
		"csv of nothing":     {"f.csv", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, readObjects(t, put(t, t.TempDir(), tc.file, tc.text))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestArrayInOneLine reads a long array in time that grows with its length.
func TestArrayInOneLine(t *testing.T) {
	const n = 200_000
	var b strings.Builder
	b.WriteByte('[')
	for i := range n {
		fmt.Fprintf(&b, `{"i":%d},`, i)
	}
	b.WriteString("{}]")
	if got := readObjects(t, put(t, t.TempDir(), "f.json", b.String())); len(got) != n+1 || got[n-1] != fmt.Sprintf(`{"i":%d}`, n-1) {
		t.Errorf("%d objects", len(got))
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	if _, err := openFile(filepath.Join(dir, "absent.json")); err == nil || !strings.Contains(err.Error(), "absent.json") {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := openFile(put(t, dir, "header.csv", "\"a\nb")); err == nil || !strings.Contains(err.Error(), "header") {
		t.Errorf("a broken header: %v", err)
	}
	o, err := openFile(put(t, dir, "row.csv", "a\n\"1\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer o.f.Close()
	if _, err := o.next(); err == nil || !strings.Contains(err.Error(), "row.csv") {
		t.Errorf("a broken row: %v", err)
	}
	o, err = openFile(put(t, dir, "huge.json", `{"a":"`+strings.Repeat("x", maxEvent)))
	if err != nil {
		t.Fatal(err)
	}
	defer o.f.Close()
	if _, err := o.next(); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("an event without end: %v", err)
	}
}

// FuzzObjects: whatever a file holds, it ends, and nothing is longer than what
// was there.
func FuzzObjects(f *testing.F) {
	for _, seed := range []string{"{\"a\":1}\n{", "[{},{\"a\":\"]\\\"\"}]", "}{\n}\n\"", "a,b\n1,2"} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text string, asCSV bool) {
		name := "f.json"
		if asCSV {
			name = "f.csv"
		}
		o, err := openFile(put(t, t.TempDir(), name, text))
		if err != nil {
			return
		}
		defer o.f.Close()
		size := 0
		for range len(text) + 1 {
			body, err := o.next()
			if err != nil {
				return
			}
			if len(body) == 0 {
				t.Fatal("an empty object")
			}
			size += len(body)
			if !asCSV && size > len(text) {
				t.Fatalf("%d bytes of objects in %d of text", size, len(text))
			}
		}
		t.Fatal("it does not end")
	})
}
