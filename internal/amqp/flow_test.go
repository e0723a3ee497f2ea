package amqp

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sender is a stub whose sending links are handed to the test.
func sender() (*stub, chan *Link) {
	links := make(chan *Link, 10)
	return newStub(func(l *Link) error {
		if l.Role == RoleSender {
			links <- l
			return nil
		}
		return acceptAll(l)
	}), links
}

func (p *rawPeer) transfer() (transfer, []byte) {
	p.t.Helper()
	d := p.expect(descTransfer)
	x := decodeTransfer(&d)
	if d.err != nil {
		p.t.Fatal(d.err)
	}
	return x, d.b
}

func (p *rawPeer) credit(handle, count, credit, nextIncoming, window uint32, drain bool) {
	p.t.Helper()
	p.send(0, (&flow{
		HasNextIncomingID: true, NextIncomingID: nextIncoming, IncomingWindow: window, OutgoingWindow: 1000,
		HasHandle: true, Handle: handle, HasDeliveryCount: true, DeliveryCount: count, HasLinkCredit: true, LinkCredit: credit, Drain: drain,
	}).append)
}

func TestSendHonoursCreditAndWindow(t *testing.T) {
	s, links := sender()
	p := rawDial(t, s, nil, Open{ContainerID: "raw", MaxFrameSize: minMaxFrameSize, ChannelMax: 1})
	p.begin(0, 2)
	p.attachReceiver(0, 4, "out", SenderMixed)
	l := <-links

	payload := bytes.Repeat([]byte("0123456789"), 100) // three frames of 512
	sent := make(chan int, 1)
	go func() {
		n, err := l.SendBatch(context.Background(), []Outgoing{
			{Prefix: payload[:10], Body: payload[10:], Settled: true, Format: 5},
			{Body: []byte("second"), Settled: true},
			{Body: []byte("third"), Settled: true},
		})
		if err != nil {
			t.Errorf("send: %v", err)
		}
		sent <- n
	}()
	p.silent(0) // no credit: nothing
	p.send(0, (&flow{HasNextIncomingID: true, IncomingWindow: 2, HasHandle: true, Handle: 4, HasLinkCredit: true, LinkCredit: 2}).append)
	var got []byte
	for i := range 2 { // the window is two frames
		x, b := p.transfer()
		got = append(got, b...)
		if x.Handle != 0 || !x.Settled || !x.More || x.HasDeliveryID != (i == 0) || x.MessageFormat != 5*uint32(1-i) {
			t.Errorf("frame %d: %+v", i, x)
		}
	}
	p.send(0, (&flow{HasNextIncomingID: true, NextIncomingID: 2, IncomingWindow: 0, Echo: true}).append)
	p.expect(descFlow) // the window is shut: nothing
	p.send(0, (&flow{HasNextIncomingID: true, NextIncomingID: 2, IncomingWindow: 100}).append)
	x, b := p.transfer()
	if got = append(got, b...); x.More || !bytes.Equal(got, payload) {
		t.Errorf("more is %v, %d bytes came", x.More, len(got))
	}
	if x, b = p.transfer(); string(b) != "second" || x.DeliveryID != 1 {
		t.Errorf("second message: %+v %q", x, b)
	}
	p.send(0, (&flow{HasNextIncomingID: true, NextIncomingID: 4, IncomingWindow: 100, Echo: true}).append)
	p.expect(descFlow) // the credit of two is used: nothing
	p.credit(4, 2, 1, 4, 100, false)
	if x, b = p.transfer(); string(b) != "third" || x.DeliveryID != 2 {
		t.Errorf("third message: %+v %q", x, b)
	}
	if n := <-sent; n != 3 {
		t.Errorf("%d sent", n)
	}
}

