package amqp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// FuzzDecodeValue: no input panics, whatever decodes encodes to something
// that decodes to the same bytes again, and check agrees with decoding.
func FuzzDecodeValue(f *testing.F) {
	for _, e := range encodings {
		b, err := AppendValue(nil, e.value)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := newDecoder(b)
		d.check(0)
		v, rest, err := DecodeValue(b)
		if (err == nil) != (d.err == nil) {
			t.Fatalf("decode says %v, check says %v", err, d.err)
		}
		if err != nil {
			return
		}
		if len(rest) != len(d.b) {
			t.Fatalf("decode left %d bytes, check %d", len(rest), len(d.b))
		}
		if skipped, err := SkipValue(b); err != nil || len(skipped) != len(rest) {
			t.Fatalf("skip left %d bytes, decode %d: %v", len(skipped), len(rest), err)
		}
		first, err := AppendValue(nil, v)
		if err != nil {
			t.Fatalf("%#v was decoded and cannot be encoded: %v", v, err)
		}
		again, _, err := DecodeValue(first)
		if err != nil {
			t.Fatalf("our own encoding %x does not decode: %v", first, err)
		}
		second, err := AppendValue(nil, again)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%x became %x, %v", first, second, err)
		}
	})
}

// FuzzDecodeFrame: no frame body panics any performative's decoder, and what
// decodes survives a round trip.
func FuzzDecodeFrame(f *testing.F) {
	for _, body := range [][]byte{
		(&Open{ContainerID: "c", Hostname: "h", IdleTimeout: time.Minute, Properties: Map{{Symbol("p"), "v"}}}).append(nil),
		(&begin{HasRemoteChannel: true, RemoteChannel: 3, IncomingWindow: 5}).append(nil),
		(&Attach{Name: "l", Source: &Source{Address: "a", Filter: Map{{Symbol("f"), Described{uint64(1), "x"}}}}, Target: &Target{Address: "b"}}).append(nil),
		(&flow{HasHandle: true, HasLinkCredit: true, LinkCredit: 300}).append(nil),
		(&transfer{HasDeliveryID: true, DeliveryTag: []byte("t"), More: true}).append(nil),
		(&disposition{Last: 3, State: Outcome{Kind: OutcomeRejected, Error: &Error{Condition: "c"}}}).append(nil),
		(&detach{Closed: true, Error: &Error{Condition: "c", Description: "d", Info: Map{{Symbol("k"), int64(1)}}}}).append(nil),
		(&end{}).append(nil),
		(&closing{}).append(nil),
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := newDecoder(b)
		code := d.performative()
		if d.err != nil {
			return
		}
		again := func(encode func([]byte) []byte) {
			if d.err == nil {
				redecode(t, code, encode)
			}
		}
		switch code {
		case descOpen:
			p := decodeOpen(&d)
			again(p.append)
		case descBegin:
			p := decodeBegin(&d)
			again(p.append)
		case descAttach:
			p := decodeAttach(&d)
			again(p.append)
		case descFlow:
			p := decodeFlow(&d)
			again(p.append)
		case descTransfer:
			p := decodeTransfer(&d)
			if len(p.DeliveryTag) <= maxTag {
				again(p.append)
			}
		case descDisposition:
			p := decodeDisposition(&d)
			again(p.append)
		case descDetach:
			p := decodeDetach(&d)
			again(p.append)
		case descEnd:
			p := decodeEnd(&d)
			again(p.append)
		case descClose:
			p := decodeClose(&d)
			again(p.append)
		case descSASLInit:
			decodeSASLInit(&d)
		case descMechanisms:
			decodeMechanisms(&d)
		case descSASLOutcome:
			decodeSASLOutcome(&d)
		}
	})
}

// redecode demands that what we encode is well formed down to its leaves.
func redecode(t *testing.T, code byte, encode func([]byte) []byte) {
	b := encode(nil)
	d := newDecoder(b)
	if d.check(0); d.err != nil || len(d.b) != 0 {
		t.Fatalf("performative 0x%02x is encoded as %x: %v, %d bytes left", code, b, d.err, len(d.b))
	}
}

