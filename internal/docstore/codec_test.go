package docstore

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

func drawValue(t *rapid.T, label string) Value {
	v := Value{Kind: Kind(rapid.IntRange(0, int(Object)).Draw(t, label))}
	switch v.Kind {
	case Number:
		v.Num = rapid.OneOf(
			rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, -1, math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64}),
		).Draw(t, label+" number")
	case String:
		v.Str = string(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 'b', 0xfe, 0xff}), 0, 6).Draw(t, label+" text"))
	}
	return v
}

// TestValueOrder: encodings sort as values do, also inverted, and read back.
func TestValueOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawValue(t, "a"), drawValue(t, "b")
		ea, eb := appendValue(nil, a), appendValue(nil, b)
		if got, want := bytes.Compare(ea, eb), a.Compare(b); got != want {
			t.Fatalf("%v %x against %v %x: %d, want %d", a, ea, b, eb, got, want)
		}
		if a.Compare(b) != 0 && bytes.HasPrefix(eb, ea) {
			t.Fatalf("%x is the start of %x", ea, eb)
		}
		tail := []byte("tail")
		back, rest, err := parseValue(append(slices.Clone(ea), tail...))
		if err != nil || back.Compare(a) != 0 || !bytes.Equal(rest, tail) {
			t.Fatalf("%v became %v, %q, %v", a, back, rest, err)
		}
		if rest, err := skipValue(append(slices.Clone(ea), tail...)); err != nil || !bytes.Equal(rest, tail) {
			t.Fatalf("skip left %q, %v", rest, err)
		}
		invert(ea)
		invert(eb)
		if got, want := bytes.Compare(ea, eb), b.Compare(a); got != want {
			t.Fatalf("inverted: %d, want %d", got, want)
		}
	})
}

func FuzzParseValue(f *testing.F) {
	for _, v := range []Value{{}, {Kind: Null}, {Kind: Number, Num: -1.5}, {Kind: String, Str: "a\x00b"}, {Kind: Object}} {
		f.Add(appendValue(nil, v))
	}
	f.Add([]byte{6, 0, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		v, rest, err := parseValue(b)
		skipped, skipErr := skipValue(b)
		if err == nil && (skipErr != nil || !bytes.Equal(rest, skipped)) {
			t.Fatalf("parse left %x, skip left %x, %v", rest, skipped, skipErr)
		}
		if err == nil && !bytes.Equal(appendValue(nil, v), b[:len(b)-len(rest)]) {
			t.Fatalf("%x read as %v, written %x", b, v, appendValue(nil, v))
		}
	})
}

func TestRIDLayout(t *testing.T) {
	for _, tc := range []struct {
		rid  RID
		want string
	}{
		{RID{Database: 1}, "AAAAAQ=="},
		{RID{Database: 1, Container: 2}, "AAAAAYAAAAI="},
		{RID{Database: 1, Container: 2, Ordinal: 3}, "AAAAAYAAAAIDAAAAAAAAAA=="},
		{RID{Database: 0xfbfffbff, Container: 1}, "+--7-4AAAAE="},
	} {
		if got := tc.rid.String(); got != tc.want {
			t.Errorf("%+v is %s, want %s", tc.rid, got, tc.want)
		}
		if back, err := ParseRID(tc.want); err != nil || back != tc.rid {
			t.Errorf("%s is %+v, %v", tc.want, back, err)
		}
	}
	if got := offerRID(1, true); len(got) != 4 || got == offerRID(1, false) {
		t.Errorf("offer rid %s", got)
	}
	for _, bad := range []string{"", "db", "AAAAAA==", "AAAAAQAAAAI=", "AAAAAYAAAAIDAAAAAAAAUA==", "AAAAAR==", "AAAA/Q=="} {
		_, err := ParseRID(bad)
		wantKind(t, err, fault.Invalid)
	}
}

func FuzzParseRID(f *testing.F) {
	for _, r := range []RID{{Database: 1}, {Database: 7, Container: 1 << 30}, {1, 2, maxOrdinal}} {
		f.Add(r.String())
	}
	f.Add("mydb")
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := ParseRID(s); err == nil && r.String() != s {
			t.Fatalf("%q is %+v, written %q", s, r, r.String())
		}
	})
}

