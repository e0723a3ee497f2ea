package changefeed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// document is a lease in the shape that the .NET processor and the Functions
// extension read and write. Fields of the service besides _etag and _ts are left
// out; it makes them anew.
type document struct {
	ID                string          `json:"id"`
	PartitionKey      string          `json:"partitionKey,omitempty"`
	Version           int             `json:"version"` // 0: the token is a range's id; 1: MIN-MAX
	ETag              string          `json:"_etag,omitempty"`
	LeaseToken        string          `json:"LeaseToken"`
	PartitionID       string          `json:"PartitionId,omitempty"` // the token, where the .NET SDK 2 wrote the lease
	FeedRange         json.RawMessage `json:"FeedRange,omitempty"`
	Owner             *string         `json:"Owner"`
	ContinuationToken *string         `json:"ContinuationToken"`
	Properties        json.RawMessage `json:"properties,omitempty"`
	Timestamp         string          `json:"timestamp,omitempty"`
	TS                int64           `json:"_ts,omitempty"`
	Mode              string          `json:"Mode,omitempty"`
}

// stamp is how .NET writes times: in hundreds of nanoseconds, without noughts at the end.
const stamp = "2006-01-02T15:04:05.9999999Z07:00"

// mode is what leases say that are read in the latest-version mode.
const mode = "Incremental Feed"

// feedRange is how a lease tells its range.
type feedRange struct {
	Range struct {
		Min string `json:"min"`
		Max string `json:"max"`
	} `json:"Range"`
}

func readDocument(text json.RawMessage) (d document, err error) {
	if err = json.Unmarshal(text, &d); err != nil {
		return d, fmt.Errorf("a document among the leases is no lease: %w", err)
	}
	if d.LeaseToken == "" {
		d.LeaseToken = d.PartitionID
	}
	if d.ID == "" || d.LeaseToken == "" {
		return d, fmt.Errorf("the document %q among the leases is no lease: it has no LeaseToken", d.ID)
	}
	return d, nil
}

// newDocument is a lease that nobody has.
func newDocument(prefix string, r Range, position string) document {
	d := document{ID: prefix + ".." + r.ID, LeaseToken: r.ID, Mode: mode, Properties: json.RawMessage("{}")}
	if r.ID == "" {
		d.Version, d.LeaseToken = 1, r.Min+"-"+r.Max
		d.ID = prefix + ".." + d.LeaseToken
	}
	var f feedRange
	f.Range.Min, f.Range.Max = r.Min, r.Max
	d.FeedRange, _ = json.Marshal(f) // two texts always encode
	if position != "" {
		d.ContinuationToken = &position
	}
	return d
}

// span is the range of the lease. Leases of older versions tell only its id, and
// known is false.
func (d *document) span() (r Range, known bool) {
	if d.Version == 0 {
		r.ID = d.LeaseToken
	}
	var f feedRange
	if json.Unmarshal(d.FeedRange, &f) != nil || f.Range.Max == "" {
		return r, false
	}
	r.Min, r.Max = f.Range.Min, f.Range.Max
	return r, true
}

func (d *document) owner() string { return text(d.Owner) }

func (d *document) position() string { return text(d.ContinuationToken) }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// live reports whether the owner has given a sign of life of late.
func (d *document) live(now time.Time, expiration time.Duration) bool {
	at, err := time.Parse(time.RFC3339Nano, d.Timestamp)
	if err != nil {
		at = time.Unix(d.TS, 0) // nobody has owned it yet, or in words of its own
	}
	return d.owner() != "" && now.Before(at.Add(expiration))
}

// errLost says that another instance has the lease.
var errLost = errors.New("another instance took the lease")

// lease is this instance's hold on a range. Its document changes under who renews
// it and who saves positions: mu guards doc.
type lease struct {
	store LeaseStore
	owner string

	mu  sync.Mutex
	doc document
}

func (l *lease) token() string { return l.copy().LeaseToken }

func (l *lease) copy() document {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.doc
}

// take makes this instance the owner, unless the document is not any more what it
// was when it was chosen.
func (l *lease) take(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.write(ctx, func(d *document) { d.Owner = &l.owner })
	if errors.Is(err, ErrChanged) || errors.Is(err, ErrMissing) {
		return errLost
	}
	return err
}

// save moves the position, durably.
func (l *lease) save(ctx context.Context, position string) error {
	return l.update(ctx, func(d *document) { d.ContinuationToken = &position })
}

func (l *lease) renew(ctx context.Context) error {
	return l.update(ctx, func(*document) {})
}

// release lets another instance have the lease at once.
func (l *lease) release(ctx context.Context) error {
	return l.update(ctx, func(d *document) { d.Owner = nil })
}

// update changes the document under its ETag. When it was changed meanwhile and
// this instance still owns it, the change is made to the new version.
func (l *lease) update(ctx context.Context, change func(*document)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range 5 {
		err := l.write(ctx, change)
		if !errors.Is(err, ErrChanged) {
			if errors.Is(err, ErrMissing) {
				return errLost
			}
			return err
		}
		if err := l.reload(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("lease %s changes too often to be written", l.doc.ID)
}

// write writes the changed document. The caller holds mu.
func (l *lease) write(ctx context.Context, change func(*document)) error {
	doc := l.doc
	change(&doc)
	doc.Timestamp = time.Now().UTC().Format(stamp)
	doc.ETag, doc.TS = "", 0
	b, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	etag, err := l.store.Replace(ctx, b, l.doc.ETag)
	if err != nil {
		return fmt.Errorf("write lease %s: %w", doc.ID, err)
	}
	doc.ETag = etag
	l.doc = doc
	return nil
}

// reload reads the document anew and looks at its owner. The caller holds mu.
func (l *lease) reload(ctx context.Context) error {
	b, err := l.store.Read(ctx, l.doc.ID)
	if errors.Is(err, ErrMissing) {
		return errLost
	}
	if err != nil {
		return fmt.Errorf("read lease %s: %w", l.doc.ID, err)
	}
	doc, err := readDocument(b)
	if err != nil {
		return err
	}
	if doc.owner() != l.owner {
		return errLost
	}
	l.doc = doc
	return nil
}

// remove deletes the document, whose range goes on in other leases.
func (l *lease) remove(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range 5 {
		b, err := json.Marshal(l.doc)
		if err == nil {
			err = l.store.Delete(ctx, b, l.doc.ETag)
		}
		switch {
		case errors.Is(err, ErrMissing):
			return nil
		case !errors.Is(err, ErrChanged):
			return err
		}
		if err := l.reload(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("lease %s changes too often to be deleted", l.doc.ID)
}
