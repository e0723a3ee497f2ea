package amqp

import (
	"bytes"
	"fmt"
	"net"
)

// The SASL mechanisms known to this package. MSSBCBS and EXTERNAL carry no
// credentials in the handshake: who the peer is comes later, or from TLS.
const (
	SASLAnonymous = "ANONYMOUS"
	SASLPlain     = "PLAIN"
	SASLExternal  = "EXTERNAL"
	SASLMSSBCBS   = "MSSBCBS"
)

// SASL outcome codes (part 5, section 5.3.3.6).
const (
	saslOK   = 0
	saslAuth = 1 // the credentials are wrong
)

// SASLInit is a client's choice of mechanism (part 5, section 5.3.3.2).
type SASLInit struct {
	Mechanism string
	Hostname  string
	Response  []byte // as sent; valid during the call only
	Username  string // PLAIN: the authentication identity
	Password  string // PLAIN only
	TLS       bool   // the connection is encrypted
	// ServerName is the name in the TLS handshake (SNI); "" without one.
	ServerName string
	Remote     net.Addr // of the peer; may be nil
}

func appendMechanisms(dst []byte, names []string) []byte {
	dst, mark := openFrame(dst, frameTypeSASL, 0)
	w := openList(dst, descMechanisms)
	symbols := make([]Symbol, len(names))
	for i, n := range names {
		symbols[i] = Symbol(n)
	}
	w.symbols(symbols)
	return closeFrame(w.close(), mark)
}

func decodeMechanisms(d *decoder) (names []Symbol) {
	f := openFields(d, "sasl-mechanisms")
	f.need(f.symbols(&names), "sasl-server-mechanisms")
	f.close(d)
	return names
}

func (i *SASLInit) append(dst []byte) []byte {
	dst, mark := openFrame(dst, frameTypeSASL, 0)
	w := openList(dst, descSASLInit)
	w.optionalSymbol(Symbol(i.Mechanism))
	w.binary(i.Response)
	w.optionalString(i.Hostname)
	return closeFrame(w.close(), mark)
}

func decodeSASLInit(d *decoder) (i SASLInit) {
	f := openFields(d, "sasl-init")
	f.need(f.symbol((*Symbol)(&i.Mechanism)), "mechanism")
	f.binary(&i.Response)
	f.string(&i.Hostname)
	f.close(d)
	if i.Mechanism == SASLPlain {
		i.Username, i.Password = splitPlain(i.Response)
	}
	return i
}

// splitPlain takes [authzid] NUL authcid NUL passwd apart (RFC 4616).
func splitPlain(response []byte) (user, password string) {
	parts := bytes.SplitN(response, []byte{0}, 3)
	if len(parts) != 3 {
		return "", ""
	}
	return string(parts[1]), string(parts[2])
}

func plainResponse(user, password string) []byte {
	return []byte("\x00" + user + "\x00" + password)
}

func appendSASLOutcome(dst []byte, code uint8) []byte {
	dst, mark := openFrame(dst, frameTypeSASL, 0)
	w := openList(dst, descSASLOutcome)
	w.ubyte(code)
	w.null() // additional-data
	return closeFrame(w.close(), mark)
}

func decodeSASLOutcome(d *decoder) (code uint8) {
	f := openFields(d, "sasl-outcome")
	f.need(f.ubyte(&code), "code")
	f.ignore()
	f.close(d)
	return code
}

// saslFrame reads the next SASL frame, which must hold the wanted
// performative. The decoder's bytes are valid until the next read.
func (c *Conn) saslFrame(want byte) (decoder, error) {
	return c.greetingFrame(frameTypeSASL, want)
}

// greetingFrame reads a whole frame of the given type and performative.
func (c *Conn) greetingFrame(kind, want byte) (decoder, error) {
	head, err := c.br.Peek(frameHeaderSize)
	if err != nil {
		return decoder{}, unexpected(err)
	}
	h, err := parseFrameHeader(head, min(c.limits.maxFrameSize, readBuffer))
	if err != nil {
		return decoder{}, err
	}
	if h.kind != kind {
		return decoder{}, framingError("frame type %d where %d belongs", h.kind, kind)
	}
	b := make([]byte, h.size)
	if _, err := readFull(c.br, b); err != nil {
		return decoder{}, err
	}
	d := newDecoder(b[h.skip:])
	if code := d.performative(); d.err == nil && code != want {
		d.fail("performative 0x%02x where 0x%02x belongs", code, want)
	}
	return d, d.err
}

// mechanismError names a mechanism that was not offered.
func mechanismError(name string) error {
	return fmt.Errorf("SASL mechanism %q was not offered", name)
}
