package binding

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

func TestSplitDocuments(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                     nil,
		" null ":                               nil,
		"[]":                                   nil,
		" [ ] ":                                nil,
		`{"a":1}`:                              {`{"a":1}`},
		" {} ":                                 {"{}"},
		`[{"a":[{"b":"]}\\\"{"}]} , {"c":{}}]`: {`{"a":[{"b":"]}\\\"{"}]}`, `{"c":{}}`},
	} {
		docs, err := SplitDocuments([]byte(text))
		var got []string
		for _, d := range docs {
			got = append(got, string(d))
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", text, err, diff)
		}
	}
	for text, want := range map[string]string{
		"1": "byte 0", "[1]": "byte 1", `["a"]`: "byte 1", "[{},]": "byte 4", "[{}": "byte 3", "[{} {}]": "byte 4",
		"{": "does not end", `{"a`: "does not end", "{}x": "byte 2", "[]x": "byte 2", "nullx": "byte 4", "[": "byte 1",
	} {
		if _, err := SplitDocuments([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestDocumentsOfAnyEncoding(t *testing.T) {
	for name, v := range map[string]*funcrpc.TypedData{
		"json":       {Data: &funcrpc.TypedData_Json{Json: `[{"a":1},{"a":2}]`}},
		"text":       {Data: &funcrpc.TypedData_String_{String_: `[{"a":1},{"a":2}]`}},
		"bytes":      {Data: &funcrpc.TypedData_Bytes{Bytes: []byte(`[{"a":1},{"a":2}]`)}},
		"collection": {Data: &funcrpc.TypedData_CollectionString{CollectionString: &funcrpc.CollectionString{String_: []string{`{"a":1}`, `{"a":2}`}}}},
	} {
		if docs, err := Documents(v); err != nil || len(docs) != 2 || string(docs[1]) != `{"a":2}` {
			t.Errorf("%s: %s, %v", name, docs, err)
		}
	}
	if docs, err := Documents(nil); docs != nil || err != nil {
		t.Errorf("nothing: %s, %v", docs, err)
	}
	if _, err := Documents(&funcrpc.TypedData{Data: &funcrpc.TypedData_Int{Int: 1}}); err == nil {
		t.Error("a number was taken for a document")
	}
}

// FuzzSplitDocuments: valid JSON arrays of objects come apart into exactly
// their elements, and nothing makes the splitter fail.
func FuzzSplitDocuments(f *testing.F) {
	f.Add([]byte(`[{"a":"\"]"},{}]`))
	f.Add([]byte(`{"a":[1,2]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		docs, err := SplitDocuments(text)
		var want []map[string]json.RawMessage
		if json.Unmarshal(text, &want) != nil || strings.Contains(string(text), "null") {
			return
		}
		if err != nil || len(docs) != len(want) {
			t.Fatalf("%q: %d documents, want %d, error %v", text, len(docs), len(want), err)
		}
		for _, d := range docs {
			if !json.Valid(d) {
				t.Errorf("%q is not JSON", d)
			}
		}
	})
}

func BenchmarkSplitDocuments(b *testing.B) {
	doc := `{"id":"evt-1","deviceId":"device-001","data":{"temperature":21.5},"note":"` + strings.Repeat("x", 900) + `"}`
	text := []byte("[" + strings.Repeat(doc+",", 99) + doc + "]")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if docs, err := SplitDocuments(text); err != nil || len(docs) != 100 {
			b.Fatal(err)
		}
	}
}
