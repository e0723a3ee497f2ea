package amqp

import (
	"errors"
	"fmt"
)

// onAttach handles the peer's Attach of so many bytes: the answer to ours, or
// a wish for a new link.
func (c *Conn) onAttach(channel uint16, p *Attach, size int) error {
	c.mu.Lock()
	s, err := c.session(channel)
	if s == nil || s.state == sessionEnding {
		c.mu.Unlock()
		return err
	}
	if p.Handle >= uint32(c.limits.maxLinks) {
		c.mu.Unlock()
		return framingError("handle %d exceeds handle-max %d", p.Handle, c.limits.maxLinks-1)
	}
	if s.byHandle[p.Handle] != nil {
		s.sendEnd(&Error{Condition: ErrHandleInUse, Description: fmt.Sprintf("handle %d is attached already", p.Handle)})
		c.mu.Unlock()
		return nil
	}
	role := !p.Role
	same := s.named(p.Name, role)
	if same != nil && !same.peerKnown {
		same.answered(p)
		c.mu.Unlock()
		return nil
	}
	l := newLink(s, role)
	l.peerKnown, l.size = true, size
	l.Remote = *p
	l.Local = *p
	l.Local.Role = role
	l.Local.InitialDeliveryCount = 0
	l.Local.MaxMessageSize = 0
	l.Local.OfferedCapabilities, l.Local.DesiredCapabilities, l.Local.Properties = nil, nil, nil
	if role == RoleReceiver {
		l.deliveryCount = p.InitialDeliveryCount
	}
	if e := s.admit(l); e != nil {
		s.sendEnd(e)
		c.mu.Unlock()
		return nil
	}
	c.mu.Unlock()

	refusal := c.decide(l, same != nil)
	if errors.Is(refusal, ErrLater) {
		return nil
	}
	if refusal != nil {
		l.Refuse(asError(refusal))
		return nil
	}
	l.Accept()
	return nil
}

// decide asks the service, after the refusals that are the engine's own.
func (c *Conn) decide(l *Link, nameTaken bool) error {
	switch {
	case c.handler == nil:
		return &Error{Condition: ErrNotAllowed, Description: "this side takes no links"}
	case nameTaken:
		return &Error{Condition: ErrNotAllowed, Description: fmt.Sprintf("a link named %q is attached already", l.Remote.Name)}
	case l.Remote.Coordinator:
		return &Error{Condition: ErrNotImplemented, Description: "transactions are not supported: the target is a coordinator"}
	case l.Role == RoleReceiver && l.Remote.Target == nil:
		return &Error{Condition: ErrInvalidField, Description: "attach without a target"}
	case l.Role == RoleSender && l.Remote.Source == nil:
		return &Error{Condition: ErrInvalidField, Description: "attach without a source"}
	}
	c.mu.Lock()
	l.kept = true // before Attach, whose other goroutines may refuse at once
	c.mu.Unlock()
	return c.handler.Attach(l)
}

// named returns the link of that name and role that is live or still waits
// for the peer's attach, or nil. mu is held.
func (s *Session) named(name string, role Role) *Link {
	for _, l := range s.handles {
		if l != nil && l.Role == role && l.Local.Name == name && (l.state < linkDetaching || !l.peerKnown) {
			return l
		}
	}
	return nil
}

// admit gives the link a handle of ours and enters it under the peer's, if
// that is known. mu is held.
func (s *Session) admit(l *Link) *Error {
	c := s.conn
	if c.links >= c.limits.maxLinks {
		return &Error{Condition: ErrResourceLimit, Description: fmt.Sprintf("more than %d links on one connection", c.limits.maxLinks)}
	}
	if c.attached+l.size > maxAttachBytes {
		return &Error{Condition: ErrResourceLimit, Description: fmt.Sprintf("the attaches of one connection exceed %d bytes", maxAttachBytes)}
	}
	handle := len(s.handles)
	for i, other := range s.handles {
		if other == nil {
			handle = i
			break
		}
	}
	if uint32(handle) > s.handleMax {
		return &Error{Condition: ErrResourceLimit, Description: fmt.Sprintf("no handle left below your handle-max of %d", s.handleMax)}
	}
	if handle == len(s.handles) {
		s.handles = append(s.handles, nil)
	}
	s.handles[handle] = l
	l.Local.Handle = uint32(handle)
	c.links++
	c.attached += l.size
	if l.peerKnown {
		s.byHandle[l.Remote.Handle] = l
	}
	return nil
}

// Accept answers an attach that was postponed with ErrLater. It does nothing
// when the link has ended meanwhile; OnDetach tells of that.
func (l *Link) Accept() {
	c := l.session.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.state != linkAsked || l.done.is() {
		return
	}
	l.sendAttach()
	l.topUp()
	if l.credit > 0 {
		l.poke()
	}
}

// sendAttach sends our answer. mu is held.
func (l *Link) sendAttach() {
	l.state = linkAttached
	l.Local.Name = l.Remote.Name
	l.Local.Role = l.Role
	c := l.session.conn
	c.queue(l.session.channel, l.Local.append)
	c.wakeWriter()
}

// Refuse answers an attach that was postponed with ErrLater: the peer sees an
// attach with neither source nor target, whatever Local says, then a closing
// detach with err. There is no OnDetach afterwards, unless the link had ended
// before.
func (l *Link) Refuse(err *Error) {
	c := l.session.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.state != linkAsked || l.done.is() {
		return
	}
	// Both ends go: go-amqp before 1.7 takes the link for open unless it sees
	// neither, and reports the detach as a broken link instead of the error.
	l.Local.Source, l.Local.Target = nil, nil
	l.Local.MaxMessageSize = 0
	l.kept = false
	l.sendDetach(err)
}

// answered takes the peer's answer to our attach. mu is held.
func (l *Link) answered(p *Attach) {
	l.Remote = *p
	l.peerKnown = true
	l.session.byHandle[p.Handle] = l
	if l.state != linkAttaching {
		return // we gave up waiting: the peer's detach comes next
	}
	l.state = linkAttached
	if l.Role == RoleReceiver {
		l.deliveryCount = p.InitialDeliveryCount
	}
	refused := l.Role == RoleSender && p.Target == nil || l.Role == RoleReceiver && p.Source == nil
	if refused {
		return // the detach with the reason follows
	}
	l.kept = true
	l.topUp()
	close(l.ready)
}
