package queues

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/breaker"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

func lettersIn(t *testing.T, w *world, name string) letter.Setup {
	t.Helper()
	config, err := hostjson.Default(nil)
	if err != nil {
		t.Fatal(err)
	}
	return letter.Setup{
		Place: letter.Place{Kind: "queue", Name: name}, Function: "f", Config: config,
		Settings: settings.New(map[string]string{settings.HostStorage: "UseDevelopmentStorage=true"}),
	}
}

// TestLetters: a queue keeps letters.
func TestLetters(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		endtest.LettersContract(t, func(t *testing.T) letter.Store {
			s, err := w.end().Letters().Open(t.Context(), lettersIn(t, w, "dead"))
			if err != nil {
				t.Fatal(err)
			}
			return s
		})
	})
}

// TestRawLetters: what is no letter is shown as it is, and a walk gives all that stays
// back at once.
func TestRawLetters(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.put("orders-poison", "aGVsbG8=", "no base64!")
		s, err := w.end().Letters().Open(t.Context(), lettersIn(t, w, "orders-poison"))
		if err != nil {
			t.Fatal(err)
		}
		var bodies []string
		err = s.Walk(t.Context(), func(_ context.Context, l *letter.Letter) (letter.Verdict, error) {
			if !l.Raw || l.Item.MessageID == "" || l.Item.DequeueCount != 1 {
				t.Errorf("%+v", l)
			}
			if n := len(w.visible("orders-poison")); n != 1-len(bodies) {
				t.Errorf("%d others can be got while one is looked at", n)
			}
			bodies = append(bodies, string(l.Item.Body))
			return letter.Verdict{}, nil
		})
		if err != nil || len(bodies) != 2 || bodies[0] != "hello" || bodies[1] != "no base64!" {
			t.Errorf("%q, %v", bodies, err)
		}
		if n := len(w.visible("orders-poison")); n != 2 {
			t.Errorf("%d can be got afterwards", n)
		}
	})
}

// TestLettersName: a queue that cannot be is refused before anything is kept.
func TestLettersName(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		if err := w.end().Letters().Check(lettersIn(t, w, "Dead_Letters")); !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
	})
}

// fails is an invoker whose runs fail as long as down is set.
type fails struct {
	down atomic.Bool
	runs atomic.Int64
	gate *breaker.Breaker
}

func (f *fails) Invoke(ctx context.Context, c trigger.Call) error {
	if !c.Settles {
		return errors.New("a queue's message is not one that settles")
	}
	pass := breaker.Pass{}
	if f.gate != nil {
		var err error
		if pass, err = f.gate.Enter(ctx); err != nil {
			return trigger.ErrCancelled
		}
	}
	f.runs.Add(1)
	var err error
	if f.down.Load() {
		err = errors.New("down")
	}
	pass.Done(err)
	return err
}

// TestAside: with a place for dead letters a message that failed too often goes there and
// not into the poison queue; while it cannot be kept it stays.
func TestAside(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.put("inbox", "aGVsbG8=")
		f := &fails{}
		f.down.Store(true)
		tr := w.trigger(`"maxDequeueCount": 3`, f)
		var kept []letter.Item
		tries := 0
		var mu sync.Mutex // each message is settled by a goroutine of its own
		tr.o.Aside = func(_ context.Context, i letter.Item, attempts int, cause error) error {
			mu.Lock()
			defer mu.Unlock()
			if tries++; tries == 1 {
				return fault.New(fault.Unavailable, "queue dead", "no room")
			}
			if attempts < 3 || cause == nil {
				t.Errorf("%d attempts, %v", attempts, cause)
			}
			kept = append(kept, i)
			return nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- tr.Run(ctx) }()
		time.Sleep(2 * Hold)
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if len(kept) != 1 || string(kept[0].Body) != "hello" || kept[0].MessageID == "" || f.runs.Load() != 3 {
			t.Errorf("%+v after %d runs", kept, f.runs.Load())
		}
		if w.length("inbox") != 0 || w.length("inbox-poison") != -1 {
			t.Errorf("%d messages are left, %d in the poison queue", w.length("inbox"), w.length("inbox-poison"))
		}
	})
}

// TestGate: while a circuit breaker is open messages stay in their queue, none is set
// aside, nothing runs but a probe at a time, and all are processed afterwards.
func TestGate(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for range 20 {
			w.put("inbox", "aGVsbG8=")
		}
		f := &fails{gate: breaker.New(breaker.Rule{Failures: 3, Pause: time.Minute, Longest: time.Minute}, func(breaker.Status) {})}
		f.down.Store(true)
		tr := w.trigger(`"maxDequeueCount": 2`, f)
		tr.o.Gate = f.gate
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- tr.Run(ctx) }()
		time.Sleep(time.Second)
		synctest.Wait()
		begun := f.runs.Load()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if probes := f.runs.Load() - begun; probes != 10 {
			t.Errorf("%d runs in ten minutes of an open breaker with a probe a minute", probes)
		}
		if n := w.length("inbox"); n != 20 || w.length("inbox-poison") != -1 {
			t.Errorf("%d messages are there, %d in the poison queue", n, w.length("inbox-poison"))
		}
		f.down.Store(false)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if w.length("inbox") != 0 || w.length("inbox-poison") != -1 {
			t.Errorf("%d messages are left, %d in the poison queue", w.length("inbox"), w.length("inbox-poison"))
		}
	})
}
