package broker

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Position says where a Reader begins. Make one with FromStart, Latest,
// Sequence, AtOffset or EnqueuedTime.
type Position struct {
	kind      positionKind
	number    int64
	time      time.Time
	inclusive bool
}

type positionKind uint8

const (
	fromStart positionKind = iota
	fromLatest
	fromSequence
	fromOffset
	fromTime
)

// FromStart is the oldest record kept.
func FromStart() Position { return Position{} }

// Latest is the end of the partition at the moment the reader is made: only
// what is appended later, or from the newest record on when inclusive.
func Latest(inclusive bool) Position { return Position{kind: fromLatest, inclusive: inclusive} }

// Sequence is the record after number n, or n itself when inclusive. Numbers
// below the oldest kept mean the oldest kept.
func Sequence(n int64, inclusive bool) Position {
	return Position{kind: fromSequence, number: n, inclusive: inclusive}
}

// AtOffset is the record after the offset, or at it when inclusive. "-1" and
// "" are the start, "@latest" the end. An error is fault.Invalid.
func AtOffset(s string, inclusive bool) (Position, error) {
	switch s {
	case "", "-1":
		return FromStart(), nil
	case "@latest":
		return Latest(inclusive), nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return Position{}, fault.New(fault.Invalid, "", "offset %q is not a decimal number", s)
	}
	return Position{kind: fromOffset, number: n, inclusive: inclusive}, nil
}

// EnqueuedTime is the first record enqueued after t, or at t and after when
// inclusive.
func EnqueuedTime(t time.Time, inclusive bool) Position {
	return Position{kind: fromTime, time: t, inclusive: inclusive}
}

// BeyondEnd is a start position that lies beyond the end of the partition, as a
// checkpoint does that is older than a hub made anew.
type BeyondEnd struct {
	What  string // "offset" or "sequence number"
	Asked int64
	Last  int64 // the newest there is, -1 when there never was one
}

func (e *BeyondEnd) Error() string {
	return fmt.Sprintf("the %s %d does not exist; the last one is %d", e.What, e.Asked, e.Last)
}

// resolve returns the sequence number of the first record the position means,
// or fault.Invalid when it lies beyond the end.
func (p *Partition) resolve(pos Position) (int64, error) {
	info := p.log.Info()
	switch pos.kind {
	case fromLatest:
		if pos.inclusive {
			return max(info.Next-1, info.Begin), nil
		}
		return info.Next, nil
	case fromSequence:
		first := after(pos.number, pos.inclusive)
		if first > info.Next {
			return 0, fault.Wrap(fault.Invalid, p.name,
				&BeyondEnd{What: "sequence number", Asked: pos.number, Last: info.Next - 1}, "start position")
		}
		return max(first, 0), nil
	case fromOffset:
		first := after(pos.number-p.hub.offset, pos.inclusive)
		if first > info.Next {
			return 0, fault.Wrap(fault.Invalid, p.name,
				&BeyondEnd{What: "offset", Asked: pos.number, Last: int64(p.lastOffset(info.Next))}, "start position")
		}
		return max(first, 0), nil
	case fromTime:
		ms := pos.time.UnixMilli() // rounded down
		if !pos.inclusive || pos.time.After(time.UnixMilli(ms)) {
			ms++
		}
		return p.log.SequenceAt(ms)
	}
	return 0, nil
}

// after returns the first number the position n means.
func after(n int64, inclusive bool) int64 {
	if inclusive || n == math.MaxInt64 {
		return n
	}
	return n + 1
}
