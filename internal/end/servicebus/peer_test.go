package servicebus

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// peer is a namespace as far as the official client needs one: $cbs, renewals of locks,
// queues of messages under a lock, with sessions and without. It is no Service Bus: it
// shows that this package and the client agree, over a real socket.
type peer struct {
	t       *testing.T
	address string

	mu       sync.Mutex
	changed  chan struct{}       // closed at each change; guarded by mu
	queues   map[string][]*sent  // guarded by mu
	taken    map[string]bool     // sessions that somebody has, by queue/session; guarded by mu
	requests map[string]int      // to $management, by operation; guarded by mu
	contents map[string][]string // content types of what came, by queue; guarded by mu
}

// sent is a message of a queue.
type sent struct {
	body, session string
	count         uint32 // how often it was handed out
	held          bool
	outcome       string // of each time, joined
	gone          bool
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	p := &peer{t: t, changed: make(chan struct{}), queues: map[string][]*sent{}, taken: map[string]bool{}, requests: map[string]int{}, contents: map[string][]string{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	server := amqp.NewServer(amqp.ServerConfig{Log: testkit.Discard(), NewConn: func(*amqp.Conn) amqp.ConnHandler {
		return &peerConn{p: p, ctx: ctx, all: &all, replies: map[string]*amqp.Link{}}
	}})
	all.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { server.ServeConn(ctx, nc) })
		}
	})
	t.Cleanup(func() { cancel(); l.Close(); all.Wait() })
	return p
}

func (p *peer) dial(ctx context.Context, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", p.address)
}

// change changes the state and wakes who waits.
func (p *peer) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *peer) put(queue, session string, bodies ...string) {
	p.change(func() {
		for _, b := range bodies {
			p.queues[queue] = append(p.queues[queue], &sent{body: b, session: session})
		}
	})
}

// take hands out the next message of a queue, of the session unless that is nil.
func (p *peer) take(queue string, session *string) (m *sent, wake <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.queues[queue] {
		if !m.held && !m.gone && (session == nil || m.session == *session) {
			m.held = true
			m.count++
			return m, nil
		}
	}
	return nil, p.changed
}

// told is how each message of a queue ended, "body: outcomes".
func (p *peer) told(queue string) (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.queues[queue] {
		all = append(all, m.body+":"+m.outcome)
	}
	return all
}

// peerConn is a connection of a client.
type peerConn struct {
	p   *peer
	ctx context.Context
	all *sync.WaitGroup

	mu      sync.Mutex
	replies map[string]*amqp.Link // by the node; guarded by mu
}

func (c *peerConn) Closed(error) {}

func rpc(node string) bool { return node == "$cbs" || strings.HasSuffix(node, "/$management") }

func (c *peerConn) Attach(l *amqp.Link) error {
	if l.Role == amqp.RoleReceiver {
		node := l.Remote.Target.Address
		l.Credit, l.Local.MaxMessageSize = 100, 256<<10
		l.Local.RcvSettleMode = amqp.ReceiverFirst
		l.OnTransfer = func(d *amqp.Delivery) { c.arrived(node, d) }
		return nil
	}
	node := l.Remote.Source.Address
	if rpc(node) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.replies[node] = l
		return nil
	}
	if strings.HasPrefix(node, "nowhere") {
		return &amqp.Error{Condition: "amqp:not-found", Description: "there is no such queue"}
	}
	if _, wants := l.Remote.Source.Filter.Get("com.microsoft:session-filter"); wants {
		c.all.Go(func() { c.session(l, node) })
		return amqp.ErrLater
	}
	c.all.Go(func() { c.hand(l, node, nil) })
	return nil
}

// session gives the link the next session that has a message.
func (c *peerConn) session(l *amqp.Link, node string) {
	for {
		name, wake := c.nextSession(node)
		if wake == nil {
			l.Local.Source = &amqp.Source{Address: node, Filter: amqp.Map{{Key: amqp.Symbol("com.microsoft:session-filter"), Value: amqp.Described{Descriptor: uint64(0x137000000C), Value: name}}}}
			l.Accept()
			c.hand(l, node, &name)
			c.p.change(func() { delete(c.p.taken, node+"/"+name) })
			return
		}
		select {
		case <-wake:
		case <-l.Done():
			return
		case <-c.ctx.Done():
			return
		}
	}
}