func TestDrainGivesCreditBack(t *testing.T) {
	s, links := sender()
	p := rawDial(t, s, nil, Open{ContainerID: "raw"})
	p.begin(0, 100)
	p.attachReceiver(0, 0, "out", SenderMixed)
	l := <-links
	p.credit(0, 0, 10, 0, 100, true)
	<-l.FlowChanged()
	if credit, drain := l.AvailableCredit(); credit != 10 || !drain {
		t.Errorf("credit %d, drain %v", credit, drain)
	}
	if err := l.Send(t.Context(), Outgoing{Body: []byte("x"), Settled: true}); err != nil {
		t.Fatal(err)
	}
	l.Drained()
	l.Drained() // the second is too much and does nothing
	p.transfer()
	d := p.expect(descFlow)
	if f := decodeFlow(&d); !f.Drain || f.LinkCredit != 0 || f.DeliveryCount != 10 || f.NextOutgoingID != 1 {
		t.Errorf("flow after the drain: %+v", f)
	}
	if credit, drain := l.AvailableCredit(); credit != 0 || drain {
		t.Errorf("after the drain credit %d, drain %v", credit, drain)
	}
	// A drain without credit is answered without the service.
	p.credit(0, 10, 0, 1, 100, true)
	d = p.expect(descFlow)
	if f := decodeFlow(&d); f.DeliveryCount != 10 || f.LinkCredit != 0 {
		t.Errorf("flow after the empty drain: %+v", f)
	}
}

func TestSendUnsettled(t *testing.T) {
	s, links := sender()
	p := rawDial(t, s, nil, Open{ContainerID: "raw"})
	p.begin(0, 100)
	if a := p.attachReceiver(0, 0, "out", SenderUnsettled); a.SndSettleMode != SenderUnsettled {
		t.Errorf("attach answers mode %d", a.SndSettleMode)
	}
	l := <-links
	p.credit(0, 0, 10, 0, 100, false)
	outcomes := make(chan Outcome, 10)
	for i := range 4 {
		m := Outgoing{Body: []byte{byte(i)}, Settled: i == 3}
		if i < 3 {
			m.OnSettled = func(o Outcome) { outcomes <- o }
		}
		if err := l.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if x, _ := p.transfer(); x.Settled {
			t.Errorf("message %d left settled for a peer that wants them unsettled", i)
		}
	}
	// A range that is settled, then one that leaves the last word to us.
	p.send(0, (&disposition{Role: RoleReceiver, First: 0, Last: 1, Settled: true, State: Outcome{Kind: OutcomeAccepted}}).append)
	for range 2 {
		if o := <-outcomes; o.Err() != nil {
			t.Errorf("outcome %v", o.Err())
		}
	}
	refusal := Outcome{Kind: OutcomeRejected, Error: &Error{Condition: "a:b"}}
	p.send(0, (&disposition{Role: RoleReceiver, First: 2, Last: 3, State: refusal}).append)
	d := p.expect(descDisposition)
	want := disposition{Role: RoleSender, First: 2, Last: 3, Settled: true, State: refusal}
	if diff := cmp.Diff(want, decodeDisposition(&d)); diff != "" {
		t.Errorf("our last word:\n%s", diff)
	}
	if o := <-outcomes; o.Kind != OutcomeRejected || o.Err().Error() != "a:b" {
		t.Errorf("outcome %+v", o)
	}
	p.send(0, (&disposition{Role: RoleReceiver, First: 0, Last: maxUint32 / 4, Settled: true}).append) // known already
	p.silent(0)
}

func TestTransferOnOurSendingLink(t *testing.T) {
	s, _ := sender()
	p := rawDial(t, s, nil, Open{ContainerID: "raw"})
	p.begin(0, 100)
	p.attachReceiver(0, 0, "out", SenderMixed)
	p.send(0, transferOf(0, 0, true).append)
	d := p.expect(descDetach)
	if got := decodeDetach(&d); got.Error == nil || got.Error.Condition != ErrNotAllowed {
		t.Errorf("detach says %v", got.Error)
	}
}

