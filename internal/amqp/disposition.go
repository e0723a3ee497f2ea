package amqp

import "slices"

// verdict is a delivery's outcome on its way to the peer, when it is not the
// plain accepted-and-settled that accepted gathers.
type verdict struct {
	id      uint32
	settled bool
	state   Outcome
}

// judge notes an outcome for gather. mu is held.
func (s *Session) judge(id uint32, settled bool, state Outcome) {
	if settled && state.Kind == OutcomeAccepted {
		s.accepted = append(s.accepted, id)
	} else {
		s.verdicts = append(s.verdicts, verdict{id, settled, state})
	}
	s.conn.markDirty(s)
}

// gatherDispositions writes the noted outcomes, neighbours as one range.
func (s *Session) gatherDispositions() {
	if len(s.accepted) > 0 {
		slices.SortFunc(s.accepted, serialCompare)
		first, last := s.accepted[0], s.accepted[0]
		for _, id := range s.accepted[1:] {
			if id == last+1 {
				last = id
				continue
			}
			s.queueDisposition(RoleReceiver, first, last, true, Outcome{Kind: OutcomeAccepted})
			first, last = id, id
		}
		s.queueDisposition(RoleReceiver, first, last, true, Outcome{Kind: OutcomeAccepted})
		s.accepted = s.accepted[:0]
	}
	for i := range s.verdicts {
		v := &s.verdicts[i]
		s.queueDisposition(RoleReceiver, v.id, v.id, v.settled, v.state)
		*v = verdict{}
	}
	s.verdicts = s.verdicts[:0]
}

func (s *Session) queueDisposition(role Role, first, last uint32, settled bool, state Outcome) {
	p := disposition{Role: role, First: first, Last: last, Settled: settled, State: state}
	c := s.conn
	c.out = c.pool.grow(c.out, 128)
	var mark int
	c.out.b, mark = openFrame(c.out.b, frameTypeAMQP, s.channel)
	c.out.b = closeFrame(p.append(c.out.b), mark)
}

// serialCompare orders sequence numbers that wrap around (RFC 1982).
func serialCompare(a, b uint32) int { return int(int32(a - b)) }

// outstanding holds our unsettled deliveries that somebody waits for, in the
// order of their ids.
type outstanding struct {
	entries []unsettledDelivery
	head    int // entries before it are settled
}

type unsettledDelivery struct {
	id        uint32
	link      *Link // nil once settled
	onSettled func(Outcome)
}

// maxOutstanding bounds the unsettled deliveries of a session.
const maxOutstanding = 16384

func (o *outstanding) full() bool { return len(o.entries)-o.head >= maxOutstanding }

func (o *outstanding) push(id uint32, l *Link, onSettled func(Outcome)) {
	if o.head > 0 && len(o.entries) == cap(o.entries) {
		n := copy(o.entries, o.entries[o.head:])
		clear(o.entries[n:])
		o.entries, o.head = o.entries[:n], 0
	}
	o.entries = append(o.entries, unsettledDelivery{id, l, onSettled})
}

// settle takes the range's callbacks out, appending them to dst.
func (o *outstanding) settle(first, last uint32, dst []func(Outcome)) []func(Outcome) {
	live := o.entries[o.head:]
	at, _ := slices.BinarySearchFunc(live, first, func(e unsettledDelivery, id uint32) int { return serialCompare(e.id, id) })
	for ; at < len(live) && serialCompare(live[at].id, last) <= 0; at++ {
		if e := &live[at]; e.link != nil {
			dst = append(dst, e.onSettled)
			e.link, e.onSettled = nil, nil
		}
	}
	o.trim()
	return dst
}

// forget drops the deliveries of a link that has ended.
func (o *outstanding) forget(l *Link) {
	for i := o.head; i < len(o.entries); i++ {
		if e := &o.entries[i]; e.link == l {
			e.link, e.onSettled = nil, nil
		}
	}
	o.trim()
}

func (o *outstanding) trim() {
	for o.head < len(o.entries) && o.entries[o.head].link == nil {
		o.head++
	}
	if o.head == len(o.entries) {
		o.entries, o.head = o.entries[:0], 0
	}
}

// onDisposition handles the peer's word on deliveries. As a receiver it
// settles what we sent; as a sender it confirms what we have answered
// already, and there is nothing left to do.
func (c *Conn) onDisposition(channel uint16, p *disposition) error {
	c.mu.Lock()
	s, err := c.session(channel)
	if s == nil || s.state == sessionEnding || p.Role == RoleSender {
		c.mu.Unlock()
		return err
	}
	terminal := p.Settled || p.State.Kind > OutcomeReceived
	if !terminal {
		c.mu.Unlock()
		return nil
	}
	settled := s.unsettled.settle(p.First, p.Last, c.reading.settled[:0])
	if !p.Settled {
		s.queueDisposition(RoleSender, p.First, p.Last, true, p.State)
		c.wakeWriter()
	}
	s.wakeWindow()
	c.mu.Unlock()
	for i, f := range settled {
		f(p.State)
		settled[i] = nil
	}
	c.reading.settled = settled
	return nil
}
