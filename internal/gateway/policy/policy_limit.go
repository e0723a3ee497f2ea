package policy

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// told is how a limit tells of itself: the attributes that limits share.
type told struct {
	retryHeader, retryVariable         string
	remainingHeader, remainingVariable string
	totalHeader                        string
}

func (r *args) told() told {
	return told{
		r.literal("retry-after-header-name", "Retry-After"), r.literal("retry-after-variable-name", ""),
		r.literal("remaining-calls-header-name", ""), r.literal("remaining-calls-variable-name", ""), r.literal("total-calls-header-name", ""),
	}
}

func (t told) tell(x *Exchange, calls, left int) {
	if t.remainingHeader != "" {
		x.addHeader(t.remainingHeader, strconv.Itoa(left))
	}
	if t.totalHeader != "" {
		x.addHeader(t.totalHeader, strconv.Itoa(calls))
	}
	x.set(t.remainingVariable, int32(left)) //nolint:gosec // bounded by the attribute
}

// seconds is a wait in whole seconds, at least one.
func seconds(d time.Duration) int { return max(1, int((d+time.Second-1)/time.Second)) }

func (t told) exceeded(x *Exchange, wait time.Duration) error {
	s := seconds(wait)
	x.set(t.retryVariable, int32(s)) //nolint:gosec // bounded by the period
	f := refuse(http.StatusTooManyRequests, "rate-limit", "RateLimitExceeded", fmt.Sprintf("Rate limit is exceeded. Try again in %d seconds.", s))
	f.Header = http.Header{}
	f.Header.Set(t.retryHeader, strconv.Itoa(s))
	return f
}

// bound is a limit of the policy itself, or of one of its api and operation children.
type bound struct {
	api, operation string // in lower case; "": all
	key            string
	calls, period  int
	bandwidth      int
}

// maxPeriod of a rate-limit.
const maxPeriod = 300

// rateLimit is rate-limit: counters of the subscription.
type rateLimit struct {
	told   told
	bounds []bound
}

func compileRateLimit(r *args) action {
	if r.c.level == Global && !r.c.loose {
		r.fail(r.e.Pos, "the policy is allowed in the scopes product, api and operation")
	}
	if r.c.seen["rate-limit once"] {
		r.fail(r.e.Pos, "the policy may stand once in a document")
	}
	r.c.seen["rate-limit once"] = true
	l := &rateLimit{told: r.told()}
	l.bounds = r.bounds(func(in *args, b *bound) {
		b.calls, b.period = in.number("calls", -1, 1, 1<<30), in.number("renewal-period", -1, 1, maxPeriod)
	})
	return l
}

// bounds reads the limit of an element, and those of its api and operation children.
func (r *args) bounds(read func(*args, *bound)) []bound {
	base := "rate|" + r.c.scope + "|" + r.path
	own := bound{key: base}
	read(r, &own)
	all := []bound{own}
	for _, api := range r.children("api") {
		r.sub(api, func(in *args) {
			name := in.named()
			b := bound{api: name, key: base + "|" + name}
			if len(in.e.Attrs) > 1 || len(api.Children) == 0 {
				read(in, &b)
				all = append(all, b)
			}
			for _, op := range in.children("operation") {
				in.sub(op, func(deep *args) {
					b := bound{api: name, operation: deep.named()}
					b.key = base + "|" + name + "|" + b.operation
					read(deep, &b)
					all = append(all, b)
				})
			}
		})
	}
	return all
}

// named is the id of an element, or its name.
func (r *args) named() string {
	name, id := r.literal("name", ""), r.literal("id", "")
	if id != "" {
		name = id
	}
	if name == "" {
		r.fail(r.e.Pos, "one of the attributes 'name' and 'id' belongs here")
	}
	return strings.ToLower(name)
}

func (b bound) meets(a *About) bool {
	return (b.api == "" || strings.EqualFold(b.api, a.API.ID) || strings.EqualFold(b.api, a.API.Name)) &&
		(b.operation == "" || strings.EqualFold(b.operation, a.Operation.ID) || strings.EqualFold(b.operation, a.Operation.Name))
}