// FuzzMessageSections: no payload panics, scanning and parsing agree, and a
// parsed message encodes to one that parses.
func FuzzMessageSections(f *testing.F) {
	f.Add(encode(f, fullMessage()))
	f.Add(encode(f, &Message{HasValue: true, Value: Map{{"k", uint64(1)}}}))
	f.Add(encode(f, &Message{Sequences: [][]any{{"a"}, {}}}))
	f.Add(AppendDataSection(AppendDataSection(nil, encode(f, fullMessage())), nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		it, total := ScanSections(b), 0
		for it.Next() {
			total += len(it.Section.Raw)
			if raw, err := it.Section.Map(); err == nil {
				raw.Lookup("x-opt-partition-key")
			}
			it.Section.Binary()
		}
		if it.Err() == nil && total != len(b) {
			t.Fatalf("sections of %d bytes in a message of %d", total, len(b))
		}
		m, err := ParseMessage(b)
		if err != nil {
			return
		}
		if it.Err() != nil {
			t.Fatalf("parsed, although scanning says %v", it.Err())
		}
		enc, err := m.Append(nil)
		if err != nil {
			t.Fatalf("parsed and cannot be encoded: %v", err)
		}
		if err := CheckMessage(enc); err != nil {
			t.Fatalf("our own encoding is malformed: %v", err)
		}
	})
}

// FuzzServerConn: whatever a peer sends after a good greeting, the server
// neither panics nor hangs nor keeps more memory than its limits.
func FuzzServerConn(f *testing.F) {
	greeting := goodGreeting()
	session := frameWith(nil, 0, (&begin{IncomingWindow: 5, HandleMax: 9}).append)
	in := frameWith(bytes.Clone(session), 0, attachOf(0, "in"))
	out := frameWith(bytes.Clone(session), 0, (&Attach{Name: "out", Handle: 1, Role: RoleReceiver, Source: &Source{}, Target: &Target{}}).append)
	half := transferOf(0, 0, false)
	half.More = true
	f.Add([]byte{})
	f.Add(in)
	f.Add(frameWith(bytes.Clone(in), 0, transferOf(0, 0, false).append))
	f.Add(frameWith(bytes.Clone(in), 0, half.append))
	f.Add(frameWith(bytes.Clone(out), 0, (&flow{IncomingWindow: 3, HasHandle: true, Handle: 1, HasLinkCredit: true, LinkCredit: 9, Echo: true, Drain: true}).append))
	f.Add(frameWith(bytes.Clone(out), 0, (&disposition{Role: RoleReceiver, Last: 1 << 31}).append))
	f.Add(frameWith(bytes.Clone(in), 0, (&detach{Handle: 0}).append))
	f.Add(frameWith(bytes.Clone(in), 0, (&end{}).append))
	f.Add(frameWith(nil, 0, (&closing{}).append))
	server := NewServer(ServerConfig{
		Log:               testkit.Discard(),
		MaxUnsettledBytes: 1 << 16,
		MaxLinks:          8,
		NewConn:           func(*Conn) ConnHandler { return newStub(serveFuzz) },
	})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		nc := &scriptedConn{in: io.MultiReader(bytes.NewReader(greeting), bytes.NewReader(b))}
		server.ServeConn(t.Context(), nc)
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
			t.Errorf("%d bytes from the peer made the server allocate %d", len(b), grown)
		}
		if !nc.closed {
			t.Error("the connection was left open")
		}
	})
}

// serveFuzz accepts every link, sends a little and settles what comes.
func serveFuzz(l *Link) error {
	l.Credit = 3
	l.Local.MaxMessageSize = 5000
	l.OnTransfer = func(d *Delivery) { d.Accept() }
	return nil
}

func goodGreeting() []byte {
	sasl, amqp := protocolHeader(protoSASL), protocolHeader(protoAMQP)
	b := append((&SASLInit{Mechanism: SASLAnonymous}).append(sasl[:]), amqp[:]...)
	return frameWith(b, 0, (&Open{ContainerID: "fuzz", MaxFrameSize: 512, ChannelMax: 3}).append)
}

// scriptedConn is a peer that says everything at once, reads all answers and
// hangs up.
type scriptedConn struct {
	in     io.Reader
	closed bool
}

func (c *scriptedConn) Read(b []byte) (int, error) {
	if c.in == nil {
		return 0, net.ErrClosed
	}
	n, err := c.in.Read(b)
	if errors.Is(err, io.EOF) && n > 0 {
		err = nil
	}
	return n, err
}

func (c *scriptedConn) Write(b []byte) (int, error)      { return len(b), nil }
func (c *scriptedConn) Close() error                     { c.closed = true; return nil }
func (c *scriptedConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *scriptedConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *scriptedConn) SetDeadline(time.Time) error      { return nil }
func (c *scriptedConn) SetReadDeadline(time.Time) error  { return nil }
func (c *scriptedConn) SetWriteDeadline(time.Time) error { return nil }
