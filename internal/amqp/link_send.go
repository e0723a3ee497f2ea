package amqp

import (
	"context"
	"encoding/binary"
	"errors"
)

// Outgoing is a message for Link.Send. The payload is Prefix followed by
// Body, both encoded sections; either may be empty. Both slices are copied
// before Send returns.
type Outgoing struct {
	Prefix []byte
	Body   []byte
	Format uint32 // message format; zero is the standard one
	// Settled asks for a settled transfer. A peer that demanded
	// snd-settle-mode unsettled gets an unsettled one, whose disposition is
	// then answered and forgotten. On a link in mode settled every transfer
	// is settled.
	Settled bool
	// OnSettled hears the outcome of an unsettled transfer, on the
	// connection's reader; it must not block. When the link ends first it is
	// not called: see Link.OnDetach.
	OnSettled func(Outcome)
}

// errNotSender is the answer to sending on a receiving link.
var errNotSender = errors.New("amqp: the link's sender is the peer")

// Send queues one message on a sending link. It waits for credit, for the
// session's window and for room in the connection's out buffer. It returns
// ctx's error when the message was not begun, or the link's when the link has
// ended. The message leaves the process soon after; Send does not wait for
// that.
func (l *Link) Send(ctx context.Context, m Outgoing) error {
	one := [1]Outgoing{m}
	_, err := l.SendBatch(ctx, one[:])
	return err
}

// SendBatch queues the messages in order, under one lock and with one
// wake-up of the writer; it waits as Send does and returns how many were
// queued, which is fewer than all only together with an error. It does not
// allocate.
func (l *Link) SendBatch(ctx context.Context, ms []Outgoing) (int, error) {
	if l.Role != RoleSender {
		return 0, errNotSender
	}
	if err := l.takeSlot(ctx); err != nil {
		return 0, err
	}
	defer l.freeSlot()
	c := l.session.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.wakeWriter()
	for i := range ms {
		if err := l.sendOne(ctx, &ms[i]); err != nil {
			return i, err
		}
	}
	return len(ms), nil
}

