package amqp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// pipeListener hands out one end of in-memory connections, so that the
// synthetic clock sees who waits.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	select {
	case <-l.done:
	default:
		close(l.done)
	}
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// dial returns the client's end.
func (l *pipeListener) dial() net.Conn {
	client, server := net.Pipe()
	l.conns <- server
	return client
}

// pipePeer is a raw peer over an in-memory connection. Writes go through a
// goroutine, because a pipe has no buffer.
func pipePeer(t *testing.T, l *pipeListener) *rawPeer {
	nc := &bufferedConn{Conn: l.dial(), out: make(chan []byte, 100)}
	go nc.run()
	return &rawPeer{t: t, nc: nc, br: bufio.NewReader(nc)}
}

type bufferedConn struct {
	net.Conn
	out chan []byte
}

func (c *bufferedConn) Write(b []byte) (int, error) {
	c.out <- append([]byte{}, b...)
	return len(b), nil
}

func (c *bufferedConn) run() {
	for b := range c.out {
		c.Conn.Write(b)
	}
	c.Conn.Close()
}

func (c *bufferedConn) Close() error {
	close(c.out)
	return nil
}

// SetReadDeadline keeps the peer waiting as long as the test's clock likes.
func (c *bufferedConn) SetReadDeadline(time.Time) error { return nil }

func TestHeartbeatsAtHalfThePeersTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		stop := startServer(t, l, newStub(acceptAll), nil)
		p := pipePeer(t, l)
		open := p.greet(Open{ContainerID: "raw", MaxFrameSize: 512, IdleTimeout: 30 * time.Second})
		if open.IdleTimeout != 240*time.Second {
			t.Errorf("the server advertises %v", open.IdleTimeout)
		}
		start := time.Now()
		for i := 1; i <= 3; i++ {
			if b := p.frame(); len(b) != 0 || b == nil {
				t.Fatalf("frame %x where a heartbeat belongs", b)
			}
			if got, want := time.Since(start), time.Duration(i)*15*time.Second; got != want {
				t.Errorf("heartbeat %d came after %v, want %v", i, got, want)
			}
		}
		// A frame of ours in between moves the next heartbeat.
		<-time.After(10 * time.Second)
		p.begin(0, 10)
		start = time.Now()
		if b := p.frame(); len(b) != 0 {
			t.Fatalf("frame %x where a heartbeat belongs", b)
		}
		if got := time.Since(start); got != 15*time.Second {
			t.Errorf("heartbeat %v after the last frame", got)
		}
		p.nc.Close()
		stop()
	})
}

func TestSilentPeerIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		s := newStub(acceptAll)
		stop := startServer(t, l, s, func(cfg *ServerConfig) { cfg.IdleTimeout = time.Minute })
		p := pipePeer(t, l)
		p.greet(Open{ContainerID: "raw", MaxFrameSize: 512})
		start := time.Now()
		for range 5 { // heartbeats keep it alive
			<-time.After(50 * time.Second)
			p.write(appendEmptyFrame(nil))
		}
		d := p.expect(descClose)
		silence := time.Since(start) - 250*time.Second
		if silence < 55*time.Second || silence > 68*time.Second {
			t.Errorf("dropped after %v of silence", silence)
		}
		if c := decodeClose(&d); c.Error == nil || c.Error.Condition != ErrConnectionForced ||
			c.Error.Description != "The connection was inactive for more than the allowed 60000 milliseconds and is closed by container 'server'." {
			t.Errorf("close says %v", c.Error)
		}
		if err := <-s.closed; err == nil {
			t.Error("the service was told of an orderly close")
		}
		p.nc.Close()
		stop()
	})
}

func TestHandshakeMustEndInTime(t *testing.T) {
	sasl, amqp := protocolHeader(protoSASL), protocolHeader(protoAMQP)
	for what, begins := range map[string][]byte{
		"nothing":      nil,
		"half header":  sasl[:5],
		"no SASL init": sasl[:],
		"no open":      append((&SASLInit{Mechanism: SASLAnonymous}).append(append([]byte{}, sasl[:]...)), amqp[:]...),
	} {
		synctest.Test(t, func(t *testing.T) {
			l := newPipeListener()
			stop := startServer(t, l, newStub(acceptAll), nil)
			p := pipePeer(t, l)
			start := time.Now()
			p.write(begins)
			io.Copy(io.Discard, p.nc)
			if got := time.Since(start); got != 30*time.Second {
				t.Errorf("%s: dropped after %v", what, got)
			}
			p.nc.Close()
			stop()
		})
	}
}

func TestPeerThatNeverReadsIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		s := newStub(acceptAll)
		stop := startServer(t, l, s, func(cfg *ServerConfig) { cfg.WriteTimeout = 20 * time.Second })
		p := pipePeer(t, l)
		p.greet(Open{ContainerID: "raw", MaxFrameSize: 512})
		start := time.Now()
		p.send(0, (&begin{IncomingWindow: 1}).append) // the answer is never read
		<-s.closed
		if got := time.Since(start); got != 20*time.Second {
			t.Errorf("dropped after %v", got)
		}
		p.nc.Close()
		stop()
	})
}

func TestServerStopsWithoutThePeersAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		stop := startServer(t, l, newStub(acceptAll), nil)
		mute, greeting := pipePeer(t, l), pipePeer(t, l)
		mute.greet(Open{ContainerID: "raw", MaxFrameSize: 512})
		synctest.Wait()
		start := time.Now()
		stop()
		if got := time.Since(start); got > closeTimeout {
			t.Errorf("stopping took %v", got)
		}
		mute.nc.Close()
		greeting.nc.Close()
	})
}

func TestClientGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		start := time.Now()
		if _, err := NewConn(ctx, client, DialConfig{Log: testkit.Discard()}); err == nil {
			t.Error("greeted nobody")
		}
		if got := time.Since(start); got != 7*time.Second {
			t.Errorf("gave up after %v", got)
		}
		server.Close()
	})
}

func TestCallsEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		stop := startServer(t, l, newStub(func(l *Link) error {
			if l.Remote.Name == "later" {
				return ErrLater // and never
			}
			return nil // no credit
		}), nil)
		c, err := NewConn(t.Context(), l.dial(), DialConfig{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		link, err := s.AttachSender(t.Context(), "link", "x", nil)
		if err != nil {
			t.Fatal(err)
		}
		for what, call := range map[string]func(context.Context) error{
			"send":        func(ctx context.Context) error { return link.Send(ctx, Outgoing{}) },
			"wait credit": func(ctx context.Context) error { _, err := link.WaitCredit(ctx); return err },
			"attach":      func(ctx context.Context) error { _, err := s.AttachSender(ctx, "later", "x", nil); return err },
		} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", what, err)
			}
			cancel()
		}
		if err := c.Close(nil); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := link.Send(t.Context(), Outgoing{}); !errors.Is(err, ErrClosed) {
			t.Errorf("send after the close: %v", err)
		}
		if _, err := c.Begin(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("begin after the close: %v", err)
		}
		if _, err := s.AttachSender(t.Context(), "more", "x", nil); !errors.Is(err, ErrClosed) {
			t.Errorf("attach after the close: %v", err)
		}
		stop()
	})
}

// A peer that asks without ever reading the answers is held back instead of
// filling our memory.
func TestAnswersNobodyReadsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		s := newStub(acceptAll)
		stop := startServer(t, l, s, func(cfg *ServerConfig) { cfg.IdleTimeout, cfg.WriteTimeout = time.Hour, time.Hour })
		p := pipePeer(t, l)
		p.greet(Open{ContainerID: "raw", MaxFrameSize: 512})
		nc := p.nc.(*bufferedConn).Conn
		nc.SetWriteDeadline(time.Now().Add(time.Minute))
		pair := frameWith(frameWith(nil, 0, (&begin{}).append), 0, (&end{}).append)
		pairs := 0
		for ; pairs < 100_000; pairs++ {
			if _, err := nc.Write(pair); err != nil {
				break
			}
		}
		if pairs == 100_000 {
			t.Error("the server took 100000 sessions whose answers nobody read")
		}
		p.nc.Close()
		stop()
	})
}
