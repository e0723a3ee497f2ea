package eventhubs

import (
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// maxGrants bounds the tokens one connection may hold; a client needs one per
// partition at most.
const maxGrants = 4096

// claims is what one connection may do: the grants of its tokens by the
// resource path they were put for. A new token for the same path replaces the
// old one.
type claims struct {
	mu     sync.Mutex
	grants map[string]grant // by scope; guarded by mu
}

// put stores a grant.
func (c *claims) put(g grant) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.grants == nil {
		c.grants = make(map[string]grant)
	}
	if _, replaces := c.grants[g.scope]; !replaces && len(c.grants) >= maxGrants {
		return fault.New(fault.Throttled, "", "The connection holds the limit of %d tokens.", maxGrants)
	}
	c.grants[g.scope] = g
	return nil
}

// allows reports whether some unexpired grant covers the path with the right.
func (c *claims) allows(path string, right Rights, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range c.grants {
		if g.rights.Has(right) && g.validAt(now) && covers(g.scope, path) {
			return true
		}
	}
	return false
}

// allowsAny reports whether some unexpired grant covers the path with any
// right at all: enough to read a hub's properties.
func (c *claims) allowsAny(path string, now time.Time) bool {
	return c.allows(path, Listen, now) || c.allows(path, Send, now)
}

// empty reports whether no token was ever accepted.
func (c *claims) empty() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.grants) == 0
}

// lastExpiry returns when the longest-lived grant for the path ended or ends;
// ok is false when there is none that can end.
func (c *claims) lastExpiry(path string, right Rights) (at time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range c.grants {
		if g.rights.Has(right) && covers(g.scope, path) && g.expires.After(at) {
			at, ok = g.expires, true
		}
	}
	return at, ok
}

// nextExpiry returns the earliest expiry after now, if any.
func (c *claims) nextExpiry(now time.Time) (at time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range c.grants {
		if g.expires.After(now) && (!ok || g.expires.Before(at)) {
			at, ok = g.expires, true
		}
	}
	return at, ok
}