func TestAbortedTransferIsForgotten(t *testing.T) {
	got := make(chan string, 10)
	p := rawDial(t, newStub(func(l *Link) error {
		l.Credit = 2
		l.OnTransfer = func(d *Delivery) {
			got <- string(d.Payload) + string(d.Tag)
			d.Accept()
		}
		return nil
	}), nil, Open{ContainerID: "raw"})
	p.begin(0, 100)
	p.attachSender(0, 0, "in")
	p.expect(descFlow)
	half := transferOf(0, 0, false)
	half.More = true
	p.send(0, half.append, []byte("dropped")...)
	p.send(0, (&transfer{Handle: 0, Aborted: true}).append)
	d := p.expect(descFlow) // the credit comes back
	if f := decodeFlow(&d); f.LinkCredit != 2 || f.DeliveryCount != 1 {
		t.Errorf("flow after the abort: %+v", f)
	}
	whole := transferOf(0, 1, false)
	whole.DeliveryTag, whole.More = []byte("tag"), true
	p.send(0, whole.append, []byte("ke")...)
	p.send(0, (&transfer{Handle: 0}).append, []byte("pt ")...)
	if m := <-got; m != "kept tag" {
		t.Errorf("message %q", m)
	}
	d = p.expect(descDisposition)
	if x := decodeDisposition(&d); x.First != 1 || x.Last != 1 || !x.Settled || x.Role != RoleReceiver || x.State.Kind != OutcomeAccepted {
		t.Errorf("disposition %+v", x)
	}
}

// Answers given in any order leave as ranges, in the order of the ids.
func TestDispositionsAreGathered(t *testing.T) {
	c, s := quietConn(t)
	c.limits.sessionWindow = 1000
	s.window = 1000
	var held []*Delivery
	c.handler = newStub(func(l *Link) error {
		l.Credit = 100
		l.OnTransfer = func(d *Delivery) { held = append(held, d) }
		return nil
	})
	if err := c.onAttach(0, &Attach{Name: "in", Source: &Source{}, Target: &Target{}}, 0); err != nil {
		t.Fatal(err)
	}
	first := uint32(maxUint32 - 3) // the ids wrap around
	for i := range uint32(10) {
		_, whole, err := c.onTransfer(0, transferOf(0, first+i, i == 9), 0)
		if err != nil {
			t.Fatal(err)
		}
		whole.hand()
	}
	c.queued()
	for _, i := range []int{5, 3, 4, 0, 8, 1, 9} {
		held[i].Accept()
		held[i].Reject(nil) // too late
	}
	held[7].Reject(&Error{Condition: "x:y"})
	held[2].Release()
	var got [][3]uint32 // first, last, outcome
	for _, b := range c.queued() {
		d := newDecoder(b)
		if d.performative() != descDisposition {
			continue
		}
		p := decodeDisposition(&d)
		got = append(got, [3]uint32{p.First - first, p.Last - first, uint32(p.State.Kind)})
	}
	a, r, l := uint32(OutcomeAccepted), uint32(OutcomeRejected), uint32(OutcomeReleased)
	want := [][3]uint32{{0, 1, a}, {3, 5, a}, {8, 8, a}, {7, 7, r}, {2, 2, l}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("dispositions:\n%s", diff)
	}
	held[6].Accept()
	if c.held != 0 {
		t.Errorf("%d bytes are still held", c.held)
	}
}

// The reader pauses while the service holds more than it may.
func TestHeldBytesPauseTheReader(t *testing.T) {
	held := make(chan *Delivery, 100)
	p := rawDial(t, newStub(func(l *Link) error {
		l.Credit = 100
		l.OnTransfer = func(d *Delivery) { held <- d }
		return nil
	}), func(cfg *ServerConfig) { cfg.MaxUnsettledBytes = 10_000 }, Open{ContainerID: "raw"})
	p.begin(0, 100)
	p.attachSender(0, 0, "in")
	p.expect(descFlow)
	for id := range uint32(30) {
		p.send(0, transferOf(0, id, true).append, make([]byte, 1000)...)
	}
	p.send(0, (&flow{Echo: true}).append)
	for i := range 30 {
		d := <-held
		if n := len(held); n > 9 {
			t.Fatalf("after %d messages %d more are held", i, n)
		}
		d.Accept()
	}
	p.expect(descFlow)
}

