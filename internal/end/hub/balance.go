package hub

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
// How long that is, a claim of ours says itself, in metadata that the vendor's
// processors pass over: so hosts of ours take over quickly from one that was killed,
// and never from a host of Azure that writes more seldom.
//
// Everybody takes a fair share at once, and from others what they have too much of
// (the vendor's greedy strategy).
type ownership struct {
	marks  state.Marks
	prefix string
	owner  string
	lasts  time.Duration // claims of this reader
	others time.Duration // claims that do not say how long they last
	renew  time.Duration // how old a claim is that is written again
	log    *slog.Logger

	held  map[string]claim          // by partition
	seen  map[string]claim          // claims as they were found, by partition, and since when
	until atomic.Pointer[time.Time] // when the claims end that were known last; nil: none were
}

// claim is a partition's, as it was written.
type claim struct {
	etag string
	at   time.Time
}

// Metadata of a claim.
const (
	ownerKey   = "ownerid"
	secondsKey = "lazuliseconds" // how long it lasts: a whole number
)

// longestClaim bounds what a claim may say of itself.
const longestClaim = time.Hour

// mostRaces bounds how often one look begins anew because others claimed faster.
const mostRaces = 4

// balance renews what is owned and claims what there should be besides. After an
// error what is held is not known to be, unless the claims are sure still.
func (o *ownership) balance(ctx context.Context, partitions []string) error {
	ctx, cancel := context.WithTimeout(ctx, o.lasts/2)
	defer cancel()
	begun := time.Now()
	for range mostRaces {
		if beaten, err := o.settle(ctx, partitions); err != nil {
			return err
		} else if !beaten {
			break
		}
	}
	until := begun.Add(o.lasts - o.renew)
	o.until.Store(&until)
	return nil
}

// settle is one try of balance. It is beaten when another one claimed faster what
// looked free: then there may be more that is.
func (o *ownership) settle(ctx context.Context, partitions []string) (beaten bool, err error) {
	known, err := o.read(ctx)
	if err != nil {
		return false, err
	}
	claims := share(partitions, known, o.owner, o.live)
	for p := range o.held {
		if m, ok := known[p]; !ok || m.Metadata[ownerKey] != o.owner || !slices.Contains(partitions, p) {
			o.log.Info("another reader has taken the partition", "partition", p, "owner", m.Metadata[ownerKey])
			delete(o.held, p)
		}
	}
	return o.write(ctx, claims, known)
}

// live reports whether a claim lasts still: by its age, which the store's clock tells,
// and by how long nobody has written it since it was found here. A store's clock that is
// set back makes all claims young, those of the dead too, for as long as it is behind.
func (o *ownership) live(m state.Mark) bool {
	lasts := o.others
	if n, err := strconv.Atoi(m.Metadata[secondsKey]); err == nil && n > 0 && n <= int(longestClaim/time.Second) {
		lasts = time.Duration(n) * time.Second
	}
	s, ok := o.seen[strings.TrimPrefix(m.Name, o.prefix)]
	return m.Age < lasts && (!ok || s.etag != m.ETag || time.Since(s.at) < lasts)
}

// see notes since when each claim is as it is.
func (o *ownership) see(known map[string]state.Mark) {
	maps.DeleteFunc(o.seen, func(p string, _ claim) bool { _, there := known[p]; return !there })
	for p, m := range known {
		if o.seen[p].etag != m.ETag {
			o.seen[p] = claim{m.ETag, time.Now()}
		}
	}
}

// sure reports whether nobody can have taken what is held for want of renewal: not so
// when the store could not be reached for long, or this process stood still.
// It goes by time that passed, which no setting of the clock changes, and by the clock
// too, which goes on while a machine sleeps.
func (o *ownership) sure() bool { return surely(time.Now(), o.until.Load()) }

func surely(now time.Time, until *time.Time) bool {
	return until != nil && now.Before(*until) && now.Round(0).Before(until.Round(0))
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
	o.see(known)
	return known, nil
}

// write claims the partitions, all at a time, so that they share a sync. What was
// claimed just now is left alone.
func (o *ownership) write(ctx context.Context, claims []string, known map[string]state.Mark) (beaten bool, err error) {
	var (
		writing  sync.WaitGroup
		mu       sync.Mutex
		errs     []error
		metadata = map[string]string{ownerKey: o.owner, secondsKey: strconv.Itoa(int((o.lasts + time.Second - 1) / time.Second))}
	)
	for p, etag := range o.due(claims, known) { // known before the first is written
		writing.Go(func() {
			at := time.Now()
			etag, err := o.marks.SetMark(ctx, state.EventHubs, o.prefix+p, metadata, etag)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				o.held[p] = claim{etag, at}
			case fault.Is(err, fault.PreconditionFailed): // another one was faster
				delete(o.held, p)
				beaten = true
			default:
				errs = append(errs, err)
			}
		})
	}
	writing.Wait()
	return beaten, errors.Join(errs...)
}

// due is the claims that are to be written, and the ETags that each needs to find.
func (o *ownership) due(claims []string, known map[string]state.Mark) map[string]string {
	etags := map[string]string{}
	for _, p := range claims {
		etag := state.Missing
		if m, ok := known[p]; ok {
			etag = m.ETag
		}
		if h, ok := o.held[p]; !ok || h.etag != etag || time.Since(h.at) >= o.renew {
			etags[p] = etag
		}
	}
	return etags
}

// giveBackLimit bounds the good-bye to a store that does not answer.
const giveBackLimit = 5 * time.Second

// giveBack lets others have the partitions at once. The store says which these are:
// a renewal that the end interrupted may have reached it, and is not in held.
func (o *ownership) giveBack(ctx context.Context) {
	if len(o.held) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, giveBackLimit)
	defer cancel()
	known, err := o.read(ctx)
	if err != nil {
		o.log.Warn("the partitions were not given back; others wait until the claims end", "error", err)
	}
	var writing sync.WaitGroup
	for p, m := range known {
		if m.Metadata[ownerKey] != o.owner {
			continue
		}
		writing.Go(func() {
			_, err := o.marks.SetMark(ctx, state.EventHubs, o.prefix+p, map[string]string{ownerKey: ""}, m.ETag)
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
