package container

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Lease timing, as in the vendor's change feed processor.
const (
	leaseAcquireInterval = 13 * time.Second
	leaseRenewInterval   = 17 * time.Second
	leaseExpiration      = 60 * time.Second
)

// leaseToken is the id of a container's only partition key range.
const leaseToken = "0"

// leaseDocument is the change feed's durable position, in the shape that the
// .NET processor and the Functions extension read and write.
type leaseDocument struct {
	ID                string          `json:"id"`
	PartitionKey      string          `json:"partitionKey,omitempty"`
	Version           int             `json:"version"`
	ETag              string          `json:"_etag,omitempty"`
	LeaseToken        string          `json:"LeaseToken"`
	FeedRange         json.RawMessage `json:"FeedRange"`
	Owner             *string         `json:"Owner"`
	ContinuationToken *string         `json:"ContinuationToken"` // a quoted LSN
	Properties        json.RawMessage `json:"properties"`
	Timestamp         string          `json:"timestamp"`
	Mode              string          `json:"Mode"`
}

// leasePrefix starts the ids of all documents of one processor. The host name
// is part of it: another endpoint is another feed.
func leasePrefix(configured string, id FeedIdentity) string {
	return configured + id.AccountHost + "_" + id.DatabaseRID + "_" + id.ContainerRID
}

// lease is this host's hold on a feed. Its document changes under the renewer
// and the pump, so mu guards doc and etag.
type lease struct {
	store Leases
	id    string
	owner string
	now   func() time.Time

	mu   sync.Mutex
	doc  leaseDocument
	etag string
}

// errLeaseLost says that another processor took the lease over.
var errLeaseLost = fault.New(fault.Conflict, "lease", "another host took the change feed over")

// openLease finds the lease or creates it. A new one starts at the
// continuation that begin returns; "" is the beginning of the feed. The
// position is fixed at creation, so nothing written between the first start
// and the first change that is processed gets lost.
func openLease(ctx context.Context, store Leases, prefix, owner string, now func() time.Time, begin func(context.Context) (string, error)) (*lease, error) {
	l := &lease{store: store, id: prefix + ".." + leaseToken, owner: owner, now: now}
	err := l.load(ctx)
	if err == nil {
		return l, nil
	}
	if !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	token, err := begin(ctx)
	if err != nil {
		return nil, err
	}
	l.doc = leaseDocument{
		ID: l.id, LeaseToken: leaseToken, Mode: "Incremental Feed",
		FeedRange:  json.RawMessage(`{"Range":{"min":"","max":"FF"}}`),
		Properties: json.RawMessage(`{}`),
		Timestamp:  stamp(now()),
	}
	if token != "" {
		l.doc.ContinuationToken = &token
	}
	if err := l.create(ctx, l.doc.ID, l.doc); err != nil {
		return nil, err
	}
	info := map[string]any{"id": prefix + ".info"}
	if err := l.createRaw(ctx, prefix+".info", info); err != nil {
		return nil, err
	}
	return l, l.load(ctx) // perhaps another host was faster
}

func (l *lease) create(ctx context.Context, id string, doc leaseDocument) error {
	b, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	var fields map[string]any
	if err := json.Unmarshal(b, &fields); err != nil {
		return err
	}
	return l.createRaw(ctx, id, fields)
}

