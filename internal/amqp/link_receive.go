package amqp

import "fmt"

// oversizePatience is how many times the limit a delivery may reach before the
// link ends: up to there it is read to its end, so that it can be rejected alone.
const oversizePatience = 16

// maxTag is the protocol's limit on delivery tags (part 2, section 2.8.7).
const maxTag = 32

// incoming is the delivery that a receiving link is gathering.
type incoming struct {
	active   bool
	id       uint32
	tag      [maxTag]byte
	tagSize  int
	format   uint32
	settled  bool
	oversize bool
	size     uint64  // bytes so far
	buf      *buffer // nil while nothing came, or when oversize
}

// onTransfer takes one transfer frame with n bytes of payload into account.
// It returns where to put the payload's first len(dst) bytes, the rest being
// unwanted, and the delivery when this frame completes one.
func (c *Conn) onTransfer(channel uint16, t *transfer, n int) (dst []byte, whole *Delivery, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awaitRoom(n)
	s, err := c.session(channel)
	if s == nil || s.state == sessionEnding {
		return nil, nil, err
	}
	if s.window == 0 {
		s.sendEnd(&Error{Condition: ErrWindowViolation, Description: "more transfers than the incoming window allows"})
		return nil, nil, nil
	}
	s.nextIncoming++
	if s.window--; s.window <= c.limits.sessionWindow/2 {
		s.windowDue = true
		c.markDirty(s)
	}
	l := s.last
	if l == nil || l.Remote.Handle != t.Handle {
		if l = s.byHandle[t.Handle]; l == nil {
			s.unattached("transfer", t.Handle)
			return nil, nil, nil
		}
		s.last = l
	}
	if l.done.is() {
		return nil, nil, nil
	}
	if e := l.gatherTransfer(t); e != nil {
		c.forgetPartial(l)
		l.sendDetach(e)
		return nil, nil, nil
	}
	return l.place(t, n)
}

// awaitRoom waits until the deliveries that the service holds leave room for
// n more bytes. One larger than the whole limit may come when nothing else is
// held. mu is held.
func (c *Conn) awaitRoom(n int) {
	for c.held > c.partial && c.held+int64(n) > c.limits.maxUnsettledBytes && !c.closeSent {
		c.released.Wait()
	}
}

// gatherTransfer checks a transfer frame against the link and the delivery
// that is under way. mu is held.
func (l *Link) gatherTransfer(t *transfer) *Error {
	in := &l.in
	if l.Role != RoleReceiver {
		return &Error{Condition: ErrNotAllowed, Description: "transfer on a link whose sender is this side"}
	}
	if in.active {
		if t.HasDeliveryID && t.DeliveryID != in.id {
			return &Error{Condition: ErrInvalidField, Description: fmt.Sprintf("delivery %d begins before delivery %d is complete", t.DeliveryID, in.id)}
		}
		in.settled = in.settled || t.Settled
		return nil
	}
	switch {
	case !t.HasDeliveryID:
		return &Error{Condition: ErrInvalidField, Description: "first transfer of a delivery without delivery-id"}
	case len(t.DeliveryTag) > maxTag:
		return &Error{Condition: ErrInvalidField, Description: fmt.Sprintf("delivery-tag of %d bytes exceeds %d", len(t.DeliveryTag), maxTag)}
	case l.credit == 0 && l.withdrawn == 0:
		return &Error{Condition: ErrTransferLimitExceeded, Description: "transfer without credit"}
	}
	if l.credit > 0 {
		l.credit--
	} else {
		l.withdrawn--
	}
	l.deliveryCount++
	*in = incoming{active: true, id: t.DeliveryID, format: t.MessageFormat, settled: t.Settled}
	in.tagSize = copy(in.tag[:], t.DeliveryTag)
	return nil
}

