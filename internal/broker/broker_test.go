package broker

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const dir = "data/events"

// running is a broker that runs, as the tests use it.
type running struct {
	*Broker
	t    testing.TB
	stop func()
}

func start(t testing.TB, opts Options) *running {
	t.Helper()
	if opts.Dir == "" {
		opts.Dir = dir
	}
	b, err := Open(opts)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := b.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	r := &running{Broker: b, t: t}
	r.stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	t.Cleanup(r.stop)
	return r
}

func (r *running) ensure(cfg HubConfig) *Hub {
	r.t.Helper()
	h, err := r.Namespace(1).EnsureHub(cfg)
	if err != nil {
		r.t.Fatalf("ensure: %v", err)
	}
	return h
}

func (r *running) hub(name string) *Hub {
	r.t.Helper()
	h, err := r.Namespace(1).Hub(name)
	if err != nil {
		r.t.Fatal(err)
	}
	return h
}

func (r *running) partition(hub string, id int) *Partition {
	r.t.Helper()
	p, err := r.hub(hub).Partition(id)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

func appendTo(t testing.TB, p *Partition, key string, bodies ...string) AppendResult {
	t.Helper()
	res := tryAppend(p, key, bodies...)
	if res.Err != nil {
		t.Fatalf("append: %v", res.Err)
	}
	return res
}

func tryAppend(p *Partition, key string, bodies ...string) AppendResult {
	a := Append{Key: key}
	for _, b := range bodies {
		a.Records = append(a.Records, []byte(b))
	}
	answer := make(chan AppendResult, 1)
	p.Append(a, func(r AppendResult) { answer <- r })
	return <-answer
}

// bodies reads what is at the position and after it.
func bodies(t testing.TB, p *Partition, pos Position) []string {
	t.Helper()
	rd, err := p.NewReader(pos)
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Close()
	recs, err := rd.Next(1<<20, 1<<30, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, r := range recs {
		out = append(out, string(r.Body))
	}
	return out
}

func want(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestHubsSurviveRestart(t *testing.T) {
	testkit.NoLeaks(t)
	fs := vfs.NewMem()
	b := start(t, Options{FS: fs})
	h := b.ensure(HubConfig{Name: "Telemetry", Partitions: 2, Retention: time.Hour, ConsumerGroups: []string{"dash", "$default"}})
	made := h.CreatedAt()
	appendTo(t, b.partition("telemetry", 1), "k", "a", "b")
	if err := h.AddGroup("alarms"); err != nil {
		t.Fatal(err)
	}
	b.ensure(HubConfig{Name: "TELEMETRY", Partitions: 3})
	appendTo(t, b.partition("telemetry", 2), "", "c")
	for range 2 {
		h := b.hub("teleMETRY")
		want(t, "name", h.Name(), "Telemetry")
		want(t, "created", h.CreatedAt(), made)
		want(t, "partitions", h.PartitionCount(), 3)
		want(t, "groups", h.ConsumerGroups(), []string{"$Default", "alarms", "dash"})
		want(t, "has DASH", h.HasGroup("DASH"), true)
		want(t, "has $default", h.HasGroup("$default"), true)
		want(t, "has other", h.HasGroup("other"), false)
		want(t, "retention", h.Retention(), time.Hour)
		want(t, "hubs", len(b.Namespace(1).Hubs()), 1)
		want(t, "partition 1", bodies(t, b.partition("telemetry", 1), FromStart()), []string{"a", "b"})
		want(t, "partition 2", bodies(t, b.partition("telemetry", 2), FromStart()), []string{"c"})
		b.stop()
		b = start(t, Options{FS: fs})
	}
}

func TestRefusals(t *testing.T) {
	b := start(t, Options{FS: vfs.NewMem()})
	b.ensure(HubConfig{Name: "hub", Partitions: 4})
	for _, c := range []struct {
		name string
		cfg  HubConfig
		want fault.Kind
	}{
		{"no name", HubConfig{Partitions: 1}, fault.Invalid},
		{"slash", HubConfig{Name: "a/b", Partitions: 1}, fault.Invalid},
		{"dots", HubConfig{Name: "..", Partitions: 1}, fault.Invalid},
		{"long", HubConfig{Name: strings.Repeat("a", 257), Partitions: 1}, fault.Invalid},
		{"no partitions", HubConfig{Name: "new"}, fault.Invalid},
		{"too many", HubConfig{Name: "new", Partitions: 1025}, fault.Invalid},
		{"negative", HubConfig{Name: "new", Partitions: -1}, fault.Invalid},
		{"bad group", HubConfig{Name: "new", Partitions: 1, ConsumerGroups: []string{"a b"}}, fault.Invalid},
		{"shrink", HubConfig{Name: "hub", Partitions: 3}, fault.Conflict},
	} {
		if _, err := b.Namespace(1).EnsureHub(c.cfg); !fault.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	if _, err := b.Namespace(1).Hub("nope"); !fault.Is(err, fault.NotFound) {
		t.Errorf("unknown hub: %v", err)
	}
	for _, id := range []int{-1, 4, math.MaxInt} {
		if _, err := b.hub("hub").Partition(id); !fault.Is(err, fault.NotFound) {
			t.Errorf("partition %d: %v", id, err)
		}
	}
	if res := tryAppend(b.partition("hub", 0), ""); !fault.Is(res.Err, fault.Invalid) {
		t.Errorf("empty append: %v", res.Err)
	}
	b.stop()
	if _, err := b.Namespace(1).EnsureHub(HubConfig{Name: "late", Partitions: 1}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("after the end: %v", err)
	}
	if res := tryAppend(b.partition("hub", 0), "", "late"); !fault.Is(res.Err, fault.Unavailable) {
		t.Errorf("append after the end: %v", res.Err)
	}
}

func TestPositions(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	b := start(t, Options{FS: vfs.NewMem(), Now: func() time.Time { return now }})
	b.ensure(HubConfig{Name: "h", Partitions: 1})
	p := b.partition("h", 0)
	want(t, "empty", p.Info(), PartitionInfo{LastSequence: -1, LastOffset: "-1", Empty: true, Bytes: p.Info().Bytes})
	for _, pos := range []Position{FromStart(), Latest(false), Latest(true), Sequence(-1, false), Sequence(0, true), EnqueuedTime(now, true)} {
		want(t, fmt.Sprint("empty, ", pos), bodies(t, p, pos), []string{})
	}
	appendTo(t, p, "", "0", "1")
	now = now.Add(10 * time.Millisecond)
	appendTo(t, p, "", "2")
	info := p.Info()
	want(t, "info", []any{info.BeginSequence, info.LastSequence, info.LastOffset, info.LastEnqueued.UnixMilli(), info.Empty},
		[]any{0, 2, "2", 1_000_010, false})

	offset := func(s string, inclusive bool) Position {
		pos, err := AtOffset(s, inclusive)
		if err != nil {
			t.Fatal(err)
		}
		return pos
	}
	at := func(micros int64, inclusive bool) Position { return EnqueuedTime(time.UnixMicro(micros), inclusive) }
	for _, c := range []struct {
		name string
		pos  Position
		want string
	}{
		{"start", FromStart(), "[0 1 2]"},
		{"latest", Latest(false), "[]"},
		{"latest inclusive", Latest(true), "[2]"},
		{"sequence > -1", Sequence(-1, false), "[0 1 2]"},
		{"sequence > min", Sequence(math.MinInt64, false), "[0 1 2]"},
		{"sequence > 0", Sequence(0, false), "[1 2]"},
		{"sequence >= 1", Sequence(1, true), "[1 2]"},
		{"sequence > 2", Sequence(2, false), "[]"},
		{"sequence >= 3", Sequence(3, true), "[]"},
		{"offset > -1", offset("-1", false), "[0 1 2]"},
		{"offset empty", offset("", false), "[0 1 2]"},
		{"offset > latest", offset("@latest", false), "[]"},
		{"offset >= latest", offset("@latest", true), "[2]"},
		{"offset > 0", offset("0", false), "[1 2]"},
		{"offset >= 2", offset("2", true), "[2]"},
		{"time >= first", at(1_000_000_000, true), "[0 1 2]"},
		{"time > first", at(1_000_000_000, false), "[2]"},
		{"time > just before first", at(999_999_999, false), "[0 1 2]"},
		{"time >= just after first", at(1_000_000_001, true), "[2]"},
		{"time >= last", at(1_000_010_000, true), "[2]"},
		{"time > last", at(1_000_010_000, false), "[]"},
		{"time in the future", at(9_000_000_000, true), "[]"},
	} {
		want(t, c.name, bodies(t, p, c.pos), c.want)
	}
	for _, pos := range []Position{Sequence(3, false), Sequence(math.MaxInt64, true), Sequence(math.MaxInt64, false), offset("3", false), offset("9223372036854775807", false)} {
		if _, err := p.NewReader(pos); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v beyond the end: %v", pos, err)
		}
	}
	for _, s := range []string{"x", "1.5", "-2", "99999999999999999999"} {
		if _, err := AtOffset(s, false); !fault.Is(err, fault.Invalid) {
			t.Errorf("offset %q: %v", s, err)
		}
	}
}

func TestRouting(t *testing.T) {
	b := start(t, Options{FS: vfs.NewMem()})
	h := b.ensure(HubConfig{Name: "h", Partitions: 4})
	want(t, "alphabet", h.Route("alphabet").ID(), 2)
	var turns []int
	for range 6 {
		turns = append(turns, h.RoundRobin().ID())
	}
	want(t, "turns", turns, []int{0, 1, 2, 3, 0, 1})
	want(t, "hub of partition", h.RoundRobin().Hub().Name(), "h")
}

// A hub made again under an old name starts at sequence number 0, but an old
// checkpoint's offset finds its first record.
func TestRemoveGroup(t *testing.T) {
	fs := vfs.NewMem()
	b := start(t, Options{FS: fs})
	h := b.ensure(HubConfig{Name: "h", Partitions: 1, ConsumerGroups: []string{"one", "two"}})
	if err := h.RemoveGroup("ONE"); err != nil {
		t.Fatal(err)
	}
	if err := h.RemoveGroup("one"); !fault.Is(err, fault.NotFound) {
		t.Errorf("removed twice: %v", err)
	}
	if err := h.RemoveGroup(DefaultGroup); !fault.Is(err, fault.Invalid) {
		t.Errorf("the default group: %v", err)
	}
	b.stop()
	want(t, "groups after a restart", len(start(t, Options{FS: fs}).hub("h").ConsumerGroups()), 2)
}

func TestDeletedHub(t *testing.T) {
	testkit.NoLeaks(t)
	fs := vfs.NewMem()
	b := start(t, Options{FS: fs})
	b.ensure(HubConfig{Name: "h", Partitions: 2})
	p := b.partition("h", 1)
	appendTo(t, p, "", "old", "old", "old")
	rd, err := p.NewReader(FromStart())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Namespace(1).DeleteHub("H"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Namespace(1).Hub("h"); !fault.Is(err, fault.NotFound) {
		t.Errorf("deleted hub: %v", err)
	}
	if err := b.Namespace(1).DeleteHub("h"); !fault.Is(err, fault.NotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	if _, err := rd.Next(10, 10, nil); !fault.Is(err, fault.Gone) {
		t.Errorf("its reader: %v", err)
	}
	if res := tryAppend(p, "", "late"); !fault.Is(res.Err, fault.Unavailable) {
		t.Errorf("append to it: %v", res.Err)
	}
	names, err := fs.List(dir)
	want(t, "files", fmt.Sprint(names, err), "[hubs.json] <nil>")

	b.stop()
	b = start(t, Options{FS: fs})
	b.ensure(HubConfig{Name: "h", Partitions: 2})
	p = b.partition("h", 1)
	want(t, "first number", appendTo(t, p, "", "new", "newer").FirstSequence, 0)
	want(t, "last offset", p.Info().LastOffset, "4")
	pos, err := AtOffset("1", false)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "old checkpoint", bodies(t, p, pos), []string{"new", "newer"})
	names, err = fs.List(dir)
	slices.Sort(names)
	want(t, "files", fmt.Sprint(names, err), "[hub-00000002 hubs.json] <nil>")
}

func TestLostAndDamagedLists(t *testing.T) {
	build := func() vfs.FS {
		fs := vfs.NewMem()
		b := start(t, Options{FS: fs})
		b.ensure(HubConfig{Name: "h", Partitions: 1})
		b.stop()
		return fs
	}
	list := dir + "/" + metaFile
	for _, c := range []struct {
		name, want string
		harm       func(vfs.FS) error
	}{
		{"list lost", "hubs.json", func(fs vfs.FS) error { return fs.Remove(list) }},
		{"list damaged", "hubs.json", func(fs vfs.FS) error { return vfs.WriteFile(fs, list, []byte(`{"version":2,"hu`)) }},
		{"list of the future", "version 3, this program reads version 2; use the program that wrote it, or move the data folder away", func(fs vfs.FS) error { return vfs.WriteFile(fs, list, []byte(`{"version":3}`)) }},
		{"folder lost", "hub-00000001", func(fs vfs.FS) error { return fs.RemoveAll(dir + "/hub-00000001") }},
	} {
		fs := build()
		if err := c.harm(fs); err != nil {
			t.Fatal(err)
		}
		_, err := Open(Options{FS: fs, Dir: dir})
		if !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want it to name %s", c.name, err, c.want)
		}
	}
}

// The power goes off before each call that changes a file while hubs are made,
// changed, written and deleted. Afterwards each hub is there as it was before
// or after the step, with every acknowledged record.
func TestCrashAnywhere(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { crashAnywhere(t, rand.New(rand.NewPCG(seed, 3))) })
	}
}

func crashAnywhere(t *testing.T, rng *rand.Rand) {
	mem := vfs.NewCrashableMem()
	type image struct {
		fs   *vfs.MemFS
		step int
		at   string
	}
	var mu sync.Mutex
	var images []image
	step := 0
	fs := vfs.WithFaults(mem, vfs.InjectorFunc(func(op vfs.Op) error {
		if name, changes := vfs.ChangeName(op.Kind); changes && op.Kind != vfs.OpPreallocate {
			mu.Lock()
			defer mu.Unlock()
			cfg := vfs.CrashCloneConfig{UnsyncedDataPercent: rng.IntN(3) * 50, RNG: rng}
			images = append(images, image{mem.CrashClone(cfg), step, fmt.Sprintf("step %d before %s %s", step, name, op.Path)})
		}
		return nil
	}))
	b := start(t, Options{FS: fs})
	steps := []struct {
		do   func()
		then string // the hubs after it, and what is in them
	}{
		{func() {}, ""},
		{func() { b.ensure(HubConfig{Name: "a", Partitions: 1}) }, "a(0:[])"},
		{func() { appendTo(t, b.partition("a", 0), "k", "1", "2") }, "a(0:[1 2])"},
		{func() { b.ensure(HubConfig{Name: "b", Partitions: 2}) }, "a(0:[1 2])b(0:[]1:[])"},
		{func() { b.ensure(HubConfig{Name: "a", Partitions: 2}) }, "a(0:[1 2]1:[])b(0:[]1:[])"},
		{func() { appendTo(t, b.partition("a", 1), "", "3") }, "a(0:[1 2]1:[3])b(0:[]1:[])"},
		{func() { must(t, b.Namespace(1).DeleteHub("a")) }, "b(0:[]1:[])"},
		{func() { b.ensure(HubConfig{Name: "a", Partitions: 1}) }, "a(0:[])b(0:[]1:[])"},
		{func() { appendTo(t, b.partition("a", 0), "", "4") }, "a(0:[4])b(0:[]1:[])"},
	}
	for i, s := range steps {
		mu.Lock()
		step = i
		mu.Unlock()
		s.do()
		want(t, "live", describe(t, b), s.then)
	}
	b.stop()
	for _, im := range images {
		after, err := Open(Options{FS: im.fs, Dir: dir})
		if err != nil {
			t.Fatalf("%s: %v", im.at, err)
		}
		got := describe(t, &running{Broker: after})
		if before := steps[max(im.step-1, 0)].then; got != before && got != steps[im.step].then {
			t.Errorf("%s: found %q, want %q or %q", im.at, got, before, steps[im.step].then)
		}
		must(t, after.Close())
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// describe returns the hubs and their records.
func describe(t testing.TB, b *running) string {
	var s strings.Builder
	for _, h := range b.Namespace(1).Hubs() {
		fmt.Fprintf(&s, "%s(", h.Name())
		for i := range h.PartitionCount() {
			p, err := h.Partition(i)
			must(t, err)
			fmt.Fprintf(&s, "%d:%v", i, bodies(t, p, FromStart()))
		}
		s.WriteString(")")
	}
	return s.String()
}

func TestEvents(t *testing.T) {
	var mu sync.Mutex
	var got []string
	fs := vfs.NewMem()
	opts := Options{FS: fs, SegmentBytes: 200, Events: func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		switch e := e.(type) {
		case Appended:
			got = append(got, fmt.Sprintf("appended %s/%d %d+%d %dB", e.Hub, e.Partition, e.FirstSequence, e.Count, e.Bytes))
		case AppendFailed:
			got = append(got, fmt.Sprintf("failed %s/%d %v", e.Hub, e.Partition, fault.KindOf(e.Err)))
		case Retained:
			got = append(got, fmt.Sprintf("retained %s/%d from %d", e.Hub, e.Partition, e.BeginSequence))
		case Recovered:
			got = append(got, fmt.Sprintf("recovered %s/%d to %d", e.Hub, e.Partition, e.LastSequence))
		}
	}}
	b := start(t, opts)
	b.ensure(HubConfig{Name: "h", Partitions: 1, RetentionBytes: 150})
	p := b.partition("h", 0)
	appendTo(t, p, "", strings.Repeat("x", 100), "yy")
	appendTo(t, p, "", strings.Repeat("x", 90))
	tryAppend(p, "")
	b.Retain()
	b.stop()
	start(t, opts).stop()
	mu.Lock()
	defer mu.Unlock()
	want(t, "events", strings.Join(got, "; "),
		"appended h/0 0+2 102B; appended h/0 2+1 90B; failed h/0 invalid; retained h/0 from 2; recovered h/0 to 2")
}

func TestConcurrent(t *testing.T) {
	testkit.NoLeaks(t)
	b := start(t, Options{FS: vfs.NewMem(), TailBytes: 64 << 10, SegmentBytes: 32 << 10})
	h := b.ensure(HubConfig{Name: "h", Partitions: 2})
	var wg sync.WaitGroup
	const producers, batches = 4, 100
	for i := range producers {
		wg.Go(func() {
			for j := range batches {
				key := fmt.Sprint(i)
				appendTo(t, h.Route(key), key, fmt.Sprint(j), "same batch")
			}
		})
	}
	for i := range 2 {
		wg.Go(func() {
			b.ensure(HubConfig{Name: fmt.Sprint("other", i), Partitions: 2, ConsumerGroups: []string{"g"}})
		})
		wg.Go(func() { b.Retain(); b.Namespace(1).Hubs() })
	}
	wg.Wait()
	total := 0
	for i := range 2 {
		p := b.partition("h", i)
		rd, err := p.NewReader(FromStart())
		must(t, err)
		recs, err := rd.Next(1<<20, 1<<30, nil)
		must(t, err)
		must(t, rd.Close())
		next := map[string]int{}
		for n, r := range recs {
			if r.Sequence != int64(n) || int64(r.Offset) != int64(n) {
				t.Fatalf("record %d has number %d and offset %v", n, r.Sequence, r.Offset)
			}
			if n%2 == 0 {
				want(t, "key "+r.Key, string(r.Body), next[r.Key])
				next[r.Key]++
			}
		}
		total += len(recs)
	}
	want(t, "records", total, producers*batches*2)
}

// The list of hubs is a file that people look into.
func TestListIsReadable(t *testing.T) {
	fs := vfs.NewMem()
	b := start(t, Options{FS: fs, Now: func() time.Time { return time.UnixMilli(0) }})
	b.ensure(HubConfig{Name: "h", Partitions: 2, Retention: 24 * time.Hour, ConsumerGroups: []string{"g"}})
	content, err := vfs.ReadFile(fs, dir+"/"+metaFile, 1<<20)
	must(t, err)
	var compact strings.Builder
	enc := json.NewEncoder(&compact)
	must(t, enc.Encode(json.RawMessage(content)))
	want(t, "list", strings.TrimSpace(compact.String()),
		`{"version":2,"nextId":2,"hubs":[{"id":1,"namespace":1,"name":"h","createdAt":"1970-01-01T00:00:00Z","partitions":2,"retention":"24h0m0s","consumerGroups":["g"]}]}`)
}
