package gateways

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

const (
	seconds  = 60   // that are counted apart
	recent   = 4    // seconds that a rate is taken over, as portal.Rates does
	maxAPIs  = 4096 // that are counted; those that are silent make room
	maxFails = 50   // refused and failed calls that are kept of a gateway
)

// Calls counts the calls of each API by class of status, second by second, and keeps
// the last that were refused or failed. It is safe for concurrent use.
type Calls struct {
	clock func() time.Time

	mu    sync.Mutex // guards what follows
	apis  map[apiKey]*counter
	fails map[string][]Failure // by gateway, oldest first
}

// NewCalls has counted nothing yet.
func NewCalls(clock func() time.Time) *Calls {
	return &Calls{clock: clock, apis: map[apiKey]*counter{}, fails: map[string][]Failure{}}
}

type apiKey struct{ service, api string }

// counter is what came to an API: a ring of seconds, of which newest is the last.
type counter struct {
	total  Count // since it was first called
	newest int64 // unix seconds
	ring   [seconds]Count
}

// Count is how many calls there were, by what they were answered.
type Count struct {
	OK      int `json:"ok"`      // below 400
	Refused int `json:"refused"` // 4xx
	Failed  int `json:"failed"`  // 5xx
}

func (c *Count) add(status int) {
	switch {
	case status >= 500:
		c.Failed++
	case status >= 400:
		c.Refused++
	default:
		c.OK++
	}
}

func (c Count) plus(o Count) Count {
	return Count{c.OK + o.OK, c.Refused + o.Refused, c.Failed + o.Failed}
}

// at brings the ring to a second and returns its count.
func (c *counter) at(now int64) *Count {
	if now > c.newest {
		for s := max(c.newest+1, now-seconds+1); s <= now; s++ {
			c.ring[s%seconds] = Count{}
		}
		c.newest = now
	}
	return &c.ring[c.newest%seconds]
}

// Add counts a call that is over. It is called for every call, and does not wait.
func (c *Calls) Add(call gateway.Call) {
	now := c.clock()
	c.mu.Lock()
	defer c.mu.Unlock()
	key := apiKey{call.Service, call.API}
	k := c.apis[key]
	if k == nil {
		if len(c.apis) >= maxAPIs && !c.forget(now.Unix()) {
			return
		}
		k = &counter{newest: now.Unix() - seconds}
		c.apis[key] = k
	}
	k.at(now.Unix()).add(call.Status)
	k.total.add(call.Status)
	if call.Status >= 400 {
		c.fail(call, now)
	}
}

// metrics are the calls of each API. One that is silent for long may begin anew.
func (c *Calls) metrics(emit func(portal.Metric)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, k := range c.apis {
		for outcome, n := range map[string]int{"succeeded": k.total.OK, "refused": k.total.Refused, "failed": k.total.Failed} {
			emit(portal.Metric{
				Name: "lazuli_gateway_requests_total", Help: "Calls through the gateway: below 400, 4xx, 5xx.",
				Labels: []string{"service", key.service, "api", key.api, "outcome", outcome}, Value: float64(n),
			})
		}
	}
}

// forget drops those that were silent; it reports whether there is room now.
func (c *Calls) forget(now int64) bool {
	maps.DeleteFunc(c.apis, func(_ apiKey, k *counter) bool { return now-k.newest >= seconds })
	return len(c.apis) < maxAPIs
}

func (c *Calls) fail(call gateway.Call, now time.Time) {
	f := Failure{
		ID: call.ID, Time: now.UnixMilli(), API: call.API, Operation: call.Operation, Subscription: call.Subscription,
		Method: call.Method, Path: clip(call.Path), Status: call.Status,
	}
	if call.Failure != nil {
		f.Source, f.Reason, f.Message, f.Section = call.Failure.Source, call.Failure.Reason, clip(call.Failure.Message), call.Failure.Section
	}
	all := append(c.fails[call.Service], f)
	if over := len(all) - maxFails; over > 0 {
		all = slices.Delete(all, 0, over)
	}
	c.fails[call.Service] = all
}

func clip(s string) string {
	if len(s) > maxText {
		return s[:maxText] + "…"
	}
	return s
}

// maxText bounds texts of callers that are kept, in bytes.
const maxText = 500

// Failure is a call that was refused or failed.
type Failure struct {
	ID           string `json:"id"`
	Time         int64  `json:"time"` // unix milliseconds
	API          string `json:"api"`  // "": the path leads to none
	Operation    string `json:"operation"`
	Subscription string `json:"subscription"`
	Method       string `json:"method"`
	Path         string `json:"path"`
	Status       int    `json:"status"`
	Source       string `json:"source"` // the policy that refused; "": the backend answered so
	Reason       string `json:"reason"`
	Message      string `json:"message"`
	Section      string `json:"section"`
}

// rate is how many calls a second an API had of late, in the seconds that are over.
func (c *Calls) rate(service, api string) (r Rate) {
	now := c.clock().Unix()
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.apis[apiKey{service, api}]
	if k == nil {
		return r
	}
	k.at(now)
	var sum Count
	for s := now - recent; s < now; s++ {
		sum = sum.plus(k.ring[s%seconds])
	}
	return Rate{float64(sum.OK+sum.Refused+sum.Failed) / recent, float64(sum.Refused) / recent, float64(sum.Failed) / recent}
}

// Rate is calls a second.
type Rate struct {
	Calls   float64 `json:"calls"`
	Refused float64 `json:"refused"` // of them, 4xx
	Failed  float64 `json:"failed"`  // of them, 5xx
}

// past are the seconds of an API that are over, oldest first; from is the first.
func (c *Calls) past(service, api string) (from int64, all []Count) {
	now := c.clock().Unix()
	from = now - seconds + 1
	all = make([]Count, 0, seconds-1)
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.apis[apiKey{service, api}]
	if k != nil {
		k.at(now)
	}
	for s := from; s < now; s++ {
		if k == nil {
			all = append(all, Count{})
			continue
		}
		all = append(all, k.ring[s%seconds])
	}
	return from, all
}

// lately are the last failures of an API, and those that led to none, newest first.
func (c *Calls) lately(service, api string) []Failure {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []Failure{}
	for _, f := range slices.Backward(c.fails[service]) {
		if f.API == api || f.API == "" {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b Failure) int { return cmp.Compare(b.Time, a.Time) })
	return out
}
