package functions

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
)

// startPatience is how long a request waits for the app's first start.
const startPatience = 30 * time.Second

func afterStart() <-chan time.Time { return time.After(startPatience) }

// slots bounds HTTP requests as host.json says: how many run at once and how
// many there may be in all.
type slots struct {
	running     chan struct{} // nil: no bound
	outstanding *atomic.Int64
	most        int64 // negative: no bound
}

func newSlots(h hostjson.HTTP) slots {
	s := slots{outstanding: new(atomic.Int64), most: int64(h.MaxOutstandingRequests)}
	if h.MaxConcurrentRequests > 0 {
		s.running = make(chan struct{}, h.MaxConcurrentRequests)
	}
	return s
}

// take reserves a place, waiting while too many run. It fails when there are
// too many requests in all or ctx ends.
func (s slots) take(ctx context.Context) (release func(), ok bool) {
	if n := s.outstanding.Add(1); s.most >= 0 && n > s.most {
		s.outstanding.Add(-1)
		return nil, false
	}
	if s.running == nil {
		return func() { s.outstanding.Add(-1) }, true
	}
	select {
	case s.running <- struct{}{}:
		return func() { <-s.running; s.outstanding.Add(-1) }, true
	case <-ctx.Done():
		s.outstanding.Add(-1)
		return nil, false
	}
}
