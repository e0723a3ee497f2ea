package terminal

import "testing"

func TestWithFields(t *testing.T) {
	for _, c := range []struct {
		text   string
		fields [][]string
		want   string
	}{
		{"saved", nil, "saved"},
		{"saved", [][]string{{"n", "1"}, {"to", "the store"}}, "saved n=1 to=the store"},
		{`saved n=1 to="the store" took=1.5s order.id=7`, [][]string{{"n", "1"}, {"to", "the store"}, {"took", "1500000000"}, {"order", `{"id":7}`}}, `saved n=1 to="the store" took=1.5s order.id=7`},
		{`"a b"=2`, [][]string{{"a b", "2"}}, `"a b"=2`},
		{"n=1", [][]string{{"n", "1"}, {"m", "1"}}, "n=1 m=1"},
		{"column=1", [][]string{{"n", "1"}}, "column=1 n=1"}, // another word ends so
		{"saved", [][]string{{"n", "1 m=2"}, {"m", "3"}}, "saved n=1 m=2 m=3"},
	} {
		if got := WithFields(c.text, c.fields); got != c.want {
			t.Errorf("%q with %v: %q, want %q", c.text, c.fields, got, c.want)
		}
	}
}
