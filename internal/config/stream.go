package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/blobpath"
)

// Stream is the project's stream jobs.
type Stream struct {
	Jobs map[string]Job `yaml:"jobs"` // by name
}

// MaxCheckpoint bounds the time between two checkpoints: what a quiet partition
// does by the clock is journalled every second until the next one.
const MaxCheckpoint = time.Hour

// Job is one stream job: a query with its inputs and outputs.
type Job struct {
	Query      string               `yaml:"query"`      // file, relative to the project's
	Functions  []string             `yaml:"functions"`  // JavaScript files; default: all in Functions beside the query
	Inputs     map[string]JobInput  `yaml:"inputs"`     // by the name in FROM
	Outputs    map[string]JobOutput `yaml:"outputs"`    // by the name in INTO
	Late       *Duration            `yaml:"late"`       // how late events may be; default 5s
	OutOfOrder Duration             `yaml:"outOfOrder"` // how long events are held to be sorted; default 0
	TimePolicy string               `yaml:"timePolicy"` // adjust (default) or drop: what becomes of late and out-of-order events
	Errors     string               `yaml:"errors"`     // retry (default) or drop: rows that an output refuses
	Start      string               `yaml:"start"`      // of the first start: now (default, also last), all, or a time
	Checkpoint Duration             `yaml:"checkpoint"` // between two checkpoints; default 10s, at most an hour
	Limits     JobLimits            `yaml:"limits"`     // what the job may hold before it fails
	Disabled   bool                 `yaml:"disabled"`   // known, but not started
}

// JobLimits bound a job's memory; 0 is the default.
type JobLimits struct {
	Keys     Count `yaml:"keys"`     // groups, sessions or partitions of one operator; 5000000
	HeldRows Count `yaml:"heldRows"` // rows that wait for order, joins and sliding windows, of a lane; 20000000
	StateMB  MiB   `yaml:"stateMB"`  // keys and collected values of one operator, and rows that joins and unions of a lane hold; 2048, at most 3072
	Partials Count `yaml:"partials"` // partial matches of one MATCH_RECOGNIZE; 2000000
}

// JobInput is where a job's events come from: one of Hub, Blob and Reference.
type JobInput struct {
	Hub           string `yaml:"hub"`
	Namespace     string `yaml:"namespace"`     // that the hub is in; default: the one that localhost means
	ConsumerGroup string `yaml:"consumerGroup"` // default $Default
	PartitionKey  string `yaml:"partitionKey"`  // property by which the senders partition, if they do
	BlobPath      `yaml:",inline"`
	Account       string     `yaml:"account"`     // that the blob's container is in; default: the one that localhost means
	Format        string     `yaml:"format"`      // of blobs: json or csv; default: by their names
	Compression   string     `yaml:"compression"` // of blobs: none (default), gzip or deflate
	Partitions    Partitions `yaml:"partitions"`  // over which {partition} of the path spreads blobs; default 1
	Reference     *Reference `yaml:"reference"`
}

// BlobPath is where blobs are: a container, and a pattern of their names behind it.
type BlobPath struct {
	Blob       string `yaml:"blob"`       // CONTAINER/PATH, with {date}, {time} and what else the use allows
	DateFormat string `yaml:"dateFormat"` // of {date}; default YYYY/MM/DD
	TimeFormat string `yaml:"timeFormat"` // of {time}; default HH
	Delimiter  string `yaml:"delimiter"`  // of CSV: comma (default), semicolon, space, tab or bar
}

// Reference is a table to join with: one of File, Container and Blob.
type Reference struct {
	File      string `yaml:"file"`      // JSON objects, as an array or one a line
	Container string `yaml:"container"` // database/container
	Account   string `yaml:"account"`   // that the container, or the blob's, is in; default: the one that localhost means
	BlobPath  `yaml:",inline"`
	Format    string   `yaml:"format"`  // of a blob: json or csv; default: by its name
	Refresh   Duration `yaml:"refresh"` // how often it is read again; default: at the start only, of a blob with {date} every minute
}

// ReferenceEvery is how often blobs of further times are looked for where the
// project file says nothing, as the service does.
const ReferenceEvery = time.Minute

