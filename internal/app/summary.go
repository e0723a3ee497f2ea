package app

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// Summary is what runs, for the screen that `lazuli up` prints.
type Summary struct {
	Info       instance.Info
	Connection connect.Facts
	Sync       string // the durability in force: always, interval or none
	Took       time.Duration
	Hubs       []HubSummary
	Databases  []DatabaseSummary
	Storage    []StorageSummary
	Apps       []AppSummary
	Jobs       []JobSummary
	Gateways   []GatewaySummary
	AutoCreate bool // hubs come to be on first use
	// Positions are the containers, named database/container, in which functions
	// keep positions of change feeds.
	Positions  map[string]bool
	Access     Access
	Permissive bool     // identity.mode says that roles are not
	Enforced   bool     // roles are: what none allows is refused
	Notes      []string // what lies in the folder and is not served
}

// HubSummary is an event hub.
type HubSummary struct {
	Namespace  string // "" for the one that localhost means
	Name       string
	Partitions int
}

// DatabaseSummary is a database and its containers.
type DatabaseSummary struct {
	Account    string // "" for the one that localhost means
	Name       string
	Containers []string
}

// StorageSummary is what a kind of storage, "containers", "queues" or "tables", has in
// an account.
type StorageSummary struct {
	Account string // "" for the one that localhost means
	Kind    string
	Names   []string
}

// GatewaySummary is an API gateway and its APIs.
type GatewaySummary struct {
	Name string   // "" for the one that localhost means
	APIs []string // "orders at /api"
}

// AppSummary is a function app. Err says why it does not run; the other
// services do.
type AppSummary struct {
	Name      string
	URL       string
	Functions []FunctionSummary
	Err       error
}

// JobSummary is a stream job. Failed says why it does not run.
type JobSummary struct {
	Name     string
	State    string   // as `lazuli stream list` has it
	From, To []string // hubs; hubs, containers, functions, datasets and files
	Failed   string
}

// The triggers in FunctionSummary that the screen has advice for.
const (
	TriggerEventHub = hub.Title
	TriggerCosmos   = container.Title
	TriggerHTTP     = host.TitleHTTP
)

// FunctionSummary is a function and what starts it.
type FunctionSummary struct {
	Name    string
	Trigger string // in words, such as "Event Hub"
	On      string // "GET, POST /api/health", a hub, a database/container
	Host    string // where that is, by its connection; "localhost" for an emulator's
	Err     error  // why this function is not served
}

// jobSummary is the job on the screen of `lazuli up`.
func jobSummary(j *jobs.Job) JobSummary {
	n := j.Status()
	s := JobSummary{Name: j.Name(), State: n.State, Failed: n.Failed}
	for _, in := range j.Spec().Inputs {
		if !in.Reference {
			s.From = append(s.From, in.Target)
		}
	}
	for _, out := range j.Spec().Outputs {
		s.To = append(s.To, out.Target)
	}
	return s
}
