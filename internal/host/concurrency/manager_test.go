package concurrency_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/concurrency"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// weather is a throttle that says what the test wants.
type weather struct{ state atomic.Uint32 }

func (*weather) Name() string               { return "weather" }
func (w *weather) State() concurrency.State { return concurrency.State(w.state.Load()) }
func (w *weather) is(s concurrency.State)   { w.state.Store(uint32(s)) }

type rig struct {
	m     *concurrency.Manager
	w     *weather
	blobs state.Blobs
	stop  func()
}

// newRig runs a manager until the test ends.
func newRig(t *testing.T, blobs state.Blobs, cores int) *rig {
	t.Helper()
	w := &weather{}
	w.is(concurrency.Well)
	r := &rig{w: w, blobs: blobs, m: concurrency.New(concurrency.Options{
		Config: concurrency.Config{Dynamic: true, Snapshot: true, Most: 40, CPU: 0.8}, Cores: cores, Throttles: []concurrency.Throttle{w},
		Store: func() (state.Blobs, error) { return blobs, nil }, HostID: "h", Owner: "me",
		Known: func(id string) bool { return id != "gone" }, Log: testkit.Discard(),
	})}
	ctx, cancel := context.WithCancel(t.Context())
	r.m.Load(ctx)
	var running sync.WaitGroup
	running.Go(func() { r.m.Run(ctx) })
	r.stop = func() { cancel(); running.Wait() }
	t.Cleanup(r.stop)
	return r
}

// load keeps a function as busy as it may be, each invocation for a while, until ctx
// ends.
func load(ctx context.Context, l *concurrency.Limit, took time.Duration) {
	var all sync.WaitGroup
	defer all.Wait()
	for ctx.Err() == nil {
		n, _ := l.Free(0)
		for range n {
			end := l.Begin()
			all.Go(func() { time.Sleep(took); end() })
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// course is the limit's changes over seconds: "5s:2 8s:4".
func course(l *concurrency.Limit, seconds int) string {
	var all []string
	was := l.Most()
	for s := range seconds {
		time.Sleep(time.Second)
		if now := l.Most(); now != was {
			all = append(all, fmt.Sprintf("%ds:%d", s+1, now))
			was = now
		}
	}
	return strings.Join(all, " ")
}

// TestCourse: a function that uses all that it has gets more, faster and faster, up to
// the limit; on a machine that is not well it gets less, and is left alone for a while
// before it gets more again, slowly at first.
func TestCourse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, endtest.New(1).Blobs(), 2)
		l := r.m.Limit("f")
		ctx, cancel := context.WithCancel(t.Context())
		var loading sync.WaitGroup
		loading.Go(func() { load(ctx, l, 100*time.Millisecond) })
		defer func() { cancel(); loading.Wait() }()
		time.Sleep(500 * time.Millisecond) // between the looks
		check := func(what, want string, seconds int) {
			t.Helper()
			if got := course(l, seconds); got != want {
				t.Errorf("%s: %s\nwant %s", what, got, want)
			}
		}
		check("well", "5s:2 8s:4 11s:7 14s:11 17s:16 20s:22 23s:28 26s:34 29s:40", 40)
		r.w.is(concurrency.Unwell)
		check("unwell", "3s:39 9s:38", 11)
		if n, _ := l.Free(0); n != 0 {
			t.Errorf("%d may begin on a machine that is not well", n)
		}
		r.w.is(concurrency.Well)
		check("well again", "9s:39 12s:40", 30)
		r.w.is(concurrency.Unknown)
		check("unknown", "", 20)
		cancel()
		loading.Wait() // the load takes what is free in the instant in which it becomes free
		if n, _ := l.Free(0); n == 0 {
			t.Error("nothing may begin while it is not known whether the machine is well")
		}
	})
}

// TestIdle: a function that does not use what it has gets no more.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, endtest.New(1).Blobs(), 2)
		l := r.m.Limit("f")
		if got := course(l, 60); got != "" {
			t.Errorf("idle: %s", got)
		}
		end := l.Begin()
		time.Sleep(7 * time.Second)
		if l.Most() != 2 {
			t.Errorf("one runs: %d", l.Most())
		}
		end()
		if got := course(l, 60); got != "" {
			t.Errorf("idle again: %s", got)
		}
	})
}

