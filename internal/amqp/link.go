package amqp

import "fmt"

type linkState uint8

const (
	linkAsked     linkState = iota // the peer's attach waits for our answer
	linkAttaching                  // ours waits for the peer's
	linkAttached
	linkDetaching // our detach is out: everything but the peer's is ignored
	linkGone
)

// Link is one end of a link, of either role. Its methods are safe for
// concurrent use.
//
// The exported fields below the line are the answer: a ConnHandler may set
// them during Attach (or before Accept), a client before attaching; nobody
// changes them later.
type Link struct {
	// Remote is the peer's attach. Do not change it.
	Remote Attach
	// Role is ours: RoleReceiver when the peer sends to us.
	Role Role

	// ---- the answer ----

	// Local is our attach. On a server it begins as an echo of the peer's:
	// same source (with its filter), target and settle modes. Set
	// MaxMessageSize (enforced when we receive), Properties,
	// OfferedCapabilities, a dynamic address as needed.
	Local Attach

	// Credit is how many messages a receiving link lets the peer have
	// unsettled with us. The engine keeps it topped up: credit comes back as
	// deliveries are settled, in steps of half. Zero: only IssueCredit gives
	// credit.
	Credit uint32
	// OnTransfer gets each whole message of a receiving link, on the
	// connection's reader: it must not block, and settles the delivery now or
	// later from any goroutine.
	OnTransfer func(d *Delivery)
	// OnOversize gets a delivery larger than Local.MaxMessageSize, with its
	// size in bytes and no payload, so that it can be rejected. Nil, or a
	// delivery that goes on beyond sixteen times the limit: the link is detached
	// with amqp:link:message-size-exceeded.
	OnOversize func(d *Delivery, size uint64)
	// OnDetach is called once when a link that was not refused has ended:
	// detached by the peer, our own detach answered, session ended, connection
	// gone. A link postponed with ErrLater may end so before Accept. err is
	// the error that travelled or nil. It runs on the connection's reader and
	// must not block. Done and Err tell of our own Detach sooner.
	OnDetach func(err error)

	session *Session
	done    signal        // the link is over for local callers
	slot    chan struct{} // held by the one who sends
	changed chan struct{} // a token: look again at credit, window, room
	flowed  chan struct{} // a token for FlowChanged
	ready   chan struct{} // closed when a client's attach is answered

	// All below is guarded by conn.mu.
	state         linkState
	kept          bool // the service did not refuse it, so that OnDetach is due
	peerKnown     bool // the peer's attach is in
	size          int  // bytes of the peer's attach
	err           error
	deliveryCount uint32
	credit        uint32 // messages the sending side may still send
	drain         bool   // the peer wants the rest of the credit back
	unsettled     uint32 // received, not yet settled by the service
	paused        bool   // no credit is given until Resume
	withdrawn     uint32 // credit that Pause took back and the peer may yet use
	flowQueued    bool
	wantsRoom     bool
	wantsWindow   bool

	// in is the delivery that is arriving; the reader's own.
	in incoming
}

// signal is a channel that is closed once; is asks without waiting.
type signal chan struct{}

func (s signal) is() bool {
	select {
	case <-s:
		return true
	default:
		return false
	}
}

func newLink(s *Session, role Role) *Link {
	return &Link{
		Role:    role,
		session: s,
		done:    make(signal),
		slot:    make(chan struct{}, 1),
		changed: make(chan struct{}, 1),
		flowed:  make(chan struct{}, 1),
		ready:   make(chan struct{}),
	}
}

// Name returns the link's name.
func (l *Link) Name() string { return l.Local.Name }

// Session returns the link's session.
func (l *Link) Session() *Session { return l.session }

// Conn returns the link's connection.
func (l *Link) Conn() *Conn { return l.session.conn }

// Done is closed when the link has ended or our Detach was called.
func (l *Link) Done() <-chan struct{} { return l.done }

// Err returns why the link ended: nil while it lives, ErrClosed after an
// orderly end, else the error.
func (l *Link) Err() error {
	l.session.conn.mu.Lock()
	defer l.session.conn.mu.Unlock()
	return l.err
}

// Detach closes the link with the error (nil: none). It returns at once and
// may be called more than once. A delivery may still be handed to OnTransfer
// while Detach runs.
func (l *Link) Detach(err *Error) {
	l.session.conn.mu.Lock()
	defer l.session.conn.mu.Unlock()
	l.sendDetach(err)
}

// sendDetach ends the link from our side. mu is held.
func (l *Link) sendDetach(err *Error) {
	if l.done.is() || l.state >= linkDetaching {
		return
	}
	l.session.gather()
	if l.state == linkAsked {
		l.sendAttach() // the peer must see our handle before it goes
	}
	l.state = linkDetaching
	l.session.conn.queue(l.session.channel, (&detach{Handle: l.Local.Handle, Closed: true, Error: err}).append)
	l.session.conn.wakeWriter()
	if err != nil {
		l.finish(err)
		return
	}
	l.finish(ErrClosed)
}

// finish ends the link for local callers. mu is held.
func (l *Link) finish(cause error) {
	if l.done.is() {
		return
	}
	l.err = cause
	close(l.done)
	l.session.unsettled.forget(l)
	l.session.wakeWindow()
}

// remove frees the link's handles. mu is held.
func (l *Link) remove() {
	if l.state == linkGone {
		return
	}
	s := l.session
	if s.byHandle[l.Remote.Handle] == l {
		delete(s.byHandle, l.Remote.Handle)
	}
	l.state = linkGone
	s.handles[l.Local.Handle] = nil
	s.conn.links--
	s.conn.attached -= l.size
	if s.last == l {
		s.last = nil
	}
}

// ended drops a partial delivery and tells the service. It runs on the
// reader, without mu.
func (l *Link) ended() {
	c := l.session.conn
	c.mu.Lock()
	c.forgetPartial(l)
	kept, err := l.kept, l.err
	c.mu.Unlock()
	if !kept || l.OnDetach == nil {
		return
	}
	if err == ErrClosed { //nolint:errorlint // set by us, never wrapped
		err = nil
	}
	l.OnDetach(err)
}

// poke makes a waiting sender look again.
func (l *Link) poke() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// onDetach handles the peer's Detach.
func (c *Conn) onDetach(channel uint16, p *detach) error {
	c.mu.Lock()
	s, err := c.session(channel)
	if s == nil || s.state == sessionEnding {
		c.mu.Unlock()
		return err
	}
	l := s.byHandle[p.Handle]
	if l == nil {
		s.unattached("detach", p.Handle)
		c.mu.Unlock()
		return nil
	}
	if l.state != linkDetaching {
		s.gather()
		if l.state == linkAsked {
			l.sendAttach()
		}
		c.queue(s.channel, (&detach{Handle: l.Local.Handle, Closed: p.Closed}).append)
		c.wakeWriter()
	}
	if p.Error != nil {
		l.finish(p.Error)
	} else {
		l.finish(ErrClosed)
	}
	l.remove()
	c.mu.Unlock()
	l.ended()
	return nil
}

// unattached ends the session of a peer that named a handle without a link.
// mu is held.
func (s *Session) unattached(what string, handle uint32) {
	s.sendEnd(&Error{Condition: ErrUnattachedHandle, Description: fmt.Sprintf("%s for handle %d, which is not attached", what, handle)})
}
