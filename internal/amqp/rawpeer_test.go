package amqp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// rawPeer is a client that sends exactly the frames a test tells it to, and
// shows exactly those that come back.
type rawPeer struct {
	t  testing.TB
	nc net.Conn
	br *bufio.Reader
}

// stub is a service made of functions.
type stub struct {
	attach func(*Link) error
	closed chan error
}

func newStub(attach func(*Link) error) *stub {
	return &stub{attach: attach, closed: make(chan error, 100)}
}

func (s *stub) Attach(l *Link) error { return s.attach(l) }
func (s *stub) Closed(err error)     { s.closed <- err }

// acceptAll receives with a credit of ten and accepts everything.
func acceptAll(l *Link) error {
	l.Credit = 10
	l.OnTransfer = func(d *Delivery) { d.Accept() }
	return nil
}

// startServer serves the stub on l until the returned stop, which waits.
func startServer(t testing.TB, l net.Listener, s *stub, change func(*ServerConfig)) (stop func()) {
	cfg := ServerConfig{ContainerID: "server", Log: testkit.Discard(), NewConn: func(*Conn) ConnHandler { return s }}
	if change != nil {
		change(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- testkit.Serve(ctx, l, NewServer(cfg).ServeConn) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	}
}

// rawDial starts a server around the stub and greets it.
func rawDial(t testing.TB, s *stub, change func(*ServerConfig), open Open) *rawPeer {
	t.Helper()
	testkit.NoLeaks(t)
	l := testkit.Listen(t)
	t.Cleanup(startServer(t, l, s, change))
	return rawGreet(t, l.Addr(), open)
}

func rawGreet(t testing.TB, addr net.Addr, open Open) *rawPeer {
	t.Helper()
	nc, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	p := &rawPeer{t: t, nc: nc, br: bufio.NewReader(nc)}
	p.greet(open)
	return p
}

// greet goes through SASL ANONYMOUS and the Opens, in one breath as some
// clients do.
func (p *rawPeer) greet(open Open) Open {
	p.t.Helper()
	if open.MaxFrameSize == 0 {
		open.MaxFrameSize, open.ChannelMax = 65536, 65535
	}
	sasl, amqp := protocolHeader(protoSASL), protocolHeader(protoAMQP)
	b := sasl[:]
	b = (&SASLInit{Mechanism: SASLAnonymous}).append(b)
	b = append(b, amqp[:]...)
	p.write(frameWith(b, 0, open.append))
	p.header(sasl)
	p.expect(descMechanisms)
	if d := p.expect(descSASLOutcome); decodeSASLOutcome(&d) != saslOK {
		p.t.Fatal("SASL was refused")
	}
	p.header(amqp)
	d := p.expect(descOpen)
	return decodeOpen(&d)
}

func (p *rawPeer) header(want [8]byte) {
	p.t.Helper()
	var got [8]byte
	if _, err := io.ReadFull(p.br, got[:]); err != nil || got != want {
		p.t.Fatalf("header %q, %v; want %q", got[:], err, want[:])
	}
}

func (p *rawPeer) write(b []byte) {
	p.t.Helper()
	if _, err := p.nc.Write(b); err != nil {
		p.t.Fatalf("write: %v", err)
	}
}

// send writes one frame.
func (p *rawPeer) send(channel uint16, body func([]byte) []byte, payload ...byte) {
	p.t.Helper()
	p.write(frameWith(nil, channel, func(b []byte) []byte { return append(body(b), payload...) }))
}

// frame reads one frame; io.EOF and resets are reported as nil body.
func (p *rawPeer) frame() []byte {
	p.t.Helper()
	p.nc.SetReadDeadline(time.Now().Add(10 * time.Second))
	head, err := p.br.Peek(frameHeaderSize)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		p.t.Fatal("no frame came")
	}
	if err != nil {
		return nil
	}
	h, err := parseFrameHeader(head, 1<<30)
	if err != nil {
		p.t.Fatal(err)
	}
	b := make([]byte, h.size)
	if _, err := io.ReadFull(p.br, b); err != nil {
		p.t.Fatal(err)
	}
	return b[h.skip:]
}

// expect reads one frame and demands the performative.
func (p *rawPeer) expect(code byte) decoder {
	p.t.Helper()
	b := p.frame()
	d := newDecoder(b)
	if got := d.performative(); got != code || d.err != nil {
		p.t.Fatalf("frame holds performative 0x%02x (%v), want 0x%02x: %x", got, d.err, code, b)
	}
	return d
}

// gone demands the end of the stream.
func (p *rawPeer) gone() {
	p.t.Helper()
	if b := p.frame(); b != nil {
		p.t.Fatalf("frame %x where the stream should end", b)
	}
}

// silent demands that nothing comes: a flow with echo is answered first.
func (p *rawPeer) silent(channel uint16) {
	p.t.Helper()
	p.send(channel, (&flow{IncomingWindow: 1000, OutgoingWindow: 1000, Echo: true}).append)
	p.expect(descFlow)
}

func (p *rawPeer) begin(channel uint16, window uint32) {
	p.t.Helper()
	p.send(channel, (&begin{IncomingWindow: window, OutgoingWindow: 1000, HandleMax: maxUint32}).append)
	p.expect(descBegin)
}

// attachSender attaches a link on which the peer sends.
func (p *rawPeer) attachSender(channel uint16, handle uint32, name string) Attach {
	p.t.Helper()
	p.send(channel, (&Attach{Name: name, Handle: handle, Role: RoleSender, Source: &Source{}, Target: &Target{Address: name}}).append)
	d := p.expect(descAttach)
	return decodeAttach(&d)
}

// attachReceiver attaches a link on which the server sends.
func (p *rawPeer) attachReceiver(channel uint16, handle uint32, name string, mode SenderSettleMode) Attach {
	p.t.Helper()
	p.send(channel, (&Attach{Name: name, Handle: handle, Role: RoleReceiver, SndSettleMode: mode, Source: &Source{Address: name}, Target: &Target{}}).append)
	d := p.expect(descAttach)
	return decodeAttach(&d)
}

// transferOf is a whole settled or unsettled message in one frame.
func transferOf(handle, id uint32, settled bool) *transfer {
	return &transfer{Handle: handle, HasDeliveryID: true, DeliveryID: id, DeliveryTag: []byte{byte(id)}, Settled: settled}
}

// dialRaw connects without greeting.
func dialRaw(t testing.TB, l interface{ Addr() net.Addr }) *rawPeer {
	t.Helper()
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return &rawPeer{t: t, nc: nc, br: bufio.NewReader(nc)}
}
