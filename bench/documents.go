package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const connections = 16

// documents measures single durable upserts and point reads, each over 16
// connections, client and server sharing the machine.
func documents(ctx context.Context, l *lab) error {
	s, err := l.start(ctx, false)
	if err != nil {
		return err
	}
	defer s.stop()
	c, err := newCosmosClient(s, connections)
	if err != nil {
		return err
	}
	written := &atomic.Int64{}
	upserts, err := hammer(ctx, l.seconds, func(ctx context.Context, worker, n int) error {
		key := fmt.Sprintf("device-%03d", worker)
		if err := c.upsert(ctx, key, document(worker*1_000_000+n, key, 30)); err != nil {
			return err
		}
		written.Add(1)
		return nil
	})
	if err != nil {
		return err
	}
	each := int(written.Load() / connections / 2)
	if each == 0 {
		return errShort
	}
	reads, err := hammer(ctx, l.seconds, func(ctx context.Context, worker, n int) error {
		return c.read(ctx, fmt.Sprintf("device-%03d", worker), fmt.Sprintf("evt-%d", worker*1_000_000+n%each))
	})
	if err != nil {
		return err
	}
	table([]string{"16 connections, 470 B documents", "per second", "p50", "p99", "worst"}, [][]string{
		append([]string{"durable upsert"}, upserts.cells()...),
		append([]string{"point read"}, reads.cells()...),
	})
	return nil
}

// samples are the latencies of a workload.
type samples struct {
	took   time.Duration
	sorted []time.Duration
}

func (s samples) cells() []string {
	return []string{rate(int64(len(s.sorted)), s.took), ms(percentile(s.sorted, 50)), ms(percentile(s.sorted, 99)), ms(percentile(s.sorted, 100))}
}

// hammer calls one from 16 goroutines, in a loop, for the time.
func hammer(ctx context.Context, d time.Duration, one func(ctx context.Context, worker, n int) error) (samples, error) {
	begin := time.Now()
	var mu sync.Mutex // guards all and failed
	var all []time.Duration
	var failed error
	var wg sync.WaitGroup
	for worker := range connections {
		wg.Go(func() {
			var mine []time.Duration
			for n := 0; time.Since(begin) < d; n++ {
				start := time.Now()
				if err := one(ctx, worker, n); err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
					return
				}
				mine = append(mine, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, mine...)
		})
	}
	wg.Wait()
	took := time.Since(begin)
	slices.Sort(all)
	return samples{took, all}, failed
}
