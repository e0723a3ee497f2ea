package expr

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          map[string]string // nil: no match
	}{
		{"{name}", "a/b.txt", map[string]string{"name": "a/b.txt"}},
		{"{name}", "", map[string]string{"name": ""}},
		{"{name}.{ext}", "a.b.c", map[string]string{"name": "a.b", "ext": "c"}},
		{"{name}.txt", "a.TXT", nil},
		{"in/{year}/{rest}", "in/2026/11/x", map[string]string{"year": "2026/11", "rest": "x"}},
		{"fixed (1).txt", "fixed (1).txt", map[string]string{}},
		{"fixed.txt", "fixedXtxt", nil},
		{"{{20140101}}-{name}", "{20140101}-a", map[string]string{"name": "a"}},
		{"{name}.png", "a.png.bak", nil},
		{"{name}", "new\nline", map[string]string{"name": "new\nline"}},
		{"{name}.{ext}", "\r\na.b\n", map[string]string{"name": "\r\na", "ext": "b\n"}},
		{"fixed.txt", "fixed.txt\n", nil},
	} {
		tmpl, err := Parse(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		p, err := tmpl.Pattern()
		if err != nil {
			t.Fatal(err)
		}
		got, ok := p.Match(c.text)
		if diff := cmp.Diff(c.want, got); diff != "" || ok != (c.want != nil) {
			t.Errorf("%s of %q: %v\n%s", c.pattern, c.text, ok, diff)
		}
	}
	for _, bad := range []string{"{a}{A}", "{a.b}", "{rand-guid}", "{datetime:yyyy}"} {
		tmpl, err := Parse(bad)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tmpl.Pattern(); err == nil {
			t.Errorf("%s passed", bad)
		}
	}
}
