package cosmos

import (
	"context"
	"encoding/binary"
	"sort"

	"github.com/lazuli-dev/lazuli/internal/cosmossql"
	"github.com/lazuli-dev/lazuli/internal/docstore"
)

// listed is a metadata resource in a list: a database, a container, an offer.
type listed struct {
	place uint64 // in the list's order, for good: what is deleted leaves a gap
	json  []byte
}

// placeOf is the place of a database or container: its numbers.
func placeOf(r docstore.Resource) uint64 {
	rid, err := docstore.ParseRID(r.RID)
	if err != nil {
		return 0 // the store writes no other
	}
	return uint64(rid.Database)<<32 | uint64(rid.Container)
}

// listSource lets SQL walk resources that are already in memory, in the order
// of their places, which are their ordinals.
type listSource []listed

// behind returns the index of the first resource behind a place.
func (s listSource) behind(place uint64) int {
	return sort.Search(len(s), func(i int) bool { return s[i].place > place })
}

// Scan opens a walk in list order. The planner knows of no index and no
// partition, so nothing else can be asked for.
func (s listSource) Scan(_ context.Context, a cosmossql.Access) (cosmossql.Rows, error) {
	r := &listRows{items: s, at: -1, step: 1}
	if a.Reverse {
		r.at, r.step = len(s), -1
	}
	if a.After == nil {
		return r, nil
	}
	if len(a.After) != 8 {
		return nil, cosmossql.ErrContinuation
	}
	place := binary.BigEndian.Uint64(a.After)
	r.at = s.behind(place) - 1
	if a.Reverse && r.at >= 0 && s[r.at].place < place {
		r.at++ // the resource at the place is gone
	}
	return r, nil
}

// Count returns the number of resources.
func (s listSource) Count(context.Context, cosmossql.Access, int64) (int64, error) {
	return int64(len(s)), nil
}

type listRows struct {
	items listSource
	at    int // index of the current row
	step  int // 1 or -1
	pos   [8]byte
}

// Next moves on and fills row.
func (r *listRows) Next(row *cosmossql.Row) (bool, error) {
	r.at += r.step
	if r.at < 0 || r.at >= len(r.items) {
		return false, nil
	}
	*row = cosmossql.Row{Doc: r.items[r.at].json, Ordinal: r.items[r.at].place}
	return true, nil
}

// Position is the current place.
func (r *listRows) Position() []byte {
	binary.BigEndian.PutUint64(r.pos[:], r.items[r.at].place)
	return r.pos[:]
}

// Close does nothing.
func (r *listRows) Close() error { return nil }
