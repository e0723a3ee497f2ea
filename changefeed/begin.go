package changefeed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Times of the lock that whoever makes the leases holds.
const (
	lockTime  = 30 * time.Second
	lockPause = time.Second
)

// begin finds out what the leases are called and makes those that are missing,
// unless another instance is at it. The position of a new lease is fixed when it
// is made, so that no change is lost between the first start and the first batch.
func (p *Processor) begin(ctx context.Context) error {
	id, err := p.source.Identity(ctx)
	if err != nil {
		return err
	}
	p.prefix = p.o.Prefix + id.AccountHost + "_" + id.DatabaseRID + "_" + id.ContainerRID
	missing, err := p.missing(ctx)
	if err != nil {
		return err
	}
	_, err = p.leases.Read(ctx, p.prefix+".info")
	if err == nil && len(missing) == 0 {
		return nil
	}
	if err != nil && !errors.Is(err, ErrMissing) {
		return err
	}
	return p.locked(ctx, func() error {
		missing, err := p.missing(ctx) // another may have made them meanwhile
		if err != nil {
			return err
		}
		for _, r := range missing {
			if err := p.make(ctx, r); err != nil {
				return err
			}
		}
		_, err = p.createMarker(ctx, ".info", 0)
		if errors.Is(err, ErrExists) {
			return nil
		}
		return err
	})
}

// missing are the ranges that no lease is for: neither their own, nor that of a
// range that they were split from, which has their position.
func (p *Processor) missing(ctx context.Context) (none []Range, err error) {
	ranges, err := p.source.Ranges(ctx) // before the leases, which may be split meanwhile
	if err != nil {
		return nil, err
	}
	all, err := p.list(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range ranges {
		covered := false
		for i := range all {
			span, known := all[i].span()
			covered = covered || span.ID != "" && (span.ID == r.ID || isParent(r, span.ID)) || known && overlap(span, r)
		}
		if !covered {
			none = append(none, r)
		}
	}
	return none, nil
}

func isParent(r Range, id string) bool {
	for _, parent := range r.Parents {
		if parent == id {
			return true
		}
	}
	return false
}

// overlap compares hashed keys, which are upper-case hexadecimal of equal depth:
// text compares as they do.
func overlap(a, b Range) bool { return a.Min < b.Max && b.Min < a.Max }

// make makes the lease of a range. One that is there already is as good.
func (p *Processor) make(ctx context.Context, r Range) error {
	position := ""
	if !p.o.StartFromBeginning && p.o.StartFrom.IsZero() {
		var err error
		if position, err = p.source.Now(ctx, r); err != nil {
			return err
		}
	}
	return p.create(ctx, newDocument(p.prefix, r, position))
}

func (p *Processor) create(ctx context.Context, d document) error {
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if _, err := p.leases.Create(ctx, text); err != nil && !errors.Is(err, ErrExists) {
		return fmt.Errorf("make lease %s: %w", d.ID, err)
	}
	return nil
}

// marker is a document beside the leases.
type marker struct {
	ID   string `json:"id"`
	TTL  int    `json:"ttl,omitempty"`
	ETag string `json:"_etag,omitempty"`
	TS   int64  `json:"_ts,omitempty"`
}

func (p *Processor) createMarker(ctx context.Context, name string, ttl time.Duration) (etag string, err error) {
	text, err := json.Marshal(marker{ID: p.prefix + name, TTL: int(ttl / time.Second)})
	if err != nil {
		return "", err
	}
	return p.leases.Create(ctx, text)
}

// locked does something while no other instance does it. Containers need not
// honour the lock's time to live: a lock that is older is taken away.
func (p *Processor) locked(ctx context.Context, do func() error) error {
	const name = ".lock"
	for {
		etag, err := p.createMarker(ctx, name, lockTime)
		if err == nil {
			err = do()
			text, encodeErr := json.Marshal(marker{ID: p.prefix + name})
			return errors.Join(err, encodeErr, ignoreGone(p.leases.Delete(context.WithoutCancel(ctx), text, etag)))
		}
		if !errors.Is(err, ErrExists) {
			return fmt.Errorf("make the lock of the leases: %w", err)
		}
		if err := p.unlockStale(ctx, p.prefix+name); err != nil {
			return err
		}
		if err := pause(ctx, lockPause); err != nil {
			return err
		}
	}
}

// unlockStale removes a lock whose owner must have ended.
func (p *Processor) unlockStale(ctx context.Context, id string) error {
	text, err := p.leases.Read(ctx, id)
	if err != nil {
		return ignoreGone(err)
	}
	var m marker
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("the lock of the leases %s is no such document: %w", id, err)
	}
	if time.Since(time.Unix(m.TS, 0)) < lockTime {
		return nil
	}
	return ignoreGone(p.leases.Delete(ctx, text, m.ETag))
}

// ignoreGone drops the error of a document that another has removed or changed.
func ignoreGone(err error) error {
	if errors.Is(err, ErrMissing) || errors.Is(err, ErrChanged) {
		return nil
	}
	return err
}
