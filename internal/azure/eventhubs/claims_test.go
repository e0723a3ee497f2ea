package eventhubs

import (
	"fmt"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

func TestClaims(t *testing.T) {
	now := tokenTime
	var c claims
	if c.check("hub", toRead, now) == nil {
		t.Fatal("a new connection has claims")
	}
	must := func(g grant) {
		t.Helper()
		if err := c.put(g); err != nil {
			t.Fatal(err)
		}
	}
	must(grant{scope: "hub", rights: Listen, expires: now.Add(time.Hour)})
	must(grant{scope: "hub/partitions/1", rights: Send, expires: now.Add(time.Minute)})
	for _, w := range []struct {
		path  string
		right Rights
		after time.Duration
		want  bool
	}{
		{"hub", Listen, 0, true},
		{"hub/consumergroups/g/partitions/0", Listen, 0, true},
		{"hub", Send, 0, false},
		{"hub/partitions/1", Send, 0, true},
		{"hub/partitions/1", Send, time.Minute, false},
		{"hub/partitions/0", Send, 0, false},
		{"hub", Listen, time.Hour, false},
		{"other", Listen, 0, false},
	} {
		if got := c.check(w.path, w.right, now.Add(w.after)) == nil; got != w.want {
			t.Errorf("%s on %s after %v: %v", w.right, w.path, w.after, got)
		}
	}
	if at, ok := c.nextExpiry(now); !ok || !at.Equal(now.Add(time.Minute)) {
		t.Errorf("next expiry %v, %v", at, ok)
	}
	if d := c.check("hub/partitions/1", Send, now.Add(time.Hour)); d == nil || !d.expired.Equal(now.Add(time.Minute)) {
		t.Errorf("denial %+v", d)
	}
	must(grant{scope: "hub/partitions/1", rights: Send, expires: now.Add(2 * time.Hour)})
	if c.check("hub/partitions/1", Send, now.Add(90*time.Minute)) != nil {
		t.Error("a renewal does not replace the old token")
	}
}

func TestClaimsAreBounded(t *testing.T) {
	var c claims
	for i := range maxGrants {
		if err := c.put(grant{scope: fmt.Sprint(i), rights: Send}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.put(grant{scope: "one more", rights: Send}); !fault.Is(err, fault.Throttled) {
		t.Errorf("error %v", err)
	}
	if err := c.put(grant{scope: "0", rights: Listen}); err != nil {
		t.Errorf("a renewal at the limit: %v", err)
	}
}
