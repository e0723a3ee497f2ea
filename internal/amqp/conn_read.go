package amqp

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"
)

// errPeerClosed ends the read loop after an orderly Close of the peer.
var errPeerClosed = errors.New("amqp: peer closed")

// idleReader renews the read deadline as time goes by, so that a peer that is
// silent for our idle timeout is dropped. The deadline is moved only when a
// sixteenth of the timeout has passed, and reaches that much further.
type idleReader struct{ c *Conn }

func (r idleReader) Read(p []byte) (int, error) {
	c := r.c
	if idle := c.limits.idleTimeout; idle > 0 {
		now := time.Now()
		if slack := idle / 16; now.Sub(c.reading.deadlineSet) > slack {
			c.reading.deadlineSet = now
			c.mu.Lock()
			if !c.closeSent {
				c.nc.SetReadDeadline(now.Add(idle + slack))
			}
			c.mu.Unlock()
		}
	}
	return c.nc.Read(p)
}

// guard runs a part of the connection that calls the service, and turns its
// panic into an error that ends this one connection.
func (c *Conn) guard(part func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("connection handler panicked", "remote", c.nc.RemoteAddr().String(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = &Error{Condition: ErrInternal, Description: "the service failed"}
		}
	}()
	return part()
}

// readAll makes the connection's handler and reads until the end.
func (c *Conn) readAll() error {
	if c.service != nil {
		c.handler = c.service(c)
	}
	return c.readLoop()
}

// readLoop reads frames until the connection ends and returns why: an *Error
// is what our Close shall say, errPeerClosed an orderly end.
func (c *Conn) readLoop() error {
	for {
		err := c.readFrame()
		switch {
		case err == nil:
			continue
		case errors.Is(err, os.ErrDeadlineExceeded):
			if c.closing() {
				return errPeerClosed
			}
			return c.idle()
		case errors.Is(err, io.EOF) && c.closing():
			return errPeerClosed
		}
		return err
	}
}

// idle ends a connection whose peer is silent. The condition is one after which
// clients connect again, and the words are those that brokers and people know.
func (c *Conn) idle() *Error {
	return &Error{Condition: ErrConnectionForced, Description: fmt.Sprintf(
		"The connection was inactive for more than the allowed %d milliseconds and is closed by container '%s'.",
		c.limits.idleTimeout.Milliseconds(), c.local.ContainerID)}
}

func (c *Conn) closing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closeSent
}

// readFrame reads and handles one frame.
func (c *Conn) readFrame() error {
	head, err := c.br.Peek(frameHeaderSize)
	if err != nil {
		return err
	}
	h, err := parseFrameHeader(head, c.limits.maxFrameSize)
	if err != nil {
		return err
	}
	if h.kind != frameTypeAMQP {
		return framingError("SASL frame on an open connection")
	}
	if int(h.size) == h.skip { // a heartbeat
		_, err = c.br.Discard(h.skip)
		return err
	}
	if h.size > readBuffer {
		return c.readLargeFrame(h)
	}
	frame, err := c.br.Peek(int(h.size))
	if err != nil {
		return unexpected(err)
	}
	d := newDecoder(frame[h.skip:])
	code := d.performative()
	if d.err == nil && code == descTransfer {
		err = c.readTransfer(h.channel, &d)
	} else {
		err = c.dispatch(h.channel, code, &d)
	}
	if err != nil {
		return err
	}
	_, err = c.br.Discard(int(h.size))
	return err
}

// readTransfer handles a transfer whose whole frame is in the read buffer.
func (c *Conn) readTransfer(channel uint16, d *decoder) error {
	t := decodeTransfer(d)
	if d.err != nil {
		return d.err
	}
	dst, whole, err := c.onTransfer(channel, &t, len(d.b))
	if err != nil {
		return err
	}
	copy(dst, d.b)
	whole.hand()
	return nil
}

