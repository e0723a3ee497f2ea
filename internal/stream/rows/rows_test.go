package rows

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readAll(t testing.TB, name, text string) []string {
	t.Helper()
	r, err := NewReader(strings.NewReader(text), name)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(row))
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
			if diff := cmp.Diff(tc.want, readAll(t, tc.file, tc.text)); diff != "" {
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
	if got := readAll(t, "f.json", b.String()); len(got) != n+1 || got[n-1] != fmt.Sprintf(`{"i":%d}`, n-1) {
		t.Errorf("%d objects", len(got))
	}
}

// TestWholeTables: a table is whole however its objects are held.
func TestWholeTables(t *testing.T) {
	for _, text := range []string{"", "[]", "[ ]\n", `[{"a":1}]`, "[\n{\"a\":1}\n,\n{\"a\":\"[\"}\n]\n", "{\"a\":[1]}\n{\"a\":2}", "[{}]\n[{}]", "[1]", "[1,2 ]\n"} {
		if _, err := All(strings.NewReader(text), "f.json"); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestRefused: what cannot be read is refused with the file's name and the
// reason, never read as something else.
func TestRefused(t *testing.T) {
	for name, tc := range map[string]struct{ file, text, want string }{
		"a broken header":           {"f.csv", "\"a\nb", "header"},
		"a double header":           {"f.csv", "a, b,A\n1,2,3", "the column 'A' twice"},
		"a broken row":              {"f.csv", "a\n\"1\n", "row 1 cannot be read: parse error on line 2"},
		"an object that never ends": {"f.json", `{"a":"` + strings.Repeat("x", MaxRow), "longer than"},
		"an open array":             {"f.json", "[\n", "is not closed"},
		"an array that is cut off":  {"f.json", "[{\"a\":1},{\"a\":2}", "cut off after 2 rows"},
		"cut off behind a comma":    {"f.json", "[\n  {\"a\":1},\n", "cut off after 1 rows"},
		"cut off in a nested array": {"f.json", "[[{\"a\":1}]", "cut off after 1 rows"},
		"avro":                      {"f.json", "Obj\x01\x04\x14avro", "is Avro"},
		"avro by name":              {"f.avro", `{"a":1}`, "is Avro"},
		"parquet":                   {"f", "PAR1\x15", "is Parquet"},
		"gzip":                      {"f.json", "\x1f\x8b\x08", "gzip"},
		"gzip by name":              {"f.json.gz", "", "gzip"},
		"UTF-16":                    {"f.json", "\xff\xfe{\x00", "UTF-16"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := All(strings.NewReader(tc.text), tc.file)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), tc.file) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
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
		o, err := NewReader(strings.NewReader(text), name)
		if err != nil {
			return
		}
		size := 0
		for range len(text) + 1 {
			body, err := o.Next()
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
