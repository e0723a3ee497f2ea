package binding

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

func TestEvents(t *testing.T) {
	asJSON := func(s string) *funcrpc.TypedData {
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_Json{Json: s}}
	}
	asText := func(s string) *funcrpc.TypedData {
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: s}}
	}
	for _, tc := range []struct {
		name string
		in   *funcrpc.TypedData
		want []string
	}{
		{"nothing", nil, nil},
		{"null", asJSON("null"), nil},
		{"an empty array", asJSON("[ ]"), nil},
		{"an object", asJSON(` {"a": 1.10} `), []string{` {"a": 1.10} `}},
		{"a string is its contents", asJSON(`"a\nb"`), []string{"a\nb"}},
		{"an array fans out", asJSON(`[{"a":1},"t",2,[3],null]`), []string{`{"a":1}`, "t", "2", "[3]"}},
		{"text", asText("plain, not JSON"), []string{"plain, not JSON"}},
		{"text that is an array fans out", asText(` [{"a":1},{"b":2}]`), []string{`{"a":1}`, `{"b":2}`}},
		{"text that begins like an array", asText("[sensor 5] hot"), []string{"[sensor 5] hot"}},
		{"text that is an object", asText(`{"a":1}`), []string{`{"a":1}`}},
		{"empty text", asText(""), nil},
		{"bytes", &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: []byte("[1]")}}, []string{"[1]"}},
		{"strings", &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionString{CollectionString: &funcrpc.CollectionString{String_: []string{"a", ""}}}}, []string{"a", ""}},
		{"byte strings", &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionBytes{CollectionBytes: &funcrpc.CollectionBytes{Bytes: [][]byte{{1}}}}}, []string{"\x01"}},
	} {
		bodies, err := Events(tc.in)
		var got []string
		for _, b := range bodies {
			got = append(got, string(b))
		}
		if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", tc.name, err, diff)
		}
	}
	for _, bad := range []*funcrpc.TypedData{asJSON("{"), asJSON("[1"), {Data: &funcrpc.TypedData_Double{Double: 1}}} {
		if _, err := Events(bad); err == nil || !strings.Contains(err.Error(), "output") {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
