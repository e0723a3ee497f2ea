package docstore

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// telemetry returns a document of about 500 bytes as the telemetry example
// stores it.
func telemetry(i int) []byte {
	return fmt.Appendf(nil, `{"id":"evt-%09d","deviceId":"device-%03d","eventType":"telemetry","timestamp":"2026-01-02T%02d:%02d:%02d.%06dZ",`+
		`"data":{"temperature":%.2f,"humidity":%.2f,"pressure":%.2f},"location":{"region":"koreacentral","facility":"plant-%d"},`+
		`"eventHub":{"partitionKey":"device-%03d","sequenceNumber":%d,"enqueuedTime":"2026-01-02T03:04:05.678Z","offset":"%d"},`+
		`"processedAt":"2026-01-02T03:04:06.789Z","source":"eventhub-trigger","status":"processed","sequence":%d,"firmware":"4.2.1-rc.7"}`,
		i, i%100, i/3600_000%24, i/60_000%60, i/1000%60, i%1000*1000, 20+float64(i*7919%3000)/100, 40+float64(i*104729%4000)/100,
		1000+float64(i*1299709%5000)/100, i%4, i%100, i, i*500, i)
}

// benchStore opens a store on the disk, synced always.
func benchStore(b *testing.B) *Container {
	db, err := kv.Open(kv.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	store, err := Open(Options{DB: db, Log: testkit.Discard()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		store.Close()
		db.Close()
	})
	d, err := store.Account(1).CreateDatabase(context.Background(), DatabaseSpec{ID: "db"})
	if err != nil {
		b.Fatal(err)
	}
	c, err := d.CreateContainer(context.Background(), ContainerSpec{ID: "c", PartitionKey: PartitionKeySpec{Paths: []string{"/deviceId"}}})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func mustWrite(b *testing.B, c *Container, ops []Op) {
	results, err := c.Write(context.Background(), ops, false)
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil {
			b.Fatal(r.Err)
		}
	}
}

// fill puts documents [0, n) into the container.
func fill(b *testing.B, c *Container, n int) {
	for i := 0; i < n; i += 1000 {
		var ops []Op
		for j := i; j < min(n, i+1000); j++ {
			ops = append(ops, Op{Kind: Upsert, Body: telemetry(j)})
		}
		mustWrite(b, c, ops)
	}
}

// BenchmarkBulkUpsert is four writers of a hundred new documents per call. An
// operation is one document.
func BenchmarkBulkUpsert(b *testing.B) {
	for _, paths := range [][][]string{nil, {{"timestamp"}, {"data", "temperature"}, {"deviceId"}, {"_ts"}}} {
		b.Run(fmt.Sprintf("indexes=%d", len(paths)), func(b *testing.B) {
			c := benchStore(b)
			for _, path := range paths {
				rows, err := c.IndexScan(context.Background(), IndexOptions{Path: path})
				if err != nil {
					b.Fatal(err)
				}
				rows.Close()
			}
			const perCall = 100
			bodies := make([][]byte, b.N)
			for i := range bodies {
				bodies[i] = telemetry(i)
			}
			b.SetBytes(int64(len(telemetry(0))))
			b.ReportAllocs()
			b.ResetTimer()
			var next atomic.Int64
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for {
						to := int(next.Add(perCall))
						from := to - perCall
						if from >= b.N {
							return
						}
						ops := make([]Op, 0, perCall)
						for _, body := range bodies[from:min(to, b.N)] {
							ops = append(ops, Op{Kind: Upsert, Body: body})
						}
						mustWrite(b, c, ops)
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "docs/s")
		})
	}
}

// BenchmarkUpsert is sixteen writers of one document per call.
func BenchmarkUpsert(b *testing.B) {
	c := benchStore(b)
	var next atomic.Int64
	var mu sync.Mutex
	var all []time.Duration
	var wg sync.WaitGroup
	b.ResetTimer()
	for range 16 {
		wg.Go(func() {
			var mine []time.Duration
			for {
				i := int(next.Add(1))
				if i > b.N {
					break
				}
				start := time.Now()
				mustWrite(b, c, []Op{{Kind: Upsert, Body: telemetry(i)}})
				mine = append(mine, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, mine...)
		})
	}
	wg.Wait()
	slices.Sort(all)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "docs/s")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
}

func BenchmarkRead(b *testing.B) {
	c := benchStore(b)
	const n = 100_000
	fill(b, c, n)
	b.ReportAllocs()
	b.ResetTimer()
	var seed atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		i := int(seed.Add(7919))
		for pb.Next() {
			i = (i*48271 + 11) % n
			_, err := c.Read(context.Background(), StringKey(fmt.Sprintf("device-%03d", i%100)), fmt.Sprintf("evt-%09d", i))
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
}

// BenchmarkQueryPaths measures the access paths on 100,000 documents.
func BenchmarkQueryPaths(b *testing.B) {
	c := benchStore(b)
	fill(b, c, 100_000)
	ctx := context.Background()
	count := func(rows *Rows, err error, most int) int {
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for n < most && rows.Next() {
			n++
		}
		if rows.Err() != nil {
			b.Fatal(rows.Err())
		}
		rows.Close()
		return n
	}
	b.Run("build", func(b *testing.B) {
		for i := range b.N {
			rows, err := c.IndexScan(ctx, IndexOptions{Path: []string{"data", "temperature", fmt.Sprint(i)}, KeysOnly: true})
			count(rows, err, 1)
			b.StopTimer()
			if err := c.dropForTest(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
	ts := []string{"timestamp"}
	key := StringKey("device-042")
	for _, bc := range []struct {
		name string
		run  func() int
		want int
	}{
		{"newest10", func() int {
			rows, err := c.IndexScan(ctx, IndexOptions{Path: ts, Reverse: true})
			return count(rows, err, 10)
		}, 10},
		{"device-newest100", func() int {
			rows, err := c.IndexScan(ctx, IndexOptions{Path: ts, Key: &key, Reverse: true})
			return count(rows, err, 100)
		}, 100},
		{"keys-only-100k", func() int {
			rows, err := c.IndexScan(ctx, IndexOptions{Path: []string{"deviceId"}, KeysOnly: true})
			return count(rows, err, 1<<30)
		}, 100_000},
		{"full-scan-100k", func() int {
			rows, err := c.Scan(ctx, ScanOptions{})
			return count(rows, err, 1<<30)
		}, 100_000},
		{"partition-scan-1k", func() int {
			rows, err := c.Scan(ctx, ScanOptions{Key: &key})
			return count(rows, err, 1<<30)
		}, 1000},
		{"feed-100k", func() int {
			n := 0
			for after := uint64(0); ; {
				items, last, err := c.Changes(ctx, after, ChangeOptions{Max: 1000})
				if err != nil {
					b.Fatal(err)
				}
				if n += len(items); len(items) == 0 {
					return n
				}
				after = last
			}
		}, 100_000},
	} {
		b.Run(bc.name, func(b *testing.B) {
			bc.run() // the first query builds the index
			b.ResetTimer()
			for range b.N {
				if n := bc.run(); n != bc.want {
					b.Fatalf("%d rows, want %d", n, bc.want)
				}
			}
		})
	}
}

// dropForTest drops every index.
func (c *Container) dropForTest() error {
	c.schema.Lock()
	defer c.schema.Unlock()
	b := c.store.db.NewBatch(0)
	c.indexes.Store(c.dropForbidden(b, IndexingPolicy{Mode: modeNone}))
	return b.Commit()
}

// BenchmarkOpen is a start with 100,000 documents, part of them only in the
// log, as after a kill.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	open := func() (*kv.DB, *Store) {
		db, err := kv.Open(kv.Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		store, err := Open(Options{DB: db})
		if err != nil {
			b.Fatal(err)
		}
		return db, store
	}
	db, store := open()
	d, err := store.Account(1).CreateDatabase(context.Background(), DatabaseSpec{ID: "db"})
	if err != nil {
		b.Fatal(err)
	}
	c, err := d.CreateContainer(context.Background(), ContainerSpec{ID: "c", PartitionKey: PartitionKeySpec{Paths: []string{"/deviceId"}}})
	if err != nil {
		b.Fatal(err)
	}
	fill(b, c, 100_000)
	store.Close()
	db.Close()
	b.ResetTimer()
	for i := range b.N {
		db, store := open()
		b.StopTimer()
		if i == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapInuse)/(1<<20), "heap-MiB")
		}
		store.Close()
		db.Close()
		b.StartTimer()
	}
}
