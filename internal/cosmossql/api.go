package cosmossql

import (
	"errors"
	"time"
)

// Limits on what a query may ask for. Beyond them Parse or Compile refuses.
const (
	MaxTextBytes = 512 << 10 // query text
	MaxDepth     = 200       // nesting of expressions and subqueries
	MaxJoins     = 10        // JOINs in one query
	MaxInList    = 16000     // items of one IN list
)

// RunOptions bound one page.
type RunOptions struct {
	MaxItems     int       // rows in the page; 0 or less: as MaxBytes allows
	MaxBytes     int       // the row that brings the page to this size is its last; 0 or less: 4 MB
	Continuation string    // Page.Continuation of the page before; empty for the first
	Now          time.Time // for the date functions; zero: the time of the call
}

// Page is one part of a query's answer.
type Page struct {
	Rows         [][]byte // each one JSON value
	Continuation string   // printable ASCII under 1 KB; empty when there is no more
	Stats        Stats
}

// Stats say what a page cost.
type Stats struct {
	Entries   int64 // index entries and documents walked over
	Documents int64 // documents evaluated
	DocBytes  int64 // bytes of these documents
	Counted   bool  // answered from counters, without a walk
}

// ErrContinuation is wrapped by Run's error when the continuation is damaged or
// belongs to another query.
var ErrContinuation = errors.New("the continuation does not belong to this query")
