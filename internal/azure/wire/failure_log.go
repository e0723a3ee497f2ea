package wire

import (
	"log/slog"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// logEvery is how often one kind of failure is worth a line. A full disk refuses
// hundreds of requests a second, and the engine that entered the state has told of it
// already.
const logEvery = time.Minute

// FailureLog writes the failures that are ours, one line for each operation and kind a
// minute. The zero FailureLog is ready.
type FailureLog struct {
	mu    sync.Mutex // guards kinds
	kinds map[failureKind]*failureCount
}

type failureKind struct {
	operation string // a name of an operation table, so there are few
	kind      fault.Kind
}

// failureCount is when the next line is due and how many were left out.
type failureCount struct {
	next    time.Time
	omitted int
}

// Write logs the failure of a request, or counts it for the next line. request is the
// id that the reply bears, under the service's own name for it.
func (l *FailureLog) Write(log *slog.Logger, now time.Time, operation string, request slog.Attr, err error) {
	omitted, due := l.count(failureKind{operation, fault.KindOf(err)}, now)
	if due {
		log.With(request).Error("request failed", "operation", operation, "error", err, "omitted_since_last", omitted)
	}
}

func (l *FailureLog) count(k failureKind, now time.Time) (omitted int, due bool) {
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
