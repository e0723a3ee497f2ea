package container

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Reader implements Service.
func (l *Local) Reader(_ context.Context, c settings.Connection, database, container string) (Reader, error) {
	account, err := l.At(c)
	if err != nil {
		return nil, err
	}
	return &localReader{account, database, container, account.allows(ReadItem, database, container), account.allows(AskQuery, database, container)}, nil
}

// localReader reads documents of a container of this process. The container is
// looked up each time, so that one made anew under its name is found.
type localReader struct {
	account            Account
	database, name     string
	mayRead, mayAskFor func() error
}

func (r *localReader) Read(ctx context.Context, id string, key *string) ([]byte, error) {
	if err := r.mayRead(); err != nil {
		return nil, err
	}
	c, err := r.account.Find(r.database, r.name)
	if err != nil {
		return nil, err
	}
	full, err := keyIn(c, key)
	if err != nil {
		return nil, err
	}
	item, err := c.Read(ctx, full, id)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return item.Body, err
}

// keyIn is a key of one text as the container has it; nil is that of documents
// without a value for it.
func keyIn(c *docstore.Container, key *string) (docstore.PartitionKey, error) {
	paths := c.Spec().PartitionKey.Paths
	switch {
	case key == nil:
		return docstore.Key(make([]docstore.Value, len(paths))...), nil
	case len(paths) == 1:
		return docstore.StringKey(*key), nil
	}
	return docstore.PartitionKey{}, fault.New(fault.Invalid, "container "+c.ID(),
		"its partition key has %d paths (%v), and a binding's partitionKey is one text; use sqlQuery", len(paths), paths)
}

func (r *localReader) Query(ctx context.Context, q Query) ([][]byte, error) {
	if err := r.mayAskFor(); err != nil {
		return nil, err
	}
	c, err := r.account.Find(r.database, r.name)
	if err != nil {
		return nil, err
	}
	if q.Key != nil {
		if _, err := keyIn(c, q.Key); err != nil {
			return nil, err
		}
	}
	return r.account.Ask(ctx, c, q)
}
