package amqp_test

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// node is the service behind the test server: a queue per address. A sender
// link to an address fills it, a receiver link from it is served from it.
// Addresses that begin with "refuse/" are refused with the condition that
// follows; the rest of the special addresses are explained at attachIn.
type node struct {
	mu     sync.Mutex // guards all below
	queues map[string]*queue
	links  map[*amqp.Link]string
	ended  chan string // addresses of links whose OnDetach ran
	conns  chan error  // what Closed said
}

type queue struct {
	messages [][]byte
	formats  []uint32
	grown    chan struct{} // closed and replaced when messages grew
}

func newNode() *node {
	return &node{
		queues: map[string]*queue{},
		links:  map[*amqp.Link]string{},
		ended:  make(chan string, 1000),
		conns:  make(chan error, 1000),
	}
}

func (n *node) queue(name string) *queue {
	q := n.queues[name]
	if q == nil {
		q = &queue{grown: make(chan struct{})}
		n.queues[name] = q
	}
	return q
}

func (n *node) put(name string, format uint32, b []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	q := n.queue(name)
	q.messages = append(q.messages, append([]byte{}, b...))
	q.formats = append(q.formats, format)
	close(q.grown)
	q.grown = make(chan struct{})
}

// take returns the oldest message, or the channel that tells of the next.
func (n *node) take(name string) (b []byte, format uint32, more <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	q := n.queue(name)
	if len(q.messages) == 0 {
		return nil, 0, q.grown
	}
	b, format = q.messages[0], q.formats[0]
	q.messages, q.formats = q.messages[1:], q.formats[1:]
	return b, format, nil
}

func (n *node) size(name string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.queue(name).messages)
}

// link returns the live link at the address, or nil.
func (n *node) link(address string) *amqp.Link {
	n.mu.Lock()
	defer n.mu.Unlock()
	for l, a := range n.links {
		if a == address {
			return l
		}
	}
	return nil
}

// nodeConn is the node's handler of one connection.
type nodeConn struct{ n *node }

func (c nodeConn) Closed(err error) { c.n.conns <- err }

func (c nodeConn) Attach(l *amqp.Link) error {
	address := ""
	if l.Role == amqp.RoleReceiver {
		address = l.Remote.Target.Address
	} else {
		address = l.Remote.Source.Address
	}
	if condition, ok := strings.CutPrefix(address, "refuse/"); ok {
		return &amqp.Error{Condition: amqp.Symbol(condition), Description: "refused as you wish"}
	}
	c.n.mu.Lock()
	c.n.links[l] = address
	c.n.mu.Unlock()
	l.OnDetach = func(error) {
		c.n.mu.Lock()
		delete(c.n.links, l)
		c.n.mu.Unlock()
		c.n.ended <- address
	}
	if l.Role == amqp.RoleReceiver {
		c.attachIn(l, address)
	} else {
		go c.pump(l, address)
	}
	if strings.HasPrefix(address, "later/") {
		go l.Accept()
		return amqp.ErrLater
	}
	return nil
}

// attachIn receives. "reject/…" rejects what comes, "small/…" takes 10 kB,
// "small-told/…" also but answers oversize by Rejected.
func (c nodeConn) attachIn(l *amqp.Link, address string) {
	l.Credit = 100
	l.Local.MaxMessageSize = 1 << 24
	if strings.HasPrefix(address, "small") {
		l.Local.MaxMessageSize = 10_000
	}
	if strings.HasPrefix(address, "small-told/") {
		l.OnOversize = func(d *amqp.Delivery, size uint64) {
			d.Reject(&amqp.Error{Condition: amqp.ErrMessageSizeExceeded, Description: "too large by far"})
		}
	}
	l.OnTransfer = func(d *amqp.Delivery) {
		if strings.HasPrefix(address, "reject/") {
			d.Reject(&amqp.Error{Condition: "test:rejected", Description: "not today"})
			return
		}
		c.n.put(address, d.Format, d.Payload)
		d.Accept()
	}
}

// pump serves a receiver the way a real service does: by credit, settled when
// the peer allows it, giving credit back when drained.
func (c nodeConn) pump(l *amqp.Link, address string) {
	ctx := context.Background()
	for {
		if _, err := l.WaitCredit(ctx); err != nil {
			return
		}
		b, format, more := c.n.take(address)
		if more != nil {
			l.Drained()
			select {
			case <-more:
			case <-l.FlowChanged():
			case <-l.Done():
				return
			}
			continue
		}
		if err := l.Send(ctx, amqp.Outgoing{Body: b, Format: format, Settled: true}); err != nil {
			return
		}
	}
}

// serve runs a server for the test and returns its address.
func serve(t testing.TB, n *node, change func(*amqp.ServerConfig)) string {
	t.Helper()
	return serveOn(t, testkit.Listen(t), n, change)
}

func serveOn(t testing.TB, l net.Listener, n *node, change func(*amqp.ServerConfig)) string {
	t.Helper()
	cfg := amqp.ServerConfig{
		Log:     testkit.Discard(),
		SASL:    []string{amqp.SASLMSSBCBS, amqp.SASLPlain, amqp.SASLAnonymous, amqp.SASLExternal},
		NewConn: func(*amqp.Conn) amqp.ConnHandler { return nodeConn{n} },
		Authenticate: func(_ context.Context, init amqp.SASLInit) (any, error) {
			if init.Mechanism == amqp.SASLPlain && (init.Username != "user" || init.Password != "secret") {
				return nil, errors.New("wrong user or password")
			}
			return init.Username, nil
		},
	}
	if change != nil {
		change(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- testkit.Serve(ctx, l, amqp.NewServer(cfg).ServeConn) }()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return l.Addr().String()
}

// dial connects our own client for the test.
func dial(t testing.TB, addr string, cfg amqp.DialConfig) *amqp.Conn {
	t.Helper()
	c, err := amqp.Dial(t.Context(), addr, cfg)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { c.Close(nil) })
	return c
}

func begin(t testing.TB, c *amqp.Conn) *amqp.Session {
	t.Helper()
	s, err := c.Begin(t.Context())
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	return s
}

// body returns a message of one Data section with n bytes that tell its
// number apart.
func body(number, n int) []byte {
	data := make([]byte, max(n, 8))
	binary.BigEndian.PutUint64(data, uint64(number))
	return amqp.AppendDataSection(nil, data)
}

// number is what body put in.
func number(t testing.TB, message []byte) int {
	t.Helper()
	m, err := amqp.ParseMessage(message)
	if err != nil || len(m.Data) != 1 || len(m.Data[0]) < 8 {
		t.Fatalf("not a message of ours: %v, %d bytes", err, len(message))
	}
	return int(binary.BigEndian.Uint64(m.Data[0]))
}
