package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// The model is the rules without the engine: a list of messages in the order in which
// they were put.
type model struct {
	w    *world
	q    *Queue
	rng  *rand.Rand
	all  []*modelMessage
	dead []*modelMessage // that were removed, expired or cleared
}

type modelMessage struct {
	id       string
	text     []byte
	seq      int
	visible  time.Time
	expires  time.Time
	dequeued int
	receipts []string // all that were given; the last is good
}

// TestModel does random things to a queue and to the model, with starts and power
// cuts between. After each, all that can be seen is compared.
func TestModel(t *testing.T) {
	for round := range 20 {
		seed := uint64(round)*7919 + 3
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			fs := vfs.NewCrashableMem()
			m := &model{w: newWorld(t, fs), rng: rand.New(rand.NewPCG(seed, 1))}
			m.q = m.w.queue("jobs")
			for range 400 {
				m.step(t)
				m.compare(t)
			}
			m.w.close()
		})
	}
}

func (m *model) step(t *testing.T) {
	t.Helper()
	switch m.rng.IntN(21) {
	case 0, 1, 2, 3, 4, 5:
		m.put(t)
	case 6, 7, 8, 9:
		m.get(t)
	case 10, 11, 12:
		m.update(t)
	case 13, 14, 15:
		m.remove(t)
	case 16, 17:
		m.w.clock.Advance(time.Duration(m.rng.IntN(int(5 * time.Second))))
	case 18:
		m.restart(t)
	case 20:
		m.discard(t)
	case 19:
		if m.rng.IntN(10) == 0 {
			if err := m.q.Clear(context.Background()); err != nil {
				t.Fatal(err)
			}
			m.dead, m.all = append(m.dead, m.all...), nil
		} else if err := m.w.store.sweep(); err != nil {
			t.Fatal(err)
		}
	}
	now := m.w.clock.Now()
	m.all = slices.DeleteFunc(m.all, func(x *modelMessage) bool {
		over := !x.expires.IsZero() && !x.expires.After(now)
		if over {
			m.dead = append(m.dead, x)
		}
		return over
	})
}

func (m *model) put(t *testing.T) {
	t.Helper()
	text := bytes.Repeat([]byte{byte(m.rng.IntN(256))}, m.rng.IntN(300))
	o := PutOptions{Delay: time.Duration(m.rng.IntN(3)) * time.Second, TTL: time.Duration(4+m.rng.IntN(20)) * time.Second}
	if m.rng.IntN(3) == 0 {
		o.TTL = -1
	}
	got, err := m.q.Put(context.Background(), text, o)
	if err != nil {
		t.Fatal(err)
	}
	x := &modelMessage{id: got.ID, text: text, seq: len(m.all) + len(m.dead), visible: m.w.clock.Now().Add(o.Delay), receipts: []string{got.Receipt}}
	if o.TTL > 0 {
		x.expires = m.w.clock.Now().Add(o.TTL)
	}
	m.all = append(m.all, x)
}

// visible are the messages that can be got, in order.
func (m *model) visible() []*modelMessage {
	now := m.w.clock.Now()
	found := slices.DeleteFunc(slices.Clone(m.all), func(x *modelMessage) bool { return x.visible.After(now) })
	slices.SortStableFunc(found, func(a, b *modelMessage) int {
		if c := a.visible.Compare(b.visible); c != 0 {
			return c
		}
		return a.seq - b.seq
	})
	return found
}

func (m *model) get(t *testing.T) {
	t.Helper()
	n, hidden := 1+m.rng.IntN(4), time.Duration(1+m.rng.IntN(5))*time.Second
	want := m.visible()
	want = want[:min(n, len(want))]
	got := m.w.get(m.q, n, hidden)
	if len(got) != len(want) {
		t.Fatalf("got %d messages, want %d", len(got), len(want))
	}
	for i, x := range want {
		x.dequeued++
		x.visible = m.w.clock.Now().Add(hidden)
		if got[i].ID != x.id || got[i].Dequeued != x.dequeued || !bytes.Equal(got[i].Text, x.text) || slices.Contains(x.receipts, got[i].Receipt) {
			t.Fatalf("got %+v, want %+v", got[i], x)
		}
		x.receipts = append(x.receipts, got[i].Receipt)
	}
}

// any picks a message, alive mostly, and a receipt of it, the last mostly.
func (m *model) any() (x *modelMessage, receipt string, want fault.Code) {
	from := m.all
	if len(m.dead) > 0 && (len(from) == 0 || m.rng.IntN(5) == 0) {
		from, want = m.dead, MessageNotFound
	}
	if len(from) == 0 {
		return nil, "", ""
	}
	x = from[m.rng.IntN(len(from))]
	receipt = x.receipts[len(x.receipts)-1]
	if i := m.rng.IntN(len(x.receipts) * 3); i < len(x.receipts)-1 {
		receipt, want = x.receipts[i], MessageNotFound
	} else if m.rng.IntN(8) == 0 {
		receipt = "AAAA"
		if want == "" {
			want = PopReceiptMismatch
		}
	}
	return x, receipt, want
}

