package eventhubs

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// stored returns the bodies in a partition once there are n of them.
func (w *world) stored(partition, n int) []string {
	w.t.Helper()
	in, err := w.receive(w.root(), fmt.Sprintf("hub/ConsumerGroups/$Default/Partitions/%d", partition), 1000, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return in.bodies(n)
}

// newest returns the sequence number of a partition's newest event.
func (w *world) newest(partition int) int64 {
	w.t.Helper()
	return w.info(partition).LastSequence
}

func (w *world) info(partition int) broker.PartitionInfo {
	w.t.Helper()
	h, err := w.broker.Namespace(1).Hub("hub")
	if err != nil {
		w.t.Fatal(err)
	}
	p, err := h.Partition(partition)
	if err != nil {
		w.t.Fatal(err)
	}
	return p.Info()
}

// .NET sends an absolute path and a single event without a batch around it;
// others send whole URIs or other cases.
func TestTargetsThatClientsWrite(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	for i, target := range []string{"hub/Partitions/2", "/hub/Partitions/2", "/HUB/partitions/2/", "amqps://localhost:5671/hub/Partitions/2"} {
		if err := w.sendRaw(s, target, 0, event(fmt.Sprint(i))); err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}
	if got := w.stored(2, 4); strings.Join(got, "") != "0123" {
		t.Errorf("stored %v", got)
	}
}

func TestSenderAttachAnswer(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	for target, kind := range map[string]int32{"hub": entityHub, "hub/Partitions/0": entityHubPartition} {
		l, err := s.AttachSender(within(t), target, target, func(l *amqp.Link) { l.Local.RcvSettleMode = amqp.ReceiverSecond })
		if err != nil {
			t.Fatal(err)
		}
		if l.Remote.MaxMessageSize != 1<<20 {
			t.Errorf("max-message-size %d: clients take it for the size of a batch", l.Remote.MaxMessageSize)
		}
		if l.Remote.RcvSettleMode != amqp.ReceiverFirst {
			t.Error("rcv-settle-mode second: Python would wait for ever")
		}
		if got, _ := l.Remote.Properties.Int(string(propEntityType)); int32(got) != kind {
			t.Errorf("%s: entity type %d", target, got)
		}
		if credit, err := l.WaitCredit(within(t)); err != nil || credit != sendCredit {
			t.Errorf("credit %d, error %v", credit, err)
		}
	}
}

func TestBatchIsOneEventPerDataSection(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	if err := w.sendRaw(s, "hub/Partitions/1", amqp.BatchFormat, batchOf("", event("a"), event("b"), event("c"))); err != nil {
		t.Fatal(err)
	}
	if got := w.stored(1, 3); strings.Join(got, "") != "abc" {
		t.Errorf("stored %v", got)
	}
	// Without a partition a batch stays together.
	if err := w.sendRaw(s, "hub", amqp.BatchFormat, batchOf("", event("x"), event("y"))); err != nil {
		t.Fatal(err)
	}
	together := 0
	for p := range 4 {
		if p != 1 && w.newest(p) == 1 {
			together++
		}
	}
	if together+int(w.newest(1)-2)/2 != 1 {
		t.Error("the batch was torn apart")
	}
}

// The hash decides the same as on Azure: TestKey is partition 1 of 4, "7" is 3.
func TestKeysRoute(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	for _, c := range []struct {
		format  uint32
		message []byte
		want    int
	}{
		{0, keyed("TestKey", "single"), 1},
		{amqp.BatchFormat, batchOf("7", event("envelope")), 3},
		{amqp.BatchFormat, batchOf("", keyed("19", "inner")), 1},
	} {
		before := w.newest(c.want)
		if err := w.sendRaw(s, "hub", c.format, c.message); err != nil {
			t.Fatal(err)
		}
		if w.newest(c.want) != before+1 {
			t.Errorf("format %x did not go to partition %d", c.format, c.want)
		}
	}
}

// Python's buffered producer hashes the key itself and sends to the partition's
// link: the link decides, and readers get the key.
func TestKeyOnAPartitionLink(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	if err := w.sendRaw(s, "hub/Partitions/2", 0, keyed("TestKey", "single")); err != nil { // by its hash it would be 1
		t.Fatal(err)
	}
	if err := w.sendRaw(s, "hub/Partitions/2", amqp.BatchFormat, batchOf("TestKey", event("a"), event("b"))); err != nil {
		t.Fatal(err)
	}
	in, err := w.receive(s, "hub/ConsumerGroups/$Default/Partitions/2", 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"single", "a", "b"} {
		if m := in.next(); string(m.Data[0]) != body || m.Annotations.String(annKey) != "TestKey" {
			t.Errorf("%q with annotations %v", m.Data[0], m.Annotations)
		}
	}
}

// A key that is not a string is none: such events go round.
func TestKeyOfAnotherTypeIsIgnored(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	for i, value := range []amqp.Value{int32(5), []byte("k"), amqp.Symbol("k"), true} {
		envelope, err := (&amqp.Message{Annotations: amqp.Map{{Key: amqp.Symbol(annKey), Value: value}}}).Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.sendRaw(s, "hub", 0, append(bytes.Clone(envelope), event("x")...)); err != nil {
			t.Errorf("%T: %v", value, err)
		}
		if err := w.sendRaw(s, "hub", amqp.BatchFormat, append(envelope, batchOf("", event("y"))...)); err != nil {
			t.Errorf("%T in a batch: %v", value, err)
		}
		for p := range 4 { // two messages more over four partitions in turn
			if got, want := w.newest(p), int64((i*2+1-p+4)/4)-1; got != want {
				t.Errorf("after %T partition %d ends with %d, want %d", value, p, got, want)
			}
		}
	}
}

// JavaScript writes the footer before the body, Python the delivery annotations
// last; a reader gets the protocol's order.
func TestSectionsInAnyOrder(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	section := func(kind amqp.SectionKind, key, value string) []byte {
		pairs := amqp.AppendString(amqp.AppendSymbol(nil, amqp.Symbol(key)), value)
		return amqp.AppendMapSection(nil, kind, 2, pairs)
	}
	footer := section(amqp.SectionFooter, "f", "1")
	delivery := section(amqp.SectionDeliveryAnnotations, "k", "v")
	key := section(amqp.SectionMessageAnnotations, annKey, "TestKey")
	mixed := func(body string) []byte { return slices.Concat(footer, event(body), key, delivery) }
	if err := w.sendRaw(s, "hub", 0, mixed("single")); err != nil {
		t.Fatal(err)
	}
	if err := w.sendRaw(s, "hub", amqp.BatchFormat, slices.Concat(batchOf("", mixed("inner")), key)); err != nil {
		t.Fatal(err)
	}
	null := []byte{0x00, 0x53, byte(amqp.SectionData), 0x40} // JavaScript's body null as well
	if err := w.sendRaw(s, "hub", 0, slices.Concat(footer, null, key, delivery)); err != nil {
		t.Fatal(err)
	}
	in, err := w.receive(s, "hub/ConsumerGroups/$Default/Partitions/1", 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"single", "inner", ""} { // the inbox parses strictly
		m := in.next()
		if string(m.Data[0]) != body || m.DeliveryAnnotations.String("k") != "v" || m.Footer.String("f") != "1" || m.Annotations.String(annKey) != "TestKey" {
			t.Errorf("%q: %+v", body, m)
		}
	}
}

func TestRejectedMessagesLeaveTheLink(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	l, err := s.AttachSender(within(t), "p0", "hub/Partitions/0", nil)
	if err != nil {
		t.Fatal(err)
	}
	value := amqp.Message{HasValue: true, Value: "v"}
	valueBody, err := value.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		format    uint32
		message   []byte
		condition amqp.Symbol
		text      string
	}{
		"key too long":      {0, keyed(strings.Repeat("k", 129), "x"), condArgumentOutOfRange, "129 characters long; the limit is 128"},
		"two bodies":        {0, append(event("a"), valueBody...), amqp.ErrDecode, "message section 0x77 after 0x75"},
		"unknown format":    {99, event("x"), amqp.ErrNotImplemented, "message format 0x63"},
		"not a message":     {0, []byte("hello"), amqp.ErrDecode, ""},
		"cut off":           {0, event("hello")[:6], amqp.ErrDecode, ""},
		"empty batch":       {amqp.BatchFormat, nil, condArgumentError, "no event"},
		"batch of a value":  {amqp.BatchFormat, valueBody, condArgumentError, "data sections"},
		"batch of nonsense": {amqp.BatchFormat, batchOf("", event("ok"), []byte{1, 2, 3}), amqp.ErrDecode, "Event 1 of the batch"},
		"too big":           {0, event(strings.Repeat("x", 1<<20)), amqp.ErrMessageSizeExceeded, "exceeds the limit (1048576 bytes) currently allowed on the link"},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, send(t, l, c.format, c.message), c.condition, c.text) })
	}
	if err := send(t, l, 0, event("still alive")); err != nil {
		t.Fatalf("the link did not survive: %v", err)
	}
	if n := w.events.count(func(e Event) bool { _, ok := e.(Refused); return ok }); n != 9 {
		t.Errorf("%d refusals reported", n)
	}
	if w.newest(0) != 0 {
		t.Errorf("newest is %d: something refused was stored", w.newest(0))
	}
}

