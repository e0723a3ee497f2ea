package amqp_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// These tests drive the server with our own client, which does what the
// official one does not: many messages in flight, and callbacks.

// receive attaches a receiver that puts messages into the channel.
func receive(t testing.TB, s *amqp.Session, address string, credit uint32) <-chan []byte {
	t.Helper()
	got := make(chan []byte, 10_000)
	_, err := s.AttachReceiver(t.Context(), "to-"+address, address, func(l *amqp.Link) {
		l.Credit = credit
		l.OnTransfer = func(d *amqp.Delivery) {
			got <- bytes.Clone(d.Payload)
			d.Accept()
		}
	})
	if err != nil {
		t.Fatalf("receiver: %v", err)
	}
	return got
}

func TestPipelinedSends(t *testing.T) {
	testkit.NoLeaks(t)
	n := newNode()
	s := begin(t, dial(t, serve(t, n, nil), amqp.DialConfig{}))
	l, err := s.AttachSender(t.Context(), "out", "q", nil)
	if err != nil {
		t.Fatal(err)
	}
	const total = 5000
	var outcomes sync.WaitGroup
	outcomes.Add(total)
	for i := range total {
		err := l.Send(t.Context(), amqp.Outgoing{Body: body(i, 100+i%2000), OnSettled: func(o amqp.Outcome) {
			if err := o.Err(); err != nil {
				t.Errorf("message %d: %v", i, err)
			}
			outcomes.Done()
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	outcomes.Wait()
	got := receive(t, s, "q", 64)
	for i := range total {
		if n := number(t, <-got); n != i {
			t.Fatalf("message %d arrived as number %d", n, i)
		}
	}
}

// Many links, each with its own goroutine, share one connection and session
// while frames are small and windows are tight.
func TestManyLinksShareAConnection(t *testing.T) {
	testkit.NoLeaks(t)
	n := newNode()
	addr := serve(t, n, func(cfg *amqp.ServerConfig) {
		cfg.MaxFrameSize, cfg.SessionWindow, cfg.MaxUnsettledBytes = 512, 8, 60_000
	})
	s := begin(t, dial(t, addr, amqp.DialConfig{MaxFrameSize: 600, SessionWindow: 5}))
	const links, each = 16, 100
	var all sync.WaitGroup
	for k := range links {
		address := string(rune('a' + k))
		sender, err := s.AttachSender(t.Context(), address, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := receive(t, s, address, uint32(1+k))
		all.Go(func() {
			for i := range each {
				if err := sender.Send(context.Background(), amqp.Outgoing{Body: body(i, i*37%3000), Settled: i%2 == 0}); err != nil {
					t.Errorf("%s: send %d: %v", address, i, err)
					return
				}
			}
		})
		all.Go(func() {
			for i := range each {
				select {
				case b := <-got:
					if n := number(t, b); n != i {
						t.Errorf("%s: message %d arrived as number %d", address, n, i)
						return
					}
				case <-s.Conn().Done():
					t.Errorf("%s: connection ended: %v", address, s.Conn().Err())
					return
				}
			}
		})
	}
	all.Wait()
}

func TestClientSeesRefusals(t *testing.T) {
	testkit.NoLeaks(t)
	s := begin(t, dial(t, serve(t, newNode(), nil), amqp.DialConfig{}))
	var e *amqp.Error
	if _, err := s.AttachSender(t.Context(), "a", "refuse/amqp:not-found", nil); !errors.As(err, &e) || e.Condition != amqp.ErrNotFound {
		t.Errorf("sender: %v", err)
	}
	if _, err := s.AttachReceiver(t.Context(), "b", "refuse/amqp:link:stolen", nil); !errors.As(err, &e) || e.Condition != amqp.ErrStolen {
		t.Errorf("receiver: %v", err)
	}
	l, err := s.AttachSender(t.Context(), "c", "reject/q", nil)
	if err != nil {
		t.Fatal(err)
	}
	outcome := make(chan amqp.Outcome, 1)
	if err := l.Send(t.Context(), amqp.Outgoing{Body: body(1, 1), OnSettled: func(o amqp.Outcome) { outcome <- o }}); err != nil {
		t.Fatal(err)
	}
	if o := <-outcome; o.Kind != amqp.OutcomeRejected || o.Error == nil || o.Error.Condition != "test:rejected" {
		t.Errorf("outcome %+v", o)
	}
}

func TestOversizeIsToldOrDetached(t *testing.T) {
	testkit.NoLeaks(t)
	n := newNode()
	s := begin(t, dial(t, serve(t, n, func(cfg *amqp.ServerConfig) { cfg.MaxFrameSize = 4096 }), amqp.DialConfig{}))
	told, err := s.AttachSender(t.Context(), "a", "small-told/q", nil)
	if err != nil {
		t.Fatal(err)
	}
	if told.Remote.MaxMessageSize != 10_000 {
		t.Errorf("the server advertises %d", told.Remote.MaxMessageSize)
	}
	outcomes := map[int]chan amqp.Outcome{50_000: make(chan amqp.Outcome, 1), 5000: make(chan amqp.Outcome, 1)}
	for size, outcome := range outcomes {
		err := told.Send(t.Context(), amqp.Outgoing{Body: body(1, size), OnSettled: func(o amqp.Outcome) { outcome <- o }})
		if err != nil {
			t.Fatal(err)
		}
	}
	if o := <-outcomes[50_000]; o.Kind != amqp.OutcomeRejected || o.Error.Condition != amqp.ErrMessageSizeExceeded {
		t.Errorf("outcome of 50 kB: %+v", o)
	}
	if o := <-outcomes[5000]; o.Kind != amqp.OutcomeAccepted {
		t.Errorf("outcome of 5 kB: %+v", o)
	}

	ended := make(chan error, 1)
	plain, err := s.AttachSender(t.Context(), "b", "small/q", func(l *amqp.Link) { l.OnDetach = func(err error) { ended <- err } })
	if err != nil {
		t.Fatal(err)
	}
	if err := plain.Send(t.Context(), amqp.Outgoing{Body: body(1, 50_000)}); err != nil && !isCondition(err, amqp.ErrMessageSizeExceeded) {
		t.Fatal(err)
	}
	if err := <-ended; !isCondition(err, amqp.ErrMessageSizeExceeded) {
		t.Errorf("detached with %v", err)
	}
}

func isCondition(err error, condition amqp.Symbol) bool {
	var e *amqp.Error
	return errors.As(err, &e) && e.Condition == condition
}

func TestManualCredit(t *testing.T) {
	testkit.NoLeaks(t)
	n := newNode()
	for i := range 10 {
		n.put("q", 0, body(i, 10))
	}
	s := begin(t, dial(t, serve(t, n, nil), amqp.DialConfig{}))
	got := make(chan []byte, 10)
	l, err := s.AttachReceiver(t.Context(), "in", "q", func(l *amqp.Link) {
		l.OnTransfer = func(d *amqp.Delivery) {
			got <- bytes.Clone(d.Payload)
			d.Accept()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, credit := range []uint32{3, 0, 2, 5} {
		l.IssueCredit(credit)
		for range credit {
			<-got
		}
		if n.size("q") != []int{7, 7, 5, 0}[i] {
			t.Errorf("after round %d, %d messages are left", i, n.size("q"))
		}
	}
}

func TestEndOfOneSideEndsTheOther(t *testing.T) {
	testkit.NoLeaks(t)
	n := newNode()
	c := dial(t, serve(t, n, nil), amqp.DialConfig{})
	var ended atomic.Int32
	attach := func(s *amqp.Session, name string) *amqp.Link {
		l, err := s.AttachSender(t.Context(), name, name, func(l *amqp.Link) { l.OnDetach = func(error) { ended.Add(1) } })
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	s := begin(t, c)
	one, two := attach(s, "one"), attach(s, "two")
	one.Detach(nil)
	<-one.Done()
	if got := <-n.ended; got != "one" {
		t.Errorf("%q ended", got)
	}
	s.End(&amqp.Error{Condition: "x:y"})
	<-two.Done()
	if got := <-n.ended; got != "two" {
		t.Errorf("%q ended", got)
	}
	three := attach(begin(t, c), "three")
	if err := c.Close(&amqp.Error{Condition: "x:z"}); err == nil {
		t.Error("the connection keeps no error")
	}
	<-three.Done()
	if err := <-n.conns; !isCondition(err, "x:z") {
		t.Errorf("the server was told %v", err)
	}
	if got := ended.Load(); got != 3 {
		t.Errorf("OnDetach ran %d times", got)
	}
}

func TestPlainCredentials(t *testing.T) {
	testkit.NoLeaks(t)
	identity := make(chan any, 1)
	addr := serve(t, newNode(), func(cfg *amqp.ServerConfig) {
		was := cfg.NewConn
		cfg.NewConn = func(c *amqp.Conn) amqp.ConnHandler {
			identity <- c.Identity()
			return was(c)
		}
	})
	c := dial(t, addr, amqp.DialConfig{Username: "user", Password: "secret", ContainerID: "me", Hostname: "there"})
	if got := <-identity; got != "user" {
		t.Errorf("identity %v", got)
	}
	if c.Peer().ContainerID != "lazuli" || c.TLS() {
		t.Errorf("peer %+v, TLS %v", c.Peer(), c.TLS())
	}
	if _, err := amqp.Dial(t.Context(), addr, amqp.DialConfig{Username: "user", Password: "wrong"}); err == nil {
		t.Error("a wrong password was accepted")
	}
}

// certificate makes a self-signed certificate for the loopback address.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestTLSListener(t *testing.T) {
	testkit.NoLeaks(t)
	n := newNode()
	cert, roots := certificate(t)
	encrypted := make(chan bool, 1)
	l := tls.NewListener(testkit.Listen(t), &tls.Config{Certificates: []tls.Certificate{cert}})
	addr := serveOn(t, l, n, func(cfg *amqp.ServerConfig) {
		cfg.HandshakeTimeout = 5 * time.Second
		was := cfg.NewConn
		cfg.NewConn = func(c *amqp.Conn) amqp.ConnHandler {
			encrypted <- c.TLS()
			return was(c)
		}
	})
	s := begin(t, dial(t, addr, amqp.DialConfig{TLS: &tls.Config{RootCAs: roots}}))
	if !<-encrypted {
		t.Error("the server thinks that TLS is plain")
	}
	sender, err := s.AttachSender(t.Context(), "out", "q", nil)
	if err != nil {
		t.Fatal(err)
	}
	got := receive(t, s, "q", 10)
	for i, size := range []int{10, 300_000, 3_000_000} {
		if err := sender.Send(t.Context(), amqp.Outgoing{Body: body(i, size)}); err != nil {
			t.Fatal(err)
		}
		if b := <-got; number(t, b) != i || len(b) < size {
			t.Errorf("message %d came as %d bytes", i, len(b))
		}
	}

	// A plain client on the TLS port is dropped.
	if _, err := amqp.Dial(t.Context(), addr, amqp.DialConfig{}); err == nil {
		t.Error("a plain client was greeted on a TLS listener")
	}
}
