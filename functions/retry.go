package functions

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// RetryForever as a number of retries repeats an invocation until it succeeds.
const RetryForever = -1

// Retry is what a host does about a failed invocation: the zero value nothing,
// [FixedDelay] and [ExponentialBackoff] repeat it with the same input. Event
// Hubs, Cosmos DB and timer triggers have one. An HTTP caller retries by
// itself, and queues and blobs have the rule of their
// service: see [App.Queue] and [App.Blob].
type Retry struct {
	strategy          string
	retries           int
	delay             time.Duration
	shortest, longest time.Duration
}

// FixedDelay repeats a failed invocation up to retries times with the delay
// between attempts.
func FixedDelay(retries int, delay time.Duration) Retry {
	return Retry{strategy: fixedDelay, retries: retries, delay: delay}
}

// ExponentialBackoff repeats a failed invocation up to retries times; the delay
// between attempts grows from shortest to longest.
func ExponentialBackoff(retries int, shortest, longest time.Duration) Retry {
	return Retry{strategy: exponentialBackoff, retries: retries, shortest: shortest, longest: longest}
}

const (
	fixedDelay         = "fixedDelay"
	exponentialBackoff = "exponentialBackoff"
)

func (p Retry) problems() []string {
	if p.strategy == "" {
		return nil
	}
	var out []string
	if p.retries < RetryForever || p.retries == 0 {
		out = append(out, fmt.Sprintf("%d retries: give a positive number or RetryForever", p.retries))
	}
	switch {
	case p.delay < 0 || p.shortest < 0:
		out = append(out, "a retry delay is negative")
	case p.strategy == exponentialBackoff && p.longest < p.shortest:
		out = append(out, fmt.Sprintf("the longest retry delay %v is shorter than the shortest %v", p.longest, p.shortest))
	}
	return out
}

// rpc is the policy as FunctionRpc carries it; nil: none.
func (p Retry) rpc() *funcrpc.RpcRetryOptions {
	if p.strategy == "" {
		return nil
	}
	o := &funcrpc.RpcRetryOptions{MaxRetryCount: int32(p.retries)}
	if p.strategy == fixedDelay {
		o.RetryStrategy = funcrpc.RpcRetryOptions_fixed_delay
		o.DelayInterval = durationpb.New(p.delay)
		return o
	}
	o.RetryStrategy = funcrpc.RpcRetryOptions_exponential_backoff
	o.MinimumInterval = durationpb.New(p.shortest)
	o.MaximumInterval = durationpb.New(p.longest)
	return o
}

// retryJSON is the policy as function.json carries it.
type retryJSON struct {
	Strategy        string `json:"strategy"`
	MaxRetryCount   int    `json:"maxRetryCount"`
	DelayInterval   string `json:"delayInterval,omitempty"`
	MinimumInterval string `json:"minimumInterval,omitempty"`
	MaximumInterval string `json:"maximumInterval,omitempty"`
}

func (p Retry) json() *retryJSON {
	if p.strategy == "" {
		return nil
	}
	j := &retryJSON{Strategy: p.strategy, MaxRetryCount: p.retries}
	if p.strategy == fixedDelay {
		j.DelayInterval = timeSpan(p.delay)
		return j
	}
	j.MinimumInterval, j.MaximumInterval = timeSpan(p.shortest), timeSpan(p.longest)
	return j
}

// timeSpan writes a duration the way function.json spells it:
// [d.]hh:mm:ss[.fffffff], the last in units of 100 ns.
func timeSpan(d time.Duration) string {
	const day = 24 * time.Hour
	days := int64(d / day)
	d %= day
	s := fmt.Sprintf("%02d:%02d:%02d", d/time.Hour, d/time.Minute%60, d/time.Second%60)
	if days > 0 {
		s = fmt.Sprintf("%d.%s", days, s)
	}
	if ticks := d % time.Second / 100; ticks > 0 {
		s += fmt.Sprintf(".%07d", ticks)
	}
	return s
}
