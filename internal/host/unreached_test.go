package host_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestUnreached: functions that no request reaches are marked when they come and when one
// is turned on or off, and told of once.
func TestUnreached(t *testing.T) {
	testkit.NoLeaks(t)
	var said strings.Builder
	log := &locked{b: &said}
	r := start(t, endtest.New(1), func(o *host.Options) {
		useBinary(t, o)
		o.Log = slog.New(slog.NewTextHandler(log, nil))
		o.Unreached = func(prefix string, all []host.FunctionInfo) map[string]error {
			for _, f := range all {
				if f.Name == "each" && f.Disabled {
					return nil
				}
			}
			return map[string]error{"hello": errors.New("taken by another below " + prefix)}
		}
	})
	marked := func() (names []string) {
		for _, f := range r.Functions() {
			if f.Err != nil {
				names = append(names, f.Name+" "+f.Err.Error())
			}
		}
		return names
	}
	if got := marked(); len(got) != 1 || got[0] != "hello taken by another below api" {
		t.Errorf("at the start: %q", got)
	}
	for range 2 {
		if err := r.Switch("each", false); err != nil {
			t.Fatal(err)
		}
		if got := marked(); len(got) != 0 {
			t.Errorf("with each turned off: %q", got)
		}
	}
	for range 2 {
		if err := r.Switch("each", true); err != nil {
			t.Fatal(err)
		}
		if got := marked(); len(got) != 1 {
			t.Errorf("with each turned on: %q", got)
		}
	}
	r.stop()
	if n := strings.Count(said.String(), "function has no usable route"); n != 2 {
		t.Errorf("told %d times, want one at the start and one when it was so again:\n%s", n, said.String())
	}
}
