package queue

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// A crash run has many who put, get, update and remove at once. At a random moment the
// power fails. What was acknowledged before holds: messages that were put are there
// unless somebody removed them, removed ones are not, and who had one alone still has.
func TestPowerLoss(t *testing.T) {
	testkit.NoLeaks(t)
	for round := range 15 {
		seed := uint64(round)*104729 + 5
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { powerLoss(t, seed) })
	}
}

// ledger is what was acknowledged, and what was tried.
type ledger struct {
	mu      sync.Mutex
	put     map[string]bool // acknowledged
	trying  map[string]bool // to be removed: may be there or not
	removed map[string]bool // acknowledged
	had     map[string]string
	acks    chan struct{}
}

func (l *ledger) note(f func()) {
	l.mu.Lock()
	f()
	l.mu.Unlock()
	select {
	case l.acks <- struct{}{}:
	default:
	}
}

func powerLoss(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	fs := vfs.NewCrashableMem()
	w := newWorld(t, fs)
	q := w.queue("jobs")
	l := &ledger{put: map[string]bool{}, trying: map[string]bool{}, removed: map[string]bool{}, had: map[string]string{}, acks: make(chan struct{}, 1<<16)}
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	for range 6 {
		work.Go(func() { l.putter(ctx, t, q) })
		work.Go(func() { l.getter(ctx, t, q) })
	}
	for range 50 + rng.IntN(1500) {
		<-l.acks
	}
	l.mu.Lock()
	put, removed, had, trying := clone(l.put), clone(l.removed), map[string]string{}, clone(l.trying)
	for id, receipt := range l.had {
		had[id] = receipt
	}
	image := fs.CrashClone(vfs.CrashCloneConfig{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
	l.mu.Unlock()
	cancel()
	work.Wait()
	w.close()

	after := &world{t: t, fs: image, clock: w.clock}
	after.open()
	defer after.close()
	verify(t, after, put, removed, trying, had)
}

func clone(m map[string]bool) map[string]bool {
	c := make(map[string]bool, len(m))
	for k := range m {
		c[k] = true
	}
	return c
}

func (l *ledger) putter(ctx context.Context, t *testing.T, q *Queue) {
	for ctx.Err() == nil {
		m, err := q.Put(ctx, []byte("text"), PutOptions{TTL: -1})
		if err != nil {
			t.Error(err)
			return
		}
		l.note(func() { l.put[m.ID] = true })
	}
}

// getter has each message for an hour, so that nobody may get one twice.
func (l *ledger) getter(ctx context.Context, t *testing.T, q *Queue) {
	for ctx.Err() == nil {
		all, err := q.Get(ctx, 3, time.Hour)
		if err != nil {
			t.Error(err)
			return
		}
		for _, m := range all {
			l.note(func() {
				if l.had[m.ID] != "" || m.Dequeued != 1 {
					t.Errorf("%s was given out twice", m.ID)
				}
				l.had[m.ID] = m.Receipt
			})
			if m.ID[0]%2 == 0 {
				continue // keeps it
			}
			l.mu.Lock()
			l.trying[m.ID] = true
			l.mu.Unlock()
			if err := q.Remove(ctx, m.ID, m.Receipt); err != nil {
				t.Error(err)
				return
			}
			l.note(func() { l.removed[m.ID] = true })
		}
	}
}

func verify(t *testing.T, w *world, put, removed, trying map[string]bool, had map[string]string) {
	t.Helper()
	q, err := w.account().Queue("jobs")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]*message{}
	for id, m := range q.byID {
		there[id.String()] = m
	}
	for id := range put {
		if there[id] == nil && !trying[id] {
			t.Errorf("%s was put and is lost", id)
		}
	}
	for id := range removed {
		if there[id] != nil {
			t.Errorf("%s was removed and is there", id)
		}
	}
	for {
		got := w.get(q, MaxBatch, time.Hour)
		if len(got) == 0 {
			break
		}
		for _, m := range got {
			if had[m.ID] != "" {
				t.Errorf("%s is somebody's for an hour, and was given out", m.ID)
			}
			if string(m.Text) != "text" {
				t.Errorf("%s has the text %q", m.ID, m.Text)
			}
		}
	}
	for id, receipt := range had {
		if there[id] == nil {
			continue
		}
		if err := q.Remove(context.Background(), id, receipt); err != nil {
			t.Errorf("the receipt of %s: %v", id, err)
		}
	}
}

// TestDeleteWhileUsed: an account that is deleted under those who put leaves nothing
// on the disk, and all of them find it gone.
func TestDeleteWhileUsed(t *testing.T) {
	for range 20 {
		w := newWorld(t, vfs.NewMem())
		q := w.queue("jobs")
		var work sync.WaitGroup
		started := make(chan struct{}, 8)
		for range 8 {
			work.Go(func() {
				for {
					_, err := q.Put(context.Background(), []byte("x"), PutOptions{})
					select {
					case started <- struct{}{}:
					default:
					}
					if err != nil {
						if !fault.Is(err, fault.Gone) {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		for range 8 {
			<-started
		}
		if err := w.store.DeleteAccount(context.Background(), testAccount); err != nil {
			t.Fatal(err)
		}
		work.Wait()
		for _, kind := range []byte{queueKind, stateKind, textKind} {
			if err := kv.Each(w.db, key(kind), func(k, _ []byte) error { return fmt.Errorf("%x is left", k) }); err != nil {
				t.Fatal(err)
			}
		}
		w.close()
	}
}
