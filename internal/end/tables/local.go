package tables

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
	"github.com/lazuli-dev/lazuli/internal/tablestore/odata"
)

// Account is the tables of an account of this process, as a connection reaches them.
type Account struct {
	Tables tablestore.Account
	// Make makes a table that is missing.
	Make func(ctx context.Context, name string) error
	// May says what the connection may do; nil: everything.
	May func(use Use, table string) error
}

// Local is the tables of this process. At finds the account that a connection leads
// to, and refuses one that leads elsewhere.
type Local struct {
	At func(settings.Connection) (Account, error)
}

// Open implements Service.
func (l *Local) Open(_ context.Context, c settings.Connection, name string, use ...Use) (Table, error) {
	a, err := l.at(c, name, use)
	if err != nil {
		return nil, err
	}
	return open(a, name)
}

// Need implements Service.
func (l *Local) Need(ctx context.Context, c settings.Connection, name string, use ...Use) (Table, error) {
	a, err := l.at(c, name, use)
	if err != nil {
		return nil, err
	}
	t, err := open(a, name)
	if !fault.Is(err, fault.NotFound) {
		return t, err
	}
	if err := a.Make(ctx, name); err != nil {
		return nil, err
	}
	return open(a, name)
}

func (l *Local) at(c settings.Connection, name string, use []Use) (Account, error) {
	a, err := l.At(c)
	if err != nil || a.May == nil {
		return a, err
	}
	for _, u := range use {
		if err := a.May(u, name); err != nil {
			return a, err
		}
	}
	return a, nil
}

func open(a Account, name string) (Table, error) {
	t, err := a.Tables.Table(name)
	if err != nil {
		return nil, err
	}
	return local{t}, nil
}

// local is a table of this process.
type local struct{ t *tablestore.Table }

func (l local) Get(ctx context.Context, partition, row string) (*tablestore.Entity, error) {
	e := &tablestore.Entity{}
	return e, l.t.Get(ctx, partition, row, e)
}

func (l local) Query(ctx context.Context, filter string, most int, use func(*tablestore.Entity) error) error {
	f, err := odata.Parse(filter)
	if err != nil {
		return fault.Wrap(fault.Invalid, "filter", err, "%q", filter)
	}
	q := tablestore.Query{In: f.Boxes(), Max: tablestore.MaxPage}
	if f != nil {
		q.Match = func(e *tablestore.Entity) bool { return f.Match(e) }
	}
	for seen := 0; ; {
		if most > 0 {
			q.Max = min(tablestore.MaxPage, most-seen)
		}
		q.From, err = l.t.Query(ctx, q, func(e *tablestore.Entity) error {
			seen++
			return use(e)
		})
		if err != nil || q.From == nil || seen == most && most > 0 {
			return err
		}
	}
}

func (l local) Write(ctx context.Context, ops []*tablestore.Op) error {
	if len(ops) == 1 {
		_, err := l.t.Write(ctx, ops[0])
		return err
	}
	_, err := l.t.Batch(ctx, ops)
	return err
}
