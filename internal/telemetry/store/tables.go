package store

import (
	"context"
	"iter"

	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// Tables are the tables over some components together: the ten classic ones and
// the ten of a workspace, which are the same rows under other names.
func Tables(stores ...*Store) kql.Tables { return tables(stores) }

type tables []*Store

// Table gives the table of that name, classic or of a workspace.
func (t tables) Table(name string) (kql.Table, bool) {
	s, v, ok := item.Find(name)
	if !ok {
		return nil, false
	}
	return &table{stores: t, schema: s, view: v}, true
}

// Names lists the classic tables: the others have the same rows, and union *
// shall not count them twice.
func (t tables) Names() []string { return names(func(s *item.Schema) string { return s.Classic.Name }) }

// WorkspaceTables are Tables whose Names are those of a workspace.
func WorkspaceTables(stores ...*Store) kql.Tables { return workspaceTables{tables(stores)} }

type workspaceTables struct{ tables }

func (workspaceTables) Names() []string {
	return names(func(s *item.Schema) string { return s.Workspace.Name })
}

func names(of func(*item.Schema) string) []string {
	var out []string
	for i := range item.Schemas() {
		out = append(out, of(item.Of(item.Type(i))))
	}
	return out
}

// table is a view over the rows of a type in some stores.
type table struct {
	stores []*Store
	schema *item.Schema
	view   *item.View
}

var kinds = [...]kql.Kind{
	item.String: kql.String, item.Bool: kql.Bool, item.Int: kql.Int, item.Long: kql.Long,
	item.Real: kql.Real, item.Datetime: kql.Datetime, item.Dynamic: kql.Dynamic,
}

// Columns are the view's.
func (t *table) Columns() []kql.Column {
	out := make([]kql.Column, len(t.view.Columns))
	for i, c := range t.view.Columns {
		out[i] = kql.Column{Name: c.Name, Kind: kinds[c.Kind]}
	}
	return out
}

// Time is the first column.
func (t *table) Time() int { return 0 }

// Scan walks the rows of one moment; see kql.Table.
func (t *table) Scan(ctx context.Context, ask kql.Ask) iter.Seq2[*kql.Chunk, error] {
	return func(yield func(*kql.Chunk, error) bool) {
		s := newScan(t, ask)
		defer s.release()
		s.run(ctx, yield)
	}
}

// constant is the value of a column that all rows of a component share.
func (s *Store) constant(schema *item.Schema, from item.Origin) string {
	switch c := &s.opts.Component; from {
	case item.ItemType:
		return schema.ItemType
	case item.TableName:
		return schema.Workspace.Name
	case item.AppID:
		return c.AppID
	case item.AppName:
		return c.AppName
	case item.IKey:
		return c.IKey
	case item.ResourceID:
		return c.ResourceID
	case item.Subscription:
		return c.SubscriptionID
	case item.Workspace:
		return c.WorkspaceID
	case item.SourceSystem:
		return "Azure"
	case item.Billable:
		return yes
	default:
		return ""
	}
}
