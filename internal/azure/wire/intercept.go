package wire

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Intercept rehearses failure: tests and users let it lose, delay or refuse chosen
// requests of a running service. The zero Intercept does nothing. It may be changed
// while the service runs.
type Intercept struct {
	mu    sync.Mutex // guards rules and their counters
	rules []*rule
}

// Rule says which requests fail and how.
type Rule struct {
	// Operation limits the rule to one name of the service's operation table, such as
	// "item.upsert" or "blob.put"; empty is every operation.
	Operation string
	// Nth is the first matching request to hit, from 1; 0 means 1.
	Nth int
	// Times is how many matching requests to hit from there; 0 means 1, a negative
	// number all of them.
	Times int

	// Delay waits before the request is served.
	Delay time.Duration
	// Refuse, if set, is an error of the service that the request gets before it has
	// any effect.
	Refuse error
	// Drop closes the connection without a reply: before the request has any effect,
	// or after its effect when LoseReply is set instead.
	Drop, LoseReply bool
}

type rule struct {
	Rule
	seen int
}

// Add puts a rule after the present ones. The first rule that hits a request decides
// alone.
func (i *Intercept) Add(r Rule) {
	r.Nth = max(r.Nth, 1)
	if r.Times == 0 {
		r.Times = 1
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.rules = append(i.rules, &rule{Rule: r})
}

// Clear removes all rules.
func (i *Intercept) Clear() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.rules = nil
}

// Before counts a request of the operation, and does what the rule that hits it says
// ahead of the operation: it waits, it returns what the request is refused with, or it
// panics with http.ErrAbortHandler to drop the connection, which net/http does
// silently. lose reports that the reply is to be lost. A nil Intercept does nothing.
func (i *Intercept) Before(ctx context.Context, operation string) (lose bool, err error) {
	r := i.pick(operation)
	if r == nil {
		return false, nil
	}
	if r.Delay > 0 {
		t := time.NewTimer(r.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	if r.Drop {
		panic(http.ErrAbortHandler)
	}
	return r.LoseReply, r.Refuse
}

// pick counts the request against every rule and returns the first that hits.
func (i *Intercept) pick(operation string) *Rule {
	if i == nil {
		return nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	var hit *Rule
	for _, r := range i.rules {
		if r.Operation != "" && r.Operation != operation {
			continue
		}
		r.seen++
		if hit == nil && r.seen >= r.Nth && (r.Times < 0 || r.seen < r.Nth+r.Times) {
			hit = &r.Rule
		}
	}
	return hit
}