// takeSlot makes the caller the link's only sender. The first try alone is
// the cheap one.
func (l *Link) takeSlot(ctx context.Context) error {
	select {
	case l.slot <- struct{}{}:
		return nil
	default:
	}
	select {
	case l.slot <- struct{}{}:
		return nil
	case <-l.done:
		return l.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *Link) freeSlot() { <-l.slot }

// sendOne queues one message. mu is held, and released while waiting.
func (l *Link) sendOne(ctx context.Context, m *Outgoing) error {
	s := l.session
	for {
		switch {
		case l.done.is():
			return l.err
		case l.credit == 0 || l.state != linkAttached:
		case s.remoteWindow == 0 || s.unsettled.full():
			s.wantWindow(l)
		case s.conn.full():
			s.conn.wantRoom(l)
		default:
			return l.transferAll(m)
		}
		if err := l.wait(ctx); err != nil {
			return err
		}
	}
}

// transferAll writes the message's frames. Once the first is queued the
// message is finished whatever the caller's context says, unless the link
// ends. mu is held.
func (l *Link) transferAll(m *Outgoing) error {
	s := l.session
	l.credit--
	l.deliveryCount++
	var tag [4]byte
	t := transfer{
		Handle:        l.Local.Handle,
		HasDeliveryID: true,
		DeliveryID:    s.nextDelivery,
		DeliveryTag:   tag[:],
		MessageFormat: m.Format,
		Settled:       m.Settled && l.Local.SndSettleMode != SenderUnsettled || l.Local.SndSettleMode == SenderSettled,
	}
	binary.BigEndian.PutUint32(tag[:], t.DeliveryID)
	s.nextDelivery++
	if !t.Settled && m.OnSettled != nil {
		s.unsettled.push(t.DeliveryID, l, m.OnSettled)
	}
	prefix, body := m.Prefix, m.Body
	for {
		prefix, body = s.queueTransfer(&t, prefix, body)
		if !t.More {
			return nil
		}
		t.HasDeliveryID = false
		for s.remoteWindow == 0 || s.conn.full() {
			if s.remoteWindow == 0 {
				s.wantWindow(l)
			} else {
				s.conn.wantRoom(l)
			}
			if err := l.wait(context.Background()); err != nil {
				return err
			}
		}
		if l.done.is() {
			return l.err
		}
	}
}

// queueTransfer appends one frame with as much of the payload as the peer's
// frames hold, and returns what is left; t.More tells whether that is
// anything. mu is held.
func (s *Session) queueTransfer(t *transfer, prefix, body []byte) (_, _ []byte) {
	c := s.conn
	const head = frameHeaderSize + 64 // at least what the performative takes
	c.out = c.pool.grow(c.out, head+min(len(prefix)+len(body), c.maxOutgoing))
	start := len(c.out.b)
	t.More = false
	b, mark := openFrame(c.out.b, frameTypeAMQP, s.channel)
	b = t.append(b)
	room := c.maxOutgoing - (len(b) - start)
	if len(prefix)+len(body) > room {
		t.More = true
		b, _ = openFrame(c.out.b, frameTypeAMQP, s.channel)
		b = t.append(b)
	}
	n := min(len(prefix), room)
	b = append(b, prefix[:n]...)
	k := min(len(body), room-n)
	b = append(b, body[:k]...)
	c.out.b = closeFrame(b, mark)
	s.nextOutgoing++
	s.remoteWindow--
	return prefix[n:], body[k:]
}

// full reports whether the writer has enough to do. mu is held.
func (c *Conn) full() bool { return c.out != nil && len(c.out.b) >= outLimit }

// wantRoom and wantWindow ask for a poke when the writer has taken what
// gathered, or when the session's window opens. mu is held.
func (c *Conn) wantRoom(l *Link) {
	if !l.wantsRoom {
		l.wantsRoom = true
		c.roomWanted = append(c.roomWanted, l)
	}
}

func (s *Session) wantWindow(l *Link) {
	if !l.wantsWindow {
		l.wantsWindow = true
		s.windowWanted = append(s.windowWanted, l)
	}
}

// wait releases mu until something changed for the link, and takes it again.
func (l *Link) wait(ctx context.Context) error {
	c := l.session.conn
	c.mu.Unlock()
	defer c.mu.Lock()
	c.wakeWriter()
	select {
	case <-l.changed:
		return nil
	case <-l.done:
		return l.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// WaitCredit waits until the peer grants credit and returns how many messages
// may be sent. It returns ctx's error, or the link's when the link has ended.
func (l *Link) WaitCredit(ctx context.Context) (uint32, error) {
	if l.Role != RoleSender {
		return 0, errNotSender
	}
	if err := l.takeSlot(ctx); err != nil {
		return 0, err
	}
	defer l.freeSlot()
	c := l.session.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if l.done.is() {
			return 0, l.err
		}
		if l.credit > 0 && l.state == linkAttached {
			return l.credit, nil
		}
		if err := l.wait(ctx); err != nil {
			return 0, err
		}
	}
}

// AvailableCredit returns how many messages the peer takes now and whether it
// asked us to drain: to send what we have and give the rest of the credit
// back with Drained.
func (l *Link) AvailableCredit() (credit uint32, drain bool) {
	c := l.session.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.state != linkAttached || l.done.is() {
		return 0, false
	}
	return l.credit, l.drain
}

// Drained says that there is nothing to send right now. When the peer asked
// to drain, the remaining credit is given back to it; else nothing happens.
// A pump calls it whenever it runs dry.
func (l *Link) Drained() {
	c := l.session.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.drain && l.Role == RoleSender && l.state == linkAttached && !l.done.is() {
		l.giveBack()
	}
}

// giveBack answers a drain: the delivery count jumps over the credit that is
// left (part 2, section 2.6.7). mu is held.
func (l *Link) giveBack() {
	l.session.gather()
	l.deliveryCount += l.credit
	l.credit = 0
	l.session.queueFlow(l)
	l.drain = false
	l.session.conn.wakeWriter()
}

// FlowChanged has a token whenever the peer's credit or drain wish changed
// since the last receive. One receiver only.
func (l *Link) FlowChanged() <-chan struct{} { return l.flowed }

// creditFromPeer applies a receiving peer's flow. mu is held.
func (l *Link) creditFromPeer(p *flow) {
	if p.HasLinkCredit {
		count := l.Local.InitialDeliveryCount
		if p.HasDeliveryCount {
			count = p.DeliveryCount
		}
		l.credit = 0
		if ahead := count + p.LinkCredit - l.deliveryCount; int32(ahead) > 0 {
			l.credit = ahead
		}
	}
	l.drain = p.Drain
	if l.drain && l.credit == 0 && l.state == linkAttached {
		l.giveBack()
		return
	}
	if l.credit > 0 {
		l.poke()
	}
	select {
	case l.flowed <- struct{}{}:
	default:
	}
}
