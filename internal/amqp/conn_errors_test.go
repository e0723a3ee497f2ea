package amqp

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// frameOf is a frame around any body.
func frameOf(body ...byte) []byte {
	return frameWith(nil, 0, func(b []byte) []byte { return append(b, body...) })
}

// Whatever a peer does wrong at the level of the connection is answered by
// Close with a condition that names it, and then by the end of the stream.
func TestConnectionErrors(t *testing.T) {
	opened := (&Open{ContainerID: "again"}).append
	for what, c := range map[string]struct {
		bytes     []byte
		condition Symbol
	}{
		"frame smaller than its header":   {[]byte{0, 0, 0, 4, 2, 0, 0, 0}, ErrFraming},
		"frame larger than we take":       {[]byte{0x7f, 0, 0, 0, 2, 0, 0, 0}, ErrFraming},
		"data offset beyond the frame":    {[]byte{0, 0, 0, 9, 200, 0, 0, 0, 0}, ErrFraming},
		"SASL frame after the handshake":  {[]byte{0, 0, 0, 9, 2, 1, 0, 0, 0}, ErrFraming},
		"unknown frame type":              {[]byte{0, 0, 0, 9, 2, 9, 0, 0, 0}, ErrFraming},
		"body that is no described value": {frameOf(0x40), ErrDecode},
		"unknown performative":            {frameOf(0x00, 0x53, 0x99, 0x45), ErrDecode},
		"unknown symbolic performative":   {frameOf(0x00, 0xa3, 1, 'x', 0x45), ErrDecode},
		"performative cut short":          {frameOf(0x00, 0x53, 0x11, 0xc0, 200, 1), ErrDecode},
		"mandatory fields missing":        {frameOf(0x00, 0x53, 0x11, 0x45), ErrDecode},
		"payload after a begin":           {frameWith(nil, 0, func(b []byte) []byte { return append((&begin{}).append(b), 1, 2) }), ErrFraming},
		"second open":                     {frameWith(nil, 0, opened), ErrIllegalState},
		"channel without a session":       {frameWith(nil, 7, (&end{}).append), ErrNotAllowed},
		"channel beyond channel-max":      {frameWith(nil, 65535, (&begin{}).append), ErrFraming},
		"begin that answers nothing":      {frameWith(nil, 0, (&begin{HasRemoteChannel: true, RemoteChannel: 3}).append), ErrIllegalState},
		"begin on a used channel":         {bytes.Repeat(frameWith(nil, 1, (&begin{}).append), 2), ErrIllegalState},
		"handle beyond handle-max": {append(frameWith(nil, 1, (&begin{}).append),
			frameWith(nil, 1, (&Attach{Handle: 1 << 30}).append)...), ErrFraming},
		"large frame of nonsense":          {append([]byte{0, 2, 0, 0, 2, 0, 0, 0}, bytes.Repeat([]byte{0x40}, 1<<17)...), ErrDecode},
		"large begin with a long property": {frameWith(nil, 9, (&begin{HasRemoteChannel: true, Properties: Map{{Symbol("x"), make([]byte, 100_000)}}}).append), ErrIllegalState},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStub(acceptAll)
			p := rawDial(t, s, nil, Open{ContainerID: "raw"})
			p.write(c.bytes)
			for {
				b := p.frame()
				d := newDecoder(b)
				if d.performative() == descBegin {
					continue
				}
				if len(b) == 0 || b[2] != descClose {
					t.Fatalf("frame %x where a close belongs", b)
				}
				if got := decodeClose(&d); got.Error == nil || got.Error.Condition != c.condition || got.Error.Description == "" {
					t.Errorf("close says %v, want %s", got.Error, c.condition)
				}
				break
			}
			p.gone()
			p.nc.Close()
			var e *Error
			if err := <-s.closed; !errors.As(err, &e) || e.Condition != c.condition {
				t.Errorf("the service was told %v", err)
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	sasl, amqp := protocolHeader(protoSASL), protocolHeader(protoAMQP)
	greeting := append((&SASLInit{Mechanism: SASLAnonymous}).append(sasl[:]), amqp[:]...)
	for what, c := range map[string]struct {
		frame     []byte
		condition Symbol
	}{
		"open without container":  {frameOf(0x00, 0x53, 0x10, 0x45), ErrDecode},
		"something else":          {frameWith(nil, 0, (&begin{}).append), ErrDecode},
		"max-frame-size too low":  {frameWith(nil, 0, (&Open{ContainerID: "x", MaxFrameSize: 511}).append), ErrInvalidField},
		"SASL frame":              {(&SASLInit{Mechanism: "X"}).append(nil), ErrFraming},
		"larger than a read":      {append([]byte{0, 15, 0, 0, 2, 0, 0, 0}, make([]byte, 100)...), ErrFraming},
		"symbol where string due": {frameOf(0x00, 0x53, 0x10, 0xc0, 4, 1, 0xa3, 1, 'x'), ErrDecode},
	} {
		t.Run(what, func(t *testing.T) {
			testkit.NoLeaks(t)
			l := testkit.Listen(t)
			t.Cleanup(startServer(t, l, newStub(acceptAll), nil))
			p := dialRaw(t, l)
			p.write(append(bytes.Clone(greeting), c.frame...))
			p.header(sasl)
			p.expect(descMechanisms)
			p.expect(descSASLOutcome)
			p.header(amqp)
			p.expect(descOpen)
			d := p.expect(descClose)
			if got := decodeClose(&d); got.Error == nil || got.Error.Condition != c.condition {
				t.Errorf("close says %v, want %s", got.Error, c.condition)
			}
			p.gone()
		})
	}
}

// A peer that begins with another protocol is told which one we speak.
func TestForeignHeaders(t *testing.T) {
	sasl := protocolHeader(protoSASL)
	for _, header := range []string{"AMQP\x00\x01\x00\x00", "AMQP\x02\x01\x00\x00", "AMQP\x00\x00\x09\x01", "GET / HTTP/1.1\r\n\r\n"} {
		testkit.NoLeaks(t)
		l := testkit.Listen(t)
		stop := startServer(t, l, newStub(acceptAll), nil)
		p := dialRaw(t, l)
		p.write([]byte(header))
		var got [8]byte
		if _, err := io.ReadFull(p.br, got[:]); err != nil || got != sasl {
			t.Errorf("%q was answered with %q, %v", header, got[:], err)
		}
		stop()
	}
}

func TestOrderlyClose(t *testing.T) {
	s := newStub(acceptAll)
	p := rawDial(t, s, nil, Open{ContainerID: "raw"})
	p.send(0, (&closing{}).append)
	d := p.expect(descClose)
	if c := decodeClose(&d); c.Error != nil {
		t.Errorf("close says %v", c.Error)
	}
	p.gone()
	if err := <-s.closed; err != nil {
		t.Errorf("the service was told %v", err)
	}
}

func TestPeersErrorReachesTheService(t *testing.T) {
	s := newStub(acceptAll)
	p := rawDial(t, s, nil, Open{ContainerID: "raw"})
	p.send(0, (&closing{Error: &Error{Condition: "x:y", Description: "had enough"}}).append)
	p.expect(descClose)
	var e *Error
	if err := <-s.closed; !errors.As(err, &e) || e.Condition != "x:y" {
		t.Errorf("the service was told %v", err)
	}
}

func TestServerStops(t *testing.T) {
	testkit.NoLeaks(t)
	l := testkit.Listen(t)
	s := newStub(acceptAll)
	stop := startServer(t, l, s, nil)
	p := rawGreet(t, l.Addr(), Open{ContainerID: "raw"})
	p.begin(0, 1) // past the handshake, which would just be cut off
	go stop()
	d := p.expect(descClose)
	if c := decodeClose(&d); c.Error == nil || c.Error.Condition != ErrConnectionForced {
		t.Errorf("close says %v", c.Error)
	}
	p.send(0, (&closing{}).append)
	p.gone()
	<-s.closed
}

func TestHandlerPanicEndsOneConnection(t *testing.T) {
	s := newStub(func(l *Link) error {
		if l.Remote.Target.Address == "bomb" {
			panic("boom")
		}
		return acceptAll(l)
	})
	bad := rawDial(t, s, nil, Open{ContainerID: "bad"})
	good := rawGreet(t, bad.nc.RemoteAddr(), Open{ContainerID: "good"})
	bad.begin(0, 100)
	bad.send(0, (&Attach{Name: "bomb", Source: &Source{}, Target: &Target{Address: "bomb"}}).append)
	d := bad.expect(descClose)
	if c := decodeClose(&d); c.Error == nil || c.Error.Condition != ErrInternal {
		t.Errorf("close says %v", c.Error)
	}
	good.begin(0, 100)
	if a := good.attachSender(0, 0, "fine"); a.Target == nil {
		t.Error("the other connection suffered")
	}
}
