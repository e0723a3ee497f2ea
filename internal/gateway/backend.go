package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
)

// backends is what is known of how backends fare: which circuits are open, and whose
// turn it is in pools.
type backends struct {
	clock func() time.Time

	mu    sync.Mutex // guards what follows
	state map[string]*circuit
	turns map[string]map[string]int // pool → member → weight that it has saved up
}

func newBackends(clock func() time.Time) *backends {
	return &backends{clock: clock, state: map[string]*circuit{}, turns: map[string]map[string]int{}}
}

// circuit is the state of a breaker.
type circuit struct {
	open time.Time // until then
	done []outcome // of the interval
}

type outcome struct {
	at     time.Time
	failed bool
}

// isOpen reports whether a backend is left alone now.
func (b *backends) isOpen(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.state[name]
	return c != nil && b.clock().Before(c.open)
}

// maxOutcomes bounds what a breaker remembers.
const maxOutcomes = 10_000

// tell is told how a call went.
func (b *backends) tell(name string, rule *CircuitBreaker, status int, retryAfter string, err error) {
	if rule == nil {
		return
	}
	failed := err != nil && rule.Errors
	for _, r := range rule.StatusRanges {
		failed = failed || err == nil && status >= r[0] && status <= r[1]
	}
	now := b.clock()
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.state[name]
	if c == nil {
		c = &circuit{}
		b.state[name] = c
	}
	n := 0
	for n < len(c.done) && (c.done[n].at.Before(now.Add(-rule.Interval)) || len(c.done)-n >= maxOutcomes) {
		n++
	}
	c.done = append(c.done[n:], outcome{now, failed})
	failures := 0
	for _, o := range c.done {
		if o.failed {
			failures++
		}
	}
	if !failed || rule.Count > 0 && failures < rule.Count || rule.Percentage > 0 && failures*100 < rule.Percentage*len(c.done) {
		return
	}
	trip := rule.TripDuration
	if s, err := strconv.Atoi(retryAfter); err == nil && rule.AcceptRetryAfter && s > 0 && s < 86400 {
		trip = time.Duration(s) * time.Second
	}
	c.open, c.done = now.Add(trip), nil
}

