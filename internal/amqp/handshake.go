package amqp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"
	"time"
)

// readFull is io.ReadFull with every end of the stream unexpected.
func readFull(r io.Reader, b []byte) (int, error) {
	n, err := io.ReadFull(r, b)
	return n, unexpected(err)
}

// greet is the server's half of everything before the first session: TLS if
// the listener asks for it, SASL, the AMQP header and the Opens.
func (c *Conn) greet(ctx context.Context, cfg *ServerConfig) error {
	c.nc.SetDeadline(time.Now().Add(cfg.HandshakeTimeout))
	stop := context.AfterFunc(ctx, func() { c.nc.SetDeadline(time.Now()) })
	defer stop()
	if t, ok := c.nc.(*tls.Conn); ok {
		if err := t.HandshakeContext(ctx); err != nil {
			return fmt.Errorf("TLS handshake: %w", err)
		}
	}
	if err := c.expectHeader(protoSASL); err != nil {
		return err
	}
	if err := c.serveSASL(ctx, cfg); err != nil {
		return err
	}
	if err := c.expectHeader(protoAMQP); err != nil {
		return err
	}
	header := protocolHeader(protoAMQP)
	if _, err := c.nc.Write(header[:]); err != nil {
		return err
	}
	err := c.readOpen()
	out := frameWith(nil, 0, c.local.append)
	if err != nil {
		out = frameWith(out, 0, (&closing{Error: asError(err)}).append)
	}
	if _, werr := c.nc.Write(out); werr != nil && err == nil {
		err = werr
	}
	if err != nil {
		return err
	}
	return c.greeted(ctx, cfg.IdleTimeout)
}

// greeted lifts the handshake's deadline and starts the idle timeout.
func (c *Conn) greeted(ctx context.Context, idle time.Duration) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	c.limits.idleTimeout = idle
	return c.nc.SetDeadline(time.Time{})
}

// expectHeader reads a protocol header. A peer that sent another one is told
// ours, as part 2, section 2.2 wants, before the connection is dropped.
func (c *Conn) expectHeader(id byte) error {
	var got [8]byte
	if _, err := readFull(c.br, got[:]); err != nil {
		return fmt.Errorf("protocol header: %w", err)
	}
	want := protocolHeader(id)
	if got == want {
		return nil
	}
	c.nc.Write(want[:])
	return fmt.Errorf("peer began with %q where %q belongs", got[:], want[:])
}

// serveSASL offers the mechanisms and checks the client's answer.
func (c *Conn) serveSASL(ctx context.Context, cfg *ServerConfig) error {
	header := protocolHeader(protoSASL)
	if _, err := c.nc.Write(appendMechanisms(header[:], cfg.SASL)); err != nil {
		return err
	}
	d, err := c.saslFrame(descSASLInit)
	if err != nil {
		return err
	}
	init := decodeSASLInit(&d)
	if d.err != nil {
		return d.err
	}
	init.TLS, init.ServerName, init.Remote, c.saslHost = c.TLS(), c.ServerName(), c.RemoteAddr(), init.Hostname
	refusal := error(nil)
	switch {
	case !slices.Contains(cfg.SASL, init.Mechanism):
		refusal = mechanismError(init.Mechanism)
	case cfg.Authenticate != nil:
		c.identity, refusal = cfg.Authenticate(ctx, init)
	}
	code := uint8(saslOK)
	if refusal != nil {
		code = saslAuth
	}
	if _, err := c.nc.Write(appendSASLOutcome(nil, code)); err != nil {
		return err
	}
	if refusal != nil {
		return fmt.Errorf("SASL %s: %w", init.Mechanism, refusal)
	}
	return nil
}

// readOpen reads the peer's Open and derives how large our frames may be.
func (c *Conn) readOpen() error {
	d, err := c.greetingFrame(frameTypeAMQP, descOpen)
	if err != nil {
		return err
	}
	c.peer = decodeOpen(&d)
	if d.err != nil {
		return d.err
	}
	if c.peer.MaxFrameSize < minMaxFrameSize {
		return &Error{Condition: ErrInvalidField, Description: fmt.Sprintf("max-frame-size %d is smaller than %d", c.peer.MaxFrameSize, minMaxFrameSize)}
	}
	c.maxOutgoing = int(min(c.peer.MaxFrameSize, maxOutgoingFrame))
	return nil
}

// introduce is the client's half.
func (c *Conn) introduce(ctx context.Context, cfg *DialConfig) error {
	if deadline, ok := ctx.Deadline(); ok {
		c.nc.SetDeadline(deadline)
	}
	stop := context.AfterFunc(ctx, func() { c.nc.SetDeadline(time.Now()) })
	defer stop()
	if err := c.askSASL(cfg); err != nil {
		return err
	}
	header := protocolHeader(protoAMQP)
	if _, err := c.nc.Write(frameWith(header[:], 0, c.local.append)); err != nil {
		return err
	}
	if err := c.sameHeader(header); err != nil {
		return err
	}
	if err := c.readOpen(); err != nil {
		return err
	}
	return c.greeted(ctx, cfg.IdleTimeout)
}

// askSASL authenticates with PLAIN when there is a user name, else with
// ANONYMOUS.
func (c *Conn) askSASL(cfg *DialConfig) error {
	header := protocolHeader(protoSASL)
	if _, err := c.nc.Write(header[:]); err != nil {
		return err
	}
	if err := c.sameHeader(header); err != nil {
		return err
	}
	d, err := c.saslFrame(descMechanisms)
	if err != nil {
		return err
	}
	offered := decodeMechanisms(&d)
	if d.err != nil {
		return d.err
	}
	orDefault(&cfg.SASLHostname, cfg.Hostname)
	init := SASLInit{Mechanism: SASLAnonymous, Hostname: cfg.SASLHostname, Response: []byte(cfg.ContainerID)}
	if cfg.Username != "" {
		init.Mechanism, init.Response = SASLPlain, plainResponse(cfg.Username, cfg.Password)
	}
	if !slices.Contains(offered, Symbol(init.Mechanism)) {
		return mechanismError(init.Mechanism)
	}
	if _, err := c.nc.Write(init.append(nil)); err != nil {
		return err
	}
	if d, err = c.saslFrame(descSASLOutcome); err != nil {
		return err
	}
	code := decodeSASLOutcome(&d)
	switch {
	case d.err != nil:
		return d.err
	case code != saslOK:
		return fmt.Errorf("amqp: SASL %s was refused with code %d", init.Mechanism, code)
	}
	return nil
}

// sameHeader reads the peer's protocol header, which must echo ours.
func (c *Conn) sameHeader(want [8]byte) error {
	var got [8]byte
	if _, err := readFull(c.br, got[:]); err != nil {
		return err
	}
	if !bytes.Equal(got[:], want[:]) {
		return fmt.Errorf("amqp: peer answered header %q with %q", want[:], got[:])
	}
	return nil
}

// handshakeOver reports errors that are the everyday end of a greeting: a
// port scan, a health probe, a client that left.
func handshakeOver(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)
}
