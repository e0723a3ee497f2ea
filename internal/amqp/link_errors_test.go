package amqp

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func attachOf(handle uint32, name string) func([]byte) []byte {
	return (&Attach{Name: name, Handle: handle, Source: &Source{}, Target: &Target{Address: name}}).append
}

// A wrong use of a session ends that session and nothing more.
func TestSessionErrors(t *testing.T) {
	for what, c := range map[string]struct {
		frames    []func([]byte) []byte
		condition Symbol
	}{
		"transfer without a link": {[]func([]byte) []byte{transferOf(5, 0, false).append}, ErrUnattachedHandle},
		"flow without a link":     {[]func([]byte) []byte{(&flow{HasHandle: true, Handle: 5}).append}, ErrUnattachedHandle},
		"detach without a link":   {[]func([]byte) []byte{(&detach{Handle: 5}).append}, ErrUnattachedHandle},
		"handle in use":           {[]func([]byte) []byte{attachOf(0, "one"), attachOf(0, "two")}, ErrHandleInUse},
		"attaches of many bytes":  {manyAttaches(), ErrResourceLimit},
	} {
		t.Run(what, func(t *testing.T) {
			p := rawDial(t, newStub(acceptAll), nil, Open{ContainerID: "raw"})
			p.begin(3, 1000)
			for _, f := range c.frames {
				p.send(3, f)
			}
			if got := p.skipToEnd(); got.Error == nil || got.Error.Condition != c.condition || got.Error.Description == "" {
				t.Errorf("end says %v, want %s", got.Error, c.condition)
			}
			// What was under way is ignored, and the channel is free after the
			// peer's own end.
			p.send(3, transferOf(9, 9, false).append)
			p.send(3, (&end{}).append)
			p.begin(3, 1000)
		})
	}
}

// manyAttaches is more than a connection may make us keep.
func manyAttaches() (frames []func([]byte) []byte) {
	long := strings.Repeat("x", 450_000)
	for i := range uint32(6) {
		frames = append(frames, attachOf(i, long+string(rune('a'+i))))
	}
	return frames
}

// skipToEnd reads until the server ends the session.
func (p *rawPeer) skipToEnd() end {
	p.t.Helper()
	for {
		b := p.frame()
		d := newDecoder(b)
		switch code := d.performative(); {
		case code == descEnd:
			return decodeEnd(&d)
		case b == nil || code == descClose:
			p.t.Fatalf("frame %x where an end belongs", b)
		}
	}
}

func TestTooManyLinks(t *testing.T) {
	p := rawDial(t, newStub(acceptAll), func(cfg *ServerConfig) { cfg.MaxLinks = 2 }, Open{ContainerID: "raw"})
	for channel := range uint16(3) {
		p.begin(channel, 100)
	}
	for channel := range uint16(3) {
		p.send(channel, attachOf(0, "link"))
	}
	if got := p.skipToEnd(); got.Error == nil || got.Error.Condition != ErrResourceLimit {
		t.Errorf("end says %v", got.Error)
	}
}

// A wrong use of a link detaches that link and nothing more.
func TestLinkErrors(t *testing.T) {
	more := func(x *transfer) *transfer { x.More = true; return x }
	for what, c := range map[string]struct {
		transfers []*transfer
		size      int
		condition Symbol
	}{
		"no credit left":                  {[]*transfer{transferOf(0, 0, false), transferOf(0, 1, false), transferOf(0, 2, false)}, 1, ErrTransferLimitExceeded},
		"no delivery id":                  {[]*transfer{{}}, 1, ErrInvalidField},
		"tag too long":                    {[]*transfer{{HasDeliveryID: true, DeliveryTag: make([]byte, 33)}}, 1, ErrInvalidField},
		"delivery inside another":         {[]*transfer{more(transferOf(0, 0, false)), transferOf(0, 1, false)}, 1, ErrInvalidField},
		"message too large":               {[]*transfer{transferOf(0, 0, false)}, 1001, ErrMessageSizeExceeded},
		"message too large in pieces":     {[]*transfer{more(transferOf(0, 0, false)), more(transferOf(0, 0, false)), transferOf(0, 0, false)}, 400, ErrMessageSizeExceeded},
		"large message too large (90 kB)": {[]*transfer{transferOf(0, 0, false)}, 90_000, ErrMessageSizeExceeded},
	} {
		t.Run(what, func(t *testing.T) {
			ended := make(chan error, 1)
			s := newStub(func(l *Link) error {
				l.Credit = 2
				l.Local.MaxMessageSize = 1000
				l.OnTransfer = func(*Delivery) {} // holds on, so that credit runs out
				l.OnDetach = func(err error) { ended <- err }
				return nil
			})
			p := rawDial(t, s, nil, Open{ContainerID: "raw"})
			p.begin(0, 100)
			p.attachSender(0, 0, "link")
			p.expect(descFlow)
			for _, x := range c.transfers {
				p.send(0, x.append, make([]byte, c.size)...)
			}
			d := p.expect(descDetach)
			got := decodeDetach(&d)
			if !got.Closed || got.Error == nil || got.Error.Condition != c.condition || got.Error.Description == "" {
				t.Errorf("detach says %+v %v, want %s", got, got.Error, c.condition)
			}
			p.silent(0)
			p.send(0, transferOf(0, 7, false).append) // crossed the detach: ignored
			p.send(0, (&detach{Handle: 0, Closed: true}).append)
			if err := <-ended; err == nil {
				t.Error("OnDetach was given no error")
			}
			p.attachSender(0, 0, "link") // name and handle are free again
		})
	}
}