// TestChanged: who waits is woken when the machine is well again, and when the limit
// has risen.
func TestChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, endtest.New(1).Blobs(), 2)
		l := r.m.Limit("f")
		end := l.Begin()
		defer end()
		n, changed := l.Free(1)
		if n != 0 {
			t.Fatalf("%d free", n)
		}
		<-changed
		if n, _ := l.Free(1); n != 1 {
			t.Errorf("%d free after it rose", n)
		}
		r.w.is(concurrency.Unwell)
		time.Sleep(1500 * time.Millisecond)
		n, changed = l.Free(0)
		r.w.is(concurrency.Well)
		<-changed
		if after, _ := l.Free(0); n != 0 || after == 0 {
			t.Errorf("%d free before, %d after", n, after)
		}
		if len(r.m.Throttles()) != 0 {
			t.Errorf("throttles %v", r.m.Throttles())
		}
	})
}

// TestSnapshot: what was learned is kept in Azure's form, by the host that has the lock,
// and is where the next host begins, scaled to its cores.
func TestSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blobs := endtest.New(1).Blobs()
		r := newRig(t, blobs, 2)
		l := r.m.Limit("Host.Functions.f")
		r.m.Limit("gone")
		end := l.Begin()
		time.Sleep(25 * time.Second)
		end()
		text, _, err := blobs.Text(t.Context(), state.Hosts, "concurrency/h/concurrencyStatus.json")
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Timestamp         time.Time
			NumberOfCores     int
			FunctionSnapshots map[string]map[string]int
		}
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if got.NumberOfCores != 2 || got.Timestamp.IsZero() || fmt.Sprint(got.FunctionSnapshots) != "map[Host.Functions.f:map[Concurrency:2]]" {
			t.Errorf("kept: %s", text)
		}
	})
}

// TestRestart: what a busy function was given up to its host's last moment is where the
// next host begins; while the machine starves it is given less, and the next one begins
// with that.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blobs := endtest.New(1).Blobs()
		busy := func(r *rig, during func(l *concurrency.Limit)) (most int) {
			l := r.m.Limit("Host.Functions.f")
			ctx, cancel := context.WithCancel(t.Context())
			var working sync.WaitGroup
			working.Go(func() { load(ctx, l, 100*time.Millisecond) })
			during(l)
			cancel()
			working.Wait()
			most = l.Most()
			r.stop()
			return most
		}
		first := busy(newRig(t, blobs, 2), func(l *concurrency.Limit) {
			for was := l.Most(); l.Most() < 8 || l.Most() == was; time.Sleep(time.Second) {
				was = l.Most() // until it has just changed, which no write of every ten seconds has seen
			}
		})
		r := newRig(t, blobs, 2)
		if got := r.m.Limit("Host.Functions.f").Most(); first < 8 || got != first {
			t.Errorf("the next host begins with %d, and the first ended with %d", got, first)
		}
		starved := busy(r, func(*concurrency.Limit) {
			r.w.is(concurrency.Unwell)
			time.Sleep(7 * time.Second)
		})
		if got := newRig(t, blobs, 2).m.Limit("Host.Functions.f").Most(); starved >= first || got != starved {
			t.Errorf("after starvation the next host begins with %d, the one before ended with %d, and the first with %d", got, starved, first)
		}
	})
}

