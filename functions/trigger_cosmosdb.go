package functions

import (
	"context"
	"fmt"
	"time"
)

// CosmosDBTrigger says which documents' changes start a function registered
// with [App.CosmosDB].
type CosmosDBTrigger struct {
	// Database and Container are what is watched. All names may be settings in
	// percent signs.
	Database, Container string

	// Connection names the app setting that says how to reach the account: a
	// connection string, or the prefix of identity settings such as
	// NAME__accountEndpoint. "CosmosDBConnection" when empty.
	Connection string

	// LeaseContainer keeps the function's position; its partition key is /id.
	// "leases" when empty, in LeaseDatabase, which is Database when empty, of
	// the account that LeaseConnection leads to: Connection's when empty.
	LeaseContainer, LeaseDatabase, LeaseConnection string

	// LeasePrefix keeps the positions of several functions on one container
	// apart in a shared lease container.
	LeasePrefix string

	// CreateLeaseContainer lets the host create the lease container when it
	// does not exist.
	CreateLeaseContainer bool

	// StartFromBeginning makes the very first run read the container's whole
	// history, and StartFrom the changes since a moment, instead of changes
	// from now on. They have no effect once a position is kept.
	StartFromBeginning bool
	StartFrom          time.Time

	// MaxItems limits how many documents one invocation receives: the host's
	// limit when 0.
	MaxItems int

	// PollDelay is how long the host waits after it found no change, where it
	// has to poll: 5 s when 0. Lazuli's own store wakes the host instead.
	PollDelay time.Duration

	// Retry is what happens when an invocation fails: nothing when zero, so
	// that the host moves on. Give [RetryForever] where no change may be missed.
	Retry Retry
}

// CosmosDB registers a function that is called with the changed documents of a
// container, oldest change first for each partition key. It sees inserts and
// replacements, always in their latest version, and no deletions.
//
// An error fails the invocation: the host repeats it when the trigger has a
// [Retry], and moves on otherwise.
func (a *App) CosmosDB(name string, t CosmosDBTrigger, handle func(context.Context, []Document) error, bindings ...Binding) {
	a.add(name, &cosmosTrigger{CosmosDBTrigger: t, handler: handle}, t.Retry, handle == nil, bindings)
}

type cosmosTrigger struct {
	CosmosDBTrigger
	handler func(context.Context, []Document) error
}

func (t *cosmosTrigger) kind() string { return "cosmosDBTrigger" }

func (t *cosmosTrigger) problems() []string {
	var out []string
	if t.Database == "" || t.Container == "" {
		out = append(out, "CosmosDBTrigger needs Database and Container")
	}
	sameAccount := t.LeaseConnection == "" || t.LeaseConnection == or(t.Connection, defaultCosmos)
	sameDatabase := t.LeaseDatabase == "" || t.LeaseDatabase == t.Database
	if sameAccount && sameDatabase && t.leaseContainer() == t.Container {
		out = append(out, "CosmosDBTrigger.LeaseContainer is the watched container itself")
	}
	if t.StartFromBeginning && !t.StartFrom.IsZero() {
		out = append(out, "CosmosDBTrigger has both StartFromBeginning and StartFrom: give one of them")
	}
	if t.MaxItems < 0 {
		out = append(out, fmt.Sprintf("CosmosDBTrigger.MaxItems %d is negative", t.MaxItems))
	}
	if t.PollDelay < 0 {
		out = append(out, fmt.Sprintf("CosmosDBTrigger.PollDelay %v is negative", t.PollDelay))
	}
	return out
}

func (t *cosmosTrigger) leaseContainer() string { return or(t.LeaseContainer, "leases") }

type cosmosTriggerBinding struct {
	Name                 string `json:"name"`
	Type                 string `json:"type"`
	Direction            string `json:"direction"`
	DatabaseName         string `json:"databaseName"`
	ContainerName        string `json:"containerName"`
	Connection           string `json:"connection"`
	LeaseDatabaseName    string `json:"leaseDatabaseName,omitempty"`
	LeaseContainerName   string `json:"leaseContainerName"`
	LeaseConnection      string `json:"leaseConnection,omitempty"`
	LeaseContainerPrefix string `json:"leaseContainerPrefix,omitempty"`
	CreateLease          bool   `json:"createLeaseContainerIfNotExists,omitempty"`
	StartFromBeginning   bool   `json:"startFromBeginning,omitempty"`
	StartFromTime        string `json:"startFromTime,omitempty"`
	MaxItems             int    `json:"maxItemsPerInvocation,omitempty"`
	FeedPollDelay        int64  `json:"feedPollDelay,omitempty"` // milliseconds
}

func (t *cosmosTrigger) binding() any {
	b := cosmosTriggerBinding{
		Name: "documents", Type: t.kind(), Direction: "in",
		DatabaseName: t.Database, ContainerName: t.Container, Connection: or(t.Connection, defaultCosmos),
		LeaseDatabaseName: t.LeaseDatabase, LeaseContainerName: t.leaseContainer(),
		LeaseConnection: t.LeaseConnection, LeaseContainerPrefix: t.LeasePrefix,
		CreateLease: t.CreateLeaseContainer, StartFromBeginning: t.StartFromBeginning,
		MaxItems: t.MaxItems, FeedPollDelay: t.PollDelay.Milliseconds(),
	}
	if !t.StartFrom.IsZero() {
		b.StartFromTime = t.StartFrom.UTC().Format(time.RFC3339Nano)
	}
	return b
}

func (t *cosmosTrigger) decode(_ context.Context, c *call) (Input, error) {
	in, err := input(c.request, "documents")
	if err != nil {
		return nil, err
	}
	array, err := jsonText(in)
	if err != nil {
		return nil, err
	}
	raws, err := splitArray(array)
	if err != nil {
		return nil, err
	}
	docs := make(Documents, len(raws))
	for i, raw := range raws {
		docs[i] = Document(raw)
	}
	return docs, nil
}

func (t *cosmosTrigger) handle(ctx context.Context, in Input) error {
	docs, ok := in.(Documents)
	if !ok {
		return wrongInput(in, Documents{})
	}
	return t.handler(ctx, docs)
}
