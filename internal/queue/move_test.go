package queue

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// TestMove: what is visible is new in the other queue, the rest stays.
func TestMove(t *testing.T) {
	w := newWorld(t, vfs.NewMem())
	defer w.close()
	ctx, poison, jobs := context.Background(), w.queue("jobs-poison"), w.queue("jobs")
	w.put(jobs, "before", PutOptions{})
	held := w.put(poison, "held", PutOptions{})
	w.get(poison, 1, time.Minute)
	ever := w.put(poison, "ever", PutOptions{TTL: -1})
	late := w.put(poison, "late", PutOptions{Delay: time.Hour})
	week := w.put(poison, "week", PutOptions{TTL: time.Minute})
	w.clock.Advance(time.Second)
	did, err := poison.Move(ctx, jobs, []string{held.ID, ever.ID, late.ID, week.ID, "00000000-0000-4000-8000-000000000000", "x"})
	if err != nil || did != (Moved{Moved: 2, Held: 2, Gone: 2}) {
		t.Fatalf("%+v %v", did, err)
	}
	left, _, err := poison.Look(ctx, Look{Limit: 9})
	if err != nil || len(left) != 2 || string(left[0].Text) != "held" || string(left[1].Text) != "late" {
		t.Errorf("left: %+v %v", left, err)
	}
	if at, ok, err := poison.Oldest(ctx); !ok || err != nil || !at.Equal(held.Inserted) {
		t.Errorf("oldest: %v %v %v", at, ok, err)
	}
	got := w.get(jobs, 9, time.Second)
	if texts(got) != "before ever week " {
		t.Fatalf("moved: %s", texts(got))
	}
	for i, m := range got[1:] {
		if m.Dequeued != 1 || m.ID == ever.ID || m.ID == week.ID || m.Inserted.Equal(ever.Inserted) || m.Expires.IsZero() != (i == 0) {
			t.Errorf("moved: %+v", m)
		}
	}
	if err := poison.Remove(ctx, held.ID, held.Receipt); !is(err, MessageNotFound) {
		t.Error(err)
	}
	if _, err := poison.Move(ctx, poison, []string{late.ID}); err == nil {
		t.Error("moved to itself")
	}
	if err := w.account().Delete(ctx, "jobs"); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	if _, err := poison.Move(ctx, jobs, []string{late.ID}); !is(err, QueueNotFound) {
		t.Errorf("to a queue that is gone: %v", err)
	}
	if m, err := poison.Find(ctx, late.ID); err != nil || string(m.Text) != "late" || m.Size != 4 {
		t.Errorf("it stayed: %+v %v", m, err)
	}
}

// TestMoveSurvivesPowerCuts: at every moment each message is in one of the two
// queues, and a move that was acknowledged has happened.
func TestMoveSurvivesPowerCuts(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 2))
		fs := vfs.NewCrashableMem()
		w := newWorld(t, fs)
		from, to := w.queue("a-poison"), w.queue("a")
		ids := make([]string, 40)
		for i := range ids {
			ids[i] = w.put(from, fmt.Sprint(i), PutOptions{TTL: -1}).ID
		}
		if _, err := from.Move(context.Background(), to, ids[:20]); err != nil {
			t.Fatal(err)
		}
		var moving sync.WaitGroup
		moving.Go(func() {
			for _, id := range ids[20:] {
				if _, err := from.Move(context.Background(), to, []string{id}); err != nil {
					t.Error(err)
				}
			}
		})
		clone := fs.CrashClone(vfs.CrashCloneConfig{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
		moving.Wait()
		w.close()
		w.fs = clone
		w.open()
		seen := map[string]int{}
		moved := 0
		for _, name := range []string{"a-poison", "a"} {
			q, err := w.account().Queue(name)
			if err != nil {
				t.Fatal(err)
			}
			page, _, err := q.Look(context.Background(), Look{Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range page {
				seen[string(m.Text)]++
				if name == "a" {
					moved++
				}
			}
		}
		for i := range ids {
			if seen[fmt.Sprint(i)] != 1 {
				t.Errorf("seed %d: message %d is there %d times", seed, i, seen[fmt.Sprint(i)])
			}
		}
		if moved < 20 {
			t.Errorf("seed %d: %d of 20 acknowledged moves are there", seed, moved)
		}
		w.close()
	}
}

// TestMovesBothWays: two that move between the same queues wait for nobody for ever,
// nor do deletions of accounts beside them.
func TestMovesBothWays(t *testing.T) {
	w := newWorld(t, vfs.NewMem())
	defer w.close()
	a, b := w.queue("a"), w.queue("b")
	for i := range 30 {
		w.put([]*Queue{a, b}[i%2], fmt.Sprint(i), PutOptions{})
	}
	var all sync.WaitGroup
	for _, way := range [][2]*Queue{{a, b}, {b, a}} {
		all.Go(func() {
			for range 20 {
				page, _, err := way[0].Look(context.Background(), Look{Limit: 10})
				if err != nil {
					return // the account is gone
				}
				var ids []string
				for _, m := range page {
					ids = append(ids, m.ID)
				}
				if _, err := way[0].Move(context.Background(), way[1], ids); err != nil {
					return
				}
			}
		})
	}
	all.Go(func() {
		if err := w.store.DeleteAccount(context.Background(), testAccount); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
}
