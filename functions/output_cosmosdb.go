package functions

import "context"

// CosmosDBOutput is a Cosmos DB container that functions write documents to,
// with [CosmosDBOutput.Upsert]. Names may be settings in percent signs, and
// have {placeholders} of the trigger.
type CosmosDBOutput struct {
	Database, Container string

	// Connection names the app setting that says how to reach the account:
	// "CosmosDBConnection" when empty.
	Connection string

	// CreateOnly leaves a document alone that is there already, by id and partition
	// key, instead of replacing it, and the invocation succeeds all the same: check
	// before insert, in one step. Azure's host does not know it, and replaces.
	CreateOnly bool

	// CreateWithKey lets the host create database and container on first use,
	// with this path as the partition key, such as "/deviceId". It needs the
	// right to do so, which data-plane identities on Azure do not have.
	CreateWithKey string
}

// Upsert hands documents to the container on behalf of the invocation that ctx
// belongs to. A document is anything that [encoding/json.Marshal] turns into a
// JSON object; a [Document], a [encoding/json.RawMessage] or a []byte is taken
// as the text of one. One with the id and partition key of a stored document
// replaces it, so that an invocation that runs twice leaves one.
//
// See the package's section on outputs for when documents are stored, and which
// errors there are.
func (o *CosmosDBOutput) Upsert(ctx context.Context, docs ...any) error {
	return emit(ctx, o, "CosmosDBOutput.Upsert", docs)
}

// String is database/container.
func (o *CosmosDBOutput) String() string { return o.Database + "/" + o.Container }

func (o *CosmosDBOutput) collect() collection { return &jsonList{noun: "document", object: true} }

func (o *CosmosDBOutput) problems() []string {
	var out []string
	if o.Database == "" || o.Container == "" {
		out = append(out, "CosmosDBOutput needs Database and Container")
	}
	if o.CreateWithKey != "" && !isPath(o.CreateWithKey) {
		out = append(out, "CosmosDBOutput.CreateWithKey "+quote(o.CreateWithKey)+": the partition key is a path such as /deviceId")
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
	CreateOnly        bool   `json:"createOnly,omitempty"`
}

func (o *CosmosDBOutput) binding(name string) any {
	return cosmosOutputBinding{
		Name: name, Type: "cosmosDB", Direction: "out",
		DatabaseName: o.Database, ContainerName: o.Container, Connection: or(o.Connection, defaultCosmos),
		CreateIfNotExists: o.CreateWithKey != "", PartitionKey: o.CreateWithKey, CreateOnly: o.CreateOnly,
	}
}
