package functions

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
)

// BlobInput is a blob that the host reads before it calls the function.
type BlobInput struct {
	// Path is container/blob. It may have settings in percent signs and
	// {placeholders} of the trigger, as "limits/{deviceId}.json".
	Path string

	// Connection names the app setting that says how to reach the account:
	// "AzureWebJobsStorage" when empty.
	Connection string
}

// Read returns the blob's content; the handler owns it. The error is an
// [fs.ErrNotExist] when there is no such blob.
func (b *BlobInput) Read(ctx context.Context) ([]byte, error) {
	c := callOf(ctx)
	if c == nil {
		return nil, errOutside("BlobInput.Read")
	}
	d, err := c.input(b, "BlobInput.Read")
	if err != nil {
		return nil, err
	}
	if d.GetData() == nil {
		return nil, fmt.Errorf("%s: %w", b, fs.ErrNotExist)
	}
	return body(d)
}

// String is "blob PATH".
func (b *BlobInput) String() string { return "blob " + b.Path }

func (b *BlobInput) problems() []string { return pathProblems("BlobInput", b.Path) }

func (b *BlobInput) binding(name string) any {
	return blobBinding{Name: name, Type: "blob", Direction: "in", Path: b.Path, Connection: or(b.Connection, defaultStorage), DataType: "binary"}
}

// pathProblems looks at a blob's path as far as it says anything before its
// settings are filled in.
func pathProblems(what, path string) []string {
	container, blob, _ := strings.Cut(path, "/")
	if !strings.Contains(path, "%") && (container == "" || blob == "") {
		return []string{fmt.Sprintf("%s.Path %q: give container/blob, such as reports/{name}", what, path)}
	}
	return nil
}

// TableInput is an entity of a table, or a list of them, that the host reads
// before it calls the function. With both keys it is one entity.
type TableInput struct {
	// Table is the table's name. All texts may have settings in percent signs
	// and {placeholders} of the trigger.
	Table string

	PartitionKey, RowKey string
	Filter               string // an OData filter over the partition, or over the table
	Take                 int    // how many at most; 0: the host's limit

	// Connection names the app setting that says how to reach the account:
	// "AzureWebJobsStorage" when empty.
	Connection string
}

// Get parses the entity, or with less than both keys the list of entities, into
// v, with the rules of [json.Unmarshal]. The error is an [fs.ErrNotExist] when
// there is no such entity; a list may be empty.
func (t *TableInput) Get(ctx context.Context, v any) error {
	return getInput(ctx, t, "TableInput.Get", v)
}

// String is "table NAME".
func (t *TableInput) String() string { return "table " + t.Table }

func (t *TableInput) problems() []string {
	var out []string
	if t.Table == "" {
		out = append(out, "TableInput needs Table")
	}
	if t.Take < 0 {
		out = append(out, fmt.Sprintf("TableInput.Take %d is negative", t.Take))
	}
	if t.RowKey != "" && t.PartitionKey == "" {
		out = append(out, "TableInput.RowKey needs PartitionKey too")
	}
	if t.RowKey != "" && (t.Filter != "" || t.Take != 0) {
		out = append(out, "TableInput with both keys is one entity: leave out Filter and Take")
	}
	return out
}

func (t *TableInput) binding(name string) any {
	return tableBinding{
		Name: name, Type: "table", Direction: "in", TableName: t.Table, PartitionKey: t.PartitionKey, RowKey: t.RowKey,
		Filter: t.Filter, Take: t.Take, Connection: or(t.Connection, defaultStorage),
	}
}

// CosmosDBInput is a document of a Cosmos DB container, or what a query finds
// there, that the host reads before it calls the function. Give ID and
// PartitionKey for one document, or Query; neither is the whole container.
type CosmosDBInput struct {
	// All texts may have settings in percent signs and {placeholders} of the
	// trigger; in a query these are parameters, and never text of the query.
	Database, Container string

	ID           string
	PartitionKey string // the value of the document's partition key; with Query: where to look
	// Query is such as "SELECT * FROM c WHERE c.plantId = {plantId}". Values are
	// texts: where a number is meant, say StringToNumber({n}).
	Query string

	// Connection names the app setting that says how to reach the account:
	// "CosmosDBConnection" when empty.
	Connection string
}

// Get parses the document, or with a query the list of results, into v, with
// the rules of [json.Unmarshal]. The error is an [fs.ErrNotExist] when there is
// no such document; a list may be empty.
func (d *CosmosDBInput) Get(ctx context.Context, v any) error {
	return getInput(ctx, d, "CosmosDBInput.Get", v)
}

// String is database/container.
func (d *CosmosDBInput) String() string { return d.Database + "/" + d.Container }

func (d *CosmosDBInput) problems() []string {
	var out []string
	if d.Database == "" || d.Container == "" {
		out = append(out, "CosmosDBInput needs Database and Container")
	}
	if d.ID != "" && d.Query != "" {
		out = append(out, "CosmosDBInput has both ID and Query: give one of them")
	}
	return out
}

type cosmosInputBinding struct {
	Name          string `json:"name"`
	Type          string `json:"type"`
	Direction     string `json:"direction"`
	DatabaseName  string `json:"databaseName"`
	ContainerName string `json:"containerName"`
	Connection    string `json:"connection"`
	ID            string `json:"id,omitempty"`
	PartitionKey  string `json:"partitionKey,omitempty"`
	SQLQuery      string `json:"sqlQuery,omitempty"`
}

func (d *CosmosDBInput) binding(name string) any {
	return cosmosInputBinding{
		Name: name, Type: "cosmosDB", Direction: "in", DatabaseName: d.Database, ContainerName: d.Container,
		Connection: or(d.Connection, defaultCosmos), ID: d.ID, PartitionKey: d.PartitionKey, SQLQuery: d.Query,
	}
}

// getInput parses an input that is JSON.
func getInput(ctx context.Context, b Binding, method string, v any) error {
	c := callOf(ctx)
	if c == nil {
		return errOutside(method)
	}
	d, err := c.input(b, method)
	if err != nil {
		return err
	}
	text, err := jsonText(d)
	if err != nil {
		return fmt.Errorf("input %s: %w", b, err)
	}
	if text == "" || text == "null" {
		return fmt.Errorf("input %s: %w", b, fs.ErrNotExist)
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("input %s: %w", b, err)
	}
	return nil
}
