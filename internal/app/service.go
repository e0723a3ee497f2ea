package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/lazuli-dev/lazuli/internal/arm"
	azarm "github.com/lazuli-dev/lazuli/internal/azure/arm"
	"github.com/lazuli-dev/lazuli/internal/azure/entra"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/portal/signin"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/site"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// service is one service of the house. Nothing runs yet when build returns what
// the service gives; it may use what is given by those above it in the list.
type service struct {
	// declare makes the accounts that the project file names and brings them up to
	// date, before any service is built. nil: it has none there.
	declare func(*dataFolder, config.Config) error
	build   func(*env) (parts, error)
}

// services are all of them: a file and a line each.
func services() []service {
	return []service{
		{build: identities},
		{(*dataFolder).declareNamespaces, eventHubs},
		{(*dataFolder).declareDocuments, cosmosDB},
		{(*dataFolder).declareStorage, blobStorage},
		{build: queueStorage},
		{build: tableStorage},
		{build: movedState},
		{(*dataFolder).declareInsights, applicationInsights},
		{build: timers},
		{build: kafkaClusters},
		{build: serviceBusNamespaces},
		{build: files},
		{(*dataFolder).declareSites, functionApps},
		{(*dataFolder).declareGateways, gateways},
		{build: dashboards},
		{build: streamJobs},
		{build: processes},
		{build: observation},
		{build: resourceManager},
		{build: portalPages},
	}
}

// declare declares the accounts of all services.
func (s *dataFolder) declare(cfg config.Config, list []service) error {
	for _, x := range list {
		if x.declare == nil {
			continue
		}
		if err := x.declare(s, cfg); err != nil {
			return err
		}
	}
	return nil
}

// env is what a service is given.
type env struct {
	Context context.Context // of the build
	Config  config.Config   // each service reads its section
	Log     *slog.Logger
	Version string
	Force   string // the start of all stream jobs; "" leaves them as they were
	Trial   []string

	Storage *dataFolder         // the data folder
	Exists  *resource.Catalogue // what exists, and how it comes to be
	Doors   *doors              // ports
	Counts  *telemetry.Counts   // listens
	Tasks   *portal.Tasks       // what the portal began and goes on in the background
	Notices *portal.Notices     // what is wrong, for the portal's bell
	Boards  *dashboard.Set      // of the service dashboards, for the portal
	SignIn  *signin.Keeper      // of the portal; nil where it asks nobody

	Who    *identity.Identity // who there is, and who may do what; nil until that service is built
	Access *accessChanges     // tells of changes of all that
	Issuer *entra.Issuer      // gives tokens, and says who a token is; as well

	gateways *gateway.Engine // nil until that service is built
	// Publish tells commands of the accounts that there are now; nil until there is
	// anybody to tell.
	Publish func()

	Manager *arm.Manager // Resource Manager; nil until that service is built, and where it is off
	Sites   *site.Sites  // function apps that come and go; nil until that service is built

	deployed *deployedJobs // stream jobs that come and go; nil until that service is built

	telemetry *telemetryStores // components and what they keep; nil until that service is built

	remote *remotes                      // clients of other processes
	arm    atomic.Pointer[azarm.Service] // of Resource Manager; nil where it is off

	Given parts // by the services above

	once []resource.ID // that earlier project files declared and this one does not
}

// parts is what a service gives.
type parts struct {
	Accounts []accountKind   // types of accounts that keys open
	Kinds    []resource.Kind // what can exist
	Declared []declared      // what the project file says should
	Routes   []door.Route    // who answers for its accounts
	Suffixes []suffix        // under which host names
	Leads    []leads         // which bindings and ends of jobs lead to its accounts

	Resources []arm.Provider // what Resource Manager makes of it

	Triggers trigger.Table // what starts functions
	Inputs   input.Table   // what they read besides
	Outputs  output.Table  // what they write
	Letters  letter.Table  // where what they failed on is kept
	Streams  jobs.Kinds    // what stream jobs read and write

	Pages []portal.Page  // what the portal shows
	Apps  []*functionApp // of the project file; see env.apps
	Jobs  []*jobs.Job    // as well

	Work    []part // function apps, jobs, helpers: they stop first
	Engines []part // they stop after the doors

	Pending []func() (Pending, bool) // what each of them waits for, if it does

	Summary func(*Summary)             // its lines of the start screen; may be nil
	Settled func(context.Context) bool // waits until it has started, or failed to; may be nil
}

