package container

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/lazuli-dev/lazuli/changefeed"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Local is the containers of this process.
type Local struct {
	// At returns the account that a connection leads to, or says that it does
	// not lead here. Required.
	At func(settings.Connection) (Account, error)
}

// Account is an account of this process. Need and Find are required.
type Account struct {
	// Need returns a container, made with the partition key path when that is
	// not empty, or by this use where the project allows it.
	Need func(ctx context.Context, database, container, createWithKey string) (*docstore.Container, error)
	// Find finds a container by name as it is now, or fails with fault.NotFound.
	Find func(database, container string) (*docstore.Container, error)
	// Ask returns all results of a query of a container. nil: there are no queries.
	Ask func(ctx context.Context, c *docstore.Container, q Query) (rows [][]byte, err error)
	// May says whether whoever came by the connection may do that with a
	// container, now: it is asked for every batch. nil: everything.
	May func(use Use, database, container string) error
}

// Use is what functions do with a container.
type Use int

// The uses.
const (
	ReadFeed  Use = iota // of its changes
	KeepLease            // documents of positions are read, made and replaced
	Upsert
	ReadItem
	AskQuery
)

// allows is May, bound to a container and a use of it.
func (a Account) allows(use Use, database, container string) func() error {
	if a.May == nil {
		return func() error { return nil }
	}
	return func() error { return a.May(use, database, container) }
}

// Find returns the account of a name, "" being the one that localhost means, or
// fails with fault.NotFound.
type Find func(account string) (Account, error)

// Feed implements Service.
func (l *Local) Feed(ctx context.Context, c settings.Connection, database, container string) (changefeed.Source, error) {
	account, err := l.At(c)
	if err != nil {
		return nil, err
	}
	may := account.allows(ReadFeed, database, container)
	if err := may(); err != nil {
		return nil, err
	}
	coll, err := account.Need(ctx, database, container, "")
	if err != nil {
		return nil, err
	}
	return newLocalFeed(coll, hostOf(c), may), nil
}

// Leases implements Service.
func (l *Local) Leases(ctx context.Context, c settings.Connection, database, container string, create bool) (changefeed.LeaseStore, error) {
	account, err := l.At(c)
	if err != nil {
		return nil, err
	}
	may := account.allows(KeepLease, database, container)
	if err := may(); err != nil {
		return nil, err
	}
	key := ""
	if create {
		key = "/id"
	}
	coll, err := account.Need(ctx, database, container, key)
	if err != nil {
		return nil, err
	}
	return newLocalLeases(coll, may)
}

// Sink implements Service.
func (l *Local) Sink(ctx context.Context, c settings.Connection, database, container, createWithKey string) (Sink, error) {
	account, err := l.At(c)
	if err != nil {
		return nil, err
	}
	find := func(ctx context.Context) (*docstore.Container, error) {
		return account.Need(ctx, database, container, createWithKey)
	}
	may := account.allows(Upsert, database, container)
	if err := may(); err != nil {
		return nil, err
	}
	if _, err := find(ctx); err != nil {
		return nil, err
	}
	return &localSink{find, may}, nil
}

// hostOf is the connection's host, which tells positions of accounts apart.
func hostOf(c settings.Connection) string { return first(c.Host(), "localhost") }

// localSink writes documents to a container of this process. The container is
// looked up for every batch, so that one made anew under its name is found.
type localSink struct {
	find func(context.Context) (*docstore.Container, error)
	may  func() error
}

func (s *localSink) Upsert(ctx context.Context, docs [][]byte) error {
	return s.write(ctx, docs, docstore.Upsert)
}

// Create implements Creator.
func (s *localSink) Create(ctx context.Context, docs [][]byte) error {
	return s.write(ctx, docs, docstore.Create)
}

func (s *localSink) write(ctx context.Context, docs [][]byte, kind docstore.OpKind) error {
	if err := s.may(); err != nil {
		return err
	}
	c, err := s.find(ctx)
	if err != nil {
		return err
	}
	ops, origin := make([]docstore.Op, len(docs)), output.TraceOf(ctx)
	for i, d := range docs {
		ops[i] = docstore.Op{Kind: kind, Body: d, Origin: origin}
	}
	results, err := c.Write(ctx, ops, false)
	if err != nil {
		return err
	}
	for i := range results {
		if kind == docstore.Create && fault.Is(results[i].Err, fault.Conflict) {
			continue // it is there
		}
		if results[i].Err != nil {
			return fmt.Errorf("document %d of %d (id %s): %w", i+1, len(docs), documentID(docs[i]), results[i].Err)
		}
	}
	return nil
}

// documentID finds a document's id, as JSON, for a message.
func documentID(doc []byte) string {
	var d struct {
		ID json.RawMessage `json:"id"`
	}
	if json.Unmarshal(doc, &d) != nil || len(d.ID) == 0 {
		return "missing"
	}
	return string(d.ID)
}
