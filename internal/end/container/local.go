package container

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Local is the containers of this process.
type Local struct {
	// At returns the account that a connection leads to, or says that it does
	// not lead here. Required.
	At func(settings.Connection) (Account, error)
}

// Account is an account of this process. All fields are required.
type Account struct {
	// Need returns a container, made with the partition key path when that is
	// not empty, or by this use where the project allows it.
	Need func(ctx context.Context, database, container, createWithKey string) (*docstore.Container, error)
	// Find finds a container by name as it is now, or fails with fault.NotFound.
	Find func(database, container string) (*docstore.Container, error)
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
func (l *Local) Feed(ctx context.Context, c settings.Connection, database, container string) (Feed, error) {
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
func (l *Local) Leases(ctx context.Context, c settings.Connection, database, container string, create bool) (Leases, error) {
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

// localFeed is the change feed of a container of this process. A continuation
// is an LSN in decimal.
type localFeed struct {
	c        *docstore.Container
	identity FeedIdentity
	may      func() error
}

func newLocalFeed(c *docstore.Container, host string, may func() error) *localFeed {
	return &localFeed{c, FeedIdentity{
		AccountHost: host, DatabaseRID: c.Database().Resource().RID, ContainerRID: c.Resource().RID,
	}, may}
}

func (f *localFeed) Identity() FeedIdentity { return f.identity }

func (f *localFeed) Now(context.Context) (string, error) {
	return strconv.FormatUint(f.c.LSN(), 10), nil
}

func (f *localFeed) Read(ctx context.Context, q FeedQuery) ([][]byte, string, error) {
	if err := f.may(); err != nil {
		return nil, "", err
	}
	after, err := parseLSN(q.After)
	if err != nil {
		return nil, "", err
	}
	items, last, err := f.c.Changes(ctx, after, docstore.ChangeOptions{Max: q.Max, Since: q.Since})
	if err != nil {
		return nil, "", err
	}
	size := 0
	for i := range items {
		size += len(items[i].Body) + lsnRoom
	}
	docs, text := make([][]byte, len(items)), make([]byte, 0, size) // one block for all
	for i := range items {
		start := len(text)
		text = appendWithLSN(text, items[i].Body, items[i].LSN)
		docs[i] = text[start:len(text):len(text)]
	}
	return docs, strconv.FormatUint(last, 10), nil
}

// lsnRoom is what appendWithLSN adds at most.
const lsnRoom = len(`,"_lsn":`) + 20

// appendWithLSN appends a document with _lsn, which documents carry in the
// change feed only.
func appendWithLSN(dst, body []byte, lsn uint64) []byte {
	dst = append(dst, body[:len(body)-1]...) // without the closing brace
	dst = append(dst, `,"_lsn":`...)
	dst = strconv.AppendUint(dst, lsn, 10)
	return append(dst, '}')
}

func (f *localFeed) Wait(ctx context.Context, after string) error {
	lsn, err := parseLSN(after)
	if err != nil {
		return err
	}
	return f.c.WaitLSN(ctx, lsn)
}

func parseLSN(continuation string) (uint64, error) {
	if continuation == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(continuation, 10, 64)
	if err != nil {
		return 0, fault.New(fault.Invalid, "lease", "its continuation %q is not a number", continuation)
	}
	return n, nil
}

// localLeases keeps lease documents in a container of this process.
type localLeases struct {
	c    *docstore.Container
	path string
	may  func() error
}

func newLocalLeases(c *docstore.Container, may func() error) (*localLeases, error) {
	paths := c.Spec().PartitionKey.Paths
	if len(paths) != 1 || !slices.Contains([]string{"/id", "/partitionKey"}, paths[0]) {
		return nil, fault.New(fault.Invalid, "lease container "+c.ID(),
			"its partition key is %v; leases need /id or /partitionKey", paths)
	}
	return &localLeases{c, paths[0], may}, nil
}

func (l *localLeases) KeyPath() string { return l.path }

// item finds a document by id alone: with /partitionKey its key is random, so
// it is looked for.
func (l *localLeases) item(ctx context.Context, id string) (docstore.Item, error) {
	if l.path == "/id" {
		return l.c.Read(ctx, docstore.StringKey(id), id)
	}
	for item, err := range l.c.Snapshot(ctx) {
		if err != nil || item.ID == id {
			return item, err
		}
	}
	return docstore.Item{}, fault.New(fault.NotFound, "document "+id, "no such lease")
}

func (l *localLeases) Read(ctx context.Context, id string) ([]byte, string, error) {
	if err := l.may(); err != nil {
		return nil, "", err
	}
	item, err := l.item(ctx, id)
	if err != nil {
		return nil, "", err
	}
	return item.Body, item.ETag, nil
}

func (l *localLeases) Create(ctx context.Context, doc []byte) (string, error) {
	return l.write(ctx, docstore.Op{Kind: docstore.Create, Body: doc})
}

func (l *localLeases) Replace(ctx context.Context, id string, doc []byte, etag string) (string, error) {
	return l.write(ctx, docstore.Op{Kind: docstore.Replace, ID: id, Body: doc, IfMatch: etag})
}

func (l *localLeases) write(ctx context.Context, op docstore.Op) (string, error) {
	if err := l.may(); err != nil {
		return "", err
	}
	results, err := l.c.Write(ctx, []docstore.Op{op}, false)
	if err != nil {
		return "", err
	}
	return results[0].Item.ETag, results[0].Err
}

// localSink writes documents to a container of this process. The container is
// looked up for every batch, so that one made anew under its name is found.
type localSink struct {
	find func(context.Context) (*docstore.Container, error)
	may  func() error
}

func (s *localSink) Upsert(ctx context.Context, docs [][]byte) error {
	if err := s.may(); err != nil {
		return err
	}
	c, err := s.find(ctx)
	if err != nil {
		return err
	}
	ops := make([]docstore.Op, len(docs))
	for i, d := range docs {
		ops[i] = docstore.Op{Kind: docstore.Upsert, Body: d}
	}
	results, err := c.Write(ctx, ops, false)
	if err != nil {
		return err
	}
	for i := range results {
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
