// Package streamanalytics is Microsoft.StreamAnalytics in Resource Manager: jobs with
// their transformation, inputs, outputs and JavaScript functions. A job that is started
// is one of the stream engine's, over the hubs, blobs, containers and functions of the
// accounts that it names. Its query and functions are files, as those of lazuli.yaml's
// jobs are, so that the portal's editor and Resource Manager change the same text.
//
// What a job may reach is asked whenever it is built, by the key that an input or
// output holds or by the roles of the job's own identity.
//
// Left out, and refused by name: kinds of inputs and outputs that the engine has not,
// Avro, Parquet and Delta Lake, clusters, private endpoints, and compatibility levels
// before 1.2.
package streamanalytics

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// Type is the type of jobs.
const Type = "Microsoft.StreamAnalytics/streamingjobs"

// The types of what is in a job.
const (
	transformations = "transformations"
	inputs          = "inputs"
	outputs         = "outputs"
	functions       = "functions"
)

// Config configures New.
type Config struct {
	Set    *jobs.Set
	Dir    string // has a folder for each job
	Kinds  Kinds
	Rows   func() jobs.Kinds // what jobs read and write
	People arm.People
	// Taken reports whether the project file has a job of the name.
	Taken func(name string) bool
	// May refuses what a job must not reach.
	May func(Reach) error
}

// Kinds are the kinds of ends that jobs have, as the engine's tables call them.
type Kinds struct{ Hub, Container, Blob, Function string }

// Reach is an end of a job, and what opens it.
type Reach struct {
	Job     string
	End     string // inputs.readings
	Kind    string
	Account string
	Target  string // hub, database/container, blob container
	Write   bool
	Msi     bool   // by the roles of the job's own identity
	Policy  string // of a hub's key
	Key     string
}

// PrincipalName is what the principal of a job's own identity is called.
func PrincipalName(job string) string { return Type + "/" + job }

// Provider is Microsoft.StreamAnalytics.
type Provider struct{ c Config }

// New returns it.
func New(c Config) Provider { return Provider{c} }

// ARM is what Resource Manager is given.
func (p Provider) ARM() arm.Provider {
	return arm.Provider{Types: []arm.Type{
		{
			Name: Type, Tracked: true, Long: true, Named: jobName,
			Secret: []string{"properties.jobStorageAccount.accountKey"},
			Refuse: []arm.Refusal{
				{Path: "properties.cluster.id", Why: "there are no dedicated clusters here"},
				{Path: "properties.externals", Why: "there is no custom code beside JavaScript functions here"},
				{Path: "properties.compatibilityLevel", Unless: []any{"1.2"}, Why: "queries mean what they mean at level 1.2 here"},
				{Path: "properties.dataLocale", Unless: []any{"en-US", "en-us"}, Why: "numbers and times are read as in en-US here"},
				{Path: "properties.jobType", Unless: []any{"Cloud"}, Why: "there are no jobs for edge devices here"},
			},
			Put: p.putJob, Get: p.getJob, Delete: p.deleteJob,
			Actions: map[string]arm.Action{"start": p.start, "stop": p.stop},
		},
		{Name: Type + "/" + transformations, Put: p.putTransformation, Get: p.getTransformation, Plain: true},
		p.end(inputs, "properties.datasource.properties.sharedAccessPolicyKey"),
		p.end(outputs, "properties.datasource.properties.sharedAccessPolicyKey", "properties.datasource.properties.accountKey", "properties.datasource.properties.apiKey"),
		{Name: Type + "/" + functions, Named: partName, Plain: true, Put: p.putFunction, Get: stored, Delete: p.deleteFunction},
	}}
}

var jobNames = regexp.MustCompile(`^[a-zA-Z0-9_-]{3,63}$`)

func jobName(name string) error {
	if jobNames.MatchString(name) {
		return nil
	}
	return bad("name", "The name '%s' is invalid: a streaming job's has 3 to 63 letters, digits, hyphens and underscores.", name)
}

var partNames = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,63}$`)

func partName(name string) error {
	if partNames.MatchString(name) {
		return nil
	}
	return bad("name", "The name '%s' is invalid: it has 1 to 63 letters, digits, hyphens and underscores.", name)
}

// bad is a refusal as the service words it.
func bad(target, format string, args ...any) error {
	f := arm.Fail(http.StatusBadRequest, "BadRequest", format, args...)
	f.Details = []arm.Detail{{Code: "400", Target: target, Message: f.Message}}
	return f
}

// unserved refuses what the engine has not.
func unserved(target, what string, there ...string) error {
	return bad(target, "%s is not served by Lazuli; there are %s.", what, strings.Join(there, ", "))
}

// busy is what the service says to what a job's state does not allow.
func busy() error {
	f := arm.Fail(http.StatusConflict, "Conflict", "The Stream Analytics job is not in a valid state to perform this operation.")
	f.Details = []arm.Detail{{Code: "409", Message: f.Message}}
	return f
}

// stands refuses to change a job that runs.
func (p Provider) stands(id arm.ID) error {
	switch p.c.Set.Status(id.Names[0]).State {
	case jobs.Stopped, jobs.Failed:
		return nil
	}
	return busy()
}

// changed has a job built anew when it is next wanted.
func (p Provider) changed(ctx context.Context, id arm.ID) error {
	return p.c.Set.Redefined(ctx, id.Names[0])
}

// stored shows what is stored alone.
func stored(_ context.Context, c *arm.Call) error {
	if !c.Kept() {
		return missing(c.ID)
	}
	return nil
}

func missing(id arm.ID) error {
	return arm.Fail(http.StatusNotFound, "ResourceNotFound", "The Resource '%s/%s' was not found.", id.Type(), id.Path())
}

// jobOf is the id of the job that something is in.
func jobOf(id arm.ID) arm.ID { return id.Root() }

// deleteJob ends the job, and takes away its files and who it was.
func (p Provider) deleteJob(ctx context.Context, c *arm.Call) error {
	if err := p.c.Set.Remove(ctx, c.ID.Name()); err != nil {
		return err
	}
	if err := p.c.People.Forget(identity.Resource, PrincipalName(c.ID.Name())); err != nil {
		return err
	}
	return p.removeFiles(c.ID.Name())
}

// taken refuses a name that another job has: here they are one to a name, whatever
// their groups.
func (p Provider) taken(c *arm.Call) error {
	if p.c.Taken(c.ID.Name()) {
		return arm.Fail(http.StatusConflict, "Conflict", "The name '%s' is that of a job of lazuli.yaml; choose another name.", c.ID.Name())
	}
	all, err := c.Manager.All(Type)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(all, func(r arm.Resource) bool {
		return strings.EqualFold(r.ID.Name(), c.ID.Name()) && r.ID.Key() != c.ID.Key()
	}); i >= 0 {
		return arm.Fail(http.StatusConflict, "Conflict", "The name '%s' is that of a job in resource group '%s'; in Lazuli a name has one job. Choose another name.", c.ID.Name(), all[i].ID.Group())
	}
	return nil
}
