package door

import (
	"context"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// reached is which accounts the live AMQP connections of a port were let in to, so
// that those which may not reach one any more are ended. A connection may be in
// several; see Way.
type reached struct {
	mu    sync.Mutex // guards all
	all   map[*amqp.Conn][]resource.Account
	count sync.WaitGroup // of calls that forget a connection
}

// add notes that a connection is about to be let in to an account, until it ends.
func (r *reached) add(c *amqp.Conn, a resource.Account) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = map[*amqp.Conn][]resource.Account{}
	}
	if r.all[c] == nil {
		r.count.Add(1)
		context.AfterFunc(c.Context(), func() {
			defer r.count.Done()
			r.forget(c)
		})
	}
	for _, known := range r.all[c] {
		if known == a {
			return
		}
	}
	r.all[c] = append(r.all[c], a)
}

func (r *reached) forget(c *amqp.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, c)
}

// each calls f for every connection and account, as they are now.
func (r *reached) each(f func(*amqp.Conn, resource.Account)) {
	type pair struct {
		c *amqp.Conn
		a resource.Account
	}
	var now []pair
	r.mu.Lock()
	for c, accounts := range r.all {
		for _, a := range accounts {
			now = append(now, pair{c, a})
		}
	}
	r.mu.Unlock()
	for _, p := range now {
		f(p.c, p.a)
	}
}

// followRestrictions ends the connections that a route's restrictions keep out,
// whenever these change, until ctx ends.
func (p *port) followRestrictions(ctx context.Context, route Route) {
	for {
		changed := route.Changed() // before the look, which must not miss a change
		p.reached.each(func(c *amqp.Conn, a resource.Account) {
			if a.Type != route.Type {
				return
			}
			if err := p.restricted(route, a, c.RemoteAddr(), nil); err != nil {
				c.Shutdown(&amqp.Error{Condition: amqp.ErrUnauthorized, Description: err.Error()})
			}
		})
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}
