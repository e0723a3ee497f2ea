package functions

import "context"

// TableOutput is a table that functions insert entities into, with
// [TableOutput.Insert].
type TableOutput struct {
	// Table is the table's name. It may be a setting in percent signs, and
	// have {placeholders} of the trigger, as may the keys.
	Table string

	// PartitionKey and RowKey are those of entities which have none themselves.
	PartitionKey, RowKey string

	// Connection names the app setting that says how to reach the account:
	// "AzureWebJobsStorage" when empty.
	Connection string
}

// Insert hands entities to the table on behalf of the invocation that ctx
// belongs to. An entity is anything that [encoding/json.Marshal] turns into a
// JSON object with the texts PartitionKey and RowKey, where the output does not
// give them. An entity that exists fails the invocation: an output binding
// never replaces one.
//
// See the package's section on outputs for when entities are inserted, and
// which errors there are.
func (o *TableOutput) Insert(ctx context.Context, entities ...any) error {
	return emit(ctx, o, "TableOutput.Insert", entities)
}

// String is "table NAME".
func (o *TableOutput) String() string { return "table " + o.Table }

func (o *TableOutput) collect() collection { return &jsonList{noun: "entity", object: true} }

func (o *TableOutput) problems() []string {
	if o.Table == "" {
		return []string{"TableOutput needs Table"}
	}
	return nil
}

type tableBinding struct {
	Name         string `json:"name"`
	Type         string `json:"type"`
	Direction    string `json:"direction"`
	TableName    string `json:"tableName"`
	PartitionKey string `json:"partitionKey,omitempty"`
	RowKey       string `json:"rowKey,omitempty"`
	Filter       string `json:"filter,omitempty"`
	Take         int    `json:"take,omitempty"`
	Connection   string `json:"connection"`
}

func (o *TableOutput) binding(name string) any {
	return tableBinding{
		Name: name, Type: "table", Direction: "out", TableName: o.Table,
		PartitionKey: o.PartitionKey, RowKey: o.RowKey, Connection: or(o.Connection, defaultStorage),
	}
}
