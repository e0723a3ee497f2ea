package stream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var errCrash = errors.New("crash")

// crashSource fails after so many events.
type crashSource struct {
	*memSource
	left *atomic.Int64
}

func (s crashSource) Open(ctx context.Context, p int, at Position) (Reader, error) {
	r, err := s.memSource.Open(ctx, p, at)
	return crashReader{r, s.left}, err
}

type crashReader struct {
	Reader
	left *atomic.Int64
}

func (r crashReader) Read(ctx context.Context, b *Batch, limit int) error {
	if r.left.Load() <= 0 {
		return errCrash
	}
	err := r.Reader.Read(ctx, b, limit)
	r.left.Add(-int64(len(b.Events)))
	return err
}

var crashQueries = map[string]string{
	"windows": `SELECT k, COUNT(*) AS n, SUM(v) AS s, AVG(f) AS a, MIN(CAST(s AS nvarchar(max))) AS lo, MAX(v) AS hi, STDEV(f) AS sd, COUNT(DISTINCT v) AS d, System.Timestamp() AS e INTO o FROM i TIMESTAMP BY t
		GROUP BY k, Windows(Window('t', TumblingWindow(second, 10)), Window('h', HoppingWindow(second, 30, 7)), Window('s', SlidingWindow(second, 4)), Window('x', SessionWindow(second, 3, 20)))`,
	"collect": `SELECT k, Collect() AS c, TopOne() OVER (ORDER BY v) AS top, Percentile_Cont(0.5) OVER (ORDER BY f) AS p INTO o FROM i TIMESTAMP BY t GROUP BY k, HoppingWindow(second, 20, 5)`,
	"analytic": `SELECT k, LAG(s, 2) OVER (PARTITION BY k LIMIT DURATION(second, 20)) AS l, LAST(v) OVER (LIMIT DURATION(minute, 1) WHEN v > 5) AS x, ISFIRST(second, 7) OVER (PARTITION BY k) AS first,
		SUM(f) OVER (PARTITION BY k LIMIT DURATION(second, 15)) AS r, AnomalyDetection_SpikeAndDip(f, 90, 20, 'spikesanddips') OVER (PARTITION BY k LIMIT DURATION(minute, 2)) AS z INTO o FROM i TIMESTAMP BY t`,
	"join": `SELECT a.k, a.v AS x, b.v AS y, System.Timestamp() AS e INTO o FROM i a TIMESTAMP BY t LEFT JOIN i b TIMESTAMP BY t ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN 1 AND 3 AND b.v > a.v`,
	"match": `SELECT k, a, s, names, System.Timestamp() AS e INTO o FROM i TIMESTAMP BY t MATCH_RECOGNIZE (LIMIT DURATION(second, 8) PARTITION BY k
		MEASURES Min(A.v) AS a, Last(B.s) AS s, Classifier() AS names PATTERN (A+ (B | C){1,2} B?) DEFINE A AS A.v >= Last(A.v) AND A.f > 5, B AS B.v < Max(A.v), C AS C.s = 's3') AS m`,
	"chain": `WITH w AS (SELECT k, COUNT(*) AS n FROM i TIMESTAMP BY t GROUP BY k, TumblingWindow(second, 5))
		SELECT k, n INTO o FROM w UNION SELECT k, v FROM i TIMESTAMP BY t`,
	"substreams":                 `SELECT k, v, System.Timestamp() AS e INTO o FROM i TIMESTAMP BY t OVER k`,
	"substreams with state":      `SELECT k, COUNT(*) AS n, System.Timestamp() AS e INTO o FROM i TIMESTAMP BY t OVER k GROUP BY k, Windows(Window('h', HoppingWindow(second, 30, 7)), Window('x', SessionWindow(second, 3, 20)))`,
	"substreams of a join":       `SELECT a.k, a.v AS x, b.v AS y, LAG(a.v) OVER (PARTITION BY a.k LIMIT DURATION(second, 9)) AS z INTO o FROM i a TIMESTAMP BY t OVER k LEFT JOIN i b TIMESTAMP BY t OVER k ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN 1 AND 3 AND b.v > a.v`,
	"substreams into one output": `SELECT k, v INTO o FROM i TIMESTAMP BY t OVER k SELECT v, k, LAG(v) OVER (LIMIT DURATION(second, 9)) AS z INTO o FROM i TIMESTAMP BY t OVER k`,
}

