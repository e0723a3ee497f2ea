package door

import (
	"context"
	"net"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// runAMQP serves the port's AMQP connections. When ctx ends they are told
// amqp:connection:forced.
func (p *port) runAMQP(ctx context.Context) error {
	server := p.amqpServer()
	var conns sync.WaitGroup
	defer p.reached.count.Wait()
	defer conns.Wait()
	for _, route := range p.set.routes {
		if route.AMQP != nil && route.Restrict != nil && route.Changed != nil {
			conns.Go(func() { p.followRestrictions(ctx, route) })
		}
	}
	return accept(ctx, p.listener, p.Log, func(c net.Conn) {
		p.admit(ctx, &conns, c, func(secure net.Conn) bool {
			server.ServeConn(ctx, secure)
			return false // it is closed; admit takes it out of the count
		})
	})
}

// amqpServer sends each connection to the account that its open names, or, where
// that is a name of this machine, its TLS handshake. Names that are not ours mean
// the port's account: there is no browser to protect, and clients behind a custom
// endpoint name a host that only they know.
func (p *port) amqpServer() *amqp.Server {
	cfg := *p.AMQP
	cfg.Greeted = func(c net.Conn) { p.gate.spoke(raw(c)) }
	cfg.Authenticate = func(ctx context.Context, init amqp.SASLInit) (any, error) {
		account, err := p.account(init.Hostname, init.ServerName)
		if err != nil {
			return nil, nil //nolint:nilerr // nobody is let in: the open will say why, which SASL cannot
		}
		route := p.set.routes[account.Type]
		if route.SASL == nil || p.restricted(route, account, init.Remote, nil) != nil {
			return nil, nil // who is kept out is told by the open, and nothing of the key
		}
		return route.SASL(ctx, account, init)
	}
	cfg.NewConn = func(c *amqp.Conn) amqp.ConnHandler {
		account, err := p.account(c.Peer().Hostname, c.ServerName())
		if err != nil {
			return turnAway(c, amqp.ErrNotFound, err.Error())
		}
		route := p.set.routes[account.Type]
		p.reached.add(c, account) // before it is judged, so that no change is missed
		if err := p.restricted(route, account, c.RemoteAddr(), nil); err != nil {
			return turnAway(c, amqp.ErrUnauthorized, err.Error())
		}
		switch {
		case route.AMQP == nil:
			return turnAway(c, amqp.ErrNotFound, "no service answers for "+account.Name+" on this port")
		case c.Identity() != nil && !p.same(account, c):
			return turnAway(c, amqp.ErrUnauthorized, "the key was given for another host name than the open names")
		}
		if handler := route.AMQP(account, c, p.way(account, c)); handler != nil {
			return handler
		}
		return turnAway(c, amqp.ErrNotFound, account.Name+" is not here any more")
	}
	return amqp.NewServer(cfg)
}

// account is the one that a connection means by its host name, or by the name in
// its TLS handshake where the host name says nothing.
func (p *port) account(hostname, serverName string) (resource.Account, error) {
	account, err := p.set.o.Names.resolve(hostname, p.Account)
	if fault.Is(err, fault.NotFound) {
		return account, err
	}
	if serverName != "" && account == p.Account && !p.set.o.Names.names(hostname, p.Account.Type) {
		account, err = p.set.o.Names.resolve(serverName, p.Account)
	}
	if fault.Is(err, fault.NotFound) {
		return account, err
	}
	return account, nil
}

// way is how a connection to an account finds others.
func (p *port) way(own resource.Account, c *amqp.Conn) Way {
	return func(host string) (resource.Account, error) {
		account, err := p.set.o.Names.resolve(host, own)
		switch {
		case fault.Is(err, fault.NotFound):
			return own, err
		case err != nil || account == own:
			return own, nil // an endpoint's name that only the client knows
		}
		route := p.set.routes[account.Type]
		if route.AMQP == nil || account.Type != own.Type {
			return own, fault.New(fault.NotFound, "", "no service answers for %s on this connection", host)
		}
		if err := p.restricted(route, account, c.RemoteAddr(), nil); err != nil {
			return account, err
		}
		p.reached.add(c, account)
		return account, p.restricted(route, account, c.RemoteAddr(), nil) // again, as it may have changed before it was noted
	}
}

// same reports whether the connection's key was given for the account.
func (p *port) same(account resource.Account, c *amqp.Conn) bool {
	other, err := p.account(c.SASLHostname(), c.ServerName())
	return err == nil && other == account
}

// turnAway closes a connection that nobody answers, with the reason.
func turnAway(c *amqp.Conn, condition amqp.Symbol, why string) amqp.ConnHandler {
	c.Shutdown(&amqp.Error{Condition: condition, Description: why})
	return refusing{}
}

// refusing answers the links of a connection that is being closed.
type refusing struct{}

func (refusing) Attach(*amqp.Link) error {
	return fault.New(fault.Unavailable, "", "the connection ends")
}
func (refusing) Closed(error) {}