func (c *peerConn) nextSession(node string) (name string, wake <-chan struct{}) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	for _, m := range c.p.queues[node] {
		if key := node + "/" + m.session; !m.gone && !m.held && !c.p.taken[key] {
			c.p.taken[key] = true
			return m.session, nil
		}
	}
	return "", c.p.changed
}

// hand sends messages for as long as the link lives.
func (c *peerConn) hand(l *amqp.Link, node string, session *string) {
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	c.all.Go(func() {
		select {
		case <-l.Done():
			cancel()
		case <-ctx.Done():
		}
	})
	var mine []*sent
	defer func() {
		c.p.change(func() {
			for _, m := range mine {
				m.held = false
			}
		})
	}()
	for {
		if _, err := l.WaitCredit(ctx); err != nil {
			return
		}
		m, wake := c.p.take(node, session)
		if m == nil {
			select {
			case <-wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		mine = append(mine, m)
		body, err := c.encode(m)
		if err == nil {
			err = l.Send(ctx, amqp.Outgoing{Body: body, OnSettled: func(o amqp.Outcome) { c.settled(m, o) }})
		}
		if err != nil {
			return
		}
	}
}

func (c *peerConn) encode(m *sent) ([]byte, error) {
	return (&amqp.Message{
		Header:                &amqp.Header{DeliveryCount: m.count - 1},
		Annotations:           amqp.Map{{Key: amqp.Symbol("x-opt-locked-until"), Value: time.Now().Add(2 * time.Second)}, {Key: amqp.Symbol("x-opt-sequence-number"), Value: int64(7)}, {Key: amqp.Symbol("x-opt-enqueued-time"), Value: time.UnixMilli(1767225600123)}},
		Properties:            &amqp.Properties{MessageID: "id-" + m.body, GroupID: m.session, Subject: "subject", ContentType: "text/plain"},
		ApplicationProperties: amqp.Map{{Key: "kind", Value: "test"}, {Key: "n", Value: int64(3)}},
		Data:                  [][]byte{[]byte(m.body)},
	}).Append(nil)
}

func (c *peerConn) settled(m *sent, o amqp.Outcome) {
	c.p.change(func() {
		m.held = false
		m.outcome += o.Kind.String() + " "
		m.gone = o.Kind == amqp.OutcomeAccepted || o.Kind == amqp.OutcomeRejected
	})
}

// arrived takes requests, and messages into queues.
func (c *peerConn) arrived(node string, d *amqp.Delivery) {
	payload := slices.Clone(d.Payload)
	format := d.Format
	d.Accept()
	m, err := amqp.ParseMessage(payload)
	if err != nil {
		c.p.t.Error(err)
		return
	}
	if rpc(node) {
		c.all.Go(func() { c.answer(node, m) })
		return
	}
	all := []*amqp.Message{m}
	if format == amqp.BatchFormat {
		all = nil
		for _, inner := range m.Data {
			one, err := amqp.ParseMessage(inner)
			if err != nil {
				c.p.t.Error(err)
				return
			}
			all = append(all, one)
		}
	}
	for _, one := range all {
		c.p.put(node, "", string(slices.Concat(one.Data...)))
		c.p.change(func() { c.p.contents[node] = append(c.p.contents[node], string(one.Properties.ContentType)) })
	}
}

func (c *peerConn) answer(node string, m *amqp.Message) {
	operation := m.ApplicationProperties.String("operation")
	c.p.change(func() { c.p.requests[operation]++ })
	reply := &amqp.Message{
		Properties:            &amqp.Properties{CorrelationID: m.Properties.MessageID},
		ApplicationProperties: amqp.Map{{Key: "statusCode", Value: int32(200)}, {Key: "statusDescription", Value: "OK"}},
	}
	switch operation {
	case "com.microsoft:renew-lock":
		reply.Value, reply.HasValue = amqp.Map{{Key: "expirations", Value: amqp.Array{time.Now().Add(2 * time.Second)}}}, true
	case "com.microsoft:renew-session-lock":
		reply.Value, reply.HasValue = amqp.Map{{Key: "expiration", Value: time.Now().Add(2 * time.Second)}}, true
	}
	body, err := reply.Append(nil)
	c.mu.Lock()
	l := c.replies[node]
	c.mu.Unlock()
	if err == nil && l != nil {
		err = l.Send(c.ctx, amqp.Outgoing{Body: body, Settled: true})
	}
	if err != nil && c.ctx.Err() == nil {
		c.p.t.Log("answer to", operation, err)
	}
}
