package eventhubs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

func TestAutoCreate(t *testing.T) {
	exists, err := resource.Open(resource.NewMem())
	if err != nil {
		t.Fatal(err)
	}
	account, err := exists.EnsureAccount(resource.Namespaces, resource.Default)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(c *Config) { c.Need = Need(exists, account) })
	if err := exists.Register(Kinds(w.broker, func(resource.Account, string) error { return nil })...); err != nil {
		t.Fatal(err)
	}
	s := w.begin(w.dial("", ""))
	audience := "sb://localhost/fresh"
	if code, text, _ := w.newRPC(s, "$cbs", "c").putToken(sasType, audience, emulatorToken("sb://localhost/", time.Hour)); code != 202 {
		t.Fatalf("%d %s", code, text)
	}
	if _, err := w.broker.Namespace(1).Hub("fresh"); err == nil {
		t.Error("a token alone made the hub")
	}
	if err := w.sendRaw(s, "fresh", 0, event("x")); err != nil {
		t.Fatal(err)
	}
	in, err := w.receive(w.root(), "fresh/ConsumerGroups/readers/Partitions/0", 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	in.link.Detach(nil)
	if _, err := w.receive(w.root(), "late/ConsumerGroups/readers/Partitions/0", 1, nil); err != nil {
		t.Errorf("receiving first: %v", err)
	}
	m := w.newRPC(w.root(), "$management", "r")
	if code, text, _ := status(t, m.call("1", read(typeHub, named("asked")), nil)); code != 200 {
		t.Errorf("asking first: %d %s", code, text)
	}
	for _, name := range []string{"fresh", "late", "asked"} {
		if h, err := w.broker.Namespace(1).Hub(name); err != nil || h.PartitionCount() != 4 {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantError(t, w.sendRaw(w.root(), "no such name!", 0, event("x")), condArgumentError, "")
	if !exists.Exists(resource.ID{Account: account, Type: resource.ConsumerGroups, Name: "fresh/readers"}) {
		t.Errorf("groups: %v", exists.List(account, resource.ConsumerGroups))
	}
	_, err = w.receive(w.root(), "fresh/ConsumerGroups/readers/Partitions/9", 1, nil)
	wantError(t, err, condArgumentOutOfRange, "The specified partition is invalid")
}

func TestIntercept(t *testing.T) {
	busy := &amqp.Error{Condition: condServerBusy, Description: "rehearsed"}
	w := newWorld(t, func(c *Config) {
		c.Intercept = func(tr Transfer) Verdict {
			switch tr.N {
			case 1:
				return Verdict{Do: Lose}
			case 2:
				return Verdict{Do: LoseAck}
			case 3:
				return Verdict{Do: Refuse, Reason: busy}
			case 4:
				return Verdict{Do: Delay, Delay: 20 * time.Millisecond}
			}
			return Verdict{}
		}
	})
	l, err := w.root().AttachSender(within(t), "s", "hub/Partitions/0", nil)
	if err != nil {
		t.Fatal(err)
	}
	answers := make(chan string, 5)
	for i := 1; i <= 5; i++ {
		err := l.Send(within(t), amqp.Outgoing{Body: event(fmt.Sprint(i)), OnSettled: func(o amqp.Outcome) { answers <- fmt.Sprint(i, " ", o.Kind) }})
		if err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]bool{}
	for range 3 {
		got[<-answers] = true
	}
	if !got["3 rejected"] || !got["4 accepted"] || !got["5 accepted"] {
		t.Errorf("answers %v", got)
	}
	if stored := strings.Join(w.stored(0, 3), ""); stored != "254" {
		t.Errorf("stored %q: the delayed one comes last, the lost one never", stored)
	}
	if len(answers) != 0 {
		t.Errorf("an answer too many: %v", <-answers)
	}
}

func TestNth(t *testing.T) {
	third := Nth(3, Verdict{Do: Refuse})
	for n := 1; n <= 5; n++ {
		if got := third(Transfer{}).Do == Refuse; got != (n == 3) {
			t.Errorf("transfer %d: %v", n, got)
		}
	}
}

// Strangers' bytes end their own connection and nothing else.
func TestNonsenseOnTheWire(t *testing.T) {
	w := newWorld(t, nil)
	for name, bytes := range map[string]string{
		"HTTP":           "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"TLS":            "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"AMQP 0-9-1":     "AMQP\x00\x00\x09\x01",
		"frame too long": "AMQP\x03\x01\x00\x00\xff\xff\xff\xff\x02\x01\x00\x00",
		"garbage frame":  "AMQP\x03\x01\x00\x00\x00\x00\x00\x0c\x02\x01\x00\x00\xde\xad\xbe\xef",
	} {
		c, err := net.Dial("tcp", w.addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte(bytes)); err != nil {
			t.Fatal(err)
		}
		if err := c.SetReadDeadline(time.Now().Add(within10)); err != nil {
			t.Fatal(err)
		}
		// An answer may come first; in the end the service hangs up.
		if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("%s: the connection stays open", name)
		}
		c.Close()
	}
	if err := w.sendRaw(w.root(), "hub", 0, event("unharmed")); err != nil {
		t.Error(err)
	}
}

func TestServeEndsWithItsConnections(t *testing.T) {
	w := newWorld(t, nil)
	s, err := New(Config{Hubs: w.broker.Namespace(1), Access: w.access, Events: w.events.add})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	l := testkit.Listen(t)
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, s, l, nil) }()
	c, err := amqp.Dial(within(t), l.Addr().String(), amqp.DialConfig{
		Username: "RootManageSharedAccessKey", Password: "SAS_KEY_VALUE",
		Properties: amqp.Map{{Key: amqp.Symbol("product"), Value: "probe"}, {Key: amqp.Symbol("version"), Value: "1.2"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	in, err := w.receive(w.begin(c), partition0, 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	<-in.ended
	<-c.Done()
	wantError(t, c.Err(), amqp.ErrConnectionForced, "")
	w.eventually("the connection is reported", func(e Event) bool { o, ok := e.(ConnOpened); return ok && o.Product == "probe/1.2" && !o.TLS })
	w.eventually("its end too", func(e Event) bool { o, ok := e.(ConnClosed); return ok && o.Remote != "" })
}

func TestIdempotentPublishingIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	_, err := w.root().AttachSender(within(t), "s", "hub/Partitions/0", func(l *amqp.Link) { l.Local.DesiredCapabilities = []amqp.Symbol{capIdempotent} })
	wantError(t, err, amqp.ErrNotImplemented, "Idempotent publishing (the link capability com.microsoft:idempotent-producer) is not supported.")
}

func TestDeletedHubEndsItsLinks(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	l, err := s.AttachSender(within(t), "s", "hub/Partitions/0", nil)
	if err != nil {
		t.Fatal(err)
	}
	in, err := w.receive(s, partition0, 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.broker.Namespace(1).DeleteHub("hub"); err != nil {
		t.Fatal(err)
	}
	const text = "The messaging entity 'sb://localhost/hub' could not be found."
	var ended *amqp.Error
	if err := <-in.ended; !errors.As(err, &ended) || ended.Condition != amqp.ErrNotFound {
		t.Errorf("the receiver ended with %v", err)
	}
	_, err = w.receive(s, partition0, 10, nil)
	wantError(t, err, amqp.ErrNotFound, text)
	if err := send(t, l, 0, event("too late")); err == nil {
		t.Error("a deleted hub acknowledges")
	}
	<-l.Done()
	wantError(t, l.Err(), amqp.ErrNotFound, text)
}

// A full disk is server-busy, which clients retry on the same link; when there
// is room again the link works as before, and nothing refused was stored.
func TestFullDisk(t *testing.T) {
	var full atomic.Bool
	fs := vfs.WithFaults(vfs.NewMem(), vfs.InjectorFunc(func(op vfs.Op) error {
		if _, changes := vfs.ChangeName(op.Kind); changes && full.Load() {
			return syscall.ENOSPC
		}
		return nil
	}))
	w := newWorldOn(t, fs, nil)
	l, err := w.root().AttachSender(within(t), "s", "hub/Partitions/0", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := send(t, l, 0, event("before")); err != nil {
		t.Fatal(err)
	}
	full.Store(true)
	for range 3 {
		wantError(t, send(t, l, 0, event("refused")), condServerBusy, "hub hub partition 0: nothing was stored: no space left on device")
	}
	full.Store(false)
	testkit.Eventually(t, within10, func() bool { return send(t, l, 0, event("after")) == nil }, "sending works again")
	if got := w.stored(0, 2); got[0] != "before" || got[1] != "after" {
		t.Errorf("stored %v", got)
	}
}
