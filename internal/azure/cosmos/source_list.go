package cosmos

import (
	"context"
	"encoding/binary"

	"github.com/lazuli-dev/lazuli/internal/cosmossql"
)

// listSource lets SQL walk resources that are already in memory: databases,
// containers, offers. Their place in the list is their ordinal, from 1.
type listSource [][]byte

// Scan opens a walk in list order. The planner knows of no index and no
// partition, so nothing else can be asked for.
func (s listSource) Scan(_ context.Context, a cosmossql.Access) (cosmossql.Rows, error) {
	r := &listRows{items: s, reverse: a.Reverse}
	if a.Reverse {
		r.at = len(s) + 1
	}
	if a.After != nil {
		if len(a.After) != 8 {
			return nil, cosmossql.ErrContinuation
		}
		r.at = int(min(binary.BigEndian.Uint64(a.After), uint64(len(s)+1)))
	}
	return r, nil
}

// Count returns the number of resources.
func (s listSource) Count(context.Context, cosmossql.Access, int64) (int64, error) {
	return int64(len(s)), nil
}

type listRows struct {
	items   listSource
	at      int // ordinal of the current row
	reverse bool
	pos     [8]byte
}

// Next moves on and fills row.
func (r *listRows) Next(row *cosmossql.Row) (bool, error) {
	if r.reverse {
		r.at--
	} else {
		r.at++
	}
	if r.at < 1 || r.at > len(r.items) {
		return false, nil
	}
	*row = cosmossql.Row{Doc: r.items[r.at-1], Ordinal: uint64(r.at)}
	return true, nil
}

// Position is the current ordinal.
func (r *listRows) Position() []byte {
	binary.BigEndian.PutUint64(r.pos[:], uint64(r.at))
	return r.pos[:]
}

// Close does nothing.
func (r *listRows) Close() error { return nil }