// pick is the member of a pool whose turn it is: of those with the lowest priority that
// are not left alone, by smooth weighted round robin.
func (b *backends) pick(pool string, members []PoolMember) (string, bool) {
	best, total := "", 0
	lowest := 0
	found := false
	for _, m := range members {
		if !b.isOpen(strings.ToLower(m.Backend)) && (!found || m.Priority < lowest) {
			lowest, found = m.Priority, true
		}
	}
	if !found {
		return "", false
	}
	usable := members[:0:0]
	for _, m := range members {
		if m.Priority == lowest && !b.isOpen(strings.ToLower(m.Backend)) {
			usable = append(usable, m)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	turns := b.turns[pool]
	if turns == nil {
		turns = map[string]int{}
		b.turns[pool] = turns
	}
	for _, m := range usable {
		weight := max(m.Weight, 1)
		turns[m.Backend] += weight
		total += weight
		if best == "" || turns[m.Backend] > turns[best] {
			best = m.Backend
		}
	}
	if best != "" {
		turns[best] -= total
	}
	return best, best != ""
}

// forward implements policy.World.Forward.
func (s *Service) forward(r *http.Request, o policy.ForwardOptions) (*http.Response, error) {
	if o.Backend == "" {
		return roundTrip(s.way(TLS{}, o.Certificate), r, o.FollowRedirects)
	}
	name := o.Backend
	def, err := s.Backends().Get(name)
	if err == nil && len(def.Pool) > 0 {
		member, ok := s.backends.pick(strings.ToLower(name), def.Pool)
		if !ok {
			return nil, policy.Unavailable("all backends of the pool " + name + " are left alone for a while")
		}
		name = member
		def, err = s.Backends().Get(name)
	}
	if err != nil {
		return nil, err
	}
	key := strings.ToLower(name)
	if s.backends.isOpen(key) {
		return nil, policy.Unavailable("the circuit breaker of the backend " + name + " is open")
	}
	if err := def.lead(r, o.Rest); err != nil {
		return nil, err
	}
	shown, err := s.shows(&def, o.Certificate)
	if err != nil {
		return nil, err
	}
	reply, err := roundTrip(s.way(def.TLS, shown), r, o.FollowRedirects)
	status, retryAfter := 0, ""
	if err == nil {
		status, retryAfter = reply.StatusCode, reply.Header.Get("Retry-After")
	}
	if !errors.Is(err, context.Canceled) { // the caller went away: that says nothing
		s.backends.tell(key, def.Breaker, status, retryAfter, err)
	}
	return reply, err
}

// way is how a backend is reached.
func (s *Service) way(less TLS, shown *tls.Certificate) http.RoundTripper {
	if (less != TLS{} || shown != nil) && s.engine.Via != nil {
		return s.engine.Via(less, shown)
	}
	return s.engine.Transport
}

// lead gives a request the URL and the credentials of the backend.
func (b *Backend) lead(r *http.Request, rest string) error {
	base, err := policy.ParseBase(b.URL)
	if err != nil {
		return err
	}
	path := strings.TrimSuffix(base.EscapedPath(), "/") + rest
	plain, err := url.PathUnescape(path)
	if err != nil {
		return fault.New(fault.Invalid, "path "+path, "it is none")
	}
	r.URL.Scheme, r.URL.Host, r.URL.Path, r.URL.RawPath, r.Host = base.Scheme, base.Host, plain, path, base.Host
	query := append([]string(nil), base.RawQuery)
	for name, values := range b.Query {
		for _, v := range values {
			query = append(query, url.QueryEscape(name)+"="+url.QueryEscape(v))
		}
	}
	query = append(query, r.URL.RawQuery)
	r.URL.RawQuery = strings.Trim(strings.Join(query, "&"), "&")
	for name, values := range b.Header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	if b.Authorization != "" {
		r.Header.Set("Authorization", b.Authorization)
	}
	return nil
}

// roundTrip sends a request on.
func roundTrip(by http.RoundTripper, r *http.Request, follow bool) (*http.Response, error) {
	if !follow {
		return by.RoundTrip(r)
	}
	return (&http.Client{Transport: by, CheckRedirect: sameReferer}).Do(r)
}

// maxRedirects is how many follow each other. https://learn.microsoft.com/dotnet/api/system.net.http.httpclienthandler.maxautomaticredirections
const maxRedirects = 50

// sameReferer sends what the caller says of where it comes from, and nothing that is
// made up on the way.
func sameReferer(r *http.Request, via []*http.Request) error {
	r.Header.Del("Referer")
	if given := via[0].Header["Referer"]; given != nil {
		r.Header["Referer"] = given
	}
	if len(via) > maxRedirects {
		return http.ErrUseLastResponse
	}
	return nil
}

// send implements policy.World.Send. Redirects are followed, as the vendor's does.
func (s *Service) send(r *http.Request, shown *tls.Certificate) (*http.Response, error) {
	return roundTrip(s.way(TLS{}, shown), r, true)
}

// log implements policy.World.Log.
func (s *Service) log(ctx context.Context, logger, partitionID, partitionKey, text string) error {
	l, err := s.Loggers().Get(logger)
	if err == nil && s.engine.Event == nil {
		err = fault.New(fault.Unavailable, "logger "+logger, "there is no way to its hub")
	}
	if err == nil {
		err = s.engine.Event(ctx, l, partitionID, partitionKey, text)
	}
	if err != nil {
		s.engine.Log.Warn("an event of log-to-eventhub was not sent", "gateway", s.name, "logger", logger, "error", err)
	}
	return err
}
