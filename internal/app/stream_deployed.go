package app

import (
	"context"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm/streamanalytics"
	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/end/blobrows"
	"github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/end/function"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/identity"
	pagejobs "github.com/lazuli-dev/lazuli/internal/page/jobs"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// jobsFolder, in the data folder, has the queries of the stream jobs that Resource
// Manager makes.
const jobsFolder = "streams"

// deployedJobs are the stream jobs that Resource Manager makes.
type deployedJobs struct {
	e     *env
	set   *jobs.Set
	rooms streamanalytics.Provider
}

func newDeployedJobs(e *env) *deployedJobs {
	d := &deployedJobs{e: e}
	d.set = jobs.NewSet(d.make, d.store, e.Log.With("component", "stream"))
	d.rooms = streamanalytics.New(streamanalytics.Config{
		Set: d.set, Dir: filepath.Join(e.Config.DataDir(), jobsFolder), People: e.Who, May: e.mayReach,
		Kinds: streamanalytics.Kinds{Hub: hub.Kind, Container: container.Kind, Blob: blobrows.Kind, Function: function.Kind},
		Rows:  func() jobs.Kinds { return e.Given.Streams },
		Taken: e.declaredJob,
	})
	return d
}

// declaredJob reports whether the project file has a job of the name.
func (e *env) declaredJob(name string) bool {
	for declared := range e.Config.Stream.Jobs {
		if strings.EqualFold(declared, name) {
			return true
		}
	}
	return false
}

// store is where a job keeps its checkpoints and orders, apart from those of the project
// file's jobs.
func (d *deployedJobs) store(name string) *jobs.Store {
	return d.e.Storage.jobStore("deployed/" + strings.ToLower(name))
}

// make builds a job from what its definition is now.
func (d *deployedJobs) make(ctx context.Context, name string) (*jobs.Job, error) {
	spec, err := d.rooms.Spec(d.e.Manager, name)
	if err != nil {
		return nil, err
	}
	for n := range spec.Outputs {
		if out := &spec.Outputs[n]; out.Kind == function.Kind {
			if out.Target, err = d.e.functionTarget(ctx, out.Target); err != nil {
				return nil, err
			}
		}
	}
	return jobs.New(ctx, spec, d.e.Given.Streams, d.store(name), d.e.Log.With("component", "stream"))
}

// functionTarget is APP/ROUTE of APP/FUNCTION.
func (e *env) functionTarget(ctx context.Context, target string) (string, error) {
	name, of, _ := strings.Cut(target, "/")
	ctx, cancel := context.WithTimeout(ctx, functionsPatience)
	defer cancel()
	if e.Sites != nil {
		e.siteSettled(ctx, name) // who is late is not there
	}
	for _, app := range e.apps() {
		if !strings.EqualFold(app.name, name) {
			continue
		}
		for _, f := range app.host.Functions() {
			if strings.EqualFold(f.Name, of) && f.HTTP != nil {
				return app.name + "/" + strings.Trim(f.HTTP.Route, "/"), nil
			}
		}
		return "", fault.New(fault.NotFound, "function "+of, "function app %s has no HTTP function of this name", app.name)
	}
	return "", fault.New(fault.NotFound, "function app "+name, "none of this name runs here")
}

// run has the jobs go on.
func (d *deployedJobs) run(ctx context.Context) error {
	names, err := streamanalytics.Names(d.e.Manager)
	if err != nil {
		return err
	}
	for _, name := range names {
		if d.e.declaredJob(name) {
			d.e.Log.Error("a stream job that Resource Manager made does not run: lazuli.yaml has one of its name now", "component", "stream", "job", name)
			continue
		}
		d.set.Add(name)
	}
	return d.set.Run(ctx)
}

// built are the jobs that are built.
func (d *deployedJobs) built() (all []*jobs.Job) {
	for _, name := range d.set.Names() {
		if job := d.set.Job(name); job != nil {
			all = append(all, job)
		}
	}
	return all
}

// shown are the jobs as the portal shows them.
func (d *deployedJobs) shown(s pagejobs.Setup) (all []pagejobs.Job) {
	for _, name := range d.set.Names() {
		all = append(all, pagejobs.OfSet(d.set, name, func() (jobs.Spec, error) { return d.rooms.Shown(d.e.Manager, name) }, s))
	}
	return all
}

// jobs are all stream jobs that are built.
func (e *env) jobs() []*jobs.Job {
	if e.deployed == nil {
		return e.Given.Jobs
	}
	return append(e.deployed.built(), e.Given.Jobs...)
}

// mayReach asks whether a job of Resource Manager may read or write what it names: by
// the key that it holds, or the roles of its own identity.
func (e *env) mayReach(r streamanalytics.Reach) error {
	typ := map[string]string{hub.Kind: resource.Namespaces, container.Kind: resource.CosmosAccounts, blobrows.Kind: resource.StorageAccounts}[r.Kind]
	if typ == "" || e.Who == nil {
		return nil // a function is called with its own key
	}
	a, err := e.Exists.Account(typ, r.Account)
	if err != nil {
		return fault.New(fault.NotFound, r.End, "there is no account %s here; there are %s", r.Account, e.accountNames(typ))
	}
	if r.Msi {
		return e.mayByRole(r, a)
	}
	c := settings.Connection{Setting: r.End, String: "AccountKey=" + r.Key, Endpoint: &url.URL{Scheme: "https", Host: a.Name}}
	switch r.Kind {
	case hub.Kind:
		c.String = "SharedAccessKeyName=" + r.Policy + ";SharedAccessKey=" + r.Key
		return e.hubUse(c, a)(r.Target, r.Write)
	case container.Kind:
		database, name, _ := strings.Cut(r.Target, "/")
		return e.containerUse(c, a)(container.Upsert, database, name)
	}
	return e.mayStore(c, a, "/blobServices/default/containers/"+r.Target, blobRead)
}

// mayByRole asks what the roles of a job's own identity allow.
func (e *env) mayByRole(r streamanalytics.Reach, a resource.Account) error {
	p, err := e.Who.Principal(identity.Resource.Named(streamanalytics.PrincipalName(r.Job)))
	if err != nil {
		return fault.New(fault.Forbidden, r.End, "its authentication mode is Msi, and the job has no identity of its own: give it the identity type SystemAssigned")
	}
	action, path := blobRead, []string{"blobServices", "default", "containers", r.Target}
	switch {
	case r.Kind == hub.Kind:
		action, path = hubActions[eventhubs.Listen], []string{r.Target}
		if r.Write {
			action = hubActions[eventhubs.Send]
		}
	case r.Kind == container.Kind:
		action, path = documentAction+"items/upsert", strings.Split(r.Target, "/")
	case r.Write:
		action = blobWrite
	}
	return e.Who.Check(p.Caller, action, e.Who.Scope(a.Type, a.Name, path...))
}