func TestEnginesOwnRefusals(t *testing.T) {
	coordinator := func(b []byte) []byte {
		w := openList(b, descAttach)
		w.string("tx")
		w.uint(7)
		w.bool(bool(RoleSender))
		w.null()
		w.null()
		w.source(&Source{})
		in := openList(w.b, descCoordinator)
		w.b = in.close()
		w.count++
		return w.close()
	}
	for what, c := range map[string]struct {
		attach    func([]byte) []byte
		condition Symbol
	}{
		"coordinator":    {coordinator, ErrNotImplemented},
		"no target":      {(&Attach{Name: "x", Handle: 7, Role: RoleSender, Source: &Source{}}).append, ErrInvalidField},
		"no source":      {(&Attach{Name: "x", Handle: 7, Role: RoleReceiver, Target: &Target{}}).append, ErrInvalidField},
		"name in use":    {attachOf(7, "taken"), ErrNotAllowed},
		"service's wish": {attachOf(7, "unwanted"), "x:unwanted"},
	} {
		t.Run(what, func(t *testing.T) {
			p := rawDial(t, newStub(func(l *Link) error {
				if l.Remote.Name == "unwanted" {
					return &Error{Condition: "x:unwanted", Description: "no"}
				}
				return nil
			}), nil, Open{ContainerID: "raw"})
			p.begin(0, 100)
			p.attachSender(0, 1, "taken")
			p.send(0, c.attach)
			d := p.expect(descAttach)
			a := decodeAttach(&d)
			if a.Role == RoleReceiver && a.Target != nil || a.Role == RoleSender && a.Source != nil {
				t.Errorf("the attach has the terminus asked for: %+v", a)
			}
			d = p.expect(descDetach)
			got := decodeDetach(&d)
			if got.Handle != a.Handle || !got.Closed || got.Error == nil || got.Error.Condition != c.condition {
				t.Errorf("detach says %+v %v, want %s", got, got.Error, c.condition)
			}
			p.send(0, (&detach{Handle: 7, Closed: true}).append)
			p.silent(0)
		})
	}
}

// quietConn is a connection of an accepted peer with nobody reading or
// writing, so that a test sees exactly what the machines queue.
func quietConn(t *testing.T) (*Conn, *Session) {
	client, server := net.Pipe()
	t.Cleanup(func() { client.Close(); server.Close() })
	c := newConn(server, testkit.Discard(), &buffers{}, limits{
		maxFrameSize: 1 << 20, channelMax: 10, maxLinks: 10, sessionWindow: 4, maxUnsettledBytes: 1 << 20,
	})
	c.handler = newStub(acceptAll)
	c.maxOutgoing = minMaxFrameSize
	if err := c.onBegin(0, &begin{IncomingWindow: 1000, HandleMax: maxUint32}); err != nil {
		t.Fatal(err)
	}
	c.queued()
	return c, c.byRemote[0]
}

// queued takes the frame bodies that wait for the writer.
func (c *Conn) queued() (bodies [][]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gather()
	if c.out == nil {
		return nil
	}
	for b := c.out.b; len(b) > 0; {
		h, err := parseFrameHeader(b, 1<<20)
		if err != nil {
			panic(err)
		}
		bodies = append(bodies, bytes.Clone(b[h.skip:h.size]))
		b = b[h.size:]
	}
	c.out = nil
	return bodies
}

func TestWindowViolation(t *testing.T) {
	c, _ := quietConn(t)
	if err := c.onAttach(0, &Attach{Name: "in", Source: &Source{}, Target: &Target{}}, 0); err != nil {
		t.Fatal(err)
	}
	c.queued()
	for id := range uint32(5) { // the window is four, and no flow was sent
		if _, _, err := c.onTransfer(0, transferOf(0, id, true), 0); err != nil {
			t.Fatal(err)
		}
	}
	var last []byte
	for _, last = range c.queued() {
	}
	d := newDecoder(last)
	if code := d.performative(); code != descEnd {
		t.Fatalf("performative 0x%02x where an end belongs", code)
	}
	if e := decodeEnd(&d); e.Error == nil || e.Error.Condition != ErrWindowViolation {
		t.Errorf("end says %v", e.Error)
	}
}