func codeOf(err error) fault.Code {
	var e *fault.Refusal
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return fault.Code(err.Error())
	}
	return ""
}

func (m *model) update(t *testing.T) {
	t.Helper()
	x, receipt, want := m.any()
	if x == nil {
		return
	}
	hidden := time.Duration(m.rng.IntN(4)) * time.Second
	var text []byte
	if m.rng.IntN(2) == 0 {
		text = fmt.Appendf(nil, "text %d", m.rng.Int())
	}
	got, err := m.q.Update(context.Background(), x.id, receipt, hidden, text)
	if codeOf(err) != want {
		t.Fatalf("update: %v, want %q", err, want)
	}
	if err != nil {
		return
	}
	x.visible = m.w.clock.Now().Add(hidden)
	x.receipts = append(x.receipts, got.Receipt)
	if text != nil {
		x.text = text
	}
}

func (m *model) remove(t *testing.T) {
	t.Helper()
	x, receipt, want := m.any()
	if x == nil {
		return
	}
	err := m.q.Remove(context.Background(), x.id, receipt)
	if codeOf(err) != want {
		t.Fatalf("remove: %v, want %q", err, want)
	}
	if err == nil {
		m.dead = append(m.dead, x)
		m.all = slices.DeleteFunc(m.all, func(y *modelMessage) bool { return y == x })
	}
}

// discard deletes a message without a receipt.
func (m *model) discard(t *testing.T) {
	t.Helper()
	x, _, want := m.any()
	if x == nil {
		return
	}
	if slices.Contains(m.all, x) {
		want = ""
	}
	if err := m.q.Discard(context.Background(), x.id); codeOf(err) != want {
		t.Fatalf("discard: %v, want %q", err, want)
	}
	if want == "" {
		m.dead = append(m.dead, x)
		m.all = slices.DeleteFunc(m.all, func(y *modelMessage) bool { return y == x })
	}
}

// restart opens the files anew: as they are, or as they are after a power cut.
func (m *model) restart(t *testing.T) {
	t.Helper()
	fs := m.w.fs.(*vfs.MemFS)
	if m.rng.IntN(2) == 0 {
		clone := fs.CrashClone(vfs.CrashCloneConfig{UnsyncedDataPercent: m.rng.IntN(101), RNG: m.rng})
		m.w.close()
		m.w.fs = clone
	} else {
		m.w.close()
	}
	m.w.open()
	var err error
	if m.q, err = m.w.account().Queue("jobs"); err != nil {
		t.Fatal(err)
	}
}

func (m *model) compare(t *testing.T) {
	t.Helper()
	info, err := m.q.Info()
	hidden := len(m.all) - len(m.visible())
	if err != nil || info.Messages != len(m.all) || info.Hidden != hidden {
		t.Fatalf("%d messages, %d hidden (%v), want %d, %d", info.Messages, info.Hidden, err, len(m.all), hidden)
	}
	if m.rng.IntN(6) == 0 {
		m.compareLook(t)
	}
	peeked, err := m.q.Peek(context.Background(), MaxBatch)
	if err != nil {
		t.Fatal(err)
	}
	want := m.visible()
	want = want[:min(MaxBatch, len(want))]
	if len(peeked) != len(want) {
		t.Fatalf("peeked %d messages, want %d", len(peeked), len(want))
	}
	for i, x := range want {
		if p := peeked[i]; p.ID != x.id || !bytes.Equal(p.Text, x.text) || p.Dequeued != x.dequeued {
			t.Fatalf("peeked %+v, want %+v", p, x)
		}
	}
}

// compareLook compares all messages, visible or not, in either order, by pages.
func (m *model) compareLook(t *testing.T) {
	t.Helper()
	for _, newest := range []bool{false, true} {
		want := slices.Clone(m.all)
		if newest {
			slices.Reverse(want)
		}
		var got []Stored
		for more, after := true, uint64(0); more; {
			page, again, err := m.q.Look(t.Context(), Look{After: after, Newest: newest, Limit: 3})
			if err != nil || again && len(page) != 3 {
				t.Fatal(len(page), err)
			}
			if got, more = append(got, page...), again; more {
				after = page[len(page)-1].Place
			}
		}
		if len(got) != len(want) {
			t.Fatalf("looked at %d messages, want %d", len(got), len(want))
		}
		for i, x := range want {
			if p := got[i]; p.ID != x.id || !bytes.Equal(p.Text, x.text) || p.Size != len(x.text) || !p.Visible.Equal(x.visible) || p.Dequeued != x.dequeued {
				t.Fatalf("looked at %+v, want %+v", p, x)
			}
		}
	}
	if at, ok, err := m.q.Oldest(t.Context()); err != nil || ok != (len(m.all) > 0) || at.After(m.w.clock.Now()) {
		t.Fatal(at, ok, err)
	}
}
