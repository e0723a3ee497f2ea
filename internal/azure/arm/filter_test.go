package arm

import (
	"testing"

	engine "github.com/lazuli-dev/lazuli/internal/arm"
)

func TestFilter(t *testing.T) {
	all := []engine.Body{
		{"id": "/subscriptions/s/resourceGroups/One/providers/P/t/a", "name": "a", "type": "P/t", "tags": map[string]any{"k": "v"}},
		{"id": "/subscriptions/s/resourceGroups/two/providers/P/u/b", "name": "b", "type": "P/u", "properties": map[string]any{"roleName": "It's"}},
	}
	for text, want := range map[string]string{
		"":                                   "ab",
		"resourceGroup eq 'ONE'":             "a",
		"resourceType eq 'P/U'":              "b",
		"tagName eq 'k' and tagValue eq 'v'": "a",
		"tagName eq 'k' and tagValue eq 'w'": "",
		"roleName eq 'It''s'":                "b",
		"atScope()":                          "ab",
		"atScope() and name eq 'a'":          "a",
		"name/any(c:c eq 'a')":               "a",
		"name/any(c:d eq 'a')":               "refused",
		"name ne 'a'":                        "refused",
		"name eq a":                          "refused",
		"name eq 'a' or name eq 'b'":         "refused",
		"name eq 'a":                         "refused",
		"substringof('a', name)":             "refused",
	} {
		f, err := parseFilter(text)
		got := ""
		if err != nil {
			got = "refused"
		} else {
			for _, b := range f.keep(all) {
				got += b.Text("name")
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzFilter: no text of a filter ends the process.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"a eq 'b'", "atScope() and a eq 'x''y'", "assignedTo('g')", "a eq ''", ")", "(", "a b c and"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		if got, err := parseFilter(text); err == nil {
			got.keep([]engine.Body{{"id": "/subscriptions/s", "properties": map[string]any{"a": "b"}}})
		}
	})
}
