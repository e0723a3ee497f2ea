package changefeed

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// choose says which leases an instance takes now: its share of all, from those
// that nobody owns or whose owner is silent, or else one of the instance that has
// most, when that has more than its share. The rule is that of .NET's
// EqualPartitionsBalancingStrategy, so that instances of both agree. What is ours
// and is not being processed, after a restart under the same name, comes first.
func choose(all []document, me string, running map[string]bool, now time.Time, expiration time.Duration) (take []document) {
	byOwner := map[string][]document{me: nil}
	var free []document
	for _, d := range all {
		switch mine := d.owner() == me; {
		case mine || d.live(now, expiration):
			byOwner[d.owner()] = append(byOwner[d.owner()], d)
			if mine && !running[d.LeaseToken] {
				take = append(take, d)
			}
		default:
			free = append(free, d)
		}
	}
	share := (len(all) + len(byOwner) - 1) / len(byOwner)
	missing := share - len(byOwner[me])
	if missing <= 0 {
		return take
	}
	if len(free) > 0 {
		return append(take, free[:min(missing, len(free))]...)
	}
	delete(byOwner, me) // others have what is missing
	most := slices.MaxFunc(slices.Sorted(maps.Keys(byOwner)), func(a, b string) int {
		return cmp.Compare(len(byOwner[a]), len(byOwner[b]))
	})
	if mostOf := byOwner[most]; len(mostOf) > share-min(1, missing-1) {
		take = append(take, mostOf[0])
	}
	return take
}
