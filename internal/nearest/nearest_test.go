package nearest_test

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/nearest"
)

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"same", "SAME", 0},
		{"port", "prot", 1},
		{"UPER", "upper", 1},
		{"kitten", "sitting", 3},
		{"장치", "장비", 1}, // letters, not bytes
		{strings.Repeat("a", 5000), strings.Repeat("b", 5000), 5000},
	} {
		if got := nearest.Edits(c.a, c.b); got != c.want {
			t.Errorf("%.20q and %.20q are %d edits apart, want %d", c.a, c.b, got, c.want)
		}
		if nearest.Edits(c.a, c.b) != nearest.Edits(c.b, c.a) {
			t.Errorf("%.20q and %.20q: the way back is another", c.a, c.b)
		}
	}
}

func TestName(t *testing.T) {
	names := []string{"hubs", "partitions", "port", "Portal", "x"}
	for word, want := range map[string]string{
		"prot": "port", "PORT": "port", "portal": "Portal", "hub": "hubs", "partiotins": "partitions", "partition": "partitions",
		"y":     "", // one letter is not a misspelling of another
		"about": "", "": "", "개수": "",
		strings.Repeat("hubs", 1000): "",
	} {
		if got := nearest.Name(word, names); got != want {
			t.Errorf("%.20q was meant to be %q, want %q", word, got, want)
		}
	}
}
