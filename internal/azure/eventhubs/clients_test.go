package eventhubs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

// These tests stand in for clients that are not run here: what .NET and Java
// do on the wire and Go, JavaScript and Python do not.

// saslClient speaks the first bytes of a connection by hand.
type saslClient struct {
	t    *testing.T
	conn net.Conn
}

func (w *world) newSASLClient() *saslClient {
	w.t.Helper()
	c, err := net.Dial("tcp", w.addr)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	s := &saslClient{t: w.t.(*testing.T), conn: c}
	s.write([]byte("AMQP\x03\x01\x00\x00"))
	if got := string(s.read(8)); got != "AMQP\x03\x01\x00\x00" {
		w.t.Fatalf("header %q", got)
	}
	return s
}

func (s *saslClient) write(b []byte) {
	s.t.Helper()
	if _, err := s.conn.Write(b); err != nil {
		s.t.Fatal(err)
	}
}

func (s *saslClient) read(n int) []byte {
	s.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(s.conn, b); err != nil {
		s.t.Fatal(err)
	}
	return b
}

// frame reads a frame and returns its performative's fields.
func (s *saslClient) frame() amqp.Value {
	s.t.Helper()
	size := binary.BigEndian.Uint32(s.read(4))
	body := s.read(int(size) - 4)[4:]
	v, _, err := amqp.DecodeValue(body)
	if err != nil {
		s.t.Fatal(err)
	}
	return v.(amqp.Described).Value
}

// init sends sasl-init with the mechanism and returns the outcome's code.
func (s *saslClient) init(mechanism string) amqp.Value {
	s.t.Helper()
	const saslInit = 0x41
	body, err := amqp.AppendValue(nil, amqp.Described{Descriptor: uint64(saslInit), Value: []any{amqp.Symbol(mechanism), []byte(nil), "localhost"}})
	if err != nil {
		s.t.Fatal(err)
	}
	var f bytes.Buffer
	size := [4]byte{}
	binary.BigEndian.PutUint32(size[:], uint32(8+len(body)))
	f.Write(size[:])
	f.Write([]byte{2, 1, 0, 0})
	f.Write(body)
	s.write(f.Bytes())
	return s.frame().([]any)[0]
}

// .NET and Java prefer MSSBCBS, generic clients EXTERNAL or ANONYMOUS: all of
// them only announce that a token will come.
func TestMechanisms(t *testing.T) {
	w := newWorld(t, nil)
	for _, mechanism := range []string{"MSSBCBS", "EXTERNAL", "ANONYMOUS"} {
		s := w.newSASLClient()
		offered := s.frame().([]any)[0]
		if got := fmt.Sprint(offered); got != "[MSSBCBS PLAIN ANONYMOUS EXTERNAL]" {
			t.Errorf("offered %s", got)
		}
		if code := s.init(mechanism); code != uint8(0) {
			t.Errorf("%s: outcome %v", mechanism, code)
		}
	}
	s := w.newSASLClient()
	s.frame()
	if code := s.init("PLAIN"); code == uint8(0) {
		t.Error("PLAIN without name and key is let in")
	}
}

// Java receives unsettled and settles in the mode second; more events than
// credit and window must come through.
func TestJavaSettlement(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	w.fill(s, 500)
	in, err := w.receive(s, partition0, 20, func(l *amqp.Link) {
		l.Local.SndSettleMode, l.Local.RcvSettleMode = amqp.SenderUnsettled, amqp.ReceiverSecond
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := in.bodies(500); got[499] != "499" {
		t.Errorf("last is %s", got[499])
	}
}

// .NET writes link addresses as absolute paths, lower-cases group names and
// sends a lone event as it is; Java numbers its requests with a ulong.
func TestDotNetAndJavaRoundTrip(t *testing.T) {
	w := newWorld(t, nil)
	s := w.begin(w.dial("", ""))
	audience := "amqps://localhost/hub/"
	cbs := w.newRPC(s, "$cbs", "cbs-client-reply-to")
	reply := cbs.call(uint64(1), amqp.Map{
		{Key: "operation", Value: "put-token"}, {Key: "type", Value: sasType}, {Key: "name", Value: audience},
	}, emulatorToken(strings.ToLower(audience), within10*6))
	if code, text, _ := status(t, reply); code != 202 || reply.Properties.CorrelationID != uint64(1) {
		t.Fatalf("%d %s, correlation %v", code, text, reply.Properties.CorrelationID)
	}
	if err := w.sendRaw(s, "/hub/Partitions/0", 0, event("alone")); err != nil {
		t.Fatal(err)
	}
	in, err := w.receive(s, "/hub/ConsumerGroups/$default/Partitions/0", 10, func(l *amqp.Link) {
		selector("amqp.annotation.x-opt-offset > '-1'")(l)
		l.Local.SndSettleMode = amqp.SenderSettled
		l.Local.Properties = amqp.Map{{Key: amqp.Symbol("com.microsoft:timeout"), Value: uint32(60000)}, {Key: propEntityType, Value: entityGroup}}
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := in.bodies(1); got[0] != "alone" {
		t.Errorf("got %v", got)
	}
}
