package eventhubs

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// slowWorld is a world in which partition 0 of the hub stores nothing until the
// gate opens; 4 MiB fill its queue.
func slowWorld(t *testing.T) (w *world, open func()) {
	gate := make(chan struct{})
	open = sync.OnceFunc(func() { close(gate) })
	t.Cleanup(open)
	fs := vfs.WithFaults(vfs.NewMem(), vfs.InjectorFunc(func(op vfs.Op) error {
		if op.Kind == vfs.OpSyncData && strings.Contains(op.Path, "/0000/") {
			<-gate
		}
		return nil
	}))
	return newWorldOn(t, fs, nil), open
}

// One partition that is behind must not stop the other links of the connection,
// its $cbs least of all: credit is what holds its senders back. When it goes on,
// everything is stored once and in order, and the link has its credit again.
func TestSlowPartitionHoldsItsLinkAlone(t *testing.T) {
	w, open := slowWorld(t)
	c := w.dial("RootManageSharedAccessKey", "SAS_KEY_VALUE")
	s := w.begin(c)
	const messages, size = 60, 300_000 // four times what the partition's queue takes
	slow, err := s.AttachSender(within(t), "slow", "hub/Partitions/0", nil)
	if err != nil {
		t.Fatal(err)
	}
	body := func(n int) []byte { return event(fmt.Sprintf("%d %s", n, strings.Repeat("x", size))) }
	outcomes := make(chan amqp.Outcome, messages)
	sent := make(chan int, 1)
	go func() {
		n := 0
		for ; n < messages; n++ {
			if slow.Send(within(t), amqp.Outgoing{Body: body(n), OnSettled: func(o amqp.Outcome) { outcomes <- o }}) != nil {
				break
			}
		}
		sent <- n
	}()
	paused := func() bool { credit, _ := slow.AvailableCredit(); return credit == 0 }
	testkit.Eventually(t, within10, paused, "the slow link's credit is taken back")

	if err := w.sendRaw(s, "hub/Partitions/1", 0, event("quick")); err != nil {
		t.Errorf("another link of the connection: %v", err)
	}
	if code, text, _ := w.newRPC(s, "$cbs", "c").putToken(sasType, "sb://localhost/hub", emulatorToken("sb://localhost/hub", time.Hour)); code != 202 {
		t.Errorf("$cbs: %d %s", code, text)
	}
	if n := len(outcomes); n != 0 {
		t.Errorf("%d outcomes while nothing is stored", n)
	}
	open()
	for range messages {
		select {
		case o := <-outcomes:
			if o.Kind != amqp.OutcomeAccepted {
				t.Fatalf("outcome %+v", o)
			}
		case <-within(t).Done():
			t.Fatal("no outcome")
		}
	}
	if n := <-sent; n != messages {
		t.Errorf("%d of %d sent", n, messages)
	}
	for n, got := range w.stored(0, messages) {
		if !strings.HasPrefix(got, fmt.Sprintf("%d x", n)) {
			t.Fatalf("event %d is %.10q", n, got)
		}
	}
	testkit.Eventually(t, within10, func() bool { credit, _ := slow.AvailableCredit(); return credit > sendCredit/2 }, "the credit comes back")
}

// What a client sent settled before it left is stored, also what had no room.
func TestParkedMessagesOutliveTheirConnection(t *testing.T) {
	w, open := slowWorld(t)
	c := w.dial("RootManageSharedAccessKey", "SAS_KEY_VALUE")
	l, err := w.begin(c).AttachSender(within(t), "s", "hub/Partitions/0", nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; n < 60; n++ { // ends when the credit is taken back
		ctx, cancel := context.WithTimeout(within(t), 3*time.Second)
		err := l.Send(ctx, amqp.Outgoing{Body: event(strings.Repeat("x", 300_000)), Settled: true})
		cancel()
		if err != nil {
			break
		}
	}
	c.Close(nil)
	open()
	if got := w.stored(0, n); len(got) != n || n < 14 {
		t.Errorf("%d stored, %d sent", len(got), n)
	}
}

// A service that stops does not wait for a partition that hangs.
func TestStopWithParkedMessages(t *testing.T) {
	w, open := slowWorld(t)
	l := testkit.Listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, w.service, l, nil) }()
	c, err := amqp.Dial(within(t), l.Addr().String(), amqp.DialConfig{Username: "RootManageSharedAccessKey", Password: "SAS_KEY_VALUE"})
	if err != nil {
		t.Fatal(err)
	}
	sender, err := w.begin(c).AttachSender(within(t), "s", "hub/Partitions/0", nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for sender.Send(within(t), amqp.Outgoing{Body: event(strings.Repeat("x", 300_000)), OnSettled: func(amqp.Outcome) {}}) == nil {
		}
	}()
	testkit.Eventually(t, within10, func() bool { credit, _ := sender.AvailableCredit(); return credit == 0 }, "the credit is taken back")
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(within10):
		t.Error("Serve waits for the partition")
	}
	<-c.Done()
	open()
}
