package tablestore

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// benchTable is a table on the disk, synced always.
func benchTable(b *testing.B) *Table {
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
	table, err := store.Account(1).CreateTable(b.Context(), "Bench")
	if err != nil {
		b.Fatal(err)
	}
	return table
}

func benchEntity(n int) Entity {
	return entity(fmt.Sprintf("device-%03d", n%100), fmt.Sprintf("%09d", n),
		"Temperature", DoubleValue(21.5), "Humidity", DoubleValue(40), "Count", Int32Value(int32(n)), "Sequence", Int64Value(int64(n)),
		"Region", StringValue("koreacentral"), "When", DateTimeValue(638_000_000_000_000_000), "Ok", BoolValue(true))
}

// workers is how many goroutines write and read at once.
const workers = 16

func each(b *testing.B, work func(ctx context.Context, n int) error) {
	b.Helper()
	b.ReportAllocs()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range workers {
		wg.Go(func() {
			for n := int(next.Add(1)); n <= b.N; n = int(next.Add(1)) {
				if err := work(b.Context(), n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

func BenchmarkUpsert(b *testing.B) {
	table := benchTable(b)
	each(b, func(ctx context.Context, n int) error {
		_, err := table.Write(ctx, &Op{Kind: Upsert, Entity: benchEntity(n)})
		return err
	})
}

func BenchmarkMerge(b *testing.B) {
	table := benchTable(b)
	each(b, func(ctx context.Context, n int) error {
		_, err := table.Write(ctx, &Op{Kind: UpsertMerge, Entity: benchEntity(n % 1000)})
		return err
	})
}

func BenchmarkPointRead(b *testing.B) {
	table := filled(b, 100_000)
	entities := sync.Pool{New: func() any { return new(Entity) }}
	each(b, func(ctx context.Context, n int) error {
		e := entities.Get().(*Entity) //nolint:errcheck,forcetypeassert // the pool makes nothing else
		defer entities.Put(e)
		n = n * 7919 % 100_000
		return table.Get(ctx, fmt.Sprintf("device-%03d", n%100), fmt.Sprintf("%09d", n), e)
	})
}

func BenchmarkScan(b *testing.B) {
	table := filled(b, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		q := Query{Max: MaxPage, Match: func(e *Entity) bool { return e.Lookup("Count").Int() < 0 }}
		for next := (&Position{}); next != nil; q.From = next {
			var err error
			if next, err = table.Query(b.Context(), q, func(*Entity) error { n++; return nil }); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds(), "entities/s")
}

// filled is a table of n entities.
func filled(b *testing.B, n int) *Table {
	table := benchTable(b)
	ops := map[string][]*Op{}
	for i := range n {
		e := benchEntity(i)
		p := e.PartitionKey
		if ops[p] = append(ops[p], &Op{Kind: Upsert, Entity: e}); len(ops[p]) == MaxBatch || i >= n-100 {
			if _, err := table.Batch(b.Context(), ops[p]); err != nil {
				b.Fatal(err)
			}
			ops[p] = nil
		}
	}
	return table
}
