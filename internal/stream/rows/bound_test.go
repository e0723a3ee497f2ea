package rows

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// TestErrorsStay: behind an error there is no row, wherever it stands: the reader
// would go on in the middle of one.
func TestErrorsStay(t *testing.T) {
	long := `{"pad":"` + strings.Repeat("x", MaxRow) + `","sub":{"r":"inner"}}`
	for name, tc := range map[string]struct {
		file, text string
		rows       int
		want       string
	}{
		"csv: first":            {"f.csv", "a,b\n3,\"x\"y\n5,6\n", 0, "row 1 cannot be read: parse error on line 2"},
		"csv: in the middle":    {"f.csv", "a,b\n1,2\n3,\"x\"y\n5,6\n", 1, "row 2 cannot be read: parse error on line 3"},
		"csv: an open quote":    {"f.csv", "a,b\n1,2\n3,\"x\n5,6\n", 1, "row 2 cannot be read: record on line 3"},
		"json: long, first":     {"f.json", long + "\n{\"r\":2}\n", 0, "row 1 is longer"},
		"json: long, in middle": {"f.json", "{\"r\":1}\n" + long + "\n{\"r\":2}\n", 1, "row 2 is longer"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := NewReader(strings.NewReader(tc.text), tc.file)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for ; err == nil; n++ {
				_, err = r.Next()
			}
			if n-1 != tc.rows || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%d rows, then %v; want %d and %q", n-1, err, tc.rows, tc.want)
			}
			for range 3 {
				if row, again := r.Next(); !errors.Is(again, err) {
					t.Errorf("and then %.40q, %v", row, again)
				}
			}
		})
	}
}

// endless is a text that repeats, and counts what was read of it.
type endless struct {
	text string
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], e.text)
	}
	e.read += n
	return n, nil
}

// TestNothingIsReadWithoutEnd: a text without a row is read as far as a row is
// long, and no farther, whatever it consists of.
func TestNothingIsReadWithoutEnd(t *testing.T) {
	for name, tc := range map[string]struct{ file, head, text string }{
		"json: an object":       {"f.json", `{"a":"`, "x"},
		"json: behind a row":    {"f.json", "{\"a\":1}\n{\"a\":\"", "x"},
		"json: spaces":          {"f.json", "", " "},
		"json: lines":           {"f.json", "{}", " \n"},
		"json: brackets":        {"f.json", "", "[,"},
		"csv: a header":         {"f.csv", "", "x"},
		"csv: an open header":   {"f.csv", `"`, "x\n"},
		"csv: a line":           {"f.csv", "a\n1\n", "x"},
		"csv: an open quote":    {"f.csv", "a\n1\n\"", "x\n"},
		"csv: blank lines":      {"f.csv", "a\n1\n", "\n"},
		"csv: many columns":     {"f.csv", "a\n1\n" + strings.Repeat(",", maxColumns) + "\n", "1\n"},
		"csv: blank lines only": {"f.csv", "", "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			rest := &endless{text: tc.text}
			r, err := NewReader(io.MultiReader(strings.NewReader(tc.head), rest), tc.file)
			for n := 0; err == nil && n < 3; n++ {
				_, err = r.Next()
			}
			if !fault.Is(err, fault.TooLarge) || !strings.Contains(err.Error(), tc.file) {
				t.Errorf("%v", err)
			}
			if rest.read > MaxRow+3*readAhead {
				t.Errorf("%d bytes were read", rest.read)
			}
		})
	}
}

// TestLongRows: what is just short enough is a row, at any place of the text.
func TestLongRows(t *testing.T) {
	object := `{"a":"` + strings.Repeat("x", MaxRow-8) + `"}`
	for _, before := range []int{0, 1, 1000, readAhead - 3} {
		text := strings.Repeat("{}\n", before)
		if rows, err := All(strings.NewReader(text+object+"\n{}"), "f.json"); err != nil || len(rows) != before+2 {
			t.Errorf("JSON behind %d: %d, %v", before, len(rows), err)
		}
		if _, err := All(strings.NewReader(text+" {"+object[1:6]+"x"+object[6:]), "f.json"); !fault.Is(err, fault.TooLarge) {
			t.Errorf("JSON behind %d, one byte more: %v", before, err)
		}
		line := strings.Repeat("x", MaxRow-8)
		if rows, err := All(strings.NewReader("a\n"+strings.Repeat("1\n", before)+line+"\n2"), "f.csv"); err != nil || len(rows) != before+2 {
			t.Errorf("CSV behind %d: %d, %v", before, len(rows), err)
		}
	}
}
