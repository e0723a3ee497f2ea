package simulate

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lazuli-dev/lazuli/internal/host/scale"
)

var update = flag.Bool("update", false, "write the goldens anew")

// golden compares a text with a file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", name, diff)
	}
}

func play(t testing.TB, p Profile, plan *scale.Plan, every time.Duration, change func(*Options)) *Result {
	t.Helper()
	o := Options{Profile: p, Plan: plan, Size: plan.Sizes[0], Every: every, MemoryMB: 256}
	if change != nil {
		change(&o)
	}
	r, err := Run(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestGoldens: the same load gives the same text, on every machine.
func TestGoldens(t *testing.T) {
	for _, p := range scale.Plans() {
		var b bytes.Buffer
		r := play(t, burst(), p, 30*time.Second, nil)
		if err := r.Draw(&b, 60); err != nil {
			t.Fatal(err)
		}
		b.WriteString("\n")
		if err := r.Explain(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, "burst-"+p.Name+".txt", b.Bytes())
	}
	p, err := ReadCSV("uneven.csv", strings.NewReader(uneven))
	if err != nil {
		t.Fatal(err)
	}
	r := play(t, p, scale.Flex(), 10*time.Second, func(o *Options) {
		o.Limits.AlwaysReady = map[string]int{scale.GroupHTTP: 1}
	})
	var points bytes.Buffer
	if err := r.WriteCSV(&points); err != nil {
		t.Fatal(err)
	}
	golden(t, "uneven.csv", points.Bytes())
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "uneven.json", append(text, '\n'))
	var table bytes.Buffer
	if err := Compare(&table, []*Result{r, play(t, p, scale.Premium(), time.Second, nil)}); err != nil {
		t.Fatal(err)
	}
	golden(t, "compare.txt", table.Bytes())
}

// uneven is a profile with all that the format has.
const uneven = `# of a thermometer that fails
time, http, orders:queue, alarm:cosmosdb
0, 2.5, , 1
00:00:20, 40, 100, 1
0:01:00, 0, 0, 0
1m30s, 0, 0, 0
`

// TestWhole: nothing is lost, at every moment, whatever comes: what arrived is done,
// given up, or waits.
func TestWhole(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var p Profile
		p.Name, p.Length = "random", time.Duration(rapid.IntRange(1, 900).Draw(rt, "seconds"))*time.Second
		for _, k := range Kinds() {
			l := Load{Function: k.Name, Kind: k.Kind}
			for from := time.Duration(0); from < p.Length; from += 100 * time.Second {
				l.Steps = append(l.Steps, Step{from, Rate(rapid.Int64Range(0, 3_000_000).Draw(rt, k.Name))})
			}
			p.Loads = append(p.Loads, l)
		}
		plan := rapid.SampledFrom(scale.Plans()).Draw(rt, "plan")
		o := Options{Profile: p, Plan: plan, Size: rapid.SampledFrom(plan.Sizes).Draw(rt, "size"), Every: 7 * time.Second, Work: map[string]Work{}}
		for i := range p.Loads {
			w := o.DefaultWork(&p.Loads[i])
			w.Duration = time.Duration(rapid.IntRange(0, 20_000).Draw(rt, "ms")) * time.Millisecond
			w.CPU = rapid.IntRange(0, 100).Draw(rt, "cpu")
			o.Work[p.Loads[i].Function] = w
		}
		r, err := Run(o)
		if err != nil {
			rt.Fatal(err)
		}
		last := time.Duration(0)
		for _, at := range r.Points {
			if at.At <= last {
				rt.Fatalf("%v after %v", at.At, last)
			}
			last = at.At
		}
		for i, f := range r.Functions {
			var arrived, done int64
			for _, at := range r.Points {
				arrived, done = arrived+at.Functions[i].Arrived, done+at.Functions[i].Done
			}
			if f.Arrived != f.Done+f.Failed+f.Left || f.Arrived != arrived || f.Done != done || f.Executions > f.Done || f.Worst < f.P99 || f.P99 < f.P50 {
				rt.Fatalf("%+v; points: %d arrived, %d done", f, arrived, done)
			}
		}
		if r.Most > o.most() && plan.Events || r.Cost < 0 || last != p.Length {
			rt.Fatalf("%d instances, $%f, ends at %v", r.Most, r.Cost, last)
		}
	})
}

