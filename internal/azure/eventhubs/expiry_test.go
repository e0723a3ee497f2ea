package eventhubs

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// pipes is a listener without a network, so that the clock can be the test's.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// onClock runs the test in a bubble of fake time, with a service whose clients
// connect through dial.
func onClock(t *testing.T, test func(t *testing.T, access *fakeAccess, dial func() *amqp.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		access := newFakeAccess(emulatorRule(), two("one", ""))
		b, err := broker.Open(broker.Options{FS: vfs.NewMem(), Dir: "/hubs"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Namespace(1).EnsureHub(broker.HubConfig{Name: "hub", Partitions: 1}); err != nil {
			t.Fatal(err)
		}
		s, err := New(Config{Hubs: b.Namespace(1), Access: access})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		l := newPipes()
		var gone sync.WaitGroup
		gone.Go(func() {
			if err := b.Run(ctx); err != nil {
				t.Errorf("broker: %v", err)
			}
		})
		gone.Go(func() {
			if err := serve(ctx, s, l, nil); err != nil {
				t.Errorf("serve: %v", err)
			}
		})
		test(t, access, func() *amqp.Conn {
			ours, theirs := net.Pipe()
			l.conns <- theirs
			c, err := amqp.NewConn(ctx, ours, amqp.DialConfig{Hostname: "localhost"})
			if err != nil {
				t.Fatal(err)
			}
			return c
		})
		stop()
		gone.Wait()
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
}

// clockWorld is enough of a world for the raw clients.
func clockWorld(t *testing.T) *world { return &world{t: t} }

func TestLinksEndWithTheirToken(t *testing.T) {
	onClock(t, func(t *testing.T, _ *fakeAccess, dial func() *amqp.Conn) {
		w := clockWorld(t)
		s := w.begin(dial())
		cbs := w.newRPC(s, "$cbs", "r")
		put := func(life time.Duration) {
			t.Helper()
			if code, text, _ := cbs.putToken(sasType, "sb://localhost/hub", emulatorToken("sb://localhost/hub", life)); code != 202 {
				t.Fatalf("%d %s", code, text)
			}
		}
		put(10 * time.Minute)
		sender, err := s.AttachSender(t.Context(), "s", "hub", nil)
		if err != nil {
			t.Fatal(err)
		}
		receiver, err := w.receive(s, partition0, 10, nil)
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(8 * time.Minute)
		put(10 * time.Minute) // renewed in time: both links go on
		<-time.After(8 * time.Minute)
		if err := send(t, sender, 0, event("renewed")); err != nil {
			t.Fatalf("after renewal: %v", err)
		}
		receiver.bodies(1)
		<-time.After(150 * time.Second) // half a minute past its end: the grace
		if err := send(t, sender, 0, event("grace")); err != nil {
			t.Fatalf("within the grace: %v", err)
		}
		_, err = s.AttachSender(t.Context(), "late", "hub", nil)
		wantError(t, err, amqp.ErrUnauthorized, "ExpiredToken: The token is expired. Expiration time: ")
		<-time.After(time.Minute)
		synctest.Wait()
		wantError(t, sender.Err(), amqp.ErrUnauthorized, "ExpiredToken: The token is expired. Expiration time: ")
		wantError(t, <-receiver.ended, amqp.ErrUnauthorized, "ExpiredToken: ")
		put(time.Hour) // the connection itself may go on
		if err := w.sendRaw(s, "hub", 0, event("again")); err != nil {
			t.Error(err)
		}
	})
}

func TestConnectionWithoutTokenEnds(t *testing.T) {
	onClock(t, func(t *testing.T, _ *fakeAccess, dial func() *amqp.Conn) {
		idle, busy, asking, guessing := dial(), dial(), dial(), dial()
		w := clockWorld(t)
		cbs := w.newRPC(w.begin(busy), "$cbs", "r")
		if code, text, _ := cbs.putToken(sasType, "sb://localhost/", emulatorToken("sb://localhost/", 24*time.Hour)); code != 202 {
			t.Fatalf("%d %s", code, text)
		}
		ask := func(c *amqp.Conn, token string, want int32) *rpc {
			m := w.newRPC(w.begin(c), "$management", "r")
			if code, text, _ := status(t, m.call("1", read(typeHub, named("hub"), amqp.Entry{Key: "security_token", Value: token}), nil)); code != want {
				t.Errorf("%d %s, want %d", code, text, want)
			}
			return m
		}
		good := emulatorToken("sb://localhost/hub", 24*time.Hour)
		management := ask(asking, good, 200)
		ask(guessing, "SharedAccessSignature sr=x&sig=x&se=99999999999&skn=x", 401)
		<-time.After(61 * time.Second)
		synctest.Wait()
		wantError(t, idle.Err(), amqp.ErrUnauthorized, "No valid token came within 1m0s")
		wantError(t, guessing.Err(), amqp.ErrUnauthorized, "No valid token came within 1m0s")
		if err := busy.Err(); err != nil {
			t.Errorf("the connection with a token: %v", err)
		}
		<-time.After(time.Hour) // a connection that only ever asks, as Java's and .NET's
		if code, text, _ := status(t, management.call("2", read(typeHub, named("hub"), amqp.Entry{Key: "security_token", Value: good}), nil)); code != 200 {
			t.Errorf("an hour later: %d %s", code, text)
		}
	})
}

// An idle consumer must live: heartbeats go both ways for hours.
func TestQuietReceiverLives(t *testing.T) {
	onClock(t, func(t *testing.T, _ *fakeAccess, dial func() *amqp.Conn) {
		w := clockWorld(t)
		s := w.begin(dial())
		if code, text, _ := w.newRPC(s, "$cbs", "r").putToken(sasType, "sb://h/hub", emulatorToken("sb://h/hub", 24*time.Hour)); code != 202 {
			t.Fatalf("%d %s", code, text)
		}
		in, err := w.receive(s, partition0, 10, nil)
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(6 * time.Hour)
		if err := w.sendRaw(s, "hub", 0, event("good morning")); err != nil {
			t.Fatal(err)
		}
		if got := in.bodies(1); got[0] != "good morning" {
			t.Errorf("got %v", got)
		}
	})
}
