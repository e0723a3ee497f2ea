package functions

import (
	"encoding/json"
	"testing"
)

// FuzzSplitArray compares with encoding/json: what that accepts is split into
// the same elements, and nothing makes it panic.
func FuzzSplitArray(f *testing.F) {
	for _, s := range []string{
		``, `null`, `[]`, ` [ ] `, `[1]`, `[{"a":[1,2,"]"]}, "x\\\"],",null ,true]`, `[1,]`, `[,1]`, `[1`, `[1]]`, `[{]}`, `{"a":1}`, `["`, `["\`, `[1}`, `[[1],[2,[3]]]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := splitArray(text)
		var want []json.RawMessage
		if json.Unmarshal([]byte(text), &want) != nil {
			return
		}
		if err != nil || len(got) != len(want) {
			t.Fatalf("splitArray(%q) = %q, %v; want %q", text, got, err, want)
		}
		for i := range want {
			if string(got[i]) != string(want[i]) {
				t.Errorf("element %d is %q, want %q", i, got[i], want[i])
			}
		}
	})
}

func TestSplitArrayRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`[1,`:     "a JSON array from the host: byte 3: it ends early",
		`["x`:     "a JSON array from the host: byte 3: it ends early",
		`[1,]`:    "a JSON array from the host: byte 3: an element is missing",
		`[1] [2]`: "a JSON array from the host: byte 2: the brackets do not match",
		`{"a":1}`: `the host sent a JSON value that begins with '{' where an array is expected`,
	} {
		if got, err := splitArray(text); err == nil || err.Error() != want {
			t.Errorf("splitArray(%s) = %q, %v; want %s", text, got, err, want)
		}
	}
}

func TestClosed(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`: true, `{"a":"}]\""}`: true, `[{"a":[]}]`: true,
		``: false, `{`: false, `{}}`: false, `{} {}`: false, `"{}"`: false, `1`: false, `{"a`: false, `}`: false, `{"a":"\`: false,
	} {
		if got := closed([]byte(text)); got != want {
			t.Errorf("closed(%s) = %t", text, got)
		}
	}
}

func BenchmarkSplitArray(b *testing.B) {
	doc := `{"id":"evt-1","deviceId":"device-001","data":{"temperature":21.5,"humidity":40},"tags":["a","b"],"_etag":"\"x\"","_ts":1700000000}`
	array := "[" + doc
	for range 99 {
		array += "," + doc
	}
	array += "]"
	b.SetBytes(int64(len(array)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := splitArray(array); err != nil {
			b.Fatal(err)
		}
	}
}
