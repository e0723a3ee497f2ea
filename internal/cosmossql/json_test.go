package cosmossql

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"
)

// TestScannerAgrees compares the lazy scanner with encoding/json on random
// documents: the same members, elements and scalars.
func TestScannerAgrees(t *testing.T) {
	for seed := range uint64(500) {
		m := newMaker(seed)
		doc := m.doc(int(seed))
		var want any
		if err := json.Unmarshal(doc, &want); err != nil {
			t.Fatal(err)
		}
		v, ok := loadValue(doc)
		if !ok || !sameAsDecoded(v, want) {
			t.Fatalf("seed %d: %s", seed, doc)
		}
	}
}

func sameAsDecoded(v value, want any) bool {
	switch want := want.(type) {
	case nil:
		return v.kind == Null
	case bool:
		return v.kind == boolValue(want).kind
	case float64:
		return v.kind == Number && v.num == want
	case string:
		return v.kind == String && string(v.text) == want
	case []any:
		e := elementsOf(v.raw)
		for _, w := range want {
			if x, ok := e.nextValue(); !ok || !sameAsDecoded(x, w) {
				return false
			}
		}
		return v.kind == Array && e.next() == nil && arrayLen(v.raw) == len(want)
	case map[string]any:
		n := 0
		for ms := membersOf(v.raw); ; n++ {
			key, raw, ok := ms.next()
			if !ok {
				return v.kind == Object && n == len(want)
			}
			x, _ := loadValue(raw)
			if !sameAsDecoded(x, want[string(key)]) || string(member(v.raw, string(key))) != string(raw) {
				return false
			}
		}
	}
	return false
}

func TestScannerOnBrokenText(t *testing.T) {
	for _, text := range []string{"", "{", "[", `"`, `{"a`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a" 1}`, `[1,`, `[,]`, `{,}`, `"\`, `{"a":"\`, "}", "]", ":", "{1:2}", `[}`, "tru", "-", "1.", "01", "1e"} {
		raw := []byte(text)
		loadValue(raw)
		member(raw, "a")
		for e := elementsOf(raw); e.next() != nil; {
		}
		for m := membersOf(raw); ; {
			if _, _, ok := m.next(); !ok {
				break
			}
		}
		if v, ok := loadValue(raw); ok && v.kind == Number {
			t.Errorf("%q is taken for a number", text)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, text := range []string{"0", "-0", "1", "-1", "0.1", "123456789012345", "1234567890123456789", "0.000001", "1e5", "-1.5E-3", "9007199254740993", "179769313486231570000e300", "2.2250738585072014e-308", "123456.789012345", "99999999999999.9"} {
		want, err := strconv.ParseFloat(text, 64)
		if err != nil && !math.IsInf(want, 0) {
			t.Fatal(err)
		}
		got, ok := parseNumber([]byte(text))
		if !ok || got != want {
			t.Errorf("parseNumber(%q) = %v, %v; want %v", text, got, ok, want)
		}
	}
	for f, want := range map[float64]string{0: "0", 1: "1", -2.5: "-2.5", 1e20: "100000000000000000000", 1e21: "1e+21", 1e-6: "0.000001", 1e-7: "1e-7", 1.5e-10: "1.5e-10", 1e300: "1e+300", math.Nextafter(0.3, 1): "0.30000000000000004"} {
		if got := string(appendNumber(nil, f)); got != want {
			t.Errorf("appendNumber(%v) = %s, want %s", f, got, want)
		}
	}
}

func TestQuotedRoundTrip(t *testing.T) {
	for _, text := range []string{"", "a", "\"\\/\b\f\n\r\t\x00\x1f", "é가🚀", "\xff", "a\xc3"} {
		quoted := appendQuoted(nil, []byte(text))
		var want string
		if err := json.Unmarshal(quoted, &want); err != nil {
			t.Fatalf("%q: %v", quoted, err)
		}
		if v, ok := loadValue(quoted); !ok || string(v.text) != want {
			t.Errorf("%q reads back as %q, want %q", quoted, v.text, want)
		}
	}
}

// TestEqualAndCanonical demands that two values are equal exactly if their
// canonical bytes are, and that compare is an order.
func TestEqualAndCanonical(t *testing.T) {
	m := newMaker(3)
	texts := []string{`{"a":1,"b":2}`, `{"b":2.0,"a":1}`, `{"a":1}`, `[]`, `{}`, `[[]]`, `[{}]`, `"\u0061"`, `"a"`, "-0", "0", "0.0", "1e0", `["a","b"]`, `["ab"]`, `{"a":"b"}`, `{"ab":""}`, `[1, 2]`, `[1,2]`}
	for range 60 {
		texts = append(texts, m.value())
	}
	for _, a := range texts {
		for _, b := range texts {
			x, _ := loadValue([]byte(a))
			y, _ := loadValue([]byte(b))
			same := string(appendCanonical(nil, x)) == string(appendCanonical(nil, y))
			if equal(x, y) != same {
				t.Errorf("%s and %s: equal %v, canonical %v", a, b, equal(x, y), same)
			}
			if compare(x, y) != -compare(y, x) || (equal(x, y) && compare(x, y) != 0) {
				t.Errorf("%s and %s: no order", a, b)
			}
		}
	}
}
