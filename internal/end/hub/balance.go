package hub

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/state"
)

// ownership is which partitions of a hub this reader owns, among all that read it
// in the same group: functions, hosts of the same app, processors of the vendor's
// SDKs. It is kept in their layout: an empty blob
// <namespace>/<hub>/<group>/ownership/<partition>, all in lower case, whose
// metadata ownerid names the owner, "" when it was given back. A claim is a write
// under the ETag of the one before, so one of two claimants wins, and lasts as long
// as the blob is written again in time.
//
// Everybody takes a fair share at once, and from others what they have too much of
// (the vendor's greedy strategy).
type ownership struct {
	marks   state.Marks
	prefix  string
	owner   string
	expires time.Duration
	log     *slog.Logger

	held map[string]string // partition -> ETag of the claim
}

// ownerKey is the metadata of an owner.
const ownerKey = "ownerid"

// balance renews what is owned and claims what there should be besides. After an
// error what is held is not known to be.
func (o *ownership) balance(ctx context.Context, partitions []string) error {
	known, err := o.read(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	claims := share(partitions, known, o.owner, func(m state.Mark) bool { return now.Sub(m.Modified) < o.expires })
	for p := range o.held {
		if m, ok := known[p]; !ok || m.Metadata[ownerKey] != o.owner || !slices.Contains(partitions, p) {
			o.log.Info("another reader has taken the partition", "partition", p, "owner", m.Metadata[ownerKey])
			delete(o.held, p)
		}
	}
	return o.write(ctx, claims, known)
}

// read returns the claims there are, by partition.
func (o *ownership) read(ctx context.Context) (map[string]state.Mark, error) {
	all, err := o.marks.Marks(ctx, state.EventHubs, o.prefix)
	if err != nil {
		return nil, err
	}
	known := make(map[string]state.Mark, len(all))
	for _, m := range all {
		known[strings.TrimPrefix(m.Name, o.prefix)] = m
	}
	return known, nil
}

// write claims the partitions, all at a time, so that they share a sync.
func (o *ownership) write(ctx context.Context, claims []string, known map[string]state.Mark) error {
	var (
		writing sync.WaitGroup
		mu      sync.Mutex
		errs    []error
	)
	for _, p := range claims {
		etag := state.Missing
		if m, ok := known[p]; ok {
			etag = m.ETag
		}
		writing.Go(func() {
			etag, err := o.marks.SetMark(ctx, state.EventHubs, o.prefix+p, map[string]string{ownerKey: o.owner}, etag)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				o.held[p] = etag
			case fault.Is(err, fault.PreconditionFailed): // another one was faster
				delete(o.held, p)
			default:
				errs = append(errs, err)
			}
		})
	}
	writing.Wait()
	return errors.Join(errs...)
}

// giveBack lets others have the partitions at once.
func (o *ownership) giveBack(ctx context.Context) {
	var writing sync.WaitGroup
	for p, etag := range o.held {
		writing.Go(func() {
			_, err := o.marks.SetMark(ctx, state.EventHubs, o.prefix+p, map[string]string{ownerKey: ""}, etag)
			if err != nil && !fault.Is(err, fault.PreconditionFailed) {
				o.log.Warn("the partition was not given back; others wait until the claim ends", "partition", p, "error", err)
			}
		})
	}
	writing.Wait()
	clear(o.held)
}

// share is the partitions that owner claims or renews: what it has, what nobody
// has up to its fair share, and what others have more of than theirs.
func share(partitions []string, known map[string]state.Mark, owner string, live func(state.Mark) bool) []string {
	of := map[string][]string{owner: nil}
	var free []string
	for _, p := range partitions {
		m, ok := known[p]
		switch by := m.Metadata[ownerKey]; {
		case by == owner:
			of[owner] = append(of[owner], p)
		case !ok || by == "" || !live(m):
			free = append(free, p)
		default:
			of[by] = append(of[by], p)
		}
	}
	least, extra := len(partitions)/len(of), len(partitions)%len(of)
	for by, has := range of {
		if by != owner && len(has) > least {
			extra-- // somebody has one of those that do not divide
		}
	}
	want := least
	if extra > 0 {
		want++
	}
	mine := of[owner]
	for len(mine) < want && len(free) > 0 {
		mine, free = append(mine, free[0]), free[1:]
	}
	for _, by := range slices.Sorted(maps.Keys(of)) {
		// From who has more than the least, up to that; from who has more than anybody
		// should, one more.
		for has := of[by]; by != owner && (len(mine) < least && len(has) > least || len(mine) == least && len(has) > least+1); {
			mine, has = append(mine, has[len(has)-1]), has[:len(has)-1]
		}
	}
	return mine
}
