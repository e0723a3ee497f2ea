package tables

import (
	"context"
	"fmt"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/end/queues"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// tableOutput is a table output binding: a JSON object is an entity, an array several;
// see readOp. The entities of a partition are written together, up to a hundred at a
// time, so that either all of these are there or none. A table that is missing comes
// to be.
//
// Supported properties: tableName, partitionKey, rowKey (all of which may have
// {placeholders}), connection. The keys are those of entities that have none.
type tableOutput struct {
	end            End
	conn           settings.Connection
	text           string
	table          *expr.Template
	partition, row *expr.Template // nil: not given
}

func newOutput(e End, s output.Setup) (*tableOutput, error) {
	o := &tableOutput{end: e}
	var err error
	if o.conn, o.text, o.table, err = tableOf(s.Settings, s.Binding); err != nil {
		return nil, err
	}
	if o.partition, err = optional(s.Binding, "partitionKey"); err != nil {
		return nil, err
	}
	o.row, err = optional(s.Binding, "rowKey")
	return o, err
}

// Place is the table, named as declared.
func (o *tableOutput) Place() trigger.Place {
	return trigger.Place{Host: queues.HostOf(o.conn), Target: o.text}
}

// Write writes the value's entities.
func (o *tableOutput) Write(ctx context.Context, v *funcrpc.TypedData, values expr.Values) (n output.Written, err error) {
	objects, err := binding.Documents(v)
	if err != nil || len(objects) == 0 {
		return n, err
	}
	ops, use, err := o.operations(objects, values)
	if err != nil {
		return n, err
	}
	name, err := o.table.Expand(values)
	if err != nil {
		return n, err
	}
	t, err := o.end.Tables.Need(ctx, o.conn, name, use...)
	if err != nil {
		return n, err
	}
	for _, group := range together(ops) {
		if err := t.Write(ctx, group); err != nil {
			return n, err
		}
		n.Documents += len(group)
	}
	return n, nil
}

// operations are what the objects ask for, and what one must be allowed to do for it.
func (o *tableOutput) operations(objects [][]byte, values expr.Values) (ops []*tablestore.Op, use []Use, err error) {
	partition, err := expand(o.partition, values)
	if err != nil {
		return nil, nil, err
	}
	row, err := expand(o.row, values)
	if err != nil {
		return nil, nil, err
	}
	uses := map[Use]bool{}
	for i, object := range objects {
		op, err := readOp(object, partition, row)
		if err != nil {
			return nil, nil, fmt.Errorf("entity %d of %d: %w", i+1, len(objects), err)
		}
		uses[Add] = uses[Add] || op.Kind != tablestore.Replace
		uses[Change] = uses[Change] || op.Kind != tablestore.Insert
		ops = append(ops, op)
	}
	for _, u := range []Use{Add, Change} {
		if uses[u] {
			use = append(use, u)
		}
	}
	return ops, use, nil
}

func expand(t *expr.Template, values expr.Values) (string, error) {
	if t == nil {
		return "", nil
	}
	return t.Expand(values)
}

// together divides operations into transactions: of one partition each, in their order,
// none with two operations on one entity.
func together(ops []*tablestore.Op) (groups [][]*tablestore.Op) {
	open := map[string]int{} // partition -> its group
	rows := map[string]map[string]bool{}
	for _, op := range ops {
		partition, row := op.Entity.PartitionKey, op.Entity.RowKey
		at, there := open[partition]
		if !there || rows[partition][row] || len(groups[at]) == tablestore.MaxBatch {
			at = len(groups)
			groups = append(groups, nil)
			open[partition], rows[partition] = at, map[string]bool{}
		}
		groups[at] = append(groups[at], op)
		rows[partition][row] = true
	}
	return groups
}
