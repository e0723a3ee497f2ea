package eventhubs

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
)

// conn is the service behind one client connection. Attach and Closed run on
// the connection's reader; links have goroutines of their own.
type conn struct {
	svc    *Service
	amqp   *amqp.Conn
	ctx    context.Context // ends with the connection
	cancel context.CancelFunc
	wg     sync.WaitGroup // counts the links' goroutines for Closed
	remote string
	since  time.Time

	stopping <-chan struct{} // closed when the service stops

	home  *conn  // of the namespace that the open names; c itself there
	host  string // that names the namespace in texts
	reach Reach  // to other namespaces; nil: to none

	claims     claims
	proven     atomic.Bool // a good token or key came, be it to $management
	cbs        rpcNode
	management rpcNode

	mu      sync.Mutex
	guarded map[*amqp.Link]guard // data links and what they need; guarded by mu
	timer   *time.Timer          // next look at the claims; nil when closed; guarded by mu
	sides   map[*Service]*conn   // of home: the connection in other namespaces; guarded by mu
}

// guard is the claim that a link lives on.
type guard struct {
	addr  Address
	right Rights
}

func newConn(s *Service, ac *amqp.Conn, reach Reach) *conn {
	c := &conn{
		svc: s, amqp: ac, stopping: ac.Context().Done(), since: time.Now(), reach: reach, host: ac.Peer().Hostname,
		guarded: make(map[*amqp.Link]guard), sides: make(map[*Service]*conn),
	}
	c.home = c
	c.ctx, c.cancel = context.WithCancel(ac.Context())
	c.remote = addressText(ac.RemoteAddr())
	c.nodes()
	if grants, ok := ac.Identity().([]grant); ok {
		for _, g := range grants {
			if err := c.claims.put(g); err != nil {
				break // more rules of one name than a connection may hold
			}
			c.proven.Store(true)
		}
	}
	c.timer = time.AfterFunc(s.cfg.ClaimTimeout, c.review)
	c.event(ConnOpened{Namespace: c.svc.account(), Remote: c.remote, Container: clip(ac.Peer().ContainerID), Product: product(ac.Peer()), TLS: ac.TLS()})
	c.spawn(c.watch)
	return c
}

// nodes makes what answers requests.
func (c *conn) nodes() {
	c.cbs = rpcNode{conn: c, single: true, handle: c.putToken}
	c.management = rpcNode{conn: c, handle: c.manage}
}

// stoppedTimer calls f once it is reset.
func stoppedTimer(f func()) *time.Timer {
	t := time.AfterFunc(time.Hour, f)
	t.Stop()
	return t
}

// product reads the client's name and version from its Open.
func product(o *amqp.Open) string {
	name, version := o.Properties.String("product"), o.Properties.String("version")
	if name == "" {
		return clip(o.Properties.String("user-agent"))
	}
	return clip(name + "/" + version)
}

func (c *conn) event(e Event) { c.svc.cfg.Events(e) }

// spawn runs f on a goroutine that Closed waits for. f must end with c.ctx or
// with its link.
func (c *conn) spawn(f func()) { c.wg.Go(f) }

// uri names a path in texts as the service does: sb://host/path.
func (c *conn) uri(path string) string {
	host := c.host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "" {
		host = c.svc.cfg.Namespace
	}
	return "sb://" + clip(host) + "/" + clip(path)
}

// refusal shapes an error for the wire and logs what the client does not hear.
func (c *conn) refusal(err error) *refusal {
	r := refusalOf(err)
	if r.cause != nil {
		c.svc.complaints.log(c.svc.log, r.cause)
	}
	return r
}

// Attach decides on a link by its address and the connection's claims in the
// namespace that the address means.
func (c *conn) Attach(l *amqp.Link) error {
	there, err := c.at(hostOf(addressOf(l), false))
	if err == nil {
		c = there
		err = c.attach(l)
	}
	if err == nil || errors.Is(err, amqp.ErrLater) {
		return err
	}
	r := c.refusal(err)
	if r.condition == amqp.ErrUnauthorized {
		c.event(AuthFailed{Namespace: c.svc.account(), Remote: c.remote, Resource: clip(addressOf(l)), Reason: r.text})
	}
	return r.wire()
}

func (c *conn) attach(l *amqp.Link) error {
	if dynamic(l) {
		return refuse(501, amqp.ErrNotImplemented, "Dynamic nodes are not supported.")
	}
	a, err := ParseAddress(addressOf(l))
	if err != nil {
		return err
	}
	wants := nodes[a.Kind].receive
	if l.Role == amqp.RoleReceiver { // ours: the client sends
		wants = nodes[a.Kind].send
	}
	switch wants {
	case byRequest:
		return c.node(a.Kind).attach(l, a)
	case toSend:
		return c.attachSender(l, a)
	case toListen:
		return c.attachReceiver(l, a)
	}
	if l.Role == amqp.RoleSender {
		return refuse(400, amqp.ErrNotAllowed,
			"Events are received from <hub>/ConsumerGroups/<group>/Partitions/<id>, not from '%s'.", clip(a.String()))
	}
	return refuse(400, amqp.ErrNotAllowed, "Events cannot be sent to the consumer group address '%s'.", clip(a.String()))
}

// node is what answers requests at an address.
func (c *conn) node(kind NodeKind) *rpcNode {
	if kind == NodeCBS {
		return &c.home.cbs // one for all namespaces: tokens say by their audience where they belong
	}
	return &c.management
}

// addressOf returns the address on our end of the link.
func addressOf(l *amqp.Link) string {
	if l.Role == amqp.RoleReceiver {
		if l.Remote.Target != nil {
			return l.Remote.Target.Address
		}
	} else if l.Remote.Source != nil {
		return l.Remote.Source.Address
	}
	return ""
}

func dynamic(l *amqp.Link) bool {
	return (l.Role == amqp.RoleReceiver && l.Remote.Target != nil && l.Remote.Target.Dynamic) ||
		(l.Role == amqp.RoleSender && l.Remote.Source != nil && l.Remote.Source.Dynamic)
}

// endIfDeleted detaches a link whose hub was deleted, perhaps
// because another of that name has taken its place, and reports whether it did.
func (c *conn) endIfDeleted(l *amqp.Link, a Address, hub *broker.Hub) bool {
	if !hub.Deleted() {
		return false
	}
	l.Detach(errNoEntity(c.uri(a.Hub)).wire())
	return true
}

// Closed ends the connection's goroutines.
func (c *conn) Closed(err error) {
	c.end()
	for _, side := range c.sides { // nobody is left who adds to them
		side.end()
	}
	c.event(ConnClosed{Namespace: c.svc.account(), Remote: c.remote, Err: err, Lifetime: time.Since(c.since)})
}

func (c *conn) end() {
	c.mu.Lock()
	c.timer.Stop()
	c.timer = nil
	c.mu.Unlock()
	c.cancel()
	c.wg.Wait()
}
