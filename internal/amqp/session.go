package amqp

import "fmt"

type sessionState uint8

const (
	sessionBeginning sessionState = iota // our Begin is out, the peer's is not in
	sessionActive
	sessionEnding // our End is out: everything but the peer's End is ignored
)

// Session is one session of a connection. Its pointer is its identity.
type Session struct {
	conn    *Conn
	channel uint16        // ours
	started chan struct{} // closed when the peer's Begin has come

	// All below is guarded by conn.mu.
	state     sessionState
	begun     bool   // the peer's Begin is in
	remote    uint16 // the peer's channel, once begun
	done      bool   // over for local callers; err says why
	err       error
	handleMax uint32 // the peer's

	// Windows, part 2, section 2.5.6. nextIncoming and nextOutgoing count
	// transfer frames.
	nextIncoming uint32
	window       uint32 // frames the peer may still send
	nextOutgoing uint32
	remoteWindow uint32 // frames we may still send
	windowWanted []*Link

	byHandle map[uint32]*Link // by the peer's handle
	handles  []*Link          // by ours; nil where free
	last     *Link            // the last one that received

	nextDelivery uint32
	unsettled    outstanding

	// What gather turns into frames.
	dirty     bool
	accepted  []uint32
	verdicts  []verdict
	flows     []*Link
	windowDue bool
}

func (c *Conn) newSession(channel uint16) *Session {
	s := &Session{
		conn:     c,
		channel:  channel,
		started:  make(chan struct{}),
		window:   c.limits.sessionWindow,
		byHandle: map[uint32]*Link{},
	}
	c.byLocal[channel] = s
	return s
}

// Conn returns the session's connection.
func (s *Session) Conn() *Conn { return s.conn }

// End sends End with the error (nil: none) and drops the session's links. It
// returns at once.
func (s *Session) End(err *Error) {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	s.sendEnd(err)
}

// sendEnd ends the session from our side. mu is held.
func (s *Session) sendEnd(err *Error) {
	if s.state == sessionEnding || s.conn.closeSent {
		return
	}
	s.gather()
	s.state = sessionEnding
	s.conn.queue(s.channel, (&end{Error: err}).append)
	s.conn.wakeWriter()
	if err != nil {
		s.finish(err)
		return
	}
	s.finish(ErrClosed)
}

// finish ends the session and its links for local callers. mu is held.
func (s *Session) finish(cause error) {
	if s.done {
		return
	}
	s.done, s.err = true, cause
	for _, l := range s.handles {
		if l != nil {
			l.finish(cause)
		}
	}
}

// allLinks returns the links that are left. mu is held.
func (s *Session) allLinks() []*Link {
	var all []*Link
	for _, l := range s.handles {
		if l != nil {
			all = append(all, l)
		}
	}
	return all
}

// beginFrame is our Begin: an offer, or the answer to the peer's.
func (s *Session) beginFrame(answer bool) *begin {
	return &begin{
		RemoteChannel:    s.remote,
		HasRemoteChannel: answer,
		NextOutgoingID:   s.nextOutgoing,
		IncomingWindow:   s.window,
		OutgoingWindow:   maxOutgoingWindow,
		HandleMax:        uint32(s.conn.limits.maxLinks - 1),
	}
}

// maxOutgoingWindow is what we announce to be able to send: the buffer of
// stored messages has no end.
const maxOutgoingWindow = 1<<31 - 1

// onBegin handles the peer's Begin.
func (c *Conn) onBegin(channel uint16, p *begin) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closeSent {
		return nil
	}
	if channel > c.limits.channelMax {
		return framingError("channel %d exceeds channel-max %d", channel, c.limits.channelMax)
	}
	if c.byRemote[channel] != nil {
		return &Error{Condition: ErrIllegalState, Description: fmt.Sprintf("channel %d has a session already", channel)}
	}
	var s *Session
	if p.HasRemoteChannel {
		s = c.byLocal[p.RemoteChannel]
		if s == nil || s.begun {
			return &Error{Condition: ErrIllegalState, Description: fmt.Sprintf("begin answers channel %d, which asked nothing", p.RemoteChannel)}
		}
	} else {
		if c.handler == nil {
			return &Error{Condition: ErrNotAllowed, Description: "this side takes no sessions"}
		}
		local, ok := c.freeChannel(channel)
		if !ok {
			return &Error{Condition: ErrResourceLimit, Description: "no channel left"}
		}
		s = c.newSession(local)
	}
	s.remote, s.begun = channel, true
	if s.state == sessionBeginning { // else we gave up waiting, and our End is out
		s.state = sessionActive
	}
	s.handleMax = p.HandleMax
	s.nextIncoming = p.NextOutgoingID
	s.remoteWindow = p.IncomingWindow
	c.byRemote[channel] = s
	if !p.HasRemoteChannel {
		c.queue(s.channel, s.beginFrame(true).append)
		c.wakeWriter()
	}
	close(s.started)
	return nil
}

// freeChannel returns a channel number of ours that is not in use, the wanted
// one if possible.
func (c *Conn) freeChannel(wanted uint16) (uint16, bool) {
	highest := min(c.peer.ChannelMax, c.limits.channelMax)
	if wanted <= highest && c.byLocal[wanted] == nil {
		return wanted, true
	}
	for n := 0; n <= int(highest); n++ {
		if c.byLocal[uint16(n)] == nil {
			return uint16(n), true
		}
	}
	return 0, false
}

// onEnd handles the peer's End: its links are gone without detaches.
func (c *Conn) onEnd(channel uint16, p *end) error {
	c.mu.Lock()
	s, err := c.session(channel)
	if s == nil {
		c.mu.Unlock()
		return err
	}
	if s.state != sessionEnding {
		s.gather()
		c.queue(s.channel, (&end{}).append)
		c.wakeWriter()
	}
	if p.Error != nil {
		s.finish(p.Error)
	} else {
		s.finish(ErrClosed)
	}
	s.state = sessionEnding
	delete(c.byRemote, s.remote)
	delete(c.byLocal, s.channel)
	left := s.allLinks()
	for _, l := range left {
		l.remove()
	}
	c.mu.Unlock()
	for _, l := range left {
		l.ended()
	}
	return nil
}

// session returns the session of a peer's channel. It is nil without an error
// when the connection is closing. mu is held.
func (c *Conn) session(channel uint16) (*Session, error) {
	if c.closeSent {
		return nil, nil
	}
	if s := c.byRemote[channel]; s != nil {
		return s, nil
	}
	return nil, &Error{Condition: ErrNotAllowed, Description: fmt.Sprintf("channel %d has no session", channel)}
}
