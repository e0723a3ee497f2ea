package eventhubs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// world is a broker in memory and the service in front of it, on a loopback
// port.
type world struct {
	t       testing.TB
	broker  *broker.Broker
	service *Service
	addr    string
	events  eventLog
	access  *fakeAccess
	reach   Reach // set before the first dial; nil: every host name means service
}

func (w *world) reached(host string) (*Service, error) {
	if w.reach == nil {
		return w.service, nil
	}
	return w.reach(host)
}

// eventLog collects the service's events.
type eventLog struct {
	mu   sync.Mutex
	seen []Event // guarded by mu
}

func (e *eventLog) add(ev Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen = append(e.seen, ev)
}

// count returns how many events satisfy the claim.
func (e *eventLog) count(claim func(Event) bool) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, ev := range e.seen {
		if claim(ev) {
			n++
		}
	}
	return n
}

// newWorld starts a service with hub "hub" of four partitions and group
// "second"; change edits the configuration first.
func newWorld(t testing.TB, change func(*Config)) *world {
	t.Helper()
	return newWorldOn(t, vfs.NewMem(), change)
}

// newWorldOn is newWorld on a file system of the test's.
func newWorldOn(t testing.TB, fs vfs.FS, change func(*Config)) *world {
	t.Helper()
	testkit.NoLeaks(t)
	w := &world{t: t, access: newFakeAccess(
		emulatorRule(),
		Rule{Name: "listener", Key: "listen-key", Rights: Listen},
		Rule{Name: "talker", Key: "send-key", Rights: Send},
	)}
	var err error
	w.broker, err = broker.Open(broker.Options{FS: fs, Dir: "/hubs"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.broker.Namespace(1).EnsureHub(broker.HubConfig{Name: "hub", Partitions: 4, ConsumerGroups: []string{"second"}}); err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		Hubs:   w.broker.Namespace(1),
		Access: w.access,
		Events: w.events.add,
	}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.serve(s)
	return w
}

// serve answers the clients of one listener, as a door does.
func serve(ctx context.Context, s *Service, l net.Listener, reach Reach) error {
	cfg := s.Greeting()
	cfg.NewConn, cfg.Authenticate = func(c *amqp.Conn) amqp.ConnHandler { return s.Conn(c, reach) }, s.Authenticate
	return testkit.Serve(ctx, l, amqp.NewServer(cfg).ServeConn)
}

// serve answers on a free port until the test ends, then stops service and
// broker in order.
func (w *world) serve(s *Service) {
	l := testkit.Listen(w.t)
	w.service, w.addr = s, l.Addr().String()
	brokerCtx, stopBroker := context.WithCancel(context.Background())
	serveCtx, stopServe := context.WithCancel(context.Background())
	var brokerGone, serveGone sync.WaitGroup
	brokerGone.Go(func() {
		if err := w.broker.Run(brokerCtx); err != nil {
			w.t.Errorf("broker: %v", err)
		}
	})
	serveGone.Go(func() {
		if err := serve(serveCtx, s, l, w.reached); err != nil {
			w.t.Errorf("serve: %v", err)
		}
	})
	w.t.Cleanup(func() {
		stopServe()
		serveGone.Wait()
		stopBroker()
		brokerGone.Wait()
		if err := w.broker.Close(); err != nil {
			w.t.Errorf("close broker: %v", err)
		}
	})
}

// eventually waits for an event that satisfies the claim.
func (w *world) eventually(what string, claim func(Event) bool) {
	w.t.Helper()
	testkit.Eventually(w.t, within10, func() bool { return w.events.count(claim) > 0 }, "%s", what)
}

// connectionString is what SDKs get.
func (w *world) connectionString(rule, key string) string {
	return fmt.Sprintf("Endpoint=sb://%s;SharedAccessKeyName=%s;SharedAccessKey=%s;UseDevelopmentEmulator=true", w.addr, rule, key)
}

func (w *world) manager() string {
	return w.connectionString("RootManageSharedAccessKey", "SAS_KEY_VALUE")
}

// within10 is how long an effect across goroutines may take.
const within10 = 10 * time.Second

// within returns a context that a hanging test cannot outlive.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// dial opens a raw connection. With user empty it is anonymous.
func (w *world) dial(user, password string) *amqp.Conn {
	w.t.Helper()
	c, err := amqp.Dial(within(w.t), w.addr, amqp.DialConfig{Username: user, Password: password, Hostname: "localhost"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close(nil) })
	return c
}

// root opens a raw connection that may do everything.
func (w *world) root() *amqp.Session {
	w.t.Helper()
	return w.begin(w.dial("RootManageSharedAccessKey", "SAS_KEY_VALUE"))
}

func (w *world) begin(c *amqp.Conn) *amqp.Session {
	w.t.Helper()
	s, err := c.Begin(within(w.t))
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// event is an encoded message with one data section.
func event(body string) []byte { return amqp.AppendDataSection(nil, []byte(body)) }

// keyed is an event with a partition key annotation.
func keyed(key, body string) []byte {
	m := amqp.Message{Annotations: amqp.Map{{Key: amqp.Symbol(annKey), Value: key}}, Data: [][]byte{[]byte(body)}}
	b, err := m.Append(nil)
	if err != nil {
		panic(err)
	}
	return b
}

// batchOf wraps events as the SDKs do; a key goes into the envelope.
func batchOf(key string, events ...[]byte) []byte {
	var b []byte
	if key != "" {
		pairs := amqp.AppendString(amqp.AppendSymbol(nil, annKey), key)
		b = amqp.AppendMapSection(b, amqp.SectionMessageAnnotations, 2, pairs)
	}
	for _, e := range events {
		b = amqp.AppendDataSection(b, e)
	}
	return b
}

// sendRaw attaches to the address, sends one message and returns its outcome's
// error.
func (w *world) sendRaw(s *amqp.Session, address string, format uint32, message []byte) error {
	w.t.Helper()
	l, err := s.AttachSender(within(w.t), address+"-sender", address, nil)
	if err != nil {
		return err
	}
	defer l.Detach(nil)
	return send(w.t, l, format, message)
}

// send sends one message and waits for its outcome.
func send(t testing.TB, l *amqp.Link, format uint32, message []byte) error {
	t.Helper()
	outcome := make(chan amqp.Outcome, 1)
	err := l.Send(within(t), amqp.Outgoing{Body: message, Format: format, OnSettled: func(o amqp.Outcome) { outcome <- o }})
	if err != nil {
		return err
	}
	select {
	case o := <-outcome:
		return o.Err()
	case <-l.Done():
		return l.Err()
	case <-within(t).Done():
		t.Fatal("no outcome")
		return nil
	}
}

// inbox is a raw receive link.
type inbox struct {
	t     testing.TB
	link  *amqp.Link
	heard chan *amqp.Message
	ended chan error
}

// receive attaches a receiver; setup edits its attach.
func (w *world) receive(s *amqp.Session, address string, credit uint32, setup func(*amqp.Link)) (*inbox, error) {
	in := &inbox{t: w.t, heard: make(chan *amqp.Message, 1000), ended: make(chan error, 1)}
	l, err := s.AttachReceiver(within(w.t), "receiver-"+address, address, func(l *amqp.Link) {
		l.Credit = credit
		l.OnDetach = func(err error) { in.ended <- err }
		l.OnTransfer = func(d *amqp.Delivery) {
			m, err := amqp.ParseMessage(append([]byte(nil), d.Payload...))
			if err != nil {
				w.t.Errorf("delivered message: %v", err)
			}
			in.heard <- m
			d.Accept()
		}
		if setup != nil {
			setup(l)
		}
	})
	in.link = l
	return in, err
}

// next waits for one message.
func (in *inbox) next() *amqp.Message {
	in.t.Helper()
	select {
	case m := <-in.heard:
		return m
	case err := <-in.ended:
		in.t.Fatalf("link ended: %v", err)
	case <-within(in.t).Done():
		in.t.Fatal("no message")
	}
	return nil
}

// bodies waits for n messages and returns their data.
func (in *inbox) bodies(n int) []string {
	in.t.Helper()
	var out []string
	for range n {
		m := in.next()
		if len(m.Data) != 1 {
			in.t.Fatalf("message with %d data sections", len(m.Data))
		}
		out = append(out, string(m.Data[0]))
	}
	return out
}

// selector sets the start position of a receiver.
func selector(text string) func(*amqp.Link) {
	return func(l *amqp.Link) {
		l.Local.Source.Filter = amqp.Map{{
			Key:   amqp.Symbol(filterSelector),
			Value: amqp.Described{Descriptor: filterSelectorCode, Value: text},
		}}
	}
}

const partition0 = "hub/ConsumerGroups/$Default/Partitions/0"

// wantError demands a protocol error with the condition, whose text contains
// the part.
func wantError(t testing.TB, err error, condition amqp.Symbol, part string) {
	t.Helper()
	var e *amqp.Error
	if !errors.As(err, &e) || e.Condition != condition || !strings.Contains(e.Description, part) {
		t.Errorf("error  %v\nwanted %s with %q", err, condition, part)
	}
}