// JobOutput is where a job's rows go: one of Container, Hub, Function, Dataset,
// Blob and File.
type JobOutput struct {
	Container    string `yaml:"container"`    // database/container
	Account      string `yaml:"account"`      // that the container, or the blob's, is in; default: the one that localhost means
	ID           string `yaml:"id"`           // column that is the document's id; default id
	Hub          string `yaml:"hub"`          //
	Namespace    string `yaml:"namespace"`    // that the hub is in; default: the one that localhost means
	PartitionKey string `yaml:"partitionKey"` // column that is the event's key
	Format       string `yaml:"format"`       // of a hub's events: json (default, an event a row), array or csv (rows together); of blobs: json (default, a row a line), array or csv
	BlobPath     `yaml:",inline"`
	FileMiB      MiB          `yaml:"fileMiB"`    // a blob that has so many is followed by another; default: no bound
	Properties   []string     `yaml:"properties"` // columns that are also properties of a hub's event
	Function     *JobFunction `yaml:"function"`   //
	Dataset      string       `yaml:"dataset"`    // a pushed dataset of a dashboard
	File         string       `yaml:"file"`       // JSON lines are appended
}

// JobFunction is an HTTP function that receives rows as a JSON array.
type JobFunction struct {
	App   string `yaml:"app"`   // of functions.apps
	Route string `yaml:"route"` // the function's route, without the prefix
}

// Process is a helper program that runs beside the services: a simulator, a
// device, a load.
type Process struct {
	Path string            `yaml:"path"` // folder of a Go program, relative to the project's
	Args []string          `yaml:"args"`
	Env  map[string]string `yaml:"env"`
	// Disabled processes are known, but not started.
	Disabled bool `yaml:"disabled"`
}

// File returns the absolute path of a file that the project names.
func (c *Config) File(path string) string { return c.abs(path) }

// StartTime reads a job's start that is a time.
func (j Job) StartTime() (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, j.Start)
	return t, err == nil
}

func (v *validation) stream(c *Config) {
	for _, name := range slices.Sorted(maps.Keys(c.Stream.Jobs)) {
		v.job(c, "stream.jobs."+name, c.Stream.Jobs[name])
	}
	for _, name := range slices.Sorted(maps.Keys(c.Processes)) {
		path := "processes." + name + ".path"
		p := c.Processes[name]
		if p.Path == "" {
			v.add(path, "is missing; write the folder of a Go program")
		} else if info, err := os.Stat(c.abs(p.Path)); err != nil {
			v.absent(path, "folder", err)
		} else if !info.IsDir() {
			v.add(path, "%s is not a folder", p.Path)
		}
	}
}

func (v *validation) job(c *Config, path string, j Job) {
	if j.Query == "" {
		v.add(path+".query", "is missing; write the file of the query, as in ./job.asaql")
	} else if info, err := os.Stat(c.abs(j.Query)); err != nil {
		v.absent(path+".query", "file", err)
	} else if info.IsDir() {
		v.add(path+".query", "%s is a folder", j.Query)
	}
	for i, file := range j.Functions {
		at := fmt.Sprintf("%s.functions[%d]", path, i)
		if info, err := os.Stat(c.abs(file)); err != nil {
			v.absent(at, "file", err)
		} else if info.IsDir() || filepath.Ext(file) != ".js" {
			v.add(at, "%s is not a .js file", file)
		}
	}
	if len(j.Inputs) == 0 {
		v.add(path+".inputs", "is missing; name what the query reads FROM")
	}
	if len(j.Outputs) == 0 {
		v.add(path+".outputs", "is missing; name what the query writes INTO")
	}
	for _, name := range slices.Sorted(maps.Keys(j.Inputs)) {
		v.jobInput(c, path+".inputs."+name, j.Inputs[name])
	}
	for _, name := range slices.Sorted(maps.Keys(j.Outputs)) {
		v.jobOutput(c, path+".outputs."+name, j.Outputs[name])
	}
	v.jobLimits(path+".limits", j.Limits)
	if d := time.Duration(j.Checkpoint); d > MaxCheckpoint {
		v.add(path+".checkpoint", "%v is more than %v", d, MaxCheckpoint)
	}
	v.oneOf(path+".timePolicy", j.TimePolicy, "adjust", "drop")
	v.oneOf(path+".errors", j.Errors, "retry", "drop")
	if _, isTime := j.StartTime(); !isTime {
		v.oneOf(path+".start", j.Start, "last", "now", "all", "a time such as 2026-01-31T00:00:00Z")
	}
}

func (v *validation) jobLimits(path string, l JobLimits) {
	if l.StateMB > 3072 {
		v.add(path+".stateMB", "%d is more than 3072", l.StateMB)
	}
}

func (v *validation) oneOf(path, value string, allowed ...string) {
	if value != "" && !slices.Contains(allowed, value) {
		v.add(path, "%q is not one of %s", value, strings.Join(allowed, ", "))
	}
}