// place makes room for the frame's payload in the link's delivery, and hands
// the delivery out when the frame is its last. mu is held.
func (l *Link) place(t *transfer, n int) (dst []byte, whole *Delivery, err error) {
	c, in := l.session.conn, &l.in
	if t.Aborted {
		c.forgetPartial(l)
		l.topUp()
		return nil, nil, nil
	}
	in.size += uint64(n)
	if limit := l.Local.MaxMessageSize; limit > 0 && in.size > limit && !in.oversize {
		c.forgetPayload(l)
		in.oversize = true
	}
	if in.oversize {
		if l.OnOversize == nil || in.size/oversizePatience >= l.Local.MaxMessageSize {
			e := &Error{Condition: ErrMessageSizeExceeded, Description: fmt.Sprintf("message is larger than %d bytes", l.Local.MaxMessageSize)}
			in.active = false
			l.sendDetach(e)
			return nil, nil, nil
		}
		return nil, l.complete(t), nil
	}
	if c.partial+int64(n) > max(c.limits.maxUnsettledBytes, int64(c.limits.maxFrameSize)) {
		return nil, nil, &Error{Condition: ErrResourceLimit, Description: "too many bytes in unfinished deliveries"}
	}
	in.buf = c.pool.grow(in.buf, n)
	at := len(in.buf.b)
	in.buf.b = in.buf.b[:at+n]
	c.held += int64(n)
	c.partial += int64(n)
	return in.buf.b[at:], l.complete(t), nil
}

// complete turns the gathered delivery into one for the service when t is its
// last frame, else returns nil. mu is held.
func (l *Link) complete(t *transfer) *Delivery {
	if t.More {
		return nil
	}
	in := &l.in
	d := &Delivery{Link: l, ID: in.id, Format: in.format, Settled: in.settled, size: in.size, oversize: in.oversize, buf: in.buf, tag: in.tag}
	d.Tag = d.tag[:in.tagSize]
	if in.buf != nil {
		d.Payload = in.buf.b
		l.session.conn.partial -= int64(len(in.buf.b))
	}
	in.buf, in.active = nil, false
	l.unsettled++
	return d
}

// forgetPartial drops a delivery under way. mu is held.
func (c *Conn) forgetPartial(l *Link) {
	c.forgetPayload(l)
	l.in.active = false
}

func (c *Conn) forgetPayload(l *Link) {
	if l.in.buf == nil {
		return
	}
	n := int64(len(l.in.buf.b))
	c.held -= n
	c.partial -= n
	c.pool.put(l.in.buf)
	l.in.buf = nil
}

// topUp gives credit back to the peer once half of the link's window is free.
// mu is held.
func (l *Link) topUp() {
	if l.Role != RoleReceiver || l.Credit == 0 || l.state != linkAttached || l.paused {
		return
	}
	used := uint64(l.credit) + uint64(l.unsettled)
	if used >= uint64(l.Credit) {
		return
	}
	if free := l.Credit - uint32(used); free >= max(l.Credit/2, 1) {
		l.credit += free
		l.withdrawn -= min(free, l.withdrawn)
		l.flowDue()
	}
}

// Pause takes the credit of a receiving link back until Resume, while what came
// cannot be dealt with. The peer may not have heard of it yet: messages on their
// way still reach OnTransfer.
func (l *Link) Pause() {
	c := l.session.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.Role != RoleReceiver || l.paused {
		return
	}
	l.paused = true
	if l.state == linkAttached && !l.done.is() {
		l.withdrawn += l.credit
		l.credit = 0
		l.flowDue()
	}
}

// Resume ends a Pause.
func (l *Link) Resume() {
	c := l.session.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	l.paused = false
	if !l.done.is() {
		l.topUp()
	}
}

// flowDue puts the link's state on the writer's round. mu is held.
func (l *Link) flowDue() {
	if !l.flowQueued {
		l.flowQueued = true
		l.session.flows = append(l.session.flows, l)
	}
	l.session.conn.markDirty(l.session)
}

// IssueCredit gives the peer n more messages on a receiving link with no
// automatic Credit.
func (l *Link) IssueCredit(n uint32) {
	c := l.session.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.Role == RoleReceiver && l.state == linkAttached {
		l.credit += n
		l.flowDue()
	}
}

// countFromPeer follows a sending peer's delivery count, which runs ahead
// when it gives up credit. mu is held.
func (l *Link) countFromPeer(p *flow) {
	if !p.HasDeliveryCount || l.in.active {
		return
	}
	ahead := p.DeliveryCount - l.deliveryCount
	if int32(ahead) <= 0 {
		return
	}
	l.deliveryCount += ahead
	given := min(ahead, l.credit)
	l.credit -= given
	l.withdrawn -= min(ahead-given, l.withdrawn)
	l.topUp()
}
