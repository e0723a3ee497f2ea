package queue

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// benchStore is over the disk, with a sync for every acknowledgement.
func benchStore(b *testing.B) (*Store, *kv.DB) {
	b.Helper()
	db, err := kv.Open(kv.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	s, err := Open(Options{DB: db})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	return s, db
}

// BenchmarkSendGetDelete: messages of 1 KiB that are put, got and removed, by many at
// once.
func BenchmarkSendGetDelete(b *testing.B) {
	for _, workers := range []int{1, 16} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			s, _ := benchStore(b)
			a, ctx, text := s.Account(1), context.Background(), make([]byte, 1<<10)
			if _, err := a.Create(ctx, "q", nil); err != nil {
				b.Fatal(err)
			}
			q, err := a.Queue("q")
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			var work sync.WaitGroup
			for i := range workers {
				work.Go(func() {
					for n := i; n < b.N; n += workers {
						roundTrip(b, q, text)
					}
				})
			}
			work.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

func roundTrip(b *testing.B, q *Queue, text []byte) {
	ctx := context.Background()
	if _, err := q.Put(ctx, text, PutOptions{}); err != nil {
		b.Error(err)
		return
	}
	got, err := q.Get(ctx, 1, time.Minute)
	if err != nil || len(got) == 0 {
		b.Errorf("got %d: %v", len(got), err)
		return
	}
	if err := q.Remove(ctx, got[0].ID, got[0].Receipt); err != nil {
		b.Error(err)
	}
}

// BenchmarkOpen: a start with 100,000 messages of 1 KiB.
func BenchmarkOpen(b *testing.B) {
	const messages = 100_000
	dir := b.TempDir()
	db, err := kv.Open(kv.Options{Dir: dir, Sync: vfs.SyncInterval})
	if err != nil {
		b.Fatal(err)
	}
	s, err := Open(Options{DB: db})
	if err != nil {
		b.Fatal(err)
	}
	a, text := s.Account(1), make([]byte, 1<<10)
	if _, err := a.Create(context.Background(), "q", nil); err != nil {
		b.Fatal(err)
	}
	q, err := a.Queue("q")
	if err != nil {
		b.Fatal(err)
	}
	for range messages {
		if _, err := q.Put(context.Background(), text, PutOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	defer db.Close()
	for b.Loop() {
		again, err := Open(Options{DB: db})
		if err != nil {
			b.Fatal(err)
		}
		if n := len(again.accounts[1].queues["q"].byID); n != messages {
			b.Fatal(n)
		}
	}
}
