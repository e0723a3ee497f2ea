package cosmos

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestPatchApply(t *testing.T) {
	for _, tt := range []struct {
		name, doc, ops, want string // want "" is a refusal
	}{
		{"set replaces a member", `{"a":1,"b":2}`, `[{"op":"set","path":"/a","value":9}]`, `{"a":9,"b":2}`},
		{"set creates a member", `{"a":1}`, `[{"op":"set","path":"/b","value":"x"}]`, `{"a":1,"b":"x"}`},
		{"set in an empty object", `{"o":{}}`, `[{"op":"set","path":"/o/x","value":1}]`, `{"o":{"x":1}}`},
		{"set replaces an element", `{"l":[1,2,3]}`, `[{"op":"set","path":"/l/1","value":9}]`, `{"l":[1,9,3]}`},
		{"set needs the parent", `{"a":1}`, `[{"op":"set","path":"/o/x","value":1}]`, ``},
		{"set below a scalar", `{"a":1}`, `[{"op":"set","path":"/a/x","value":1}]`, ``},
		{"add inserts an element", `{"l":[1,2]}`, `[{"op":"add","path":"/l/0","value":0}]`, `{"l":[0,1,2]}`},
		{"add behind the last", `{"l":[1]}`, `[{"op":"add","path":"/l/-","value":2}]`, `{"l":[1,2]}`},
		{"add at the length", `{"l":[1]}`, `[{"op":"add","path":"/l/1","value":2}]`, `{"l":[1,2]}`},
		{"add to an empty array", `{"l":[]}`, `[{"op":"add","path":"/l/-","value":2}]`, `{"l":[2]}`},
		{"add beyond the length", `{"l":[1]}`, `[{"op":"add","path":"/l/5","value":2}]`, ``},
		{"add replaces a member", `{"a":1}`, `[{"op":"add","path":"/a","value":null}]`, `{"a":null}`},
		{"replace", `{"a":{"b":[1,{"c":2}]}}`, `[{"op":"replace","path":"/a/b/1/c","value":3}]`, `{"a":{"b":[1,{"c":3}]}}`},
		{"replace needs the path", `{"a":1}`, `[{"op":"replace","path":"/b","value":1}]`, ``},
		{"remove first", `{"a":1,"b":2,"c":3}`, `[{"op":"remove","path":"/a"}]`, `{"b":2,"c":3}`},
		{"remove middle", `{"a":1,"b":2,"c":3}`, `[{"op":"remove","path":"/b"}]`, `{"a":1,"c":3}`},
		{"remove last", `{"a":1,"b":2,"c":3}`, `[{"op":"remove","path":"/c"}]`, `{"a":1,"b":2}`},
		{"remove only", `{"o":{"a":1}}`, `[{"op":"remove","path":"/o/a"}]`, `{"o":{}}`},
		{"remove an element", `{"l":[1,2,3]}`, `[{"op":"remove","path":"/l/2"}]`, `{"l":[1,2]}`},
		{"remove needs the path", `{"a":1}`, `[{"op":"remove","path":"/b"}]`, ``},
		{"incr keeps integers exact", `{"n":9007199254740993}`, `[{"op":"incr","path":"/n","value":2}]`, `{"n":9007199254740995}`},
		{"incr by a fraction", `{"n":1.5}`, `[{"op":"incr","path":"/n","value":-0.25}]`, `{"n":1.25}`},
		{"incr creates", `{"a":1}`, `[{"op":"incr","path":"/n","value":5}]`, `{"a":1,"n":5}`},
		{"incr of a string", `{"n":"1"}`, `[{"op":"incr","path":"/n","value":5}]`, ``},
		{"incr by a string", `{"n":1}`, `[{"op":"incr","path":"/n","value":"5"}]`, ``},
		{"incr past 64 bits becomes a double", `{"n":9223372036854775807}`, `[{"op":"incr","path":"/n","value":1}]`, `{"n":9.223372036854776e+18}`},
		{"move", `{"a":{"x":1},"b":2}`, `[{"op":"move","from":"/a/x","path":"/c"}]`, `{"a":{},"b":2,"c":1}`},
		{"move over", `{"a":1,"b":2}`, `[{"op":"move","from":"/a","path":"/b"}]`, `{"b":1}`},
		{"move needs from", `{"a":1}`, `[{"op":"move","from":"/x","path":"/b"}]`, ``},
		{"move into itself", `{"a":{"b":1}}`, `[{"op":"move","from":"/a","path":"/a/c"}]`, ``},
		{"escaped segments", `{"a/b":{"m~n":1}}`, `[{"op":"set","path":"/a~1b/m~0n","value":2}]`, `{"a/b":{"m~n":2}}`},
		{"escaped names in the document", `{"\u0061":1}`, `[{"op":"set","path":"/a","value":2}]`, `{"\u0061":2}`},
		{"the rest stays byte for byte", `{ "z" : 1.00 , "a":[ 1e2 ] }`, `[{"op":"set","path":"/b","value":1}]`, `{ "z" : 1.00 , "a":[ 1e2 ] ,"b":1}`},
		{"several in order", `{"a":1}`, `[{"op":"add","path":"/l","value":[]},{"op":"add","path":"/l/-","value":1},{"op":"remove","path":"/a"}]`, `{"l":[1]}`},
		{"the id", `{"id":"1"}`, `[{"op":"set","path":"/id","value":"2"}]`, ``},
		{"a system property", `{"_ts":1}`, `[{"op":"set","path":"/_ts","value":2}]`, ``},
		{"the partition key", `{"pk":"a"}`, `[{"op":"set","path":"/pk","value":"b"}]`, ``},
		{"the holder of a partition key", `{"deep":{"key":1}}`, `[{"op":"remove","path":"/deep"}]`, ``},
		{"moving the partition key", `{"pk":"a"}`, `[{"op":"move","from":"/pk","path":"/x"}]`, ``},
		{"an unknown operation", `{"a":1}`, `[{"op":"copy","path":"/a","value":1}]`, ``},
		{"no value", `{"a":1}`, `[{"op":"set","path":"/a"}]`, ``},
		{"no path", `{"a":1}`, `[{"op":"set","value":1}]`, ``},
		{"a relative path", `{"a":1}`, `[{"op":"set","path":"a","value":1}]`, ``},
		{"the root", `{"a":1}`, `[{"op":"set","path":"/","value":1}]`, ``},
		{"none", `{"a":1}`, `[]`, ``},
		{"eleven", `{"a":1}`, `[` + strings.Repeat(`{"op":"incr","path":"/a","value":1},`, 10) + `{"op":"incr","path":"/a","value":1}]`, ``},
	} {
		patch, err := parsePatch([]byte(`{"operations":`+tt.ops+`}`), []string{"/pk", "/deep/key"})
		var got []byte
		if err == nil {
			got, err = patch.apply([]byte(tt.doc))
		}
		if tt.want == "" {
			if err == nil {
				t.Errorf("%s: accepted as %s", tt.name, got)
			} else if e := asAPIError(err); e.status != 400 {
				t.Errorf("%s: status %d", tt.name, e.status)
			}
			continue
		}
		if err != nil || string(got) != tt.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", tt.name, got, err, tt.want)
		}
	}
}

