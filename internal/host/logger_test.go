package host

import (
	"runtime/debug"
	"strings"
	"testing"
)

// caught is the stack of a panic as a worker in Go reports it.
func caught(f func()) (stack string) {
	defer func() {
		if recover() != nil {
			stack = string(debug.Stack())
		}
	}()
	f()
	return ""
}

func explode() { panic("asked to") }

func TestUserFramesBeginWhereItPanicked(t *testing.T) {
	got := userFrames(caught(explode))
	if first, _, _ := strings.Cut(got, "\n"); !strings.HasSuffix(first, "host.explode(...)") && !strings.HasSuffix(first, "host.explode()") {
		t.Errorf("begins with %q", first)
	}
	if got := userFrames("at f (a.js:1)\nat g (b.js:2)\n"); got != "at f (a.js:1)\nat g (b.js:2)" {
		t.Errorf("another language's stack came out as %q", got)
	}
	if got := userFrames(strings.Repeat("é", maxStackBytes)); len(got) > maxStackBytes+4 || !strings.HasSuffix(got, "é\n...") {
		t.Errorf("a long stack ends in %q after %d bytes", got[len(got)-8:], len(got))
	}
	if got := userFrames("x\npanic("); got != "x\npanic(" {
		t.Errorf("a cut stack came out as %q", got)
	}
}

func TestToldProperties(t *testing.T) {
	for _, c := range []struct {
		message, properties string
		want                bool
	}{
		{`read device=d1 temperature=4.2`, `{"device":"d1","temperature":4.2}`, true},
		{`read site.id=d1`, `{"site":{"id":"d1"}}`, true},
		{`read "a b"=1`, `{"a b":1}`, true},
		{`read`, `{"device":"d1"}`, false},
		{`read device=d1`, `{"device":"d1","more":1}`, false},
		{`read`, `odd`, false},
	} {
		if got := told(c.message, c.properties); got != c.want {
			t.Errorf("%s %s: %v", c.message, c.properties, got)
		}
	}
}
