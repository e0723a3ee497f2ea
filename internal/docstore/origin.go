package docstore

import (
	"slices"
	"sync"
)

const (
	// A container remembers where its latest changes come from, a run of changes of one
	// Write as one: about a mebibyte where every change is a Write of its own.
	maxOrigins = 8192
	// An origin longer than this is none.
	maxOriginLen = 128
)

// origins is where the latest changes of a container come from, as their writers said.
// It is kept beside the change feed, in memory alone: documents have no room for it that
// nobody would see, and a change that is still to be read after so many others, or after
// a start, has none.
type origins struct {
	mu   sync.Mutex
	runs []originRun // guarded by mu; by position, apart from each other
}

// originRun is changes of one origin.
type originRun struct {
	first, last uint64
	origin      string
}

// note remembers the steps' origins: the first has position first, each other one more.
// It is called before the change feed passes them.
func (o *origins) note(steps []step, first uint64) {
	for from := 0; from < len(steps); {
		to, origin := from+1, steps[from].op.Origin
		for to < len(steps) && steps[to].op.Origin == origin {
			to++
		}
		if origin != "" && len(origin) <= maxOriginLen {
			o.add(originRun{first + uint64(from), first + uint64(to) - 1, origin})
		}
		from = to
	}
}

func (o *origins) add(r originRun) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.runs) == 2*maxOrigins {
		kept := copy(o.runs, o.runs[maxOrigins:])
		clear(o.runs[kept:]) // do not keep origins alive
		o.runs = o.runs[:kept]
	}
	at := len(o.runs) // writers that commit at the same time come nearly in order
	for at > 0 && o.runs[at-1].first > r.first {
		at--
	}
	o.runs = slices.Insert(o.runs, at, r)
}

// Origin returns what the writer of the change at a position said of where it comes
// from, or "" where it said nothing or that is forgotten.
func (c *Container) Origin(lsn uint64) string {
	o := &c.origins
	o.mu.Lock()
	defer o.mu.Unlock()
	at, found := slices.BinarySearchFunc(o.runs, lsn, func(r originRun, lsn uint64) int {
		switch {
		case r.last < lsn:
			return -1
		case r.first > lsn:
			return 1
		}
		return 0
	})
	if !found {
		return ""
	}
	return o.runs[at].origin
}
