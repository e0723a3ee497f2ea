package stream

import "github.com/lazuli-dev/lazuli/internal/fault"

// Limits bound what a job may hold. A job that would pass one stops with an
// error that names it; it never grows until the system ends it.
type Limits struct {
	Keys      int   // groups, sessions or partitions of one operator
	HeldRows  int   // rows held for order, joins and sliding windows, per lane
	StateSize int64 // bytes of one operator's keys and collected values, and of the rows that a lane's joins and unions hold
	Partials  int   // partial matches of one MATCH_RECOGNIZE
}

// DefaultLimits suit a machine with a few GiB.
func DefaultLimits() Limits {
	return Limits{Keys: 5_000_000, HeldRows: 20_000_000, StateSize: 2 << 30, Partials: 2_000_000}
}

func (l *Limits) fill() {
	d := DefaultLimits()
	if l.Keys <= 0 {
		l.Keys = d.Keys
	}
	if l.HeldRows <= 0 {
		l.HeldRows = d.HeldRows
	}
	if l.Partials <= 0 {
		l.Partials = d.Partials
	}
	if l.StateSize <= 0 || l.StateSize > 3<<30 {
		l.StateSize = d.StateSize
	}
}

func tooManyKeys(what string, limit int) error {
	return fault.New(fault.TooLarge, what, "more than %d keys at once; group by fewer values, shorten the window, or raise the limit", limit)
}

func tooMuchState(what string, limit int64) error {
	return fault.New(fault.TooLarge, what, "more than %d bytes of state; collect less, shorten the window, or raise the limit", limit)
}

func tooManyRows(what string, limit int) error {
	return fault.New(fault.TooLarge, what, "more than %d rows held; shorten the window, join bound or tolerance, or raise the limit", limit)
}

func tooManyRowBytes(what string, limit int64) error {
	return fault.New(fault.TooLarge, what, "more than %d bytes of rows held; shorten the window, join bound or tolerance, read fewer columns, or raise the limit", limit)
}

func tooManyPartials(what string, limit int) error {
	return fault.New(fault.TooLarge, what, "more than %d partial matches at once; shorten LIMIT DURATION, let fewer rows begin a match, or raise the limit", limit)
}
