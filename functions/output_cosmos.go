package functions

import (
	"context"
	"errors"
	"fmt"
)

// Output is somewhere a function's results go besides its answer. Pass it to
// the registration of each function that writes to it.
type Output struct {
	connection string

	database, container string // of a CosmosOutput
	create              bool
	partitionKey        string

	toHub   bool // an EventHubOutput
	hub     string
	keyed   bool
	keyPath string
}

// target names where the output goes, for messages.
func (o *Output) target() string {
	if o.toHub {
		return "hub " + o.hub
	}
	return o.database + "/" + o.container
}

// CosmosOutput is a Cosmos DB container that functions write documents to.
// The host stores them when the handler has returned without an error, and
// fails the invocation when it cannot. See [Documents] for what is stored.
func CosmosOutput(database, container string, opts ...CosmosOutputOption) *Output {
	o := &Output{database: database, container: container}
	for _, opt := range opts {
		opt.applyCosmosOutput(o)
	}
	return o
}

type cosmosOutputOption func(*Output)

func (o cosmosOutputOption) applyCosmosOutput(out *Output) { o(out) }

// CreateIfNotExists lets the host create database and container on first use,
// with the partition key path given, for instance "/deviceId". It needs the
// right to do so, which data-plane identities on Azure do not have.
func CreateIfNotExists(partitionKey string) CosmosOutputOption {
	return cosmosOutputOption(func(o *Output) { o.create, o.partitionKey = true, partitionKey })
}

func (o *Output) applyHTTP(f *function, _ *httpTrigger)         { f.outputs = append(f.outputs, o) }
func (o *Output) applyEventHub(f *function, _ *eventHubTrigger) { f.outputs = append(f.outputs, o) }
func (o *Output) applyCosmosDB(f *function, _ *cosmosTrigger)   { f.outputs = append(f.outputs, o) }
func (o *Output) applyTimer(f *function, _ *timerTrigger)       { f.outputs = append(f.outputs, o) }

// Add hands documents, or events, to the output on behalf of the invocation
// that ctx belongs to. It encodes them before it returns, so they may be changed
// afterwards, and may be called from several goroutines. Nothing is stored
// unless the handler goes on to succeed.
//
// It is an error when ctx is not an invocation's, when the function was not
// registered with this output, and when a document cannot be encoded as a JSON
// object, or an event as JSON; the last also fails the invocation.
func (o *Output) Add(ctx context.Context, docs ...any) error {
	c := callOf(ctx)
	if c == nil {
		return errors.New("functions: Output.Add outside an invocation: pass the handler's context")
	}
	return c.emit(o, docs)
}

func (o *Output) problems() []string {
	if o.toHub {
		return o.hubProblems()
	}
	var out []string
	if o.database == "" || o.container == "" {
		out = append(out, "CosmosOutput needs the names of a database and a container")
	}
	if o.connection == "" {
		out = append(out, "CosmosOutput needs Connection(setting), the app setting with the connection string")
	}
	if o.create && (len(o.partitionKey) < 2 || o.partitionKey[0] != '/') {
		out = append(out, fmt.Sprintf("CreateIfNotExists(%q): the partition key is a path such as /deviceId", o.partitionKey))
	}
	return out
}

type cosmosOutputBinding struct {
	Name              string `json:"name"`
	Type              string `json:"type"`
	Direction         string `json:"direction"`
	DatabaseName      string `json:"databaseName"`
	ContainerName     string `json:"containerName"`
	Connection        string `json:"connection"`
	CreateIfNotExists bool   `json:"createIfNotExists,omitempty"`
	PartitionKey      string `json:"partitionKey,omitempty"`
}

func (o *Output) binding(name string) any {
	if o.toHub {
		return o.hubBinding(name)
	}
	return cosmosOutputBinding{
		Name: name, Type: "cosmosDB", Direction: "out",
		DatabaseName: o.database, ContainerName: o.container, Connection: o.connection,
		CreateIfNotExists: o.create, PartitionKey: o.partitionKey,
	}
}

// outputName is the binding name of a function's i-th output.
func outputName(i int) string {
	if i == 0 {
		return "output"
	}
	return fmt.Sprintf("output%d", i+1)
}
