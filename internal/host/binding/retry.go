package binding

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
)

// Forever as Retry.Max means that attempts never end.
const Forever = -1

// Retry is a function's retry policy. The host applies it, in memory, to
// triggers that hold their position meanwhile: Event Hubs, Cosmos DB and
// timers.
type Retry struct {
	Max         int // attempts after the first, or Forever
	Exponential bool
	Delay       time.Duration // fixed delay
	Minimum     time.Duration // exponential: the first delay
	Maximum     time.Duration // exponential: no delay is longer
}

// Allows reports whether an attempt may follow after n retries.
func (r *Retry) Allows(n int) bool { return r.Max == Forever || n < r.Max }

// Wait returns the delay before retry n, counted from 0. Exponential delays
// double and are spread by up to a fifth either way, so that many partitions
// that failed together do not come back together.
func (r *Retry) Wait(n int) time.Duration {
	if !r.Exponential {
		return r.Delay
	}
	d := r.Minimum
	for ; n > 0 && d < r.Maximum; n-- {
		d *= 2
	}
	d = time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
	return min(max(d, r.Minimum), r.Maximum)
}

func retryFromRPC(o *funcrpc.RpcRetryOptions) (*Retry, error) {
	r := &Retry{
		Max:         int(o.GetMaxRetryCount()),
		Exponential: o.GetRetryStrategy() == funcrpc.RpcRetryOptions_exponential_backoff,
		Delay:       o.GetDelayInterval().AsDuration(),
		Minimum:     o.GetMinimumInterval().AsDuration(),
		Maximum:     o.GetMaximumInterval().AsDuration(),
	}
	return r, r.check()
}

// parseRetry reads the "retry" object of a function.json.
func parseRetry(raw []byte) (*Retry, error) {
	var j struct {
		Strategy                                        string
		MaxRetryCount                                   *int
		DelayInterval, MinimumInterval, MaximumInterval string
	}
	if err := json.Unmarshal(raw, &j); err != nil {
		return nil, fault.Wrap(fault.Invalid, "retry", err, "cannot be read")
	}
	r := &Retry{}
	switch strings.ToLower(j.Strategy) {
	case "fixeddelay":
	case "exponentialbackoff":
		r.Exponential = true
	default:
		return nil, fault.New(fault.Invalid, "retry", "strategy must be fixedDelay or exponentialBackoff, is %q", j.Strategy)
	}
	if j.MaxRetryCount == nil {
		return nil, fault.New(fault.Invalid, "retry", "maxRetryCount is missing")
	}
	r.Max = *j.MaxRetryCount
	for _, d := range []struct {
		name, text string
		into       *time.Duration
	}{
		{"delayInterval", j.DelayInterval, &r.Delay},
		{"minimumInterval", j.MinimumInterval, &r.Minimum},
		{"maximumInterval", j.MaximumInterval, &r.Maximum},
	} {
		if d.text == "" {
			continue
		}
		v, err := hostjson.ParseDuration(d.text)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "retry", err, "%s", d.name)
		}
		*d.into = v
	}
	return r, r.check()
}

func (r *Retry) check() error {
	switch {
	case r.Max < Forever:
		return fault.New(fault.Invalid, "retry", "maxRetryCount must be at least -1, is %d", r.Max)
	case r.Exponential && (r.Minimum <= 0 || r.Maximum < r.Minimum):
		return fault.New(fault.Invalid, "retry", "exponentialBackoff needs minimumInterval and a maximumInterval not below it")
	case !r.Exponential && r.Delay < 0:
		return fault.New(fault.Invalid, "retry", "delayInterval must not be negative")
	}
	return nil
}
