package host

import "sync"

// running knows which function each invocation in flight belongs to, so that
// a worker's logs can be told apart.
type running struct {
	byID sync.Map // invocation id -> function name
}

func (r *running) start(id, function string) { r.byID.Store(id, function) }
func (r *running) end(id string)             { r.byID.Delete(id) }

// function returns the name, or "" for an invocation that is not in flight.
func (r *running) function(id string) string {
	if name, ok := r.byID.Load(id); ok && id != "" {
		return name.(string)
	}
	return ""
}
