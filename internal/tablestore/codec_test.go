package tablestore

import (
	"bytes"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzRecord decodes anything without harm, and what it decodes it encodes to the
// same entity.
func FuzzRecord(f *testing.F) {
	e := entity("", "", "A", StringValue("é"), "B", BoolValue(true), "C", Int32Value(-5), "D", Int64Value(1<<40), "E", DoubleValue(1.5),
		"F", DateTimeValue(MaxTicks), "G", GUIDValue([16]byte{7}), "H", BinaryValue("\xff"))
	e.Timestamp = 12345
	f.Add(appendRecord(nil, &e))
	f.Add(appendRecord(nil, &Entity{}))
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, record []byte) {
		var first, second Entity
		if first.parse(string(record)) != nil {
			return
		}
		if stamp, err := stampOf(record); err != nil || stamp != first.Timestamp {
			t.Fatalf("stamp %d, %v; parsed %d", stamp, err, first.Timestamp)
		}
		if err := second.parse(string(appendRecord(nil, &first))); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, second, cmp.AllowUnexported(Value{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzKey: keys come back, and their order is that of their UTF-16 units.
func FuzzKey(f *testing.F) {
	f.Add("a", "b", "😀", "\uffff")
	f.Add("", "", "a", "\ud7ff")
	f.Fuzz(func(t *testing.T, p1, r1, p2, r2 string) {
		for _, s := range []string{p1, r1, p2, r2} {
			if !utf8.ValidString(s) || bytes.IndexByte([]byte(s), 0) >= 0 {
				return
			}
		}
		k1, k2 := entityKey(nil, 7, p1, r1), entityKey(nil, 7, p2, r2)
		if p, r, ok := splitKey(k1); !ok || p != p1 || r != r1 {
			t.Fatalf("%q %q came back as %q %q, %v", p1, r1, p, r, ok)
		}
		want := compareUnits(p1, p2)
		if want == 0 {
			want = compareUnits(r1, r2)
		}
		if got := bytes.Compare(k1, k2); got != want {
			t.Fatalf("keys %x and %x compare %d, want %d", k1, k2, got, want)
		}
		if got := sign(Compare(p1, p2)); got != compareUnits(p1, p2) {
			t.Fatalf("Compare(%q, %q) = %d", p1, p2, got)
		}
	})
}

func compareUnits(a, b string) int {
	x, y := utf16.Encode([]rune(a)), utf16.Encode([]rune(b))
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return sign(int(x[i]) - int(y[i]))
		}
	}
	return sign(len(x) - len(y))
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
