package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/host/scale"
	"github.com/lazuli-dev/lazuli/internal/host/scale/simulate"
)

// simulateFlags are the flags of `lazuli func simulate`.
type simulateFlags struct {
	profile                                 string
	plans, set, ready, prices               []string
	size                                    string
	most, least, concurrency, memory        int
	scaleIn, width                          int
	cold, idle, wait, everyHTTP, everyEvent time.Duration
	every                                   time.Duration
	asCSV, asJSON, why, listPlans, asPython bool
}

func newFuncSimulateCmd(s *session) *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Play a load against Azure's scaling rules: instances, backlog, latency, cost",
		Long: `Play a load over time against the rules by which Azure scales function apps, and draw what
comes of it: instances, what waits, latency and cost. The same code decides how many
workers a running app has. Nothing is drawn by lot: the same input gives the same output.

The load is a profile that is always there (burst, daily, steady) or a CSV file: the first
column is the time in seconds (or 1m30s, or h:mm:ss), every other one a function, headed
NAME:KIND, with its events or requests a second from then on. The last line ends it. Kinds
are http, eventhub, cosmosdb, queue, servicebus, kafka and blob.

    time, http, orders:queue
    0,    5,    0
    60,   200,  50
    180,  5,    0
    600,  0,    0

What a function does is told by --set FUNCTION.KEY=VALUE, or --set KEY=VALUE for all of them:
duration and per-event (how long an invocation takes, and longer for each event), cpu (the
percent of that time for which it needs a core), batch, partitions, concurrency, target.
What Azure does not publish is assumed and says so; --plans lists every number with its
source. Prices are assumptions too: set yours with --price.`,
		Example: `  lazuli func simulate --profile burst --plan flex
  lazuli func simulate --profile burst --plan consumption,flex,premium,dedicated
  lazuli func simulate --profile load.csv --plan flex --always-ready http=2 --why
  lazuli func simulate --profile daily --plan premium --size EP2 --set cpu=80 --csv > day.csv
  lazuli func simulate --plans`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.listPlans {
				return s.listPlans()
			}
			all, err := f.options()
			if err != nil {
				return &usageError{cmd, err}
			}
			return s.simulate(all, f)
		},
	}
	f.register(cmd)
	return cmd
}

func (f *simulateFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.profile, "profile", "burst", "burst, daily, steady, or a CSV file")
	fl.StringSliceVar(&f.plans, "plan", []string{"flex"}, "consumption, flex, premium, dedicated; several, with commas, are compared")
	fl.StringVar(&f.size, "size", "", "instance size, as in --plans (default the plan's first)")
	fl.IntVar(&f.most, "max-instances", 0, "limit of instances (default the plan's)")
	fl.IntVar(&f.least, "min-instances", 0, "instances that are always there, on premium and dedicated")
	fl.StringSliceVar(&f.ready, "always-ready", nil, "instances that are always there, on flex: http=2, blob=1, function:NAME=1")
	fl.StringArrayVar(&f.set, "set", nil, "what a function does: [FUNCTION.]KEY=VALUE; may be repeated")
	fl.IntVar(&f.concurrency, "http-concurrency", 0, "HTTP requests of an instance at a time (default the size's)")
	fl.BoolVar(&f.asPython, "python", false, "a Python app: on flex 1 HTTP request of an instance at a time, unless --http-concurrency says otherwise")
	fl.IntVar(&f.memory, "memory-used", 256, "MB that a function uses while it runs, on consumption")
	fl.StringArrayVar(&f.prices, "price", nil, "a price in dollars: METER=DOLLARS, meters as in --plans; may be repeated")
	fl.DurationVar(&f.cold, "cold-start", 0, "until a new instance works (default the plan's)")
	fl.DurationVar(&f.idle, "idle", 0, "without work, until the last instance goes (default the plan's)")
	fl.DurationVar(&f.wait, "scale-in-wait", 0, "for how long instances must be too many until some go (default the plan's)")
	fl.IntVar(&f.scaleIn, "scale-in", 0, "percent of the instances that go at a time (default the plan's)")
	fl.DurationVar(&f.everyHTTP, "every-http", 0, "between two times that instances are added for HTTP (default the plan's)")
	fl.DurationVar(&f.everyEvent, "every-event", 0, "between two times that instances are added for others (default the plan's)")
	fl.DurationVar(&f.every, "every", 0, "time between two points (default a sixtieth of the whole)")
	fl.IntVar(&f.width, "width", 60, "columns of a chart")
	fl.BoolVar(&f.why, "why", false, "list every change of the number of instances, and why")
	fl.BoolVar(&f.asCSV, "csv", false, "the points as CSV")
	fl.BoolVar(&f.asJSON, "json", false, "everything as JSON")
	fl.BoolVar(&f.listPlans, "plans", false, "list the plans: every number, and where it is from")
}

func (s *session) listPlans() error {
	for i, p := range scale.Plans() {
		if i > 0 {
			fmt.Fprintln(s.out)
		}
		if err := simulate.Facts(s.out, p); err != nil {
			return err
		}
	}
	return nil
}

// simulate plays the load on each plan and shows what came of it.
func (s *session) simulate(all []simulate.Options, f simulateFlags) error {
	var results []*simulate.Result
	for _, o := range all {
		r, err := simulate.Run(o)
		if err != nil {
			return err
		}
		results = append(results, r)
	}
	switch first := results[0]; {
	case f.asJSON:
		enc := json.NewEncoder(s.data)
		enc.SetIndent("", "  ")
		if len(results) > 1 {
			return enc.Encode(results)
		}
		return enc.Encode(first)
	case f.asCSV:
		return first.WriteCSV(s.data)
	case len(results) > 1:
		return simulate.Compare(s.out, results)
	case f.why:
		return first.Explain(s.out)
	default:
		return first.Draw(s.out, f.width)
	}
}

