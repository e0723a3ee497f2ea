package hubs

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

func TestPathIn(t *testing.T) {
	for _, tc := range []struct{ path, body, want string }{
		{"a", `{"a":1}`, `1`},
		{"a", ` { "b" : [1,{"a":2}] , "a" : "x" } `, `"x"`},
		{"a.b", `{"a":{"c":0,"b":{"x":1}},"b":2}`, `{"x":1}`},
		{"a.1.id", `{"a":[{"id":1},{"id":2}]}`, `2`},
		{"1", `[true, false]`, `false`},
		{"1", `{"1":5}`, `5`},
		{"a.2", `{"a":[1,2]}`, ``},
		{"a", `{}`, ``},
		{"a", `{"b":"a"}`, ``},
		{"a", `{"\u0061":7}`, `7`},
		{`q"`, `{"q\"":7}`, `7`},
		{"a", `{"b":"\\","a":3}`, `3`},
		{"a", `{"b":"\\\"a\":","a":4}`, `4`},
		{"a", `"a"`, ``},
		{"a", ``, ``},
		{"a", `{"a"`, ``},
		{"a", `{"a":`, ``},
		{"a", `{"a":[1`, ``},
		{"a", `{"a":"x`, ``},
		{"a", `not "a":1`, ``},
		{"도시", `{"도시":"당진"}`, `"당진"`},
		{"a", "{\"a\":1e3\n}", `1e3`},
		{"a.b", `{"a":[{"b":1}]}`, ``},
		{"0", `[]`, ``},
	} {
		if got := string(newPath(strings.Split(tc.path, ".")).in([]byte(tc.body))); got != tc.want {
			t.Errorf("%s in %s: %s, want %s", tc.path, tc.body, got, tc.want)
		}
	}
}

func TestNumber(t *testing.T) {
	for _, text := range []string{"0", "-0", "1", "-17", "41.7", "0.1", "123456789012345", "1234567890123456789", "1e3", "-2.5E-3", "0.000000000001", "1.7976931348623157e308", "99999999999999.9"} {
		want, err := strconv.ParseFloat(text, 64)
		must(t, err)
		if got, ok := number([]byte(text)); !ok || got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"", "-", "x", "1x", "1.2.3", "1e"} {
		if got, ok := number([]byte(text)); ok {
			t.Errorf("%q is the number %v", text, got)
		}
	}
}

// FuzzPath: in a text that is JSON, the path finds what decoding finds.
func FuzzPath(f *testing.F) {
	f.Add("a", `{"b":[1,{"a":"\u00e9"}],"a":{"x":[null,true]}}`)
	f.Add("0", `["]",1]`)
	f.Fuzz(func(t *testing.T, name, body string) {
		got := newPath([]string{name}).in([]byte(body))
		var object map[string]json.RawMessage
		if json.Unmarshal([]byte(body), &object) != nil || object == nil || strings.Count(body, `"`) > 2*len(object) && strings.Contains(body, `\`) {
			return // no object; or perhaps one name twice, of which the first counts here
		}
		if n := bytes.Count([]byte(body), []byte(`"`+name+`"`)); n > 1 {
			return
		}
		if want, ok := object[name]; ok != (got != nil) || ok && !bytes.Equal(bytes.TrimSpace(want), got) {
			t.Errorf("%q in %q: %q, want %q", name, body, got, want)
		}
	})
}