// declared is a resource of the project file. Path is where it stands there.
type declared struct {
	path       string
	id         resource.ID
	properties []byte
}

// suffix says that NAME.DOMAIN is the account NAME of a type.
type suffix struct {
	domain, typ string
	// service is the port, as in instance.Info.Addresses, that answers for it over
	// TLS; one that ends with a slash goes on with the account's name.
	service string
	// route is the type of the route that answers, where an account has several
	// services. "": that of the account.
	route string
	// twin is the end of a second name that means the account too: NAME-secondary.
	twin string
}

func (s suffix) routeType() string { return cmp.Or(s.route, s.typ) }

// account is the account of a host name's first label.
func (s suffix) account(exists *resource.Catalogue, label string) (resource.Account, error) {
	a, err := exists.Account(s.typ, label)
	if own, twin := strings.CutSuffix(label, s.twin); err != nil && twin && s.twin != "" {
		a, err = exists.Account(s.typ, own)
	}
	a.Type = s.routeType()
	return a, err
}

// leads says that a binding, or an end of a stream job, of a kind leads to an
// account of a type. Kinds are compared without case.
type leads struct{ kind, typ string }

// take makes what a service gives part of the house.
func (e *env) take(p parts) error {
	for n := range p.Kinds {
		p.Kinds[n].Remove = e.withRoles(p.Kinds[n].Remove)
	}
	if err := e.Exists.Register(p.Kinds...); err != nil {
		return err
	}
	for _, d := range p.Declared {
		if err := e.Exists.Ensure(e.Context, d.id, d.properties); err != nil {
			return fmt.Errorf("%s: %w", d.path, err)
		}
	}
	if e.Doors != nil {
		e.Doors.Route(p.Routes...)
	}
	g := &e.Given
	g.Declared = append(g.Declared, p.Declared...)
	g.Accounts = append(g.Accounts, p.Accounts...)
	g.Suffixes, g.Leads = append(g.Suffixes, p.Suffixes...), append(g.Leads, p.Leads...)
	g.Resources = append(g.Resources, p.Resources...)
	g.Triggers, g.Inputs, g.Outputs = append(g.Triggers, p.Triggers...), append(g.Inputs, p.Inputs...), append(g.Outputs, p.Outputs...)
	g.Letters = append(g.Letters, p.Letters...)
	g.Streams.Sources = append(g.Streams.Sources, p.Streams.Sources...)
	g.Streams.References = append(g.Streams.References, p.Streams.References...)
	g.Streams.Sinks = append(g.Streams.Sinks, p.Streams.Sinks...)
	g.Pages, g.Apps, g.Jobs = append(g.Pages, p.Pages...), append(g.Apps, p.Apps...), append(g.Jobs, p.Jobs...)
	g.Work, g.Engines = append(p.Work, g.Work...), append(p.Engines, g.Engines...) // what came last stops first
	g.Pending = append(g.Pending, p.Pending...)
	g.Summary = bothSummaries(g.Summary, p.Summary)
	g.Settled = bothSettled(g.Settled, p.Settled)
	return nil
}

func bothSummaries(a, b func(*Summary)) func(*Summary) {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	return func(s *Summary) { a(s); b(s) }
}

func bothSettled(a, b func(context.Context) bool) func(context.Context) bool {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	return func(ctx context.Context) bool { return a(ctx) && b(ctx) }
}
