package amqp

// onFlow handles the peer's Flow: the session's window, and a link's credit
// when it names one.
func (c *Conn) onFlow(channel uint16, p *flow) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, err := c.session(channel)
	if s == nil || s.state == sessionEnding {
		return err
	}
	s.openWindow(p)
	if !p.HasHandle {
		if p.Echo {
			s.windowDue = true
			c.markDirty(s)
		}
		return nil
	}
	l := s.byHandle[p.Handle]
	if l == nil {
		s.unattached("flow", p.Handle)
		return nil
	}
	if l.done.is() {
		return nil
	}
	if l.Role == RoleSender {
		l.creditFromPeer(p)
	} else {
		l.countFromPeer(p)
	}
	if p.Echo && l.state == linkAttached {
		l.flowDue()
	}
	return nil
}

// openWindow applies the session part of a flow (part 2, section 2.5.6).
func (s *Session) openWindow(p *flow) {
	s.nextIncoming = p.NextOutgoingID
	next := uint32(0) // our initial next-outgoing-id
	if p.HasNextIncomingID {
		next = p.NextIncomingID
	}
	s.remoteWindow = next + p.IncomingWindow - s.nextOutgoing
	if int64(p.IncomingWindow) < int64(s.nextOutgoing-next) {
		s.remoteWindow = 0 // more is in flight than the peer now allows
	}
	if s.remoteWindow > 0 {
		s.wakeWindow()
	}
}

// wakeWindow wakes the senders that found the session's window shut.
func (s *Session) wakeWindow() {
	for i, l := range s.windowWanted {
		l.wantsWindow = false
		l.poke()
		s.windowWanted[i] = nil
	}
	s.windowWanted = s.windowWanted[:0]
}

// gather appends the frames for everything that the session owes the peer:
// dispositions first, so that credit never outruns them. mu is held.
func (s *Session) gather() {
	s.dirty = false
	if s.state != sessionActive || s.conn.closeSent {
		s.accepted, s.verdicts, s.flows = s.accepted[:0], s.verdicts[:0], s.flows[:0]
		return
	}
	s.gatherDispositions()
	for i, l := range s.flows {
		s.flows[i] = nil
		l.flowQueued = false
		if !l.done.is() {
			s.queueFlow(l)
		}
	}
	s.flows = s.flows[:0]
	if s.windowDue {
		s.queueFlow(nil)
	}
}

// queueFlow appends a flow for the link, or for the session alone.
func (s *Session) queueFlow(l *Link) {
	s.window, s.windowDue = s.conn.limits.sessionWindow, false
	f := flow{
		HasNextIncomingID: true,
		NextIncomingID:    s.nextIncoming,
		IncomingWindow:    s.window,
		NextOutgoingID:    s.nextOutgoing,
		OutgoingWindow:    maxOutgoingWindow,
	}
	if l != nil {
		f.HasHandle, f.Handle = true, l.Local.Handle
		f.HasDeliveryCount, f.DeliveryCount = true, l.deliveryCount
		f.HasLinkCredit, f.LinkCredit = true, l.credit
		f.Drain = l.drain
	}
	c := s.conn
	c.out = c.pool.grow(c.out, 128)
	var mark int
	c.out.b, mark = openFrame(c.out.b, frameTypeAMQP, s.channel)
	c.out.b = closeFrame(f.append(c.out.b), mark)
}
