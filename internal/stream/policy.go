package stream

import (
	"math"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

const (
	minTime = math.MinInt64 / 4
	maxTime = math.MaxInt64 / 4
)

// EarlyLimit is how far an event's time may lie after its arrival. Events
// further ahead are dropped; no setting changes this.
const EarlyLimit = 5 * time.Minute

// MaxLate is the longest late tolerance: 20 days, 23:59:59.
const MaxLate = 20*24*time.Hour + 23*time.Hour + 59*time.Minute + 59*time.Second

// WaitForever is a late tolerance without end: no event is late, and an idle
// partition holds all windows open.
const WaitForever time.Duration = -1

// TimePolicy says what becomes of events whose time is not where the stream is.
// The zero value is not the default; see DefaultTimePolicy.
type TimePolicy struct {
	Late       time.Duration // tolerance, or WaitForever
	OutOfOrder time.Duration // tolerance; rows are held this long and sorted
	Drop       bool          // drop late and out-of-order events instead of adjusting their time
	Unlimited  bool          // no policy at all: files, whose events have no arrival
}

// DefaultTimePolicy is the service's: 5 s late, no disorder, adjust.
func DefaultTimePolicy() TimePolicy { return TimePolicy{Late: 5 * time.Second} }

func (p TimePolicy) check() error {
	switch {
	case p.Late < 0 && p.Late != WaitForever:
		return fault.New(fault.Invalid, "time policy", "a late tolerance of %v: use 0 or more, or -1 to wait for ever", p.Late)
	case p.Late > MaxLate:
		return fault.New(fault.Invalid, "time policy", "a late tolerance of %v: at most %v", p.Late, MaxLate)
	case p.OutOfOrder < 0 || p.OutOfOrder > 10*time.Minute && !p.Unlimited:
		return fault.New(fault.Invalid, "time policy", "an out-of-order tolerance of %v: from 0 to 10 minutes", p.OutOfOrder)
	}
	return nil
}

// Ticks converts a time to ticks since year 1.
func Ticks(t time.Time) int64 {
	const unixEpoch = 62135596800 * streamsql.TicksPerSecond
	return unixEpoch + t.Unix()*streamsql.TicksPerSecond + int64(t.Nanosecond())/100
}

// TimeOf converts ticks to a time.
func TimeOf(ticks int64) time.Time {
	const unixEpoch = 62135596800
	s := ticks / streamsql.TicksPerSecond
	return time.Unix(s-unixEpoch, ticks%streamsql.TicksPerSecond*100).UTC()
}

func ticksOf(d time.Duration) int64 { return int64(d / 100) }
