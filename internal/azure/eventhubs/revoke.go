package eventhubs

import (
	"errors"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

// A link is admitted by the connection's claims, and lives on while they allow
// it. They are looked at again when one of them runs out, and when whoever
// decides on access has changed: a rule is gone, a key was regenerated, local
// authentication was turned off, a role was taken away. Transfers are never
// held up by that.

// permits is nil when the claims allow the right on the address now.
func (c *conn) permits(a Address, right Rights) error {
	return c.denied(c.claims.check(a.path(), right, time.Now()), right, a.String())
}

// denied shapes a denial of the right on a path; it is nil for none.
func (c *conn) denied(d *denial, right Rights, path string) error {
	if d == nil {
		return nil
	}
	return c.denial(d, right, path)
}

func (c *conn) denial(d *denial, right Rights, path string) *refusal {
	if !d.expired.IsZero() {
		return errExpired(d.expired.Format(expiryLayout))
	}
	if d.why == nil {
		return errMissingClaim(right, c.uri(path), "")
	}
	var whole *refusal
	if errors.As(d.why, &whole) {
		return whole // local authentication is off
	}
	return errMissingClaim(right, c.uri(path), d.why.Error())
}

// admit checks the claim a data link needs and remembers it, so that the link
// ends when the claim does. From here on the link may be detached at any time.
func (c *conn) admit(l *amqp.Link, a Address, right Rights) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.permits(a, right); err != nil {
		return err
	}
	c.guarded[l] = guard{addr: a, right: right}
	return nil
}

func (c *conn) release(l *amqp.Link) {
	c.mu.Lock()
	delete(c.guarded, l)
	c.mu.Unlock()
}

// watch looks at the claims whenever access has changed, and once in the
// beginning: a key may have gone while the connection was greeted.
func (c *conn) watch() {
	for {
		changed := c.svc.cfg.Access.Changed() // before the look, which must not miss a change
		c.claims.judge(c.svc.keys())
		c.endLapsed()
		select {
		case <-changed:
		case <-c.ctx.Done():
			return
		}
	}
}

// reschedule sets the timer to the next moment at which a claim may lapse.
func (c *conn) reschedule() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer == nil {
		return
	}
	now := time.Now()
	grace := c.svc.cfg.ExpiryGrace
	if at, ok := c.claims.nextExpiry(now.Add(-grace)); ok {
		c.timer.Reset(at.Add(grace).Sub(now))
	} else {
		c.timer.Stop()
	}
}

// review runs on the timer: it closes a connection that never brought a good
// token, be it on $cbs or with a request to $management, and detaches the links
// whose tokens ran out longer than the grace ago.
func (c *conn) review() {
	if c.isHome() && !c.proven.Load() {
		c.amqp.Shutdown(refuse(401, amqp.ErrUnauthorized,
			"Unauthorized access. No valid token came within %v, neither on $cbs nor in a request to $management.", c.svc.cfg.ClaimTimeout).wire())
		return
	}
	c.endLapsed()
	c.reschedule()
}

// endLapsed detaches the links that the claims do not allow any more, of which
// those that ran out count for the grace.
func (c *conn) endLapsed() {
	cutoff := time.Now().Add(-c.svc.cfg.ExpiryGrace)
	lapsed := make(map[*amqp.Link]*refusal)
	c.mu.Lock()
	for l, g := range c.guarded {
		if d := c.claims.check(g.addr.path(), g.right, cutoff); d != nil {
			lapsed[l] = c.denial(d, g.right, g.addr.String())
		}
	}
	c.mu.Unlock()
	for l, r := range lapsed {
		c.event(AuthFailed{Namespace: c.svc.account(), Remote: c.remote, Resource: clip(addressOf(l)), Reason: r.text})
		l.Detach(r.wire())
	}
}