// TestCrashAnywhere stops jobs at random events, goes on from the last
// checkpoint, again and again, and wants the rows of the run that never
// stopped.
func TestCrashAnywhere(t *testing.T) {
	for name, query := range crashQueries {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of it waits
			crashAnywhere(t, query, TimePolicy{Late: 60e9, OutOfOrder: 2e9})
			if strings.HasPrefix(name, "substreams") {
				crashAnywhere(t, query, TimePolicy{Late: 60e9})
			}
		})
	}
}

func crashAnywhere(t *testing.T, query string, policy TimePolicy) {
	t.Helper()
	parts := randomEvents(rand.New(rand.NewPCG(1, 2)), 2, 1500)
	want := runToEnd(t, query, policy, parts)
	if len(want) < 100 {
		t.Fatalf("only %d rows", len(want))
	}
	for seed := range uint64(6) {
		got := runWithCrashes(t, query, policy, parts, rand.New(rand.NewPCG(seed, 3)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}

func runToEnd(t *testing.T, query string, policy TimePolicy, parts [][]Event) []string {
	t.Helper()
	sink := &memSink{}
	job, err := New(Options{
		Name: "whole", Program: compile(t, query), Policy: policy, Start: StartAll,
		Sources: map[string]Source{"i": &memSource{parts: parts, chunk: 64}}, Sinks: map[string]Sink{"o": sink},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := job.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return sink.lines()
}

func runWithCrashes(t *testing.T, query string, policy TimePolicy, parts [][]Event, rng *rand.Rand) []string {
	t.Helper()
	store, sink := &MemStore{}, &memSink{}
	start := StartAll
	for range 200 {
		var left atomic.Int64
		left.Store(int64(100 + rng.IntN(900)))
		job, err := New(Options{Name: "crashing", Program: compile(t, query), Policy: policy, Start: start, First: StartAll, Store: store, Checkpoint: 1, // as often as can be
			Sources: map[string]Source{"i": crashSource{&memSource{parts: parts, chunk: 1 + rng.IntN(64)}, &left}}, Sinks: map[string]Sink{"o": sink}})
		if err != nil {
			t.Fatal(err)
		}
		err = job.Run(context.Background())
		if err == nil {
			return sink.lines()
		}
		if !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
		for _, lane := range []string{"all", "p0", "p1"} {
			if state, _, _ := store.Load(context.Background(), lane); state != nil {
				start = StartLast
			}
		}
	}
	t.Fatal("the job never ends")
	return nil
}

// randomEvents makes partitions of events with disorder, duplicates, and late
// and early ones.
func randomEvents(rng *rand.Rand, partitions, n int) [][]Event {
	base := Ticks(TimeOf(638396640000000000)) // 2024-01-02
	parts := make([][]Event, partitions)
	for p := range parts {
		at := base
		for len(parts[p]) < n {
			at += rng.Int64N(6_000_000)
			e := at - rng.Int64N(30_000_000)
			switch rng.IntN(60) {
			case 0:
				e -= 900_000_000 // late
			case 1:
				e += 4_000_000_000 // early
			case 2:
				e = at // in step with others
			}
			e -= e % 2_500_000 // many equal times
			body := fmt.Appendf(nil, `{"t":"%s","k":"k%d","v":%d,"f":%d.25,"s":"s%d"}`, TimeOf(e).Format("2006-01-02T15:04:05.0000000Z"), rng.IntN(5), rng.IntN(20), rng.IntN(50), rng.IntN(9))
			for range 1 + rng.IntN(20)/19 {
				parts[p] = append(parts[p], Event{Offset: int64(len(parts[p])), Arrival: at, Body: body})
			}
		}
	}
	return parts
}
