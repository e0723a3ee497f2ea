// Package functions is the portal's page of function apps: what each function
// listens to, how it runs, its latest invocations, and how to run one by hand.
package functions

import (
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// Host is what the page needs of a *host.Host.
type Host interface {
	Name() string
	Functions() []host.FunctionInfo
	Status() host.Status
	RunNow(function, input string) error
}

// App is a function app and where its HTTP functions answer.
type App struct {
	Host Host
	URL  string
}

// Config is what the page shows.
type Config struct {
	Apps   []App
	Counts *telemetry.Counts
}

type page struct{ Config }

// Pages returns the list of apps and that of functions.
func Pages(c Config) []portal.Page {
	p := page{c}
	base := "/api/apps/{app}/functions/{function}/"
	return []portal.Page{{
		Kind: "apps", Rows: p.apps, Count: func() int { return len(c.Apps) },
	}, {
		Kind: "functions", Item: "function", Rows: p.functions, Count: p.count,
		Totals: func(add func(string, int64)) {
			c.Counts.Functions(func(_, _ string, f *telemetry.Function) {
				add("items", f.Items.Load())
				add("failures", f.Failures.Load())
			})
		},
		Routes: []portal.Route{
			{Pattern: "GET " + base + "invocations", Serve: p.getInvocations},
			{Pattern: "POST " + base + "run", Serve: p.runFunction},
		},
	}}
}

// AppRow is a function app in the list.
type AppRow struct {
	ID     string `json:"id"` // its name
	URL    string `json:"url"`
	Kind   string `json:"kind"`
	Worker string `json:"worker"` // state of its process
	Error  string `json:"error,omitempty"`
}

// Function is a function in the list. Rates are per second, over the last four
// seconds.
type Function struct {
	ID        string   `json:"id"` // app/function
	App       string   `json:"app"`
	Name      string   `json:"name"`
	Place     int      `json:"place"`   // among the app's functions, as declared
	Trigger   string   `json:"trigger"` // type of the binding
	Target    string   `json:"target"`  // a hub, database/container, or a route
	Group     string   `json:"group,omitempty"`
	Methods   []string `json:"methods,omitempty"`
	Outputs   []Output `json:"outputs"`
	State     string   `json:"state"`
	Error     string   `json:"error,omitempty"`
	Disabled  bool     `json:"disabled"`
	Runs      float64  `json:"runs"`      // rate
	Items     float64  `json:"items"`     // rate
	Documents float64  `json:"documents"` // rate
	Failures  float64  `json:"failures"`  // rate
	Total     int64    `json:"total"`
	Failed    int64    `json:"failed"`
	MeanMs    float64  `json:"meanMs"` // of the last four seconds, else 0
}

// Output is an output binding.
type Output struct {
	Type   string `json:"type"`
	Target string `json:"target"` // database/container or a hub; "" when unknown
}

func (p page) count() (n int) {
	for _, a := range p.Apps {
		n += len(a.Host.Functions())
	}
	return n
}

func (p page) apps(*portal.Rates) []portal.Row {
	rows := []portal.Row{}
	for _, a := range p.Apps {
		status := a.Host.Status()
		row := AppRow{a.Host.Name(), a.URL, status.Kind, string(status.Worker.State), status.Worker.LastError}
		rows = append(rows, portal.Row{ID: row.ID, Value: row})
	}
	return rows
}

func (p page) functions(r *portal.Rates) []portal.Row {
	rows := []portal.Row{}
	add := func(app string, f Function) {
		f.App, f.ID, f.Place = app, app+"/"+f.Name, len(rows)
		rows = append(rows, portal.Row{ID: f.ID, Value: f})
	}
	for _, a := range p.Apps {
		app := a.Host.Name()
		for _, info := range a.Host.Functions() {
			add(app, p.function(app, info, r))
		}
		for _, b := range a.Host.Status().Broken {
			add(app, Function{Name: b.Name, State: "Broken", Error: b.Err.Error(), Outputs: []Output{}})
		}
	}
	return rows
}

func (p page) function(app string, info host.FunctionInfo, r *portal.Rates) Function {
	c := p.Counts.Function(app, info.Name)
	key := "function/" + app + "/" + info.Name
	f := Function{
		Name: info.Name, Trigger: info.Trigger, Target: info.Source.Target, Group: info.Source.Group, Outputs: []Output{},
		State: string(info.Listener), Disabled: info.Disabled, Total: c.Runs.Load(), Failed: c.Failures.Load(),
	}
	f.Runs, f.Items = r.Of(key+"/runs", f.Total), r.Of(key+"/items", c.Items.Load())
	f.Documents, f.Failures = r.Of(key+"/documents", c.Documents.Load()), r.Of(key+"/failures", f.Failed)
	if micros := r.Of(key+"/micros", c.Micros.Load()); f.Runs > 0 {
		f.MeanMs = micros / f.Runs / 1000
	}
	if info.Err != nil {
		f.Error = info.Err.Error()
	}
	if info.HTTP != nil {
		f.Methods = info.HTTP.Methods
	}
	for _, o := range info.Outputs {
		f.Outputs = append(f.Outputs, Output(o))
	}
	return f
}

// Positions are the containers, named database/container, in which functions
// keep positions of change feeds.
func (c Config) Positions() map[string]bool {
	names := map[string]bool{}
	for _, a := range c.Apps {
		for _, f := range a.Host.Functions() {
			if f.Source.Positions != "" {
				names[f.Source.Positions] = true
			}
		}
	}
	return names
}