// place refuses an account that the file does not have, and one that belongs to
// nothing.
func place[T any](v *validation, path, name string, belongs bool, to string, known map[string]T) {
	if name == "" {
		return
	}
	if !belongs {
		v.add(path, "belongs to a %s", to)
	} else if _, ok := fold(known, name); !ok && name != DefaultAccount {
		v.add(path, "%q is not in this file; there are %s", name,
			strings.Join(append([]string{DefaultAccount}, slices.Sorted(maps.Keys(known))...), ", "))
	}
}

func (v *validation) jobInput(c *Config, path string, in JobInput) {
	v.oneOfKinds(path, "hub, blob and reference", in.Hub != "", in.Blob != "", in.Reference != nil)
	if in.PartitionKey != "" && in.Hub == "" {
		v.add(path+".partitionKey", "belongs to a hub")
	}
	if in.ConsumerGroup != "" && in.Hub == "" {
		v.add(path+".consumerGroup", "belongs to a hub")
	}
	place(v, path+".namespace", in.Namespace, in.Hub != "", "hub", c.EventHubs.Namespaces)
	v.storagePlace(path+".account", in.Account, in.Blob != "", c)
	v.blobInput(path, in)
	if r := in.Reference; r != nil {
		v.oneOfKinds(path+".reference", "file, container and blob", r.File != "", r.Container != "", r.Blob != "")
		v.containerName(path+".reference.container", r.Container)
		v.blobPath(path+".reference", r.BlobPath, blobpath.Reference)
		v.oneOf(path+".reference.format", r.Format, "json", "csv")
		if r.Format != "" && r.Blob == "" {
			v.add(path+".reference.format", "belongs to a blob")
		}
		if r.Blob == "" {
			place(v, path+".reference.account", r.Account, r.Container != "", "container or a blob", c.Cosmos.Accounts)
		} else {
			v.storagePlace(path+".reference.account", r.Account, true, c)
		}
	}
}

func (v *validation) oneOfKinds(path, names string, set ...bool) {
	kinds := 0
	for _, is := range set {
		if is {
			kinds++
		}
	}
	if kinds != 1 {
		v.add(path, "needs one of %s", names)
	}
}

func (v *validation) jobOutput(c *Config, path string, o JobOutput) {
	v.oneOfKinds(path, "container, hub, function, dataset, blob and file", o.Container != "", o.Hub != "", o.Function != nil, o.Dataset != "", o.Blob != "", o.File != "")
	v.containerName(path+".container", o.Container)
	v.blobPath(path, o.BlobPath, blobpath.Output)
	if o.Blob == "" {
		place(v, path+".account", o.Account, o.Container != "", "container or a blob", c.Cosmos.Accounts)
	} else {
		v.storagePlace(path+".account", o.Account, true, c)
	}
	if o.FileMiB != 0 && o.Blob == "" {
		v.add(path+".fileMiB", "belongs to a blob")
	}
	place(v, path+".namespace", o.Namespace, o.Hub != "", "hub", c.EventHubs.Namespaces)
	if o.ID != "" && o.Container == "" {
		v.add(path+".id", "belongs to a container")
	}
	if o.PartitionKey != "" && o.Hub == "" {
		v.add(path+".partitionKey", "belongs to a hub")
	}
	v.oneOf(path+".format", o.Format, "json", "array", "csv")
	if o.Format != "" && o.Hub == "" && o.Blob == "" {
		v.add(path+".format", "belongs to a hub or a blob")
	}
	if len(o.Properties) > 0 && (o.Hub == "" || o.Format == "array" || o.Format == "csv") {
		v.add(path+".properties", "belong to a hub whose format is json: only there each row is an event")
	}
	if f := o.Function; f != nil {
		if _, known := c.Functions.Apps[f.App]; !known {
			v.add(path+".function.app", "%q is not an app of this project", f.App)
		}
		if f.Route == "" {
			v.add(path+".function.route", "is missing; write the route of an HTTP function")
		}
	}
	if o.File != "" && filepath.Base(o.File) == "." {
		v.add(path+".file", "%q is not a file", o.File)
	}
}

func (v *validation) containerName(path, name string) {
	if name == "" {
		return
	}
	if db, coll, ok := strings.Cut(name, "/"); !ok || db == "" || coll == "" || strings.Contains(coll, "/") {
		v.add(path, "%s", fmt.Sprintf("%q is not database/container", name))
	}
}
