package eventhubs

import (
	"errors"
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

// denial is why no grant allows something.
type denial struct {
	expired time.Time // when the last grant ended that would have allowed it; zero: there is none
	why     error     // what a grant lacks that covers the path; nil: there is nothing to say
}

// check returns nil when some unexpired grant covers the path with the right, or
// with one of several.
// Bearers are asked last: each refusal of theirs is put on record.
func (c *claims) check(path string, right Rights, now time.Time) *denial {
	c.mu.Lock()
	defer c.mu.Unlock()
	var d denial
	for _, bearers := range [...]bool{false, true} {
		for _, g := range c.grants {
			if (g.may != nil) == bearers && covers(g.scope, path) && d.admits(g, path, right, now) {
				return nil
			}
		}
	}
	return &d
}

// admits reports whether the grant allows it, or notes why not.
func (d *denial) admits(g grant, path string, right Rights, now time.Time) bool {
	if !g.validAt(now) {
		if (g.may != nil || g.void == nil && g.rights&right != 0) && g.expires.After(d.expired) {
			d.expired = g.expires
		}
		return false
	}
	err := g.allows(right, path)
	if err != nil && !errors.Is(err, errNoRight) {
		d.why = err
	}
	return err == nil
}

// judge looks at the grants under other rules.
func (c *claims) judge(keys keyring) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for scope, g := range c.grants {
		c.grants[scope] = keys.judge(g)
	}
}

// judgeOne looks at the grant of a scope anew and returns why it is void, or nil.
func (c *claims) judgeOne(scope string, keys keyring) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := keys.judge(c.grants[scope])
	c.grants[scope] = g
	return g.void
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
