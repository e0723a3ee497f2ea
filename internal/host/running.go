package host

import (
	"sync"
	"sync/atomic"
)

// running knows which function each invocation in flight belongs to, so that
// a worker's logs can be told apart.
type running struct {
	byID  sync.Map // invocation id -> function name
	count atomic.Int64
}

func (r *running) start(id, function string) {
	r.count.Add(1)
	r.byID.Store(id, function)
}

func (r *running) end(id string) {
	r.byID.Delete(id)
	r.count.Add(-1)
}

// function returns the name, or "" for an invocation that is not in flight.
func (r *running) function(id string) string {
	if name, ok := r.byID.Load(id); ok && id != "" {
		return name.(string)
	}
	return ""
}
