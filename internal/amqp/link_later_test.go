package amqp

import (
	"testing"
)

// A link that is answered later may end before the answer: the service still
// hears of the end, once, and its late answer does nothing.
func TestPostponedLinks(t *testing.T) {
	for what, c := range map[string]struct {
		end    func(p *rawPeer, l *Link) // before the answer
		answer func(l *Link)
	}{
		"peer detaches":     {func(p *rawPeer, _ *Link) { p.send(0, (&detach{Handle: 3}).append) }, (*Link).Accept},
		"peer ends session": {func(p *rawPeer, _ *Link) { p.send(0, (&end{}).append) }, (*Link).Accept},
		"peer closes":       {func(p *rawPeer, _ *Link) { p.send(0, (&closing{}).append) }, (*Link).Accept},
		"peer is gone":      {func(p *rawPeer, _ *Link) { p.nc.Close() }, (*Link).Accept},
		"refused too late":  {func(p *rawPeer, _ *Link) { p.send(0, (&detach{Handle: 3}).append) }, func(l *Link) { l.Refuse(nil) }},
		"we detach": {func(p *rawPeer, l *Link) {
			l.Detach(&Error{Condition: ErrStolen})
			p.expect(descAttach)
			d := p.expect(descDetach)
			if got := decodeDetach(&d); got.Error == nil || got.Error.Condition != ErrStolen {
				t.Errorf("detach says %v", got.Error)
			}
			p.send(0, (&detach{Handle: 3}).append)
		}, (*Link).Accept},
	} {
		t.Run(what, func(t *testing.T) {
			links, ended := make(chan *Link, 1), make(chan error, 10)
			s := newStub(func(l *Link) error {
				l.OnDetach = func(err error) { ended <- err }
				links <- l
				return ErrLater
			})
			p := rawDial(t, s, nil, Open{ContainerID: "raw"})
			p.begin(0, 10)
			p.send(0, attachOf(3, "later"))
			l := <-links
			c.end(p, l)
			<-ended
			<-l.Done()
			c.answer(l)
			l.Detach(nil)
			p.nc.Close()
			<-s.closed
			if len(ended) != 0 {
				t.Error("OnDetach ran again")
			}
		})
	}
}

func TestPostponedRefusal(t *testing.T) {
	links := make(chan *Link, 1)
	p := rawDial(t, newStub(func(l *Link) error {
		l.OnDetach = func(error) { t.Error("OnDetach of a refused link") }
		links <- l
		return ErrLater
	}), nil, Open{ContainerID: "raw"})
	p.begin(0, 10)
	p.send(0, attachOf(3, "later"))
	(<-links).Refuse(&Error{Condition: "x:no"})
	d := p.expect(descAttach)
	if a := decodeAttach(&d); a.Target != nil {
		t.Error("the refusing attach has a target")
	}
	d = p.expect(descDetach)
	if got := decodeDetach(&d); got.Error == nil || got.Error.Condition != "x:no" {
		t.Errorf("detach says %v", got.Error)
	}
	p.send(0, (&detach{Handle: 3, Closed: true}).append)
	p.silent(0)
}

// A peer that sends may give credit up: its delivery count runs ahead.
func TestSenderGivesCreditUp(t *testing.T) {
	p := rawDial(t, newStub(acceptAll), nil, Open{ContainerID: "raw"})
	p.begin(0, 100)
	p.attachSender(0, 0, "in")
	p.expect(descFlow)
	p.credit(0, 8, 0, 0, 100, false)
	d := p.expect(descFlow)
	if f := decodeFlow(&d); f.DeliveryCount != 8 || f.LinkCredit != 10 {
		t.Errorf("flow after eight of ten were given up: %+v", f)
	}
	p.credit(0, 3, 0, 0, 100, false) // old news
	p.silent(0)
}
