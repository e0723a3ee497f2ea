package amqp

import "testing"

// Pause takes credit back at once; what the peer sent before it knew still
// counts, and Resume gives the whole credit again.
func TestPause(t *testing.T) {
	held := make(chan *Delivery, 100)
	links := make(chan *Link, 1)
	p := rawDial(t, newStub(func(l *Link) error {
		l.Credit = 4
		l.OnTransfer = func(d *Delivery) { held <- d }
		links <- l
		return nil
	}), nil, Open{ContainerID: "raw"})
	p.begin(0, 100)
	p.attachSender(0, 0, "in")
	l := <-links
	wantFlow := func(count, credit uint32) {
		t.Helper()
		d := p.expect(descFlow)
		if f := decodeFlow(&d); f.DeliveryCount != count || f.LinkCredit != credit {
			t.Errorf("flow with count %d and credit %d, want %d and %d", f.DeliveryCount, f.LinkCredit, count, credit)
		}
	}
	wantFlow(0, 4)
	p.send(0, transferOf(0, 0, true).append)
	first := <-held
	l.Pause()
	wantFlow(1, 0)
	p.send(0, transferOf(0, 1, true).append) // was on its way
	second := <-held
	first.Accept()
	second.Accept()
	p.silent(0) // no credit comes back while paused
	l.Resume()
	wantFlow(2, 4)
}

// A peer that goes on beyond what was ever promised is refused also when paused.
func TestPauseIsNoBlankCheque(t *testing.T) {
	links := make(chan *Link, 1)
	p := rawDial(t, newStub(func(l *Link) error {
		l.Credit = 2
		l.OnTransfer = func(*Delivery) {}
		links <- l
		return nil
	}), nil, Open{ContainerID: "raw"})
	p.begin(0, 100)
	p.attachSender(0, 0, "in")
	p.expect(descFlow)
	(<-links).Pause()
	p.expect(descFlow)
	for id := range uint32(3) {
		p.send(0, transferOf(0, id, true).append)
	}
	d := p.expect(descDetach)
	if f := decodeDetach(&d); f.Error == nil || f.Error.Condition != ErrTransferLimitExceeded {
		t.Errorf("detached with %v", f.Error)
	}
}

// A delivery without an end is not read for ever.
func TestEndlessDeliveryEndsTheLink(t *testing.T) {
	told := make(chan uint64, 1)
	p := rawDial(t, newStub(func(l *Link) error {
		l.Credit = 10
		l.Local.MaxMessageSize = 1000
		l.OnOversize = func(d *Delivery, size uint64) {
			told <- size
			d.Reject(&Error{Condition: ErrMessageSizeExceeded})
		}
		return nil
	}), nil, Open{ContainerID: "raw"})
	p.begin(0, 10_000)
	p.attachSender(0, 0, "in")
	p.expect(descFlow)
	more := transferOf(0, 0, false)
	more.More = true
	frame := make([]byte, 500)
	for range 31 {
		p.send(0, more.append, frame...)
	}
	p.send(0, transferOf(0, 0, false).append) // it ends short of sixteen times the limit: rejected alone
	if size := <-told; size != 15_500 {
		t.Errorf("told of %d bytes", size)
	}
	p.expect(descDisposition)
	more.DeliveryID = 1
	for range 32 {
		p.send(0, more.append, frame...)
	}
	d := p.expect(descDetach)
	if f := decodeDetach(&d); f.Error == nil || f.Error.Condition != ErrMessageSizeExceeded || !f.Closed {
		t.Errorf("detached with %v", f.Error)
	}
}
