package queue

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// TestReceipts: which receipt is good when, the table of the protocol.
func TestReceipts(t *testing.T) {
	testkit.NoLeaks(t)
	w := newWorld(t, vfs.NewMem())
	defer w.close()
	q, ctx := w.queue("jobs"), context.Background()

	put := w.put(q, "a", PutOptions{})
	if put.Receipt == "" || put.Dequeued != 0 {
		t.Fatalf("%+v", put)
	}
	w.clock.Advance(time.Second)
	first := w.get(q, 1, 30*time.Second)[0]
	if first.ID != put.ID || first.Dequeued != 1 || first.Receipt == put.Receipt {
		t.Fatalf("%+v", first)
	}
	if err := q.Remove(ctx, put.ID, put.Receipt); !is(err, MessageNotFound) {
		t.Errorf("the receipt of before it was given out: %v", err)
	}
	for _, receipt := range []string{"", "x", strings.Repeat("A", 22) + "==", other(first.Receipt)} {
		if err := q.Remove(ctx, put.ID, receipt); !is(err, PopReceiptMismatch) {
			t.Errorf("receipt %q: %v", receipt, err)
		}
	}
	for _, id := range []string{"", "x", "00000000-0000-0000-0000-000000000000"} {
		if err := q.Remove(ctx, id, first.Receipt); !is(err, MessageNotFound) {
			t.Errorf("id %q: %v", id, err)
		}
	}
	w.clock.Advance(time.Minute) // its time is over, and nobody else has it
	second, err := q.Update(ctx, first.ID, first.Receipt, 10*time.Second, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.get(q, 1, time.Second); len(got) != 0 {
		t.Errorf("an updated message is visible: %v", got)
	}
	if _, err := q.Update(ctx, first.ID, first.Receipt, 0, nil); !is(err, MessageNotFound) {
		t.Errorf("the receipt of before the update: %v", err)
	}
	third, err := q.Update(ctx, first.ID, second.Receipt, 0, []byte("b"))
	if err != nil {
		t.Fatal(err)
	}
	again := w.get(q, 1, time.Second)
	if len(again) != 1 || string(again[0].Text) != "b" || again[0].Dequeued != 2 {
		t.Fatalf("released with another text: %+v", again)
	}
	if err := q.Remove(ctx, first.ID, third.Receipt); !is(err, MessageNotFound) {
		t.Errorf("a receipt of before it was given out again: %v", err)
	}
	if err := q.Remove(ctx, first.ID, again[0].Receipt); err != nil {
		t.Error(err)
	}
	if err := q.Remove(ctx, first.ID, again[0].Receipt); !is(err, MessageNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	m := w.put(q, "c", PutOptions{})
	if err := q.Remove(ctx, m.ID, m.Receipt); err != nil {
		t.Errorf("the receipt of Put: %v", err)
	}
}

// other is a receipt with one character changed.
func other(receipt string) string {
	b := []byte(receipt)
	if b[10] = 'A'; receipt[10] == 'A' {
		b[10] = 'B'
	}
	return string(b)
}

// TestTimes: delays, expiry and for ever; counts, peeks and order.
func TestTimes(t *testing.T) {
	w := newWorld(t, vfs.NewMem())
	defer w.close()
	q := w.queue("jobs")
	w.put(q, "late", PutOptions{Delay: time.Minute, TTL: -1})
	w.put(q, "short", PutOptions{TTL: 2 * time.Second})
	w.put(q, "a", PutOptions{})
	w.put(q, "b", PutOptions{})
	check := func(visible string, count int) {
		t.Helper()
		peeked, err := q.Peek(context.Background(), MaxBatch)
		info, bad := q.Info()
		if err != nil || bad != nil || texts(peeked) != visible || info.Messages != count {
			t.Errorf("%q, %d messages (%v %v); want %q, %d", texts(peeked), info.Messages, err, bad, visible, count)
		}
		for _, m := range peeked {
			if m.Receipt != "" || m.Dequeued != 0 {
				t.Errorf("peeked: %+v", m)
			}
		}
	}
	check("short a b ", 4)
	w.clock.Advance(2 * time.Second)
	check("a b ", 3)
	w.clock.Advance(time.Minute)
	check("a b late ", 3)
	w.get(q, 2, time.Second)
	w.clock.Advance(time.Second - 1)
	if got := w.get(q, 9, time.Second); texts(got) != "late " {
		t.Errorf("%s", texts(got))
	}
	w.clock.Advance(1)
	if got := w.get(q, 9, time.Second); texts(got) != "a b " {
		t.Errorf("%s", texts(got))
	}
	w.clock.Advance(8 * 24 * time.Hour)
	got := w.get(q, 9, time.Second)
	if texts(got) != "late " || !got[0].Expires.IsZero() {
		t.Errorf("%+v", got)
	}
	for _, o := range []PutOptions{{Delay: -1}, {Delay: MaxDelay + 1, TTL: -1}, {Delay: time.Second, TTL: time.Second}} {
		if _, err := q.Put(context.Background(), nil, o); !is(err, InvalidQueryParameterValue) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestQueues(t *testing.T) {
	w := newWorld(t, vfs.NewMem())
	ctx, a := context.Background(), w.account()
	meta := []Pair{{"myKey", ""}, {"b", "1"}}
	if made, err := a.Create(ctx, "one", meta); err != nil || !made {
		t.Fatal(made, err)
	}
	if made, err := a.Create(ctx, "one", []Pair{{"B", "1"}, {"MYKEY", ""}}); err != nil || made {
		t.Error(made, err)
	}
	if _, err := a.Create(ctx, "one", nil); !is(err, QueueAlreadyExists) {
		t.Error(err)
	}
	for i := range 5 {
		w.queue(fmt.Sprintf("q%d", i))
	}
	if _, err := w.store.Account(8).Queue("one"); !is(err, QueueNotFound) {
		t.Error("another account has it", err)
	}
	var names []string
	for from := ""; ; {
		page, next := a.List("q", from, 2)
		for _, q := range page {
			names = append(names, q.Name())
		}
		if from = next; next == "" {
			break
		}
	}
	if fmt.Sprint(names) != "[q0 q1 q2 q3 q4]" {
		t.Error(names)
	}
	one, err := a.Queue("one")
	if err != nil {
		t.Fatal(err)
	}
	if err := one.SetACL(ctx, []byte("<acl>")); err != nil {
		t.Error(err)
	}
	if err := a.SetServiceProperties(ctx, []byte("<p>")); err != nil {
		t.Error(err)
	}
	w.put(one, "text", PutOptions{})
	w.close()
	w.open()
	defer w.close()
	a = w.account()
	if one, err = a.Queue("one"); err != nil {
		t.Fatal(err)
	}
	info, err := one.Info()
	acl, bad := one.ACL()
	if err != nil || bad != nil || !slices.Equal(info.Metadata, meta) || string(acl) != "<acl>" || info.Messages != 1 || string(a.ServiceProperties()) != "<p>" {
		t.Errorf("after a start: %+v %s %s", info, acl, a.ServiceProperties())
	}
	deleted(t, w, one)
}

// deleted deletes a queue, an account, and looks for what is left.
func deleted(t *testing.T, w *world, one *Queue) {
	t.Helper()
	ctx, a := context.Background(), w.account()
	wake := one.Watch()
	if err := a.Delete(ctx, "one"); err != nil {
		t.Fatal(err)
	}
	<-wake
	if _, err := one.Put(ctx, nil, PutOptions{}); !fault.Is(err, fault.Gone) {
		t.Errorf("put into a deleted queue: %v", err)
	}
	if err := a.Delete(ctx, "one"); !is(err, QueueNotFound) {
		t.Error(err)
	}
	q := w.queue("one")
	if got := w.get(q, 9, time.Second); len(got) != 0 {
		t.Errorf("a new queue has old messages: %v", got)
	}
	w.put(q, "x", PutOptions{})
	wake = q.Watch()
	if err := w.store.DeleteAccount(ctx, testAccount); err != nil {
		t.Fatal(err)
	}
	<-wake
	if _, err := q.Get(ctx, 1, time.Second); !fault.Is(err, fault.Gone) || len(a.Names()) != 0 || a.ServiceProperties() != nil {
		t.Errorf("after the account was deleted: %v %v", err, a.Names())
	}
	it, err := w.db.Iter(key(propertiesKind), kv.PrefixEnd([]byte(kv.QueuesPrefix)))
	if err != nil {
		t.Fatal(err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		t.Errorf("%q is left", it.Key())
	}
	if err := it.Close(); err != nil {
		t.Error(err)
	}
}

// TestWatch: who waits is woken when a message comes, and knows when the next does.
func TestWatch(t *testing.T) {
	w := newWorld(t, vfs.NewMem())
	defer w.close()
	q := w.queue("jobs")
	if _, ok := q.Next(); ok {
		t.Error("an empty queue has a next message")
	}
	wake := q.Watch()
	m := w.put(q, "a", PutOptions{Delay: time.Minute})
	<-wake
	if at, ok := q.Next(); !ok || !at.Equal(w.clock.Now().Add(time.Minute)) {
		t.Errorf("%v %v", at, ok)
	}
	wake = q.Watch()
	if _, err := q.Update(context.Background(), m.ID, m.Receipt, 0, nil); err != nil {
		t.Fatal(err)
	}
	<-wake
	if at, ok := q.Next(); !ok || at.After(w.clock.Now()) {
		t.Errorf("%v %v", at, ok)
	}
}

// TestSweep: what has expired leaves the disk by itself.
func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, fs: vfs.NewMem()}
		var err error
		if w.db, err = kv.Open(kv.Options{FS: w.fs, Dir: "kv"}); err != nil {
			t.Fatal(err)
		}
		if w.store, err = Open(Options{DB: w.db}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- w.store.Run(ctx) }()
		q := w.queue("jobs")
		for range 2500 {
			w.put(q, "x", PutOptions{TTL: time.Second})
		}
		kept := w.put(q, "stays", PutOptions{})
		time.Sleep(2 * sweepEvery)
		synctest.Wait()
		n := 0
		for _, kind := range []byte{stateKind, textKind} {
			if err := kv.Each(w.db, key(kind), func(_, _ []byte) error { n++; return nil }); err != nil {
				t.Error(err)
			}
		}
		if n != 2 {
			t.Errorf("%d keys of messages are left", n)
		}
		if err := q.Remove(ctx, kept.ID, kept.Receipt); err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		w.close()
	})
}

// TestGiveBack: the disk space of what was cleared or deleted comes back.
func TestGiveBack(t *testing.T) {
	w := newWorld(t, vfs.NewMem())
	defer w.close()
	text := make([]byte, MaxText)
	random := rand.NewChaCha8([32]byte{1}) // what cannot be compressed
	for name, end := range map[string]func(*Queue) error{
		"clear":  func(q *Queue) error { return q.Clear(context.Background()) },
		"delete": func(q *Queue) error { return w.account().Delete(context.Background(), q.Name()) },
		"gone":   func(*Queue) error { return w.store.DeleteAccount(context.Background(), testAccount) },
	} {
		q := w.queue(name)
		for range 2 * worthwhile / MaxText {
			random.Read(text) //nolint:errcheck // it never fails
			w.put(q, string(text), PutOptions{})
		}
		if err := end(q); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, 20*time.Second, func() bool { return w.db.TableBytes() < worthwhile/4 }, "%s: %d bytes are left", name, w.db.TableBytes())
	}
}

func TestCodes(t *testing.T) {
	for _, c := range Codes() {
		if e := codes.New(c, "r", "m"); fault.KindOf(e) == fault.Internal || !strings.Contains(e.Error(), "r: m") {
			t.Errorf("%s: %v", c, e)
		}
	}
}