// options are what is to be played, for each plan.
func (f *simulateFlags) options() ([]simulate.Options, error) {
	if len(f.plans) > 1 && (f.asCSV || f.why || f.size != "") {
		return nil, errors.New("--csv, --why and --size are for one plan; --json takes several")
	}
	profile, err := f.readProfile()
	if err != nil {
		return nil, err
	}
	var all []simulate.Options
	for _, name := range f.plans {
		p, err := scale.FindPlan(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		o := simulate.Options{Profile: profile, Plan: p, MemoryMB: f.memory, Every: f.points(profile.Length)}
		if err := f.change(&o); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// points is the time between two points: a sixtieth of the whole, in seconds.
func (f *simulateFlags) points(length time.Duration) time.Duration {
	if f.every > 0 {
		return f.every
	}
	return max(time.Second, (length / 60).Truncate(time.Second))
}

func (f *simulateFlags) readProfile() (simulate.Profile, error) {
	if !strings.EqualFold(filepath.Ext(f.profile), ".csv") {
		return simulate.Builtin(f.profile)
	}
	file, err := os.Open(f.profile)
	if err != nil {
		return simulate.Profile{}, err
	}
	defer file.Close()
	return simulate.ReadCSV(filepath.Base(f.profile), file)
}

// change makes the plan and the functions as the flags say.
func (f *simulateFlags) change(o *simulate.Options) error {
	p := o.Plan
	var err error
	if o.Size, err = p.Size(f.size); err != nil {
		return err
	}
	for _, d := range []struct {
		given time.Duration
		to    *scale.Fact[time.Duration]
	}{{f.cold, &p.ColdStart}, {f.wait, &p.ScaleInWait}, {f.everyHTTP, &p.EveryHTTP}, {f.everyEvent, &p.EveryEvent}} {
		if d.given > 0 {
			d.to.Value = d.given
		}
	}
	if f.scaleIn > 0 {
		p.ScaleIn.Value = f.scaleIn
	}
	switch {
	case f.concurrency > 0:
		o.Size.Concurrency.Value = f.concurrency
	case f.asPython && p.PerFunction:
		o.Size.Concurrency.Value = 1
	}
	o.Limits = scale.Limits{Most: f.most, Least: f.least, IdleToZero: f.idle, AlwaysReady: map[string]int{}}
	if f.least > 0 && p.PerFunction && len(f.plans) == 1 {
		return fmt.Errorf("plan %s has always-ready instances for its groups instead of --min-instances, such as --always-ready http=%d", p.Name, f.least)
	}
	if err := f.alwaysReady(o); err != nil {
		return err
	}
	if err := f.setPrices(p); err != nil {
		return err
	}
	return f.setWork(o)
}

func (f *simulateFlags) alwaysReady(o *simulate.Options) error {
	groups := map[string]bool{}
	var names []string
	for i := range o.Profile.Loads {
		l := &o.Profile.Loads[i]
		if name := o.Plan.GroupOf(l.Kind, l.Function); !groups[name] {
			groups[name] = true
			names = append(names, name)
		}
	}
	for _, given := range f.ready {
		name, count, ok := strings.Cut(given, "=")
		n, err := strconv.Atoi(count)
		switch {
		case !ok || err != nil || n < 0 || n > o.Plan.Most.Value:
			return fmt.Errorf("--always-ready %s: write GROUP=COUNT, such as http=2", given)
		case !o.Plan.PerFunction && len(f.plans) == 1:
			return fmt.Errorf("plan %s scales as a whole and has no groups: --min-instances %d", o.Plan.Name, n)
		case !o.Plan.PerFunction:
		case !groups[name]:
			return fmt.Errorf("--always-ready %s: the profile has no such group; there are %s", given, strings.Join(names, ", "))
		default:
			o.Limits.AlwaysReady[name] = n
		}
	}
	return nil
}

func (f *simulateFlags) setPrices(p *scale.Plan) error {
	for _, given := range f.prices {
		name, value, _ := strings.Cut(given, "=")
		dollars, err := strconv.ParseFloat(value, 64)
		if err != nil || !(dollars >= 0 && dollars < 1e6) {
			return fmt.Errorf("--price %s: write METER=DOLLARS, such as gb-second=0.00002", given)
		}
		var names []string
		found := false
		for _, m := range simulate.Meters() {
			names = append(names, m.Name)
			if m.Name == name {
				*m.Of(&p.Prices), found = scale.Fact[float64]{Value: dollars, Source: "--price"}, true
			}
		}
		if !found {
			return fmt.Errorf("--price %s: there is no such meter; there are %s", given, strings.Join(names, ", "))
		}
	}
	return nil
}

// setWork is --set: for one function, or for all of them.
func (f *simulateFlags) setWork(o *simulate.Options) error {
	o.Work = map[string]simulate.Work{}
	var names []string
	for i := range o.Profile.Loads {
		l := &o.Profile.Loads[i]
		o.Work[l.Function] = o.DefaultWork(l)
		names = append(names, l.Function)
	}
	for _, given := range f.set {
		key, value, ok := strings.Cut(given, "=")
		function, one, named := strings.Cut(key, ".")
		if !named {
			function, one = "", key
		}
		if _, known := o.Work[function]; !ok || named && !known {
			return fmt.Errorf("--set %s: write FUNCTION.KEY=VALUE or KEY=VALUE; functions are %s", given, strings.Join(names, ", "))
		}
		for _, name := range names {
			if named && name != function {
				continue
			}
			w := o.Work[name]
			if err := w.Set(one, value); err != nil {
				return fmt.Errorf("--set %w", err)
			}
			o.Work[name] = w
		}
	}
	return nil
}
