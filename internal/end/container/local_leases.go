package container

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/changefeed"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// localLeases keeps lease documents in a container of this process: it is a
// changefeed.LeaseStore.
type localLeases struct {
	c    *docstore.Container
	path string
	may  func() error
}

// Partition keys of lease containers.
const (
	keyID  = "/id"
	keyOwn = "/partitionKey"
)

func newLocalLeases(c *docstore.Container, may func() error) (*localLeases, error) {
	paths := c.Spec().PartitionKey.Paths
	if len(paths) != 1 || !slices.Contains([]string{keyID, keyOwn}, paths[0]) {
		return nil, fault.New(fault.Invalid, "lease container "+c.ID(),
			"its partition key is %v; leases need %s or %s", paths, keyID, keyOwn)
	}
	return &localLeases{c, paths[0], may}, nil
}

// List looks at all documents: lease containers are small.
func (l *localLeases) List(ctx context.Context, prefix string) (all []json.RawMessage, err error) {
	if err := l.may(); err != nil {
		return nil, err
	}
	for item, err := range l.c.Snapshot(ctx) {
		if err != nil {
			return nil, gone(err)
		}
		if strings.HasPrefix(item.ID, prefix) {
			all = append(all, json.RawMessage(slices.Clone(item.Body)))
		}
	}
	return all, nil
}

// Read finds a document by its id alone, whatever its partition key is.
func (l *localLeases) Read(ctx context.Context, id string) (json.RawMessage, error) {
	if err := l.may(); err != nil {
		return nil, err
	}
	if l.path == keyID {
		item, err := l.c.Read(ctx, docstore.StringKey(id), id)
		return item.Body, leaseError(err)
	}
	for item, err := range l.c.Snapshot(ctx) {
		if err != nil {
			return nil, gone(err)
		}
		if item.ID == id {
			return slices.Clone(item.Body), nil
		}
	}
	return nil, changefeed.ErrMissing
}

func (l *localLeases) Create(ctx context.Context, doc json.RawMessage) (string, error) {
	if l.path == keyOwn {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(doc, &fields); err != nil {
			return "", fmt.Errorf("a lease document: %w", err)
		}
		if fields["partitionKey"] == nil {
			fields["partitionKey"] = fields["id"]
			doc, _ = json.Marshal(fields) // JSON of another always encodes
		}
	}
	return l.write(ctx, docstore.Op{Kind: docstore.Create, Body: doc})
}

func (l *localLeases) Replace(ctx context.Context, doc json.RawMessage, etag string) (string, error) {
	var named struct{ ID string }
	if err := json.Unmarshal(doc, &named); err != nil {
		return "", fmt.Errorf("a lease document: %w", err)
	}
	return l.write(ctx, docstore.Op{Kind: docstore.Replace, ID: named.ID, Body: doc, IfMatch: etag})
}

func (l *localLeases) Delete(ctx context.Context, doc json.RawMessage, etag string) error {
	var named struct{ ID, PartitionKey string }
	if err := json.Unmarshal(doc, &named); err != nil {
		return fmt.Errorf("a lease document: %w", err)
	}
	key := docstore.StringKey(named.ID)
	if l.path == keyOwn && named.PartitionKey != "" {
		key = docstore.StringKey(named.PartitionKey)
	}
	_, err := l.write(ctx, docstore.Op{Kind: docstore.Delete, ID: named.ID, Key: &key, IfMatch: etag})
	return err
}

func (l *localLeases) write(ctx context.Context, op docstore.Op) (string, error) {
	if err := l.may(); err != nil {
		return "", err
	}
	results, err := l.c.Write(ctx, []docstore.Op{op}, false)
	if err != nil {
		return "", gone(err)
	}
	return results[0].Item.ETag, leaseError(results[0].Err)
}

// leaseError tells what a failure means for a lease, besides what it is.
func leaseError(err error) error {
	for kind, means := range map[fault.Kind]error{
		fault.NotFound: changefeed.ErrMissing, fault.Conflict: changefeed.ErrExists, fault.PreconditionFailed: changefeed.ErrChanged,
	} {
		if fault.Is(err, kind) {
			return fmt.Errorf("%w: %w", means, err)
		}
	}
	return gone(err)
}