// TestThousandInstances: a load that needs more than there are gets a thousand, four at
// a time.
func TestThousandInstances(t *testing.T) {
	p := Profile{Name: "flood", Length: 10 * time.Minute, Loads: []Load{{Function: "api", Kind: scale.HTTP, Steps: []Step{{0, PerSecond(100_000)}}}}}
	r := play(t, p, scale.Flex(), time.Minute, func(o *Options) { o.Limits.Most = 1000 })
	if r.Most != 1000 || r.Changes[0].Now != 4 || r.Changes[len(r.Changes)-1].At != 249*time.Second {
		t.Errorf("%d instances; first %+v, last %+v", r.Most, r.Changes[0], r.Changes[len(r.Changes)-1])
	}
	if f := r.Functions[0]; f.Failed == 0 || f.Worst > scale.HTTPLimit+time.Second {
		t.Errorf("requests wait for %v, and %d were given up", f.Worst, f.Failed)
	}
}

// TestColdStart: the first request of an app at zero waits for an instance, and not
// where one is always ready.
func TestColdStart(t *testing.T) {
	p := Profile{Name: "one", Length: time.Minute, Loads: []Load{{Function: "api", Kind: scale.HTTP, Steps: []Step{{0, 0}, {10 * time.Second, PerSecond(1)}}}}}
	plan := scale.Consumption()
	if r := play(t, p, plan, time.Second, nil); r.Functions[0].Worst != 3100*time.Millisecond {
		t.Errorf("cold: %v", r.Functions[0].Worst)
	}
	ready := func(o *Options) { o.Limits.AlwaysReady = map[string]int{scale.GroupHTTP: 1} }
	r := play(t, p, scale.Flex(), time.Second, ready)
	if r.Functions[0].Worst != 100*time.Millisecond || r.Started != 0 {
		t.Errorf("always ready: %v, %d started", r.Functions[0].Worst, r.Started)
	}
}

// TestCores: work that only waits needs no instance more; work that computes gets as
// many as it needs cores, because what waits meanwhile asks for them.
func TestCores(t *testing.T) {
	p := Profile{Name: "cores", Length: 20 * time.Minute, Loads: []Load{{Function: "api", Kind: scale.HTTP, Steps: []Step{{0, PerSecond(100)}}}}}
	for cpu, want := range map[int]int{0: 2, 100: 30} {
		r := play(t, p, scale.Flex(), time.Minute, func(o *Options) {
			w := o.DefaultWork(&p.Loads[0])
			w.CPU, w.Duration = cpu, 300*time.Millisecond
			o.Work = map[string]Work{"api": w}
		})
		in := r.Points[len(r.Points)-1].Groups[0].Instances
		if f := r.Functions[0]; in != want || f.Left > int64(want*f.Work.Target) {
			t.Errorf("%d %% of a core: %d instances in the end, want %d; %d wait", cpu, in, want, f.Left)
		}
	}
}

// TestImpossible says what no plan allows.
func TestImpossible(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"ends it after 10m0s at the latest": func(o *Options) { o.Work = map[string]Work{"orders": {Batch: 1, Duration: 11 * time.Minute}} },
		"front end cuts HTTP requests off":  func(o *Options) { o.Work = map[string]Work{"api": {Batch: 1, Duration: 4 * time.Minute}} },
		"has at most 200":                   func(o *Options) { o.Limits.Most = 201 },
		"whole seconds":                     func(o *Options) { o.Every = time.Millisecond },
		"holds nothing":                     func(o *Options) { o.Profile = Profile{Name: "p"} },
	} {
		o := Options{Profile: burst(), Plan: scale.Consumption(), Size: scale.Consumption().Sizes[0], Every: time.Second}
		change(&o)
		if _, err := Run(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// BenchmarkDay is a day of three functions.
func BenchmarkDay(b *testing.B) {
	for b.Loop() {
		play(b, daily(), scale.Flex(), 10*time.Minute, nil)
	}
}
