package functions

import (
	"regexp"
	"strconv"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/breaker"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// back is the range that lists, marks and notices look at.
const back = 15 * time.Minute

// sparkSteps is how many bars a spark has.
const sparkSteps = 24

// The states of rows.
const (
	stateOK   = "ok"
	stateWarn = "warn"
	stateBad  = "bad"
	stateOff  = "off"
	stateBusy = "busy"
)

// AppRow is a function app in the list.
type AppRow struct {
	ID         string `json:"id"` // its name
	URL        string `json:"url"`
	Kind       string `json:"kind"`
	State      string `json:"state"`
	Worker     string `json:"worker"` // state of its process
	Since      int64  `json:"since"`  // of that state, in unix milliseconds
	Starts     int    `json:"starts"`
	Workers    int    `json:"workers"`    // processes that are ready
	WorkersMin int    `json:"workersMin"` // between which their number changes by itself
	WorkersMax int    `json:"workersMax"`
	Instances  int    `json:"instances"` // that it would have on Azure
	Error      string `json:"error,omitempty"`
	Build      Build  `json:"build"`
}

// Build is how the newest build of an app's code went. One that failed leaves
// the code before it running.
type Build struct {
	State string `json:"state"` // building, built, failed, or "": it is not built here
	Since int64  `json:"since"` // of that state, in unix milliseconds
	Error string `json:"error,omitempty"`
	File  string `json:"file,omitempty"` // of the first mistake, from the app's folder
	Line  int    `json:"line,omitempty"`
	Runs  bool   `json:"runs"` // older code runs meanwhile
}

// Function is a function in the list. Rates are per second, over the last four
// seconds; what is recent is of the last 15 minutes.
type Function struct {
	ID        string   `json:"id"` // app/function
	App       string   `json:"app"`
	Name      string   `json:"name"`
	Place     int      `json:"place"`   // among the app's functions, as declared
	Trigger   string   `json:"trigger"` // type of the binding
	Target    string   `json:"target"`  // a hub, database/container, queue or container of blobs, all as Config.Name, or a route
	Group     string   `json:"group,omitempty"`
	Methods   []string `json:"methods,omitempty"`
	Level     string   `json:"level,omitempty"` // which key an HTTP function asks for
	Inputs    []Output `json:"inputs,omitempty"`
	Outputs   []Output `json:"outputs"`
	State     string   `json:"state"` // ok, warn, bad, off or busy
	Listener  string   `json:"listener"`
	Error     string   `json:"error,omitempty"` // why it cannot run or listen
	Disabled  bool     `json:"disabled"`
	Runs      float64  `json:"runs"`      // rate
	Items     float64  `json:"items"`     // rate
	Documents float64  `json:"documents"` // rate
	Failures  float64  `json:"failures"`  // rate
	Total     int64    `json:"total"`
	Failed    int64    `json:"failed"`
	MeanMs    float64  `json:"meanMs"` // of the last four seconds, else 0
	Running   int      `json:"running"`
	Recent    int      `json:"recent"`       // runs
	RecentBad int      `json:"recentFailed"` // of them
	LastAt    int64    `json:"lastAt"`       // when a run ended last, unix milliseconds; 0: never
	Spark     []int    `json:"spark"`        // recent runs in 24 steps; empty without any
	SparkBad  []int    `json:"sparkFailed"`

	// How it scales: what waits, and how many instances it would ask for on Azure.
	Backlog      int64  `json:"backlog"`
	BacklogKnown bool   `json:"backlogKnown"`
	ScaleTarget  int    `json:"scaleTarget"` // of the backlog, what an instance is to have
	Instances    int    `json:"instances"`
	ScaleWhy     string `json:"scaleWhy,omitempty"`

	Breaker     *Breaker     `json:"breaker,omitempty"`     // of a function that has one
	DeadLetters *DeadLetters `json:"deadLetters,omitempty"` // as well
}

// Breaker is a function's circuit breaker.
type Breaker struct {
	State    string `json:"state"` // closed, open or halfOpen
	Since    int64  `json:"since"` // unix milliseconds
	Until    int64  `json:"until"` // when the next probe may run, while it is open; else 0
	Failures int    `json:"failures"`
	Probes   int    `json:"probes"` // that failed since it opened
	Error    string `json:"error,omitempty"`
}

// DeadLetters is the place for what a function failed on.
type DeadLetters struct {
	Place string `json:"place"` // kind:name
	Kept  int64  `json:"kept"`  // since the app started
	Error string `json:"error,omitempty"`
}

// protect adds what a function has beyond Azure's.
func (f *Function) protect(info host.FunctionInfo) {
	if b := info.Breaker; b != nil {
		f.Breaker = &Breaker{State: string(b.State), Since: b.Since.UnixMilli(), Failures: b.Failures, Probes: b.Probes}
		if !b.Until.IsZero() {
			f.Breaker.Until = b.Until.UnixMilli()
		}
		if b.Err != nil {
			f.Breaker.Error = b.Err.Error()
		}
	}
	if d := info.DeadLetters; d != nil {
		f.DeadLetters = &DeadLetters{Place: d.Place.String(), Kept: d.Kept}
		if d.Err != nil {
			f.DeadLetters.Error = d.Err.Error()
		}
	}
}

// Output is an output binding.
type Output struct {
	Type   string `json:"type"`
	Target string `json:"target"` // database/container or a hub, as Config.Name; "" when unknown
}

// appStates are the worker's states as states of rows.
var appStates = map[worker.State]string{
	worker.Starting: stateBusy, worker.Running: stateOK, worker.Idle: stateOK, worker.Waiting: stateWarn, worker.Failing: stateBad, worker.Stopped: stateOff,
}

func (p page) apps(*portal.Rates) []portal.Row {
	rows := []portal.Row{}
	for _, a := range p.Apps() {
		s := a.Host.Status()
		row := AppRow{
			ID: a.Host.Name(), URL: a.URL, Kind: s.Kind, State: appStates[s.Worker.State], Worker: string(s.Worker.State),
			Since: s.Worker.Since.UnixMilli(), Starts: s.Worker.Starts,
		}
		last := a.Host.LastScale()
		row.Workers, row.WorkersMin, row.WorkersMax, row.Instances = last.Workers.Ready, last.Workers.Least, last.Workers.Most, last.Instances
		if s.Worker.State != worker.Running && s.Worker.State != worker.Idle {
			row.Error = s.Worker.LastError
		}
		row.Build = buildOf(s)
		if row.Build.State == string(host.BuildFailed) {
			row.State = stateBad
		}
		rows = append(rows, portal.Row{ID: row.ID, Value: row})
	}
	return rows
}

// mistake is where a compiler says that a mistake is: file:line, or with a column.
var mistake = regexp.MustCompile(`(?m)^(?:\./)?([^\s:]+\.\w+):(\d+)(?::\d+)?: `)

func buildOf(s host.Status) Build {
	b := Build{State: string(s.Build.State), Runs: s.Worker.State == worker.Running}
	if b.State != "" {
		b.Since = s.Build.Since.UnixMilli()
	}
	if s.Build.Err != nil {
		b.Error = s.Build.Err.Error()
		if m := mistake.FindStringSubmatch(b.Error); m != nil {
			b.File = m[1]
			b.Line, _ = strconv.Atoi(m[2]) // digits, however many
		}
	}
	return b
}

func (p page) functions(r *portal.Rates) []portal.Row {
	rows := []portal.Row{}
	now := time.Now()
	add := func(app string, f Function) {
		f.App, f.ID, f.Place = app, app+"/"+f.Name, len(rows)
		rows = append(rows, portal.Row{ID: f.ID, Value: f})
	}
	for _, a := range p.Apps() {
		app := a.Host.Name()
		for _, info := range a.Host.Functions() {
			add(app, p.function(a.Host, info, r, now))
		}
		for _, b := range a.Host.Status().Broken {
			add(app, Function{
				Name: b.Name, State: stateBad, Listener: "Broken", Error: b.Err.Error(),
				Outputs: []Output{}, Spark: []int{}, SparkBad: []int{},
			})
		}
	}
	return rows
}

func (p page) function(a Host, info host.FunctionInfo, r *portal.Rates, now time.Time) Function {
	app := a.Name()
	c := p.Counts.Function(app, info.Name)
	key := "function/" + app + "/" + info.Name
	f := Function{
		Name: info.Name, Trigger: info.Trigger, Group: info.Source.Group, Outputs: []Output{},
		Target:   p.Name(info.Trigger, trigger.Place{Host: info.Source.Host, Target: info.Source.Target}),
		Listener: string(info.Listener), Disabled: info.Disabled, Total: c.Runs.Load(), Failed: c.Failures.Load(),
	}
	f.Runs, f.Items = r.Of(key+"/runs", f.Total), r.Of(key+"/items", c.Items.Load())
	f.Documents, f.Failures = r.Of(key+"/documents", c.Documents.Load()), r.Of(key+"/failures", f.Failed)
	if micros := r.Of(key+"/micros", c.Micros.Load()); f.Runs > 0 {
		f.MeanMs = micros / f.Runs / 1000
	}
	if info.Waits != "" && info.Listener == host.ListenerRunning {
		f.Listener = listenerWaiting
	}
	if info.Err != nil {
		f.Error = info.Err.Error()
	}
	if info.HTTP != nil {
		f.Methods, f.Level = info.HTTP.Methods, info.HTTP.AuthLevel
	}
	for _, in := range info.Inputs {
		f.Inputs = append(f.Inputs, Output{in.Type, p.Name(in.Type, in.Place)})
	}
	for _, o := range info.Outputs {
		f.Outputs = append(f.Outputs, Output{o.Type, p.Name(o.Type, o.Place)})
	}
	health := c.Health(now, back)
	f.scales(a.LastScale())
	f.State, f.Running, f.Recent, f.RecentBad = state(info, health), health.Running, health.Runs, health.Failed
	if !health.LastAt.IsZero() {
		f.LastAt = health.LastAt.UnixMilli()
	}
	f.Spark, f.SparkBad = spark(c, health, now)
	f.protect(info)
	return f
}

// listenerWaiting is what a listener is that waits for something to come to be, such
// as its queue.
const listenerWaiting = "Waiting"

// state is a function's state: failing when its last run failed or one of a
// hundred recent ones did, or when it cannot listen.
func state(info host.FunctionInfo, h telemetry.Health) string {
	switch {
	case info.Disabled:
		return stateOff
	case info.Err != nil || info.Listener == host.ListenerFailed || h.Bad():
		return stateBad
	case h.Failed > 0 || info.Breaker != nil && info.Breaker.State != breaker.Closed:
		return stateWarn
	case info.Listener == host.ListenerStarting, info.Waits != "":
		return stateBusy
	}
	return stateOK
}

// spark is the recent past in few bars. Their edges stay where they are while
// time passes, so that a row changes only with its function.
func spark(c *telemetry.Function, h telemetry.Health, now time.Time) (runs, failed []int) {
	if h.Runs == 0 {
		return []int{}, []int{}
	}
	step := 40 * time.Second // 24 of them are 16 minutes
	from := now.Truncate(step).Add(-(sparkSteps - 1) * step)
	past := c.Past(from, from.Add(sparkSteps*step), step)
	return past.Runs, past.Failed
}