// TestLoad: what another host learned counts, however it wrote a function's name; what
// is beyond the limit does not, nor what is none.
func TestLoad(t *testing.T) {
	for text, want := range map[string]int{
		`{"NumberOfCores":2,"FunctionSnapshots":{"HOST.functions.F":{"Concurrency":12}}}`: 12,
		`{"NumberOfCores":8,"FunctionSnapshots":{"Host.Functions.f":{"Concurrency":12}}}`: 3,
		`{"NumberOfCores":1,"FunctionSnapshots":{"Host.Functions.f":{"Concurrency":12}}}`: 24,
		`{"NumberOfCores":0,"FunctionSnapshots":{"Host.Functions.f":{"Concurrency":12}}}`: 12,
		`{"NumberOfCores":2,"FunctionSnapshots":{"Host.Functions.f":{"Concurrency":41}}}`: 1,
		`{"NumberOfCores":2,"FunctionSnapshots":{"Host.Functions.f":{"Concurrency":-5}}}`: 1,
		`{"NumberOfCores":2,"FunctionSnapshots":null}`:                                    1,
		`no JSON`: 1,
		`[]`:      1,
	} {
		synctest.Test(t, func(t *testing.T) {
			blobs := endtest.New(1).Blobs()
			if _, err := blobs.SetText(t.Context(), state.Hosts, "concurrency/h/concurrencyStatus.json", []byte(text), state.Any); err != nil {
				t.Fatal(err)
			}
			if got := newRig(t, blobs, 2).m.Limit("Host.Functions.f").Most(); got != want {
				t.Errorf("%s: %d, want %d", text, got, want)
			}
		})
	}
}

// TestCPU: the machine is not well when processes use so much of all cores in the mean
// of five seconds.
func TestCPU(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var used time.Duration
		c := concurrency.CPU(func() time.Duration { return used }, 2, 0.8)
		var got []string
		for _, share := range []float64{0, 1, 1, 1, 1, 1, 0.5, 0, 0, 2, 2, 2} { // of a core
			time.Sleep(time.Second)
			used += time.Duration(share * 2 * 0.8 * float64(time.Second))
			got = append(got, fmt.Sprint(c.State()))
		}
		if want := "0 0 0 0 0 2 1 1 1 1 1 2"; strings.Join(got, " ") != want {
			t.Errorf("%s, want %s", strings.Join(got, " "), want)
		}
	})
}

// TestStarvation: one whose ticker comes to its turn is well.
func TestStarvation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := concurrency.NewStarvation()
		ctx, cancel := context.WithCancel(t.Context())
		go s.Run(ctx)
		for range 5 {
			time.Sleep(time.Second)
			if s.State() != concurrency.Well {
				t.Error("it ticks, and is not well")
			}
		}
		cancel()
		synctest.Wait()
		time.Sleep(time.Second)
		if s.State() != concurrency.Unwell {
			t.Error("it does not tick, and is well")
		}
	})
}

func TestConfig(t *testing.T) {
	read := func(text string) (concurrency.Config, error) {
		c, err := hostjson.Parse("host.json", []byte(`{"version":"2.0","concurrency":`+text+`}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		return concurrency.ReadConfig(c)
	}
	if c, err := read(`{}`); err != nil || c != (concurrency.Config{Snapshot: true, Most: 500, CPU: 0.8}) {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := read(`{"dynamicConcurrencyEnabled":true,"snapshotPersistenceEnabled":false,"maximumFunctionConcurrency":-1,"CPUThreshold":0.5}`); err != nil || c != (concurrency.Config{true, false, -1, 0.5}) {
		t.Errorf("%+v, %v", c, err)
	}
	for text, want := range map[string]string{`{"maximumFunctionConcurrency":0}`: "must not be 0", `{"CPUThreshold":2}`: "CPUThreshold", `{"dynamicConcurrencyEnabled":"maybe"}`: "true or false"} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzSnapshot: whatever is in the blob, a host begins.
func FuzzSnapshot(f *testing.F) {
	f.Add([]byte(`{"Timestamp":"2026-01-01T00:00:00Z","NumberOfCores":2,"FunctionSnapshots":{"f":{"Concurrency":3}}}`))
	f.Add([]byte(`{"NumberOfCores":-1,"FunctionSnapshots":{"f":{"Concurrency":9223372036854775807}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		blobs := endtest.New(1).Blobs()
		if _, err := blobs.SetText(t.Context(), state.Hosts, "concurrency/h/concurrencyStatus.json", text, state.Any); err != nil {
			t.Fatal(err)
		}
		m := concurrency.New(concurrency.Options{
			Config: concurrency.Config{Dynamic: true, Snapshot: true, Most: 40}, Cores: 2, HostID: "h", Log: testkit.Discard(),
			Store: func() (state.Blobs, error) { return blobs, nil },
		})
		m.Load(t.Context())
		if n := m.Limit("f").Most(); n < 1 || n > 40 {
			t.Errorf("%d at a time", n)
		}
	})
}
