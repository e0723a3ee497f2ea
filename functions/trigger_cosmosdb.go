package functions

import (
	"context"
	"fmt"
	"time"
)

// LeaseContainer names the container that keeps the function's position,
// instead of "leases" in the watched container's database. Its partition key
// is /id.
func LeaseContainer(name string) CosmosDBOption {
	return cosmosOption(func(t *cosmosTrigger) { t.leaseContainer = name })
}

// LeaseDatabase names the database of the lease container when it is not the
// watched container's.
func LeaseDatabase(name string) CosmosDBOption {
	return cosmosOption(func(t *cosmosTrigger) { t.leaseDatabase = name })
}

// LeaseConnection names the setting of the lease container's account when it
// is not the watched container's.
func LeaseConnection(setting string) CosmosDBOption {
	return cosmosOption(func(t *cosmosTrigger) { t.leaseConnection = setting })
}

// LeasePrefix keeps the positions of several functions on one container apart
// in a shared lease container.
func LeasePrefix(prefix string) CosmosDBOption {
	return cosmosOption(func(t *cosmosTrigger) { t.leasePrefix = prefix })
}

// CreateLeaseContainer lets the host create the lease container when it does
// not exist.
func CreateLeaseContainer() CosmosDBOption {
	return cosmosOption(func(t *cosmosTrigger) { t.createLease = true })
}

// StartFromBeginning makes the very first run read the container's whole
// history instead of changes from now on. It has no effect once a position is
// kept.
func StartFromBeginning() CosmosDBOption {
	return cosmosOption(func(t *cosmosTrigger) { t.fromBeginning = true })
}

// StartFrom makes the very first run read changes since a moment. It has no
// effect once a position is kept.
func StartFrom(at time.Time) CosmosDBOption {
	return cosmosOption(func(t *cosmosTrigger) { t.fromTime = at })
}

// MaxItems limits how many documents one invocation receives.
func MaxItems(n int) CosmosDBOption {
	return cosmosOption(func(t *cosmosTrigger) { t.maxItems, t.maxItemsSet = n, true })
}

// PollDelay is how long the host waits after it found no change, where it has
// to poll: 5 s when not given. Lazuli's own store wakes the host instead.
func PollDelay(d time.Duration) CosmosDBOption {
	return cosmosOption(func(t *cosmosTrigger) { t.pollDelay = d })
}

type cosmosTrigger struct {
	handle func(context.Context, []Document) error

	database, container, connection string
	leaseDatabase, leaseContainer   string
	leaseConnection, leasePrefix    string
	createLease, fromBeginning      bool
	fromTime                        time.Time
	maxItems                        int
	maxItemsSet                     bool
	pollDelay                       time.Duration
}

func (t *cosmosTrigger) kind() string { return "cosmosDBTrigger" }

func (t *cosmosTrigger) problems() []string {
	var out []string
	if t.database == "" || t.container == "" {
		out = append(out, "a Cosmos DB trigger needs Database(name) and Container(name)")
	}
	if t.connection == "" {
		out = append(out, "a Cosmos DB trigger needs Connection(setting), the app setting with the connection string")
	}
	if t.leaseContainer == "" {
		out = append(out, "LeaseContainer needs a name")
	}
	sameAccount := t.leaseConnection == "" || t.leaseConnection == t.connection
	sameDatabase := t.leaseDatabase == "" || t.leaseDatabase == t.database
	if sameAccount && sameDatabase && t.leaseContainer == t.container {
		out = append(out, "the lease container is the watched container itself")
	}
	if t.fromBeginning && !t.fromTime.IsZero() {
		out = append(out, "StartFromBeginning and StartFrom exclude each other")
	}
	if t.maxItemsSet && t.maxItems < 1 {
		out = append(out, fmt.Sprintf("MaxItems(%d): give at least 1", t.maxItems))
	}
	if t.pollDelay < 0 {
		out = append(out, fmt.Sprintf("PollDelay(%v) is negative", t.pollDelay))
	}
	return out
}

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
		DatabaseName: t.database, ContainerName: t.container, Connection: t.connection,
		LeaseDatabaseName: t.leaseDatabase, LeaseContainerName: t.leaseContainer,
		LeaseConnection: t.leaseConnection, LeaseContainerPrefix: t.leasePrefix,
		CreateLease: t.createLease, StartFromBeginning: t.fromBeginning,
		MaxItems: t.maxItems, FeedPollDelay: t.pollDelay.Milliseconds(),
	}
	if !t.fromTime.IsZero() {
		b.StartFromTime = t.fromTime.UTC().Format(time.RFC3339Nano)
	}
	return b
}

func (t *cosmosTrigger) invoke(ctx context.Context, c *call) error {
	in, err := input(c.request, "documents")
	if err != nil {
		return err
	}
	array, err := jsonText(in)
	if err != nil {
		return err
	}
	raws, err := splitArray(array)
	if err != nil {
		return err
	}
	docs := make([]Document, len(raws))
	for i, raw := range raws {
		docs[i] = Document(raw)
	}
	return t.handle(ctx, docs)
}