func (l *rateLimit) run(x *Exchange) error {
	sub := x.About.Subscription
	if sub == nil || x.World.Limits == nil {
		return nil // only calls with a key are counted
	}
	least := -1
	for _, b := range l.bounds {
		if !b.meets(x.About) {
			continue
		}
		ok, left, wait := x.World.Limits.Window(b.key+"|"+sub.ID, b.calls, 1, time.Duration(b.period)*time.Second)
		if !ok {
			l.told.tell(x, b.calls, 0)
			return l.told.exceeded(x, wait)
		}
		if least < 0 || left < least {
			least = left
			l.told.tell(x, b.calls, left)
		}
	}
	return nil
}

// byKey are the attributes of rate-limit-by-key and quota-by-key.
type byKey struct {
	told                            told
	calls, bandwidth, period        *value
	key, condition, count, firstDay *value
}

func compileRateLimitByKey(r *args) action {
	return &byKey{
		told: r.told(), calls: r.required("calls"), period: r.required("renewal-period"), key: r.required("counter-key"),
		condition: r.value("increment-condition"), count: r.value("increment-count"),
	}
}

// increment is by how much the call counts now; later says that only the reply tells.
func (l *byKey) increment(x *Exchange) (n int, later bool, err error) {
	n = 1
	if l.condition != nil {
		if l.condition.usesReply && x.Response == nil {
			return 0, true, nil
		}
		yes, err := l.condition.truth(x)
		if err != nil || !yes {
			return 0, false, err
		}
	}
	if l.count != nil {
		if l.count.usesReply && x.Response == nil {
			return 0, true, nil
		}
		n, err = l.count.number(x)
	}
	return max(n, 0), false, err
}

func (l *byKey) run(x *Exchange) error {
	calls, err := l.calls.number(x)
	if err != nil {
		return err
	}
	period, err := l.period.number(x)
	if err != nil {
		return err
	}
	key, err := l.key.text(x)
	if err != nil {
		return err
	}
	if period < 1 || calls < 0 {
		return broken("rate-limit-by-key", "InvalidValue", "calls and renewal-period are numbers above 0")
	}
	if x.World.Limits == nil {
		return nil
	}
	n, later, err := l.increment(x)
	if err != nil {
		return err
	}
	key = "key|" + key
	span := time.Duration(period) * time.Second
	ok, left, wait := x.World.Limits.Window(key, calls, n, span)
	l.told.tell(x, calls, left)
	if !ok {
		return l.told.exceeded(x, wait)
	}
	if later {
		x.later = append(x.later, func(x *Exchange) {
			if n, _, err := l.increment(x); err == nil && n > 0 {
				x.World.Limits.Window(key, 1<<30, n, span)
			}
		})
	}
	return nil
}

// quota is quota: counters of the subscription, of calls and of bytes.
type quota struct {
	bounds []bound
}

const minQuotaPeriod = 300

func compileQuota(r *args) action {
	if r.c.level != Product && !r.c.loose {
		r.fail(r.e.Pos, "the policy is allowed in the scope product")
	}
	return &quota{r.bounds(func(in *args, b *bound) {
		b.calls, b.bandwidth = in.number("calls", 0, 0, 1<<30), in.number("bandwidth", 0, 0, 1<<30)
		b.period = in.number("renewal-period", -1, 0, 1<<30)
		if b.calls == 0 && b.bandwidth == 0 {
			in.fail(in.e.Pos, "one of the attributes 'calls' and 'bandwidth' belongs here")
		}
		if b.period > 0 && b.period < minQuotaPeriod {
			in.fail(in.place("renewal-period"), "the attribute 'renewal-period' is 0 or at least %d", minQuotaPeriod)
		}
	})}
}