// createRaw creates a document, adding what the container's key needs. One
// that exists already is as good.
func (l *lease) createRaw(ctx context.Context, id string, fields map[string]any) error {
	if l.store.KeyPath() == "/partitionKey" {
		var key [16]byte
		rand.Read(key[:])
		fields["partitionKey"] = hex.EncodeToString(key[:])
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	if _, err := l.store.Create(ctx, b); err != nil && !fault.Is(err, fault.Conflict) {
		return fmt.Errorf("create lease document %s: %w", id, err)
	}
	return nil
}

// load reads the document. The caller holds no lock.
func (l *lease) load(ctx context.Context) error {
	b, etag, err := l.store.Read(ctx, l.id)
	if err != nil {
		return fmt.Errorf("read lease %s: %w", l.id, err)
	}
	var doc leaseDocument
	if err := json.Unmarshal(b, &doc); err != nil {
		return fault.Wrap(fault.Invalid, "lease "+l.id, err, "the document is no lease")
	}
	l.mu.Lock()
	l.doc, l.etag = doc, etag
	l.mu.Unlock()
	return nil
}

// acquire makes this host the owner, unless another one still is. It reports
// whether it did.
func (l *lease) acquire(ctx context.Context) (bool, error) {
	if err := l.load(ctx); err != nil {
		return false, err
	}
	l.mu.Lock()
	held := l.heldByOther()
	l.mu.Unlock()
	if held {
		return false, nil
	}
	err := l.update(ctx, true, func(d *leaseDocument) { d.Owner = &l.owner })
	if fault.Is(err, fault.PreconditionFailed) || errors.Is(err, errLeaseLost) {
		return false, nil
	}
	return err == nil, err
}

// heldByOther reports whether a live host besides this one owns the lease.
func (l *lease) heldByOther() bool {
	if l.doc.Owner == nil || *l.doc.Owner == "" || *l.doc.Owner == l.owner {
		return false
	}
	at, err := time.Parse(time.RFC3339Nano, l.doc.Timestamp)
	return err == nil && l.now().Before(at.Add(leaseExpiration))
}

// continuation returns the position without its quotes.
func (l *lease) continuation() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.doc.ContinuationToken == nil {
		return ""
	}
	return unquote(*l.doc.ContinuationToken)
}

// checkpoint moves the position, durably.
func (l *lease) checkpoint(ctx context.Context, token string) error {
	return l.update(ctx, false, func(d *leaseDocument) { d.ContinuationToken = &token })
}

// renew keeps the lease from expiring.
func (l *lease) renew(ctx context.Context) error {
	return l.update(ctx, false, func(*leaseDocument) {})
}

// release lets another host take over at once.
func (l *lease) release(ctx context.Context) error {
	return l.update(ctx, false, func(d *leaseDocument) { d.Owner = nil })
}

// update replaces the document under its ETag. When someone else changed it
// and this host still owns it, the change is tried again on the new version;
// taking allows the owner to be another, which acquire has looked at.
func (l *lease) update(ctx context.Context, taking bool, change func(*leaseDocument)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range 5 {
		doc := l.doc
		change(&doc)
		doc.Timestamp = stamp(l.now())
		doc.ETag = ""
		b, err := json.Marshal(doc)
		if err != nil {
			return err
		}
		etag, err := l.store.Replace(ctx, l.id, b, l.etag)
		if err == nil {
			l.doc, l.etag = doc, etag
			return nil
		}
		if !fault.Is(err, fault.PreconditionFailed) || taking {
			return fmt.Errorf("update lease %s: %w", l.id, err)
		}
		if err := l.reload(ctx); err != nil {
			return err
		}
	}
	return fault.New(fault.Conflict, "lease "+l.id, "changed too often to be updated")
}

// reload refreshes the document within update and checks the owner.
func (l *lease) reload(ctx context.Context) error {
	b, etag, err := l.store.Read(ctx, l.id)
	if err != nil {
		return fmt.Errorf("read lease %s: %w", l.id, err)
	}
	var doc leaseDocument
	if err := json.Unmarshal(b, &doc); err != nil {
		return fault.Wrap(fault.Invalid, "lease "+l.id, err, "the document is no lease")
	}
	if doc.Owner == nil || *doc.Owner != l.owner {
		return errLeaseLost
	}
	l.doc, l.etag = doc, etag
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func unquote(token string) string {
	if n := len(token); n >= 2 && token[0] == '"' && token[n-1] == '"' {
		return token[1 : n-1]
	}
	return token
}
