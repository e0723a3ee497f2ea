package endtest

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func TestMemoryQueueKeepsTheContract(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue()
		Queues(t, q, q.Put, time.Sleep)
	})
}

// pumping runs the pump over q until the bubble is idle, and stops it.
func pumping(t *testing.T, q *MemoryQueue, atOnce int, invoke invoker, meanwhile func()) {
	t.Helper()
	p := &trigger.SettlingPump{Queue: q, Invoker: invoke, Batch: 1, Threshold: atOnce - 1, Attempts: 3, Log: testkit.Discard()}
	if err := Run(t, p, meanwhile); err != nil {
		t.Error(err)
	}
}

type invoker func(ctx context.Context, c trigger.Call) error

func (f invoker) Invoke(ctx context.Context, c trigger.Call) error { return f(ctx, c) }

// TestSettlingPump: success completes, failure gives back until the attempts are
// used up and then sets aside, and a long invocation keeps its lock.
func TestSettlingPump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue()
		q.Put("fine", "poison", "once", "long")
		var order recorderOf
		pumping(t, q, 2, func(ctx context.Context, c trigger.Call) error {
			n := order.add(c.Reason)
			switch {
			case c.Reason == "poison", c.Reason == "once" && n == 1:
				return errors.New("failed")
			case c.Reason == "long":
				<-time.After(5 * time.Minute) // ten times its lock
			}
			return nil
		}, func() { <-time.After(10 * time.Minute) })
		waiting, rejected := q.Left()
		if len(waiting) != 0 || !cmp.Equal(rejected, []string{"poison"}) {
			t.Errorf("waiting %v, set aside %v", waiting, rejected)
		}
		if diff := cmp.Diff(map[string]int{"fine": 1, "poison": 3, "once": 2, "long": 1}, order.counts()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestSettlingPumpStops: what the stop cut off is given back, what ended in time
// is completed, and nothing begins after the stop.
func TestSettlingPumpStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue()
		q.Put("a", "b", "c", "d", "e")
		var order recorderOf
		pumping(t, q, 2, func(ctx context.Context, c trigger.Call) error {
			order.add(c.Reason)
			<-ctx.Done()
			if c.Reason == "a" {
				return nil
			}
			return trigger.ErrCancelled
		}, nil)
		waiting, rejected := q.Left()
		if !cmp.Equal(waiting, []string{"b", "c", "d", "e"}) || len(rejected) != 0 {
			t.Errorf("waiting %v, set aside %v", waiting, rejected)
		}
		if diff := cmp.Diff(map[string]int{"a": 1, "b": 1}, order.counts()); diff != "" {
			t.Error(diff)
		}
		got, err := q.Receive(t.Context(), 10)
		if err != nil || len(got) != 4 {
			t.Errorf("%d messages are free after the stop, %v", len(got), err)
		}
	})
}

// door is a gate that a test opens and closes.
type door struct{ shut atomic.Bool }

func (d *door) Await(ctx context.Context) (bool, error) { return d.shut.Load(), ctx.Err() }
func (d *door) Open() bool                              { return d.shut.Load() }

// TestAttemptsAreSparedByMessage: what failed while a breaker was open does not count for
// that message, and gives no other more attempts; nor does it where the service counts.
func TestAttemptsAreSparedByMessage(t *testing.T) {
	for attempts, want := range map[int]map[string]int{
		3:           {"early": 40 + 3, "late": 3},
		math.MaxInt: {"early": 40 + 5, "late": 5},
	} {
		synctest.Test(t, func(t *testing.T) {
			q, gate, order := NewQueue(), &door{}, recorderOf{}
			gate.shut.Store(true)
			q.Put("early")
			p := &trigger.SettlingPump{
				Queue: q, Batch: 1, Attempts: attempts, Log: testkit.Discard(), Gate: gate, Spared: &trigger.Spared{},
				Wait: time.Second,
				Invoker: invoker(func(_ context.Context, c trigger.Call) error {
					if n := order.add(c.Reason); attempts == math.MaxInt && n == want[c.Reason] {
						return nil
					}
					return errors.New("failed")
				}),
			}
			err := Run(t, p, func() {
				<-time.After(39*time.Second + 500*time.Millisecond)
				gate.shut.Store(false)
				q.Put("late")
				<-time.After(time.Minute)
			})
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(want, order.counts()); diff != "" {
				t.Errorf("%d attempts: %s", attempts, diff)
			}
			waiting, rejected := q.Left()
			if len(waiting) != 0 || (len(rejected) == 2) != (attempts == 3) {
				t.Errorf("%d attempts: waiting %v, set aside %v", attempts, waiting, rejected)
			}
		})
	}
}

// recorderOf counts calls by their reason.
type recorderOf struct {
	mu sync.Mutex
	n  map[string]int // guarded by mu
}

func (r *recorderOf) add(reason string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n == nil {
		r.n = map[string]int{}
	}
	r.n[reason]++
	return r.n[reason]
}

func (r *recorderOf) counts() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}
