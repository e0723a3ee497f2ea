package cli

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestWrapped(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"one two three", 0, []string{"one two three"}},
		{"one two three", 13, []string{"one two three"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"one  two three", 7, []string{"one", "two", "three"}},
		{"Endpoint=sb://localhost;Key=abc then", 8, []string{"Endpoint=sb://localhost;Key=abc", "then"}},
		{"a Endpoint=sb://localhost", 8, []string{"a", "Endpoint=sb://localhost"}},
		{"\x1b[1mone\x1b[0m \x1b[2mtwo\x1b[0m", 7, []string{"\x1b[1mone\x1b[0m \x1b[2mtwo\x1b[0m"}},
		{"하나 둘", 4, []string{"하나 둘"}},
	} {
		if got := wrapped(c.text, c.width); !slices.Equal(got, c.want) {
			t.Errorf("%q in %d: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

// TestScreenOfAnyWidth: no line is longer than the terminal but a word that is, and
// nothing is lost.
func TestScreenOfAnyWidth(t *testing.T) {
	long := "Endpoint=sb://localhost;SharedAccessKey=" + strings.Repeat("k", 60)
	show := func(width int) string {
		var out bytes.Buffer
		p := screen{w: &out, width: width}
		p.row("Event Hubs", "amqp://localhost:5672  TLS localhost:5671")
		p.row("", long)
		p.row("Functions", under("not running: the build failed\n  main.go:3: undefined: x and more of it that goes on"))
		p.row("Private", "http://localhost:1  plays the private endpoints, on the same ports; lazuli exec --private NAME leads there")
		return out.String()
	}
	whole := strings.Join(strings.Fields(show(0)), " ")
	for width := 30; width <= 130; width++ {
		got := show(width)
		if words := strings.Join(strings.Fields(got), " "); words != whole {
			t.Errorf("%d columns: %s", width, got)
		}
		for line := range strings.Lines(got) {
			if line = strings.TrimRight(line, "\n"); len(line) > width && strings.TrimSpace(line) != long {
				t.Errorf("%d columns: %q", width, line)
			}
		}
	}
	if got := show(40); !strings.HasPrefix(got, "  Event Hubs\n    amqp://localhost:5672  TLS\n    localhost:5671\n    Endpoint=") {
		t.Errorf("40 columns:\n%s", got)
	}
	if got := show(100); !strings.HasPrefix(got, "  Event Hubs    amqp://localhost:5672  TLS localhost:5671\n                Endpoint=") {
		t.Errorf("100 columns:\n%s", got)
	}
}