func TestBiggestMessage(t *testing.T) {
	w := newWorld(t, nil)
	e := event(strings.Repeat("x", 1<<20-8)) // a Data section has 8 bytes of its own
	if len(e) != 1<<20 {
		t.Fatalf("%d bytes", len(e))
	}
	if err := w.sendRaw(w.root(), "hub/Partitions/0", 0, e); err != nil {
		t.Fatal(err)
	}
	if got := w.stored(0, 1); len(got[0]) != 1<<20-8 {
		t.Errorf("%d bytes came back", len(got[0]))
	}
}

func TestPublisher(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	wantError(t, w.sendRaw(s, "hub/Publishers/dev", 0, keyed("other", "x")), amqp.ErrNotAllowed, "must equal the publisher's name 'dev'")
	if err := w.sendRaw(s, "hub/Publishers/TestKey", amqp.BatchFormat, batchOf("", event("a"), keyed("TestKey", "b"))); err != nil {
		t.Fatal(err)
	}
	in, err := w.receive(s, "hub/ConsumerGroups/$Default/Partitions/1", 10, nil) // hashed by name
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"a", "b"} {
		m := in.next()
		if string(m.Data[0]) != body || m.Annotations.String(annPublisher) != "TestKey" || m.Annotations.String(annKey) != "TestKey" {
			t.Errorf("%q: annotations %v", m.Data[0], m.Annotations)
		}
	}
}