func TestPatchBodies(t *testing.T) {
	p, err := parsePatch([]byte(`{"condition":"from c where c.a = \"x\"","operations":[{"op":"set","path":"/b","value":1}]}`), nil)
	if err != nil || p.condition != `from c where c.a = "x"` {
		t.Errorf("condition %q, %v", p.condition, err)
	}
	if p, err := parsePatch([]byte(` [{"op":"set","path":"/b","value":1}]`), nil); err != nil || len(p.operations) != 1 {
		t.Errorf("a bare array: %v", err)
	}
	for _, bad := range []string{``, `{`, `{}`, `{"operations":1}`, `{"operations":[1]}`, `{"operations":[{"op":1}]}`, `{"operations":[]} x`} {
		if _, err := parsePatch([]byte(bad), nil); err == nil || asAPIError(err).status != 400 {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// FuzzPatch applies any patch to any document: valid JSON must stay valid, and
// the id must survive.
func FuzzPatch(f *testing.F) {
	f.Add([]byte(`{"id":"1","a":{"b":[1,2,{"c":3}]}}`), []byte(`{"operations":[{"op":"add","path":"/a/b/1","value":{"x":1}}]}`))
	f.Add([]byte(`{"id":"1","n":1}`), []byte(`{"operations":[{"op":"incr","path":"/n","value":1e400}]}`))
	f.Add([]byte(`{"id":"1","x":[[]]}`), []byte(`{"operations":[{"op":"move","from":"/x/0","path":"/x/-"}],"condition":"from c"}`))
	f.Add([]byte(`{"id":"1","a":1,"a":2}`), []byte(`{"operations":[{"op":"remove","path":"/a"}]}`))
	f.Fuzz(func(t *testing.T, doc, body []byte) {
		patch, err := parsePatch(body, []string{"/pk"})
		if err != nil || !json.Valid(doc) || readObject(doc, func(string, []byte) error { return nil }) != nil {
			return
		}
		got, err := patch.apply(doc)
		if err != nil {
			return
		}
		if !json.Valid(got) {
			t.Fatalf("%q became %q", doc, got)
		}
		if before, after := memberText(t, doc, "id"), memberText(t, got, "id"); before != after {
			t.Fatalf("the id %q became %q", before, after)
		}
	})
}

// memberText returns the raw values of a top-level property.
func memberText(t *testing.T, doc []byte, want string) string {
	t.Helper()
	var found string
	if err := readObject(doc, func(name string, value []byte) error {
		if name == want {
			found += string(value)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}