// The link's credit comes back in steps of half, as deliveries are settled
// and not as they arrive.
func TestCreditComesBackWithSettling(t *testing.T) {
	held := make(chan *Delivery, 100)
	p := rawDial(t, newStub(func(l *Link) error {
		l.Credit = 4
		l.OnTransfer = func(d *Delivery) { held <- d }
		return nil
	}), nil, Open{ContainerID: "raw"})
	p.begin(0, 100)
	p.attachSender(0, 0, "in")
	d := p.expect(descFlow)
	if f := decodeFlow(&d); f.LinkCredit != 4 || f.DeliveryCount != 0 {
		t.Errorf("first flow %+v", f)
	}
	for id := range uint32(4) {
		p.send(0, transferOf(0, id, true).append)
	}
	var all []*Delivery
	for range 4 {
		all = append(all, <-held)
	}
	all[0].Accept()
	p.silent(0)
	all[1].Accept()
	d = p.expect(descFlow)
	if f := decodeFlow(&d); f.LinkCredit != 2 || f.DeliveryCount != 4 {
		t.Errorf("second flow %+v", f)
	}
}

func TestAttachFlowEndPipelined(t *testing.T) {
	s, links := sender()
	p := rawDial(t, s, nil, Open{ContainerID: "raw"})
	b := frameWith(nil, 0, (&begin{IncomingWindow: 10, HandleMax: 5}).append)
	b = frameWith(b, 0, (&Attach{Name: "out", Handle: 2, Role: RoleReceiver, Source: &Source{}, Target: &Target{}}).append)
	b = frameWith(b, 0, (&flow{IncomingWindow: 10, HasHandle: true, Handle: 2, HasLinkCredit: true, LinkCredit: 3}).append)
	p.write(b)
	p.expect(descBegin)
	p.expect(descAttach)
	l := <-links
	if n, err := l.WaitCredit(t.Context()); err != nil || n != 3 {
		t.Errorf("credit %d, %v", n, err)
	}
	p.send(0, (&end{}).append)
	p.expect(descEnd)
	if _, err := l.WaitCredit(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
	<-l.Done()
}

func TestOutstandingRing(t *testing.T) {
	var o outstanding
	var settled []uint32
	push := func(id uint32, l *Link) {
		o.push(id, l, func(Outcome) { settled = append(settled, id) })
	}
	one, two := &Link{}, &Link{}
	start := uint32(maxUint32 - 1)
	for i := range uint32(6) {
		push(start+i, []*Link{one, two}[i%2])
	}
	run := func(first, last uint32) {
		for _, f := range o.settle(start+first, start+last, nil) {
			f(Outcome{})
		}
	}
	run(1, 2)
	run(1, 2)
	o.forget(two) // ids 3 and 5
	run(0, 100)
	want := []uint32{start + 1, start + 2, start, start + 4}
	if !slices.Equal(settled, want) {
		t.Errorf("settled %v, want %v", settled, want)
	}
	if len(o.entries)-o.head != 0 {
		t.Errorf("%d entries are left", len(o.entries)-o.head)
	}
	for i := range uint32(1000) { // settling as fast as sending keeps it small
		push(i, one)
		o.settle(i-5, i-5, nil)
	}
	if cap(o.entries) > 64 {
		t.Errorf("capacity grew to %d for five outstanding", cap(o.entries))
	}
}

func TestSendingDoesNotAllocate(t *testing.T) {
	c, s := quietConn(t)
	s.remoteWindow = 1 << 30
	var l *Link
	c.handler = newStub(func(link *Link) error { l = link; return nil })
	if err := c.onAttach(0, &Attach{Name: "out", Role: RoleReceiver, Source: &Source{}, Target: &Target{}}, 0); err != nil {
		t.Fatal(err)
	}
	l.credit = 1 << 30
	batch := make([]Outgoing, 20)
	for i := range batch {
		batch[i] = Outgoing{Prefix: make([]byte, 60), Body: make([]byte, 300), Settled: true}
	}
	ctx := t.Context()
	allocs := testing.AllocsPerRun(1000, func() {
		if _, err := l.SendBatch(ctx, batch); err != nil {
			t.Fatal(err)
		}
		c.out.b = c.out.b[:0] // as after a write
	})
	if allocs != 0 {
		t.Errorf("%v allocations for a batch of %d", allocs, len(batch))
	}
}
