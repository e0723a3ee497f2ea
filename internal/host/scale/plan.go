package scale

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Plan is a hosting plan: how it scales, what an instance is, and what it costs.
type Plan struct {
	Name  string // as in --plan
	Title string
	// PerFunction: functions scale alone, or in the groups of GroupOf.
	PerFunction bool
	// Events: instances come and go with events. Else a person sets their number.
	Events bool
	// ToZero: an app that is idle has no instance.
	ToZero bool

	Sizes   []Size // of instances; the first is the default
	Most    Fact[int]
	Default Fact[int] // the limit, when nobody sets one
	Least   Fact[int] // instances that are always there
	// AlwaysReady: people may set how many instances of a group are always there.
	AlwaysReady Fact[bool]
	// Prewarmed is how many instances beyond those in use are kept started.
	Prewarmed Fact[int]

	Timeout     Fact[time.Duration] // functionTimeout, when host.json does not say
	MostTimeout Fact[time.Duration] // at most; Unbounded: any

	Step        Fact[int]           // instances that one decision adds, at most
	EveryHTTP   Fact[time.Duration] // between two decisions that add instances, for HTTP functions
	EveryEvent  Fact[time.Duration] // for the others
	ScaleInWait Fact[time.Duration] // for how long functions must ask for less until they get less
	ScaleIn     Fact[int]           // how many percent of the instances go at a time, at most; Step at least
	IdleToZero  Fact[time.Duration] // without work, until the last instance goes
	ColdStart   Fact[time.Duration] // of an instance, until it works

	Prices Prices
}

// Size is an instance size.
type Size struct {
	Name        string
	MemoryMB    Fact[int]
	MilliCores  Fact[int] // thousandths of a core
	Concurrency Fact[int] // HTTP requests of an instance at a time, when nobody sets it
}

// Prices are what a plan costs, in US dollars. Those of meters that the plan lacks are 0.
type Prices struct {
	Execution     Fact[float64] // of a million executions
	GBSecond      Fact[float64] // while a function runs
	ReadyGBSecond Fact[float64] // of an always-ready instance, all the time
	ReadyBusy     Fact[float64] // GB-second of an always-ready instance while a function runs
	CoreHour      Fact[float64]
	GBHour        Fact[float64]
	InstanceHour  Fact[float64] // of the first size; others cost as much as they have cores
}

// HTTP over which Azure's front end cuts a request off, in every plan.
const HTTPLimit = 230 * time.Second

// Size finds an instance size by name, "" being the default.
func (p *Plan) Size(name string) (Size, error) {
	if name == "" {
		return p.Sizes[0], nil
	}
	i := slices.IndexFunc(p.Sizes, func(s Size) bool { return strings.EqualFold(s.Name, name) })
	if i < 0 {
		names := make([]string, len(p.Sizes))
		for i, s := range p.Sizes {
			names[i] = s.Name
		}
		return Size{}, fmt.Errorf("plan %s has no instance size %q; it has %s", p.Name, name, strings.Join(names, ", "))
	}
	return p.Sizes[i], nil
}

// FindPlan finds one of Plans by its name.
func FindPlan(name string) (*Plan, error) {
	var names []string
	for _, p := range Plans() {
		if strings.EqualFold(p.Name, name) {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return nil, fmt.Errorf("there is no hosting plan %q; there are %s", name, strings.Join(names, ", "))
}
