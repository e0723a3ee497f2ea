package blob

import (
	"log/slog"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// logEvery is how often one kind of failure is worth a line. A full disk
// refuses hundreds of requests a second, and the engine that entered the state
// has told of it already.
const logEvery = time.Minute

// failureLog writes the failures that are ours, one line for each operation and
// kind a minute. The zero failureLog is ready.
type failureLog struct {
	mu    sync.Mutex // guards kinds
	kinds map[failureKind]*failureCount
}

type failureKind struct {
	operation string // a name of the operation table, so there are few
	kind      fault.Kind
}

// failureCount is when the next line is due and how many were left out.
type failureCount struct {
	next    time.Time
	omitted int
}

// write logs the failure, or counts it for the next line.
func (l *failureLog) write(log *slog.Logger, now time.Time, operation, request string, err error) {
	omitted, due := l.count(failureKind{operation, fault.KindOf(err)}, now)
	if due {
		log.Error("request failed", "operation", operation, "request_id", request, "error", err, "omitted_since_last", omitted)
	}
}

func (l *failureLog) count(k failureKind, now time.Time) (omitted int, due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.kinds[k]
	if c == nil {
		if l.kinds == nil {
			l.kinds = map[failureKind]*failureCount{}
		}
		c = &failureCount{}
		l.kinds[k] = c
	}
	if now.Before(c.next) {
		c.omitted++
		return 0, false
	}
	omitted, c.omitted, c.next = c.omitted, 0, now.Add(logEvery)
	return omitted, true
}