func TestSettledTransfersAreStored(t *testing.T) {
	w := newWorld(t, nil)
	l, err := w.root().AttachSender(within(t), "quick", "hub/Partitions/0", func(l *amqp.Link) { l.Local.SndSettleMode = amqp.SenderSettled })
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * sendCredit { // more than one grant of credit
		if err := l.Send(within(t), amqp.Outgoing{Body: event(fmt.Sprint(i)), Settled: true}); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Eventually(t, within10, func() bool { return w.newest(0) == 3*sendCredit-1 }, "all are stored")
}

// JavaScript writes the body null as a Data section that holds null.
func TestNullBodyIsMended(t *testing.T) {
	w := newWorld(t, nil)
	null := []byte{0x00, 0x53, 0x75, 0x40}
	if err := w.sendRaw(w.root(), "hub/Partitions/0", amqp.BatchFormat, batchOf("", null, event("next"))); err != nil {
		t.Fatal(err)
	}
	if got := w.stored(0, 2); got[0] != "" || got[1] != "next" {
		t.Errorf("stored %q", got)
	}
}

func TestManyLinksOnOneConnection(t *testing.T) {
	w := newWorld(t, nil)
	c := w.dial("RootManageSharedAccessKey", "SAS_KEY_VALUE")
	for i := range 20 {
		s := w.begin(c)
		for j := range 5 {
			if err := w.sendRaw(s, "hub/Partitions/3", 0, event(fmt.Sprint(i, j))); err != nil {
				t.Fatal(err)
			}
		}
		s.End(nil)
	}
	if got := w.newest(3); got != 99 {
		t.Errorf("newest is %d", got)
	}
	open := w.events.count(func(e Event) bool { _, ok := e.(LinkOpened); return ok })
	testkit.Eventually(t, within10, func() bool {
		return w.events.count(func(e Event) bool { l, ok := e.(LinkClosed); return ok && l.Events == 1 }) == open
	}, "every link reports its end")
}

// A batch is stored whole or not at all, so its events follow each other even
// when others send to the same partition.
func TestConcurrentBatchesStayWhole(t *testing.T) {
	w := newWorld(t, nil)
	const senders, batches, size = 4, 20, 10
	errs := make(chan error, senders)
	for n := range senders {
		s := w.root()
		go func() {
			l, err := s.AttachSender(context.Background(), "s", "hub/Partitions/0", nil)
			for i := 0; i < batches && err == nil; i++ {
				events := make([][]byte, size)
				for j := range events {
					events[j] = event(fmt.Sprintf("%d.%d.%d", n, i, j))
				}
				err = send(t, l, amqp.BatchFormat, batchOf("", events...))
			}
			errs <- err
		}()
	}
	for range senders {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	got := w.stored(0, senders*batches*size)
	for i := 0; i < len(got); i += size {
		prefix := got[i][:strings.LastIndexByte(got[i], '.')]
		for j := range size {
			if got[i+j] != fmt.Sprintf("%s.%d", prefix, j) {
				t.Fatalf("events %d to %d: %v", i, i+size, got[i:i+size])
			}
		}
	}
}

func TestSplitKeepsThePayload(t *testing.T) {
	payload := batchOf("k", event("one"), event("two"))
	copied := bytes.Clone(payload)
	events, key, err := splitMessage(nil, amqp.BatchFormat, payload)
	if err != nil || key != "k" || len(events) != 2 {
		t.Fatalf("%d events, key %q, error %v", len(events), key, err)
	}
	if !bytes.Equal(payload, copied) || &events[1][len(events[1])-1] != &payload[len(payload)-1] {
		t.Error("events are not slices of the payload")
	}
}
