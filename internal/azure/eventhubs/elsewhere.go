package eventhubs

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// A connection is of the namespace that its open names: its home. An absolute
// address (sb://NAME.servicebus.windows.net/hub) or the audience of a token may
// name another one. What follows from it is done by a conn of its own on that
// side, which shares nothing with home but the wire: it has the other service's
// hubs, rules and roles, and claims of its own. A key of SASL PLAIN and the tokens
// that were put for home open nothing there, and the other way round; who may not
// reach the other namespace by its network rules is refused by Reach.

// Reach returns the service of the namespace that a host name means to a
// connection: its own for names of this machine and such as mean nothing here, an
// error when there is no such namespace (fault.NotFound), or when the connection
// may not reach it from where it comes (fault.Unauthorized).
type Reach func(host string) (*Service, error)

// hostOf is the host that an audience, or an absolute address, names; "" for a path.
// An audience may do without a scheme (see resourcePath).
func hostOf(uri string, audience bool) string {
	_, rest, absolute := strings.Cut(uri, "://")
	if !absolute {
		if !audience {
			return ""
		}
		rest = uri
	}
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// at is the connection in the namespace that a host means.
func (c *conn) at(host string) (*conn, error) {
	if host == "" || c.reach == nil {
		return c, nil
	}
	svc, err := c.reach(host)
	switch {
	case fault.Is(err, fault.NotFound):
		return c, errNoNamespace(host, err)
	case err != nil || svc == c.svc:
		return c, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	side := c.sides[svc]
	if side == nil {
		side = c.newSide(svc, host)
		c.sides[svc] = side
	}
	return side, nil
}

// newSide is the connection in another namespace. Nothing is held there yet. The
// caller holds mu.
func (c *conn) newSide(svc *Service, host string) *conn {
	side := &conn{
		svc: svc, amqp: c.amqp, ctx: c.ctx, cancel: c.cancel, remote: c.remote, since: c.since, stopping: c.stopping,
		home: c, host: host, guarded: make(map[*amqp.Link]guard),
	}
	side.nodes()
	side.timer = stoppedTimer(side.review)
	side.spawn(side.watch)
	return side
}

// isHome reports whether the connection's open named this namespace.
func (c *conn) isHome() bool { return c.home == c }

// mustBeFor refuses, on another side than home, a signature that was made for
// another host than the one it is put for: names of this machine mean home, and
// two namespaces may have been given one key.
func (c *conn) mustBeFor(audience, token string) error {
	if c.isHome() || !strings.HasPrefix(token, sasPrefix) {
		return nil
	}
	t, err := ParseSASToken(token)
	if err != nil {
		return err
	}
	if strings.EqualFold(withoutPort(hostOf(t.Resource, true)), withoutPort(hostOf(audience, true))) {
		return nil
	}
	return fault.New(fault.Unauthorized, "", "InvalidAudience: The token's resource '%s' is not of the host of '%s'.", clip(t.Resource), clip(audience))
}

func withoutPort(host string) string {
	name, _, _ := strings.Cut(host, ":")
	return strings.TrimSuffix(name, ".")
}
