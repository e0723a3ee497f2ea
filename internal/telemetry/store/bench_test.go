package store

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// rowsWanted is how many rows the queries have: few, or what
// LAZULI_TELEMETRY_ROWS says.
func rowsWanted(b *testing.B) int {
	text := os.Getenv("LAZULI_TELEMETRY_ROWS")
	if text == "" {
		return 300_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// mixed makes telemetry as a pipeline has it: of four items of a trace one
// request, one dependency and two lines of a log. Items of one generator share
// what is the same in a process, as producers' do.
type mixed struct {
	n     uint64
	every time.Duration
}

func hexOf(n uint64, digits int) string {
	const hex = "0123456789abcdef"
	b := make([]byte, digits)
	for i := range b {
		b[i] = hex[n&15]
		if n >>= 4; n == 0 {
			n = uint64(i+1) * 0x9e3779b97f4a7c15
		}
	}
	return string(b)
}

var operationNames = []string{"GET /orders/{id}", "POST /orders", "Functions.Alarm", "Functions.Ingest", "GET /health"}

func (m *mixed) next() *item.Item {
	n := m.n
	m.n++
	trace := finish(n/4 + 1)
	name := operationNames[trace%uint64(len(operationNames))]
	i := &item.Item{
		Time:      someday.Add(time.Duration(n) * m.every),
		Operation: item.Operation{Name: name, ID: hexOf(trace, 32), ParentID: hexOf(finish(n/4+7), 16)},
		Role:      "shop.api", RoleInstance: "host1", SDKVersion: "lazuli:1", Client: item.Client{IP: "0.0.0.0", Type: "PC"},
	}
	took := time.Duration(trace%1_000_000) * time.Microsecond
	switch n % 4 {
	case 0:
		failed := trace%100 == 0
		code := "200"
		if failed {
			code = "500"
		}
		i.Properties = []item.Property{
			{Name: "Category", Value: "Host.Results"},
			{Name: "FunctionExecutionTimeMs", Value: strconv.FormatInt(took.Milliseconds(), 10)},
			{Name: "InvocationId", Value: hexOf(finish(n+3), 32)},
			{Name: "LogLevel", Value: "Information"},
		}
		i.Body = &item.Request{ID: hexOf(finish(n+1), 16), Name: name, URL: "http://localhost:7071/api/orders/" + strconv.FormatUint(trace%10_000, 10), Success: !failed, ResultCode: code, Duration: took}
	case 1:
		i.Body = &item.Dependency{ID: hexOf(finish(n+1), 16), Name: "upsert orders", Kind: "Azure DocumentDB", Target: "localhost:8081 | shop", Data: "upsert", Success: true, ResultCode: "201", Duration: took}
	default:
		i.Properties = []item.Property{{Name: "Category", Value: name}, {Name: "LogLevel", Value: "Information"}}
		i.Body = &item.Trace{Message: "order " + strconv.FormatUint(trace%1_000_000, 10) + " of device" + strconv.FormatUint(trace%500, 10) + " was stored in " + strconv.FormatInt(took.Milliseconds(), 10) + " ms", Severity: item.Information}
	}
	return i
}

// fill puts n items at the rate at which the store takes them.
func fill(b testing.TB, s *Store, m *mixed, n int) {
	batch := make([]*item.Item, 0, 256)
	for n > 0 {
		batch = batch[:0]
		for range min(n, cap(batch)) {
			batch = append(batch, m.next())
		}
		n -= len(batch)
		for s.queue.room() < len(batch) {
			runtime.Gosched()
		}
		if got := s.Put(batch...); got != len(batch) {
			b.Fatalf("%d of %d items were taken", got, len(batch))
		}
	}
	if err := s.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// room is how many items the queue has room for, if there is one producer.
func (q *queue) room() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes > q.maxBytes-1<<20 {
		return 0
	}
	return q.maxItems - len(q.items)
}

func onDisk(b *testing.B) *running {
	return start(b, Options{FS: vfs.Default, Dir: b.TempDir() + "/telemetry", MaxBytes: 64 << 30, MaxAge: 10000 * time.Hour})
}

// BenchmarkPut is how many items a second come to the disk, made and all.
func BenchmarkPut(b *testing.B) {
	s := onDisk(b)
	m := &mixed{every: time.Millisecond}
	b.ReportAllocs()
	b.ResetTimer()
	fill(b, s.Store, m, b.N)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
	s.settle()
	b.ReportMetric(s.Stats().BytesPerItem(), "B/item")
}

var loaded struct {
	sync.Once
	s   *Store
	dir string
}

// many is a store with rowsWanted rows within an hour. It is kept in the folder
// that LAZULI_TELEMETRY_DIR names, if any, and found there again.
func many(b *testing.B) *Store {
	loaded.Do(func() {
		n := rowsWanted(b)
		dir := os.Getenv("LAZULI_TELEMETRY_DIR")
		if dir == "" {
			var err error
			if dir, err = os.MkdirTemp("", "telemetry"); err != nil {
				b.Fatal(err)
			}
			loaded.dir = dir
		}
		s, err := Open(Options{FS: vfs.Default, Dir: dir, MaxBytes: 64 << 30, MaxAge: 10000 * time.Hour})
		if err != nil {
			b.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- s.Run(context.Background()) }()
		began := time.Now()
		if s.Stats().Items == 0 {
			fill(b, s, &mixed{every: time.Hour / time.Duration(n)}, n)
		}
		took := time.Since(began)
		s.Close()
		<-done
		st := s.Stats()
		fmt.Printf("# %d rows, %.1f MB, %.1f B/row, %.0f items/s\n", st.Items, float64(st.Bytes)/1e6, st.BytesPerItem(), float64(n)/took.Seconds())
		loaded.s = s
	})
	return loaded.s
}

func TestMain(m *testing.M) {
	code := m.Run()
	if loaded.dir != "" {
		os.RemoveAll(loaded.dir)
	}
	os.Exit(code)
}

func get(b *testing.B, v *kql.Vector) *kql.Vector {
	if v.Load == nil {
		return v
	}
	out, err := v.Load()
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// BenchmarkFailures is requests | where success == "False" | summarize count()
// by name, over all rows of an hour, as a query engine walks it.
func BenchmarkFailures(b *testing.B) {
	s := many(b)
	tb, _ := Tables(s).Table("requests")
	ask := kql.Ask{
		Columns: []int{0, columnOf(b, tb, "name"), columnOf(b, tb, "success")}, From: kql.Ticks(someday), To: kql.Ticks(someday.Add(time.Hour)),
		Terms: []kql.Term{{Column: columnOf(b, tb, "success"), How: kql.TermEqual, Text: "False"}},
	}
	for b.Loop() {
		failed, rows := map[string]int{}, 0
		for chunk, err := range tb.Scan(b.Context(), ask) {
			if err != nil {
				b.Fatal(err)
			}
			rows += chunk.N
			times, success := get(b, chunk.Columns[0]), get(b, chunk.Columns[2])
			var names *kql.Vector
			for i := range chunk.N {
				if success.Texts[success.Codes[i]] != "False" || times.Ints[i] < ask.From {
					continue
				}
				if names == nil {
					names = get(b, chunk.Columns[1])
				}
				failed[names.Texts[names.Codes[i]]]++
			}
		}
		if len(failed) == 0 || rows == 0 {
			b.Fatal("nothing has failed")
		}
	}
}

// BenchmarkSearch is traces | where message has a word that one message has.
func BenchmarkSearch(b *testing.B) {
	s := many(b)
	tb, _ := Tables(s).Table("traces")
	m := &mixed{n: uint64(s.Stats().Items/2) | 3}
	word := m.next().Operation.ID
	for _, c := range []struct {
		name, column, word string
		how                kql.TermKind
	}{{"operation", "operation_Id", word, kql.TermEqual}, {"word", "operation_Id", word, kql.TermHas}, {"nothing", "message", "nowhere", kql.TermHas}, {"everywhere", "message", "device77", kql.TermHas}} {
		b.Run(c.name, func(b *testing.B) {
			at0 := columnOf(b, tb, c.column)
			for b.Loop() {
				found := 0
				for chunk, err := range tb.Scan(b.Context(), kql.Ask{Columns: []int{at0}, Terms: []kql.Term{{Column: at0, How: c.how, Text: c.word}}}) {
					if err != nil {
						b.Fatal(err)
					}
					v := get(b, chunk.Columns[0])
					for i := range chunk.N {
						if len(at(v, i)) == len(c.word) {
							found++
						}
					}
				}
				if c.name == "word" && found == 0 {
					b.Fatal("not found")
				}
			}
		})
	}
}
