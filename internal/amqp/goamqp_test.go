package amqp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	goamqp "github.com/Azure/go-amqp"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// These tests drive the server with the official Go client, which is the
// client inside the Azure SDKs, over real sockets.

func officialConn(t *testing.T, addr string, opts *goamqp.ConnOptions) *goamqp.Conn {
	t.Helper()
	if opts == nil {
		opts = &goamqp.ConnOptions{SASLType: goamqp.SASLTypeAnonymous()}
	}
	c, err := goamqp.Dial(t.Context(), "amqp://"+addr, opts)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func officialSession(t *testing.T, c *goamqp.Conn) *goamqp.Session {
	t.Helper()
	s, err := c.NewSession(t.Context(), nil)
	if err != nil {
		t.Fatalf("session: %v", err)
	}
	return s
}

func TestOfficialClientSendsAndReceives(t *testing.T) {
	testkit.NoLeaks(t)
	n := newNode()
	c := officialConn(t, serve(t, n, nil), nil)
	s := officialSession(t, c)
	sender, err := s.NewSender(t.Context(), "q", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 { // three times the credit
		msg := goamqp.NewMessage(fmt.Appendf(nil, "message %d", i))
		msg.ApplicationProperties = map[string]any{"n": int64(i)}
		if err := sender.Send(t.Context(), msg, nil); err != nil {
			t.Fatalf("send %d: %v", i, err)
		}
	}
	receiver, err := s.NewReceiver(t.Context(), "q", &goamqp.ReceiverOptions{Credit: 50})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		msg, err := receiver.Receive(t.Context(), nil)
		if err != nil {
			t.Fatalf("receive %d: %v", i, err)
		}
		if want := fmt.Sprintf("message %d", i); string(msg.GetData()) != want {
			t.Fatalf("message %d is %q", i, msg.GetData())
		}
		if msg.ApplicationProperties["n"] != int64(i) {
			t.Fatalf("message %d has properties %v", i, msg.ApplicationProperties)
		}
		if err := receiver.AcceptMessage(t.Context(), msg); err != nil {
			t.Fatal(err)
		}
	}
	if err := receiver.Close(t.Context()); err != nil {
		t.Errorf("close receiver: %v", err)
	}
	if err := sender.Close(t.Context()); err != nil {
		t.Errorf("close sender: %v", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("close session: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("close connection: %v", err)
	}
	if err := <-n.conns; err != nil {
		t.Errorf("the server saw %v at the close", err)
	}
}

func TestOfficialClientMultiFrame(t *testing.T) {
	testkit.NoLeaks(t)
	n := newNode()
	// Small frames both ways: the client splits by ours, we by the client's.
	addr := serve(t, n, func(cfg *amqp.ServerConfig) { cfg.MaxFrameSize = 4096 })
	c := officialConn(t, addr, &goamqp.ConnOptions{SASLType: goamqp.SASLTypeAnonymous(), MaxFrameSize: 1000})
	s := officialSession(t, c)
	sender, err := s.NewSender(t.Context(), "q", nil)
	if err != nil {
		t.Fatal(err)
	}
	receiver, err := s.NewReceiver(t.Context(), "q", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 900, 4000, 4096, 100_000, 3_000_000} {
		want := bytes.Repeat([]byte{byte(size), 7, 9}, size/3+1)[:size]
		if err := sender.Send(t.Context(), goamqp.NewMessage(want), nil); err != nil {
			t.Fatalf("send %d: %v", size, err)
		}
		msg, err := receiver.Receive(t.Context(), nil)
		if err != nil {
			t.Fatalf("receive %d: %v", size, err)
		}
		if !bytes.Equal(msg.GetData(), want) {
			t.Fatalf("message of %d bytes came back as %d bytes, or other ones", size, len(msg.GetData()))
		}
		if err := receiver.AcceptMessage(t.Context(), msg); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOfficialClientDrains(t *testing.T) {
	testkit.NoLeaks(t)
	n := newNode()
	s := officialSession(t, officialConn(t, serve(t, n, nil), nil))
	receiver, err := s.NewReceiver(t.Context(), "q", &goamqp.ReceiverOptions{Credit: -1})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 5 {
		n.put("q", 0, body(round, 10))
		if err := receiver.IssueCredit(10); err != nil {
			t.Fatal(err)
		}
		msg, err := receiver.Receive(t.Context(), nil)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		receiver.AcceptMessage(t.Context(), msg)
		if err := receiver.DrainCredit(t.Context(), nil); err != nil {
			t.Fatalf("round %d: drain: %v", round, err)
		}
		n.put("q", 0, body(round, 10)) // no credit is left for it
		if msg := receiver.Prefetched(); msg != nil {
			t.Fatalf("round %d: a message came after the drain", round)
		}
		n.take("q")
	}
}

func TestOfficialClientSeesRefusals(t *testing.T) {
	testkit.NoLeaks(t)
	s := officialSession(t, officialConn(t, serve(t, newNode(), nil), nil))
	check := func(what string, err error, condition amqp.Symbol) {
		t.Helper()
		var linkErr *goamqp.LinkError
		var amqpErr *goamqp.Error
		switch {
		case errors.As(err, &linkErr) && linkErr.RemoteErr != nil:
			amqpErr = linkErr.RemoteErr
		case errors.As(err, &amqpErr):
		default:
			t.Fatalf("%s: got %T %v", what, err, err)
		}
		if amqpErr.Condition != goamqp.ErrCond(condition) {
			t.Errorf("%s: condition %q, want %q", what, amqpErr.Condition, condition)
		}
	}
	_, err := s.NewSender(t.Context(), "refuse/amqp:not-found", nil)
	check("sender", err, amqp.ErrNotFound)
	_, err = s.NewReceiver(t.Context(), "refuse/amqp:link:stolen", nil)
	check("receiver", err, amqp.ErrStolen)

	sender, err := s.NewSender(t.Context(), "reject/q", nil)
	if err != nil {
		t.Fatal(err)
	}
	check("rejected", sender.Send(t.Context(), goamqp.NewMessage([]byte("x")), nil), "test:rejected")
	// The session lives on after all that.
	if _, err := s.NewSender(t.Context(), "later/q", nil); err != nil {
		t.Errorf("sender that is accepted later: %v", err)
	}
}

func TestOfficialClientIsDetached(t *testing.T) {
	testkit.NoLeaks(t)
	n := newNode()
	s := officialSession(t, officialConn(t, serve(t, n, nil), nil))
	receiver, err := s.NewReceiver(t.Context(), "q", nil)
	if err != nil {
		t.Fatal(err)
	}
	n.link("q").Detach(&amqp.Error{Condition: amqp.ErrStolen, Description: "another one came"})
	_, err = receiver.Receive(t.Context(), nil)
	var linkErr *goamqp.LinkError
	if !errors.As(err, &linkErr) || linkErr.RemoteErr == nil || linkErr.RemoteErr.Condition != goamqp.ErrCondStolen {
		t.Fatalf("receive on a stolen link gave %v", err)
	}
	if address := <-n.ended; address != "q" {
		t.Errorf("OnDetach ran for %q", address)
	}
}

func TestOfficialClientEndsSessionWithoutDetach(t *testing.T) {
	testkit.NoLeaks(t)
	n := newNode()
	c := officialConn(t, serve(t, n, nil), nil)
	for range 3 {
		s := officialSession(t, c)
		if _, err := s.NewReceiver(t.Context(), "in", nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.NewSender(t.Context(), "out", nil); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{<-n.ended: true, <-n.ended: true}
		if !got["in"] || !got["out"] {
			t.Fatalf("links that ended with the session: %v", got)
		}
	}
}

func TestOfficialClientSASL(t *testing.T) {
	testkit.NoLeaks(t)
	addr := serve(t, newNode(), nil)
	for name, want := range map[string]struct {
		sasl goamqp.SASLType
		ok   bool
	}{
		"anonymous":      {goamqp.SASLTypeAnonymous(), true},
		"plain":          {goamqp.SASLTypePlain("user", "secret"), true},
		"wrong password": {goamqp.SASLTypePlain("user", "guess"), false},
		"external":       {goamqp.SASLTypeExternal(""), true},
		"not offered":    {goamqp.SASLTypeXOAUTH2("user", "token", 512), false},
		"no SASL at all": {nil, false},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		c, err := goamqp.Dial(ctx, "amqp://"+addr, &goamqp.ConnOptions{SASLType: want.sasl})
		if (err == nil) != want.ok {
			t.Errorf("%s: error %v", name, err)
		}
		if err == nil {
			c.Close()
		}
		cancel()
	}
}

func TestOfficialClientSettleModes(t *testing.T) {
	testkit.NoLeaks(t)
	n := newNode()
	s := officialSession(t, officialConn(t, serve(t, n, nil), nil))
	for _, snd := range []goamqp.SenderSettleMode{goamqp.SenderSettleModeUnsettled, goamqp.SenderSettleModeSettled, goamqp.SenderSettleModeMixed} {
		for _, rcv := range []goamqp.ReceiverSettleMode{goamqp.ReceiverSettleModeFirst, goamqp.ReceiverSettleModeSecond} {
			name := fmt.Sprintf("%d-%d", snd, rcv)
			sender, err := s.NewSender(t.Context(), name, &goamqp.SenderOptions{SettlementMode: snd.Ptr(), RequestedReceiverSettleMode: rcv.Ptr()})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			receiver, err := s.NewReceiver(t.Context(), name, &goamqp.ReceiverOptions{SettlementMode: rcv.Ptr(), RequestedSenderSettleMode: snd.Ptr()})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for range 3 {
				if err := sender.Send(t.Context(), goamqp.NewMessage([]byte(name)), nil); err != nil {
					t.Fatalf("%s: send: %v", name, err)
				}
				msg, err := receiver.Receive(t.Context(), nil)
				if err != nil {
					t.Fatalf("%s: receive: %v", name, err)
				}
				if err := receiver.AcceptMessage(t.Context(), msg); err != nil {
					t.Fatalf("%s: accept: %v", name, err)
				}
			}
		}
	}
}