// readLargeFrame handles a frame that does not fit the read buffer. Only the
// performative is looked at in place; a transfer's payload is read straight
// into its delivery.
func (c *Conn) readLargeFrame(h frameHeader) error {
	head, err := c.br.Peek(readBuffer)
	if err != nil {
		return unexpected(err)
	}
	if h.skip >= len(head) {
		return framingError("extended header of %d bytes", h.skip)
	}
	d := newDecoder(head[h.skip:])
	if code := d.performative(); code != descTransfer || d.err != nil {
		return c.readLargeControl(h)
	}
	t := decodeTransfer(&d)
	if d.err != nil {
		return d.err
	}
	tag := [maxTag]byte{}
	t.DeliveryTag = append(tag[:0], t.DeliveryTag...) // the read buffer moves on
	used := len(head) - len(d.b)
	payload := int(h.size) - used
	if _, err := c.br.Discard(used); err != nil {
		return err
	}
	dst, whole, err := c.onTransfer(h.channel, &t, payload)
	if err != nil {
		return err
	}
	if _, err := io.ReadFull(c.br, dst); err != nil {
		return unexpected(err)
	}
	if _, err = c.br.Discard(payload - len(dst)); err != nil {
		return unexpected(err)
	}
	whole.hand()
	return nil
}

// readLargeControl reads a whole large frame that is not a transfer.
func (c *Conn) readLargeControl(h frameHeader) error {
	frame := c.pool.get(int(h.size))
	defer c.pool.put(frame)
	b := frame.b[:h.size]
	if _, err := io.ReadFull(c.br, b); err != nil {
		return unexpected(err)
	}
	d := newDecoder(b[h.skip:])
	return c.dispatch(h.channel, d.performative(), &d)
}

// unexpected turns an end inside a frame into an error that is not an orderly
// end.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// performative reads the descriptor at the front of a frame body.
func (d *decoder) performative() byte {
	if ctor := d.u8(); ctor != ctorDescribed {
		d.fail("frame body starts with 0x%02x and not with a described value", ctor)
		return 0
	}
	return d.descriptor()
}

// dispatch decodes and handles every performative but transfer.
func (c *Conn) dispatch(channel uint16, code byte, d *decoder) error {
	if d.err != nil {
		return d.err
	}
	c.awaitWriter()
	size := len(d.b)
	switch code {
	case descBegin:
		return decoded(d, decodeBegin, func(p *begin) error { return c.onBegin(channel, p) })
	case descAttach:
		return decoded(d, decodeAttach, func(p *Attach) error { return c.onAttach(channel, p, size) })
	case descFlow:
		return decoded(d, decodeFlow, func(p *flow) error { return c.onFlow(channel, p) })
	case descDisposition:
		return decoded(d, decodeDisposition, func(p *disposition) error { return c.onDisposition(channel, p) })
	case descDetach:
		return decoded(d, decodeDetach, func(p *detach) error { return c.onDetach(channel, p) })
	case descEnd:
		return decoded(d, decodeEnd, func(p *end) error { return c.onEnd(channel, p) })
	case descClose:
		return decoded(d, decodeClose, c.onClose)
	case descOpen:
		return &Error{Condition: ErrIllegalState, Description: "second open on one connection"}
	}
	return &Error{Condition: ErrDecode, Description: fmt.Sprintf("unknown performative 0x%02x", code)}
}

// awaitWriter holds the reader back while a peer that asks does not read the
// answers.
func (c *Conn) awaitWriter() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.out != nil && len(c.out.b) > 2*outLimit && !c.closeSent {
		c.released.Wait()
	}
}

// decoded runs a decoder to the end of the frame and hands on what it gave.
func decoded[P any](d *decoder, decode func(*decoder) P, handle func(*P) error) error {
	p := decode(d)
	if d.err != nil {
		return d.err
	}
	if len(d.b) != 0 {
		return framingError("%d bytes after a performative that has no payload", len(d.b))
	}
	return handle(&p)
}

// onClose ends the read loop; run answers with our Close unless that has gone
// out before.
func (c *Conn) onClose(p *closing) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && p.Error != nil {
		c.err = p.Error
	}
	return errPeerClosed
}
