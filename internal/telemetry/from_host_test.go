package telemetry

import (
	"errors"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/breaker"
)

// TestSetAsideIsCounted: dead letters, those that could not be kept, and breakers that
// open are counted by function; a probe that fails opens nothing anew.
func TestSetAsideIsCounted(t *testing.T) {
	c := New()
	tell := c.FromHost("app", func(string) uint64 { return 0 })
	tell(host.SetAside{Function: "f", Letters: 3, Cause: errors.New("bad")})
	tell(host.SetAside{Function: "f", Letters: 2, Cause: errors.New("bad"), Err: errors.New("down")})
	for _, s := range []breaker.Status{
		{State: breaker.Open, Failures: 3},
		{State: breaker.HalfOpen},
		{State: breaker.Open, Failures: 4, Probes: 1},
		{State: breaker.HalfOpen},
		{State: breaker.Closed},
		{State: breaker.Open, Failures: 3},
	} {
		tell(host.BreakerChanged{Function: "f", Status: s})
	}
	f := c.Function("app", "f")
	if f.Letters.Load() != 3 || f.Held.Load() != 1 || f.Opened.Load() != 2 {
		t.Errorf("%d letters, held %d times, opened %d times", f.Letters.Load(), f.Held.Load(), f.Opened.Load())
	}
}