func TestParsePartitionKey(t *testing.T) {
	for in, want := range map[string]string{
		`["a"]`: `["a"]`, `[1.50]`: `[1.5]`, `[true]`: `[true]`, `[false]`: `[false]`, `[null]`: `[null]`, `[{}]`: `[{}]`,
		`[]`: `[]`, ` [ "p" , { } ] `: `["p",{}]`, `["\u00e9\ud83d\ude00"]`: `["é😀"]`, `[-0]`: `[0]`, `[1e308]`: `[1e+308]`,
	} {
		k, err := ParsePartitionKey(in)
		if err != nil || k.String() != want {
			t.Errorf("%s is %s, %v; want %s", in, k, err, want)
		}
	}
	for _, bad := range []string{"", "a", `"a"`, `{}`, `null`, `[[]]`, `[{"a":1}]`, `["a"`, `["a"]x`, `[1,2,3,4]`, `[1e400]`, `["a",-1e400]`, `["` + string(bytes.Repeat([]byte("x"), 3000)) + `"]`} {
		_, err := ParsePartitionKey(bad)
		wantKind(t, err, fault.Invalid)
	}
	if k := Key(Value{}, Value{Kind: String, Str: "x"}); k.Len() != 2 || k.Component(1).Str != "x" || k.Component(0).Kind != Undefined {
		t.Errorf("components of %s", k)
	}
	k, err := KeyOf([]byte(`{"a":{"b":7},"c":"\u0041"}`), []string{"/a/b", "/c", `/"d/e"`})
	if err != nil || k.String() != `[7,"A",{}]` {
		t.Errorf("key %s, %v", k, err)
	}
	_, err = KeyOf([]byte(`{"a":[1]}`), []string{"/a"})
	wantKind(t, err, fault.Invalid)
}

func FuzzPartitionKey(f *testing.F) {
	for _, s := range []string{`["a"]`, `[{}]`, `[null,true,1.5]`, `[]`, `["\u0000"]`, `[1e400]`, `[{"a":`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, err := ParsePartitionKey(s)
		if err != nil {
			return
		}
		if again, err := ParsePartitionKey(k.String()); err != nil || again != k {
			t.Fatalf("%q is %s, which reads as %s, %v", s, k, again, err)
		}
	})
}

// FuzzScanObject: what we take is what encoding/json takes, and the fast paths
// over valid text agree with it.
func FuzzScanObject(f *testing.F) {
	for _, s := range []string{
		`{"a":1,"b":{"c":[1,"x\\",{}]}}`, ` { "a" : "\u00e9" } `, `{}`, `{"a":-0.5e+10,"b":true,"c":null}`, `{"a":"}"}`, `{"a":01}`, `{"a":1}x`, "{\"a\":\"\x01\"}",
	} {
		f.Add([]byte(s), "a")
	}
	f.Fuzz(func(t *testing.T, doc []byte, name string) {
		members, err := scanObject(doc, nil)
		var std map[string]json.RawMessage
		stdErr := json.Unmarshal(doc, &std)
		if err == nil && stdErr != nil {
			t.Fatalf("%q: taken, encoding/json says %v", doc, stdErr)
		}
		if err != nil {
			return
		}
		if fast := topLevel(doc, nil); !slices.Equal(fast, members) {
			t.Fatalf("%q: members %v, fast %v", doc, members, fast)
		}
		got := property(doc, name)
		if !bytes.Equal(got, lookup(doc, members, name)) {
			t.Fatalf("%q: property %q is %q or %q", doc, name, got, lookup(doc, members, name))
		}
		valueOf(got)
		appendRaw(nil, got)
	})
}

func FuzzParseRecord(f *testing.F) {
	r := record{lsn: 9, ts: 1_700_000_000, ttl: 5, key: []byte{2}, id: []byte("x"), moved: true}
	f.Add(append(r.appendHead(nil), "{}"...))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRecord(b, 1)
		if err != nil {
			return
		}
		again, err := parseRecord(append(r.appendHead(nil), r.doc...), 1)
		if err != nil || again.lsn != r.lsn || again.ttl != r.ttl || !bytes.Equal(again.doc, r.doc) || !bytes.Equal(again.id, r.id) {
			t.Fatalf("%x: %+v, then %+v, %v", b, r, again, err)
		}
	})
}

func TestPaths(t *testing.T) {
	for path, want := range map[string][]string{
		"/a": {"a"}, "/a/b": {"a", "b"}, `/"a/b"/c`: {"a/b", "c"}, `/"q\"\\"`: {`q"\`},
	} {
		got, err := parsePath(path)
		if err != nil || !slices.Equal(got, want) || formatPath(got) != path {
			t.Errorf("%s is %q (%s), %v", path, got, formatPath(got), err)
		}
	}
	for _, bad := range []string{"", "a", "/", "//", "/a/", `/"a`, `/"a"b`} {
		if got, err := parsePath(bad); err == nil {
			t.Errorf("%q is %q", bad, got)
		}
	}
}
