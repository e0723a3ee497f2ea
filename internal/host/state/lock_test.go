package state_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// failing are leases whose renewal fails from now on.
type failing struct {
	state.Leases
	with error
}

func (f *failing) Renew(ctx context.Context, container, name, id string) error {
	if f.with != nil {
		return f.with
	}
	return f.Leases.Renew(ctx, container, name, id)
}

// TestLostLock: what is done under a lock ends at once when the lock is another's, and
// when it could not be renewed for as long as it lasts; then it is done again.
func TestLostLock(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		after time.Duration
	}{
		"another's":   {fault.New(fault.Conflict, "", "it is another's"), state.LockPeriod / 3},
		"deleted":     {fault.New(fault.NotFound, "", "no such blob"), state.LockPeriod / 3},
		"unreachable": {fault.New(fault.Unavailable, "", "no room"), state.LockPeriod},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leases := &failing{Leases: endtest.New(1).Blobs(), with: c.err}
				lock := state.Lock{Leases: leases, Host: "h", Name: "f", Owner: "me", Log: testkit.Discard()}
				ctx, cancel := context.WithCancel(t.Context())
				var held []time.Duration
				err := lock.Hold(ctx, func(locked context.Context) error {
					begun := time.Now()
					if len(held) == 1 {
						cancel()
					}
					<-locked.Done()
					held = append(held, time.Since(begun))
					leases.with = nil
					return locked.Err()
				})
				if len(held) != 2 || held[0] != c.after {
					t.Errorf("held for %v (%v), want %v and once more", held, err, c.after)
				}
			})
		})
	}
}

// TestHostID is Azure's rule.
func TestHostID(t *testing.T) {
	for app, want := range map[string]string{
		"Telemetry": "telemetry", "a-very-long-name-that-goes-on-1-and-on": "a-very-long-name-that-goes-on-1",
		strings.Repeat("x", 40): strings.Repeat("x", 32),
	} {
		if got := state.HostID(settings.New(), app); got != want {
			t.Errorf("%s: %q, want %q", app, got, want)
		}
	}
	if got := state.HostID(settings.New(map[string]string{state.HostIDSetting: "Mine"}), "app"); got != "mine" {
		t.Errorf("by its setting: %q", got)
	}
}
