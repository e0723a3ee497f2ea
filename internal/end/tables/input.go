package tables

import (
	"context"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/end/queues"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
	"github.com/lazuli-dev/lazuli/internal/tablestore/odata"
)

// tableInput is a table input binding: with both keys one entity, or nothing where
// there is none; else a JSON array of entities.
//
// Supported properties: tableName, partitionKey, rowKey, filter (all of which may have
// {placeholders}), take, connection. A value in a filter is written as the place needs
// it: inside quotes as text, else it must be a number or a truth.
type tableInput struct {
	end                    End
	conn                   settings.Connection
	text                   string // the table's name as declared
	table                  *expr.Template
	partition, row, filter *expr.Template // nil: not given
	take                   int            // 0: all
}

func newInput(e End, s input.Setup) (*tableInput, error) {
	b := s.Binding
	i := &tableInput{end: e}
	var err error
	if i.conn, i.text, i.table, err = tableOf(s.Settings, b); err != nil {
		return nil, err
	}
	for property, t := range map[string]**expr.Template{"partitionKey": &i.partition, "rowKey": &i.row, "filter": &i.filter} {
		if *t, err = optional(b, property); err != nil {
			return nil, err
		}
	}
	if i.filter != nil && i.filter.Constant() {
		if _, err := odata.Parse(b.Text("filter")); err != nil {
			return nil, fault.Wrap(fault.Invalid, "binding "+b.Name, err, "filter")
		}
	}
	if i.take, err = b.Int("take", 0); err != nil {
		return nil, err
	}
	switch {
	case i.take < 0:
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "take must not be negative")
	case i.row != nil && i.partition == nil:
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "rowKey needs a partitionKey beside it")
	case i.row != nil && (i.filter != nil || i.take > 0):
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "with partitionKey and rowKey it is one entity; filter and take have no meaning")
	}
	return i, nil
}

// tableOf reads what inputs and outputs have in common.
func tableOf(s *settings.Settings, b *binding.Binding) (c settings.Connection, text string, table *expr.Template, err error) {
	if c, err = s.StorageConnection(settings.StorageTables, b.Text("connection")); err != nil {
		return c, "", nil, err
	}
	text = b.Text("tableName")
	if table, err = output.NameTemplate(b, "tableName"); err != nil {
		return c, "", nil, err
	}
	if table.Constant() {
		if err := tablestore.CheckTableName(text); err != nil {
			return c, "", nil, fault.Wrap(fault.Invalid, "binding "+b.Name, err, "tableName")
		}
	}
	return c, text, table, nil
}

func optional(b *binding.Binding, property string) (*expr.Template, error) {
	text := b.Text(property)
	if text == "" {
		return nil, nil
	}
	t, err := expr.Parse(text)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "binding "+b.Name, err, "%s", property)
	}
	return t, nil
}

// Place is the table, named as declared.
func (i *tableInput) Place() trigger.Place {
	return trigger.Place{Host: queues.HostOf(i.conn), Target: i.text}
}

// Read implements input.Input.
func (i *tableInput) Read(ctx context.Context, values expr.Values) (*funcrpc.TypedData, error) {
	name, err := i.table.Expand(values)
	if err != nil {
		return nil, err
	}
	t, err := i.end.Tables.Open(ctx, i.conn, name, Read)
	missing := fault.Is(err, fault.NotFound)
	if err != nil && !missing {
		return nil, err
	}
	if i.row != nil {
		return i.one(ctx, t, values)
	}
	filter, err := i.filterOf(values)
	if err != nil {
		return nil, err
	}
	list := []byte{'['}
	if !missing {
		err = t.Query(ctx, filter, i.take, func(e *tablestore.Entity) error {
			if len(list) > 1 {
				list = append(list, ',')
			}
			list = appendEntity(list, e)
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	return trigger.JSON(string(append(list, ']'))), nil
}

// one reads the entity with both keys; t is nil where there is no table.
func (i *tableInput) one(ctx context.Context, t Table, values expr.Values) (*funcrpc.TypedData, error) {
	partition, err := i.partition.Expand(values)
	if err != nil {
		return nil, err
	}
	row, err := i.row.Expand(values)
	if err != nil || t == nil {
		return &funcrpc.TypedData{}, err
	}
	e, err := t.Get(ctx, partition, row)
	if fault.Is(err, fault.NotFound) {
		return &funcrpc.TypedData{}, nil
	}
	if err != nil {
		return nil, err
	}
	return trigger.JSON(string(appendEntity(nil, e))), nil
}

// filterOf is the filter of an invocation, the partition before it, joined as Azure's
// host joins them.
func (i *tableInput) filterOf(values expr.Values) (string, error) {
	var parts []string
	if i.partition != nil {
		partition, err := i.partition.Expand(values)
		if err != nil {
			return "", err
		}
		parts = append(parts, "PartitionKey eq '"+quoted(partition)+"'")
	}
	if i.filter != nil {
		filter, err := i.filter.ExpandInto(values, literal)
		if err != nil {
			return "", err
		}
		parts = append(parts, filter)
	}
	return strings.Join(parts, " and "), nil
}

func quoted(s string) string { return strings.ReplaceAll(s, "'", "''") }

// literal writes a value into a filter, so that what somebody sends stays a value.
func literal(before, name, value string) (string, error) {
	if strings.Count(before, "'")%2 == 1 {
		return quoted(value), nil
	}
	_, err := strconv.ParseFloat(value, 64)
	if err == nil || value == "true" || value == "false" {
		return value, nil
	}
	return "", fault.New(fault.Invalid, "filter", "{%s} is %q; outside of quotes it must be a number, true or false", name, value)
}
