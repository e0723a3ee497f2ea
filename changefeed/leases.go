package changefeed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
)

// Leases are lease documents in a container whose partition key is /id or
// /partitionKey. An identity that uses it needs the role Cosmos DB Built-in Data
// Contributor there.
func Leases(c *azcosmos.ContainerClient) LeaseStore { return &leaseContainer{c: c} }

// leaseContainer is a container of lease documents. Where its key is /partitionKey a
// document has any, and is looked for by its id.
type leaseContainer struct {
	c *azcosmos.ContainerClient

	mu  sync.Mutex
	key string // the partition key path, once known; guarded by mu
}

// Keys of lease containers.
const (
	keyID  = "/id"
	keyOwn = "/partitionKey"
)

// keyPath is the container's partition key path.
func (l *leaseContainer) keyPath(ctx context.Context) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.key != "" {
		return l.key, nil
	}
	got, err := l.c.Read(ctx, nil)
	if err != nil {
		return "", containerError("the lease container "+l.c.ID(), err)
	}
	paths := got.ContainerProperties.PartitionKeyDefinition.Paths
	if len(paths) != 1 || paths[0] != keyID && paths[0] != keyOwn {
		return "", fmt.Errorf("the lease container %s has the partition key %v; leases need %s or %s", l.c.ID(), paths, keyID, keyOwn)
	}
	l.key = paths[0]
	return l.key, nil
}

// keyed is what is read of a document to find it again.
type keyed struct {
	ID           string `json:"id"`
	PartitionKey string `json:"partitionKey"`
}

// keyOf is the id of a document and its partition key.
func (l *leaseContainer) keyOf(ctx context.Context, doc json.RawMessage) (id string, key azcosmos.PartitionKey, err error) {
	path, err := l.keyPath(ctx)
	if err != nil {
		return "", key, err
	}
	var k keyed
	if err := json.Unmarshal(doc, &k); err != nil {
		return "", key, fmt.Errorf("a lease document: %w", err)
	}
	if path == keyID || k.PartitionKey == "" {
		k.PartitionKey = k.ID
	}
	return k.ID, azcosmos.NewPartitionKeyString(k.PartitionKey), nil
}

func (l *leaseContainer) List(ctx context.Context, prefix string) ([]json.RawMessage, error) {
	return l.query(ctx, "SELECT * FROM c WHERE STARTSWITH(c.id, @id)", prefix)
}

func (l *leaseContainer) query(ctx context.Context, text, id string) (all []json.RawMessage, err error) {
	pages := l.c.NewQueryItemsPager(text, azcosmos.NewPartitionKey(), &azcosmos.QueryOptions{
		QueryParameters: []azcosmos.QueryParameter{{Name: "@id", Value: id}},
	})
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, containerError("the lease container "+l.c.ID(), err)
		}
		for _, item := range page.Items {
			all = append(all, item)
		}
	}
	return all, nil
}

func (l *leaseContainer) Read(ctx context.Context, id string) (json.RawMessage, error) {
	path, err := l.keyPath(ctx)
	if err != nil {
		return nil, err
	}
	if path == keyID {
		got, err := l.c.ReadItem(ctx, azcosmos.NewPartitionKeyString(id), id, nil)
		return got.Value, leaseError(err)
	}
	found, err := l.query(ctx, "SELECT * FROM c WHERE c.id = @id", id)
	if err == nil && len(found) == 0 {
		err = ErrMissing
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func (l *leaseContainer) Create(ctx context.Context, doc json.RawMessage) (string, error) {
	path, err := l.keyPath(ctx)
	if err != nil {
		return "", err
	}
	if path == keyOwn {
		if doc, err = withKey(doc); err != nil {
			return "", err
		}
	}
	_, key, err := l.keyOf(ctx, doc)
	if err != nil {
		return "", err
	}
	got, err := l.c.CreateItem(ctx, key, doc, nil)
	return string(got.ETag), leaseError(err)
}

// withKey gives a document its id as partition key, unless it has one. .NET's
// processor gives leases a random one, and takes any.
func withKey(doc json.RawMessage) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(doc, &fields); err != nil {
		return nil, fmt.Errorf("a lease document: %w", err)
	}
	if _, has := fields["partitionKey"]; has {
		return doc, nil
	}
	fields["partitionKey"] = fields["id"]
	return json.Marshal(fields)
}

func (l *leaseContainer) Replace(ctx context.Context, doc json.RawMessage, etag string) (string, error) {
	id, key, err := l.keyOf(ctx, doc)
	if err != nil {
		return "", err
	}
	match := azcore.ETag(etag)
	got, err := l.c.ReplaceItem(ctx, key, id, doc, &azcosmos.ItemOptions{IfMatchEtag: &match})
	return string(got.ETag), leaseError(err)
}

func (l *leaseContainer) Delete(ctx context.Context, doc json.RawMessage, etag string) error {
	id, key, err := l.keyOf(ctx, doc)
	if err != nil {
		return err
	}
	match := azcore.ETag(etag)
	_, err = l.c.DeleteItem(ctx, key, id, &azcosmos.ItemOptions{IfMatchEtag: &match})
	return leaseError(err)
}

// leaseError tells what the refusal of a lease document means.
func leaseError(err error) error {
	var refused *azcore.ResponseError
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.StatusCode {
	case http.StatusNotFound:
		return fmt.Errorf("%w: %w", ErrMissing, err)
	case http.StatusConflict:
		return fmt.Errorf("%w: %w", ErrExists, err)
	case http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return err
}

// containerError tells of a container that is not there.
func containerError(what string, err error) error {
	var refused *azcore.ResponseError
	if errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound {
		return fmt.Errorf("%s: %w: %w", what, ErrDeleted, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