func (q *quota) run(x *Exchange) error {
	sub := x.About.Subscription
	if sub == nil || x.World.Limits == nil {
		return nil
	}
	first := sub.Created
	if sub.Start != nil {
		first = *sub.Start
	}
	for _, b := range q.bounds {
		if !b.meets(x.About) {
			continue
		}
		err := countQuota(x, "quota|"+b.key+"|"+sub.ID, Quota{
			Calls: int64(b.calls), AddCalls: 1, Bytes: int64(b.bandwidth) << 10, Period: time.Duration(b.period) * time.Second, First: first,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// countQuota counts a call, and its bytes when it is over.
func countQuota(x *Exchange, key string, q Quota) error {
	ok, byBytes, wait := x.World.Limits.Quota(key, q)
	if !ok {
		what := "call volume"
		if byBytes {
			what = "bandwidth"
		}
		message := fmt.Sprintf("Out of %s quota.", what)
		f := refuse(http.StatusForbidden, "quota", "QuotaExceeded", message)
		if q.Period > 0 {
			wait = time.Duration(seconds(wait)) * time.Second
			f.Message = fmt.Sprintf("%s Quota will be replenished in %s.", message, expression.Text(expression.Span(wait)))
			f.Shown = f.Message
			f.Header = http.Header{"Retry-After": {strconv.Itoa(seconds(wait))}}
		}
		return f
	}
	if q.Bytes > 0 {
		limits := x.World.Limits
		x.after = append(x.after, func(bytes int64) {
			limits.Quota(key, Quota{AddBytes: bytes, Period: q.Period, First: q.First, Only: true})
		})
	}
	return nil
}

type quotaByKey struct{ byKey }

func compileQuotaByKey(r *args) action {
	q := &quotaByKey{byKey{
		calls: r.value("calls"), bandwidth: r.value("bandwidth"), period: r.required("renewal-period"), key: r.required("counter-key"),
		condition: r.value("increment-condition"), count: r.value("increment-count"), firstDay: r.value("first-period-start"),
	}}
	if q.calls == nil && q.bandwidth == nil {
		r.fail(r.e.Pos, "one of the attributes 'calls' and 'bandwidth' belongs here")
	}
	return q
}

func (q *quotaByKey) run(x *Exchange) error {
	key, err := q.key.text(x)
	if err != nil {
		return err
	}
	counted := Quota{}
	if counted.Period, counted.First, err = q.window(x); err != nil {
		return err
	}
	for _, b := range []struct {
		v     *value
		to    *int64
		shift int
	}{{q.calls, &counted.Calls, 0}, {q.bandwidth, &counted.Bytes, 10}} {
		if b.v == nil {
			continue
		}
		n, err := b.v.number(x)
		if err != nil {
			return err
		}
		*b.to = int64(n) << b.shift
	}
	if x.World.Limits == nil {
		return nil
	}
	n, later, err := q.increment(x)
	if err != nil {
		return err
	}
	counted.AddCalls = int64(n)
	key = "quotakey|" + key
	if err := countQuota(x, key, counted); err != nil {
		return err
	}
	if later {
		x.later = append(x.later, func(x *Exchange) {
			if n, _, err := q.increment(x); err == nil && n > 0 {
				x.World.Limits.Quota(key, Quota{AddCalls: int64(n), Period: counted.Period, First: counted.First, Only: true})
			}
		})
	}
	return nil
}

func (q *quotaByKey) window(x *Exchange) (period time.Duration, first time.Time, err error) {
	n, err := q.period.number(x)
	if err == nil && (n < 0 || n > 0 && n < minQuotaPeriod) {
		err = broken("quota-by-key", "InvalidValue", fmt.Sprintf("renewal-period is 0 or at least %d", minQuotaPeriod))
	}
	if err != nil {
		return 0, first, err
	}
	first = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	if q.firstDay != nil {
		text, err := q.firstDay.text(x)
		if err != nil {
			return 0, first, err
		}
		if first, err = time.Parse(time.RFC3339, text); err != nil {
			return 0, first, broken("quota-by-key", "InvalidValue", "first-period-start is a time such as 2026-01-01T00:00:00Z")
		}
	}
	return time.Duration(n) * time.Second, first, nil
}

// concurrency is limit-concurrency.
type concurrency struct {
	key   *value
	max   int
	steps []step
}

func compileConcurrency(r *args) action {
	return &concurrency{r.required("key"), r.number("max-count", -1, 1, 1<<20), r.steps(r.e)}
}

func (c *concurrency) run(x *Exchange) error {
	key, err := c.key.text(x)
	if err != nil {
		return err
	}
	if x.World.Limits == nil {
		return x.steps(c.steps)
	}
	release, ok := x.World.Limits.Hold(key, c.max)
	if !ok {
		return refuse(http.StatusTooManyRequests, "limit-concurrency", "ConcurrencyLimitExceeded", "Too many requests are being processed at the moment. Try again later.")
	}
	defer release()
	return x.steps(c.steps)
}
