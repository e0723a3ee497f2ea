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
	defer conns.Wait()
	return accept(ctx, p.listener, p.Log, func(c net.Conn) {
		p.admit(ctx, &conns, c, func(secure net.Conn) bool {
			server.ServeConn(ctx, secure)
			return false // it is closed; admit takes it out of the count
		})
	})
}

// amqpServer sends each connection to the account that its open names. Names
// that are not ours mean the port's account: there is no browser to protect,
// and clients behind a custom endpoint name a host that only they know.
func (p *port) amqpServer() *amqp.Server {
	cfg := *p.AMQP
	cfg.Greeted = func(c net.Conn) { p.gate.spoke(raw(c)) }
	cfg.Authenticate = func(ctx context.Context, init amqp.SASLInit) (any, error) {
		account := p.account(init.Hostname)
		if route := p.set.routes[account.Type]; route.SASL != nil {
			return route.SASL(ctx, account, init)
		}
		return nil, nil
	}
	cfg.NewConn = func(c *amqp.Conn) amqp.ConnHandler {
		account := p.account(c.Peer().Hostname)
		route := p.set.routes[account.Type]
		switch {
		case route.AMQP == nil:
			return turnAway(c, amqp.ErrNotFound, "no service answers for "+account.Name+" on this port")
		case c.Identity() != nil && p.account(c.SASLHostname()) != account:
			return turnAway(c, amqp.ErrUnauthorized, "the key was given for another host name than the open names")
		}
		return route.AMQP(account, c)
	}
	return amqp.NewServer(cfg)
}

func (p *port) account(hostname string) resource.Account {
	account, _ := p.set.o.Names.resolve(hostname, p.Account)
	return account
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
