// Package gateway is the API gateway as an engine: what is defined (services, APIs,
// operations, products, subscriptions, policies, …), durably, and calls that run by it.
//
// Definitions are records (store.go). Each change builds a model of the whole service
// anew: routes, keys and compiled policies. What does not build is not stored, so
// everything that is stored runs. A call takes the model as it is and finds its API,
// operation and key in it (route.go, call.go); policies do the rest (room policy).
//
// The package opens no port; replies of its own are in the vendor's words, because
// policies see them.
package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway/limit"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Options configure Open.
type Options struct {
	DB  *kv.DB
	Log *slog.Logger
	// Region is context.Deployment.Region; default Local.
	Region string
	// Transport reaches backends, and what send-request asks.
	Transport http.RoundTripper
	// Via reaches backends whose certificates are held against less, or which are shown
	// one; nil: there are none.
	Via func(TLS, *tls.Certificate) http.RoundTripper
	// Roots are trusted for the certificates of callers; nil: none but a service's own.
	Roots *x509.CertPool
	// Token gets a token of a service's managed identity.
	Token func(ctx context.Context, service uint64, clientID, resource string) (string, error)
	// Authority is the OpenID configuration of a tenant.
	Authority func(tenant string) string
	// Event sends a text to a hub, for log-to-eventhub.
	Event func(ctx context.Context, l Logger, partitionID, partitionKey, text string) error
	// Done is told of each call that is over; it must not wait.
	Done func(Call)
	// Telemetry is told what policies report; calls then have a trace context of their
	// own, which backends continue. nil: nobody listens.
	Telemetry *Telemetry
	Clock     func() time.Time // default time.Now
}

// Telemetry takes what the policies trace and emit-metric report. It must not wait.
type Telemetry struct {
	Trace  func(x *policy.Exchange, source, severity, message string, metadata map[string]string)
	Metric func(x *policy.Exchange, name, namespace string, value float64, dimensions map[string]string)
}

// Engine is all gateways of a data folder. It is safe for concurrent use.
type Engine struct {
	Options
	db    *kv.DB
	space kv.Space
	keys  *keyCache

	mu       sync.Mutex // guards services and ended
	services map[uint64]*Service
	ended    bool
	work     sync.WaitGroup  // what runs in the background
	ctx      context.Context //nolint:containedctx // of what runs in the background; ends with Close
	end      context.CancelFunc
	started  chan *limit.Book // counters that Run has yet to run
}

// Open opens the engine. Run must follow.
func Open(o Options) (*Engine, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Region == "" {
		o.Region = "Local"
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	e := &Engine{Options: o, db: o.DB, space: o.DB.Space(kv.Gateways), services: map[uint64]*Service{}, started: make(chan *limit.Book, 1024)}
	e.keys = newKeyCache(o.Transport, o.Clock)
	e.ctx, e.end = context.WithCancel(context.Background())
	return e, nil
}

// Run writes counters behind until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for {
		select {
		case b := <-e.started:
			running.Go(func() {
				if err := b.Run(ctx); err != nil {
					e.Log.Warn("the gateway's counters were not written", "error", err)
				}
			})
		case <-ctx.Done():
			running.Wait()
			return nil
		}
	}
}

// Close ends what runs in the background, and writes what is left.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.ended = true
	all := e.services
	e.mu.Unlock()
	e.end()
	e.work.Wait()
	var err error
	for _, s := range all {
		if ferr := s.limits.Flush(); ferr != nil {
			err = ferr
		}
	}
	return err
}

// background runs what nobody waits for.
func (e *Engine) background(f func(context.Context)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return
	}
	e.work.Go(func() { f(e.ctx) })
}

// Service returns the gateway of an account, by the number that is never used again.
// One that is new has the subscription that opens everything.
func (e *Engine) Service(id uint64, name string) (*Service, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.services[id]; s != nil {
		return s, nil
	}
	s := &Service{engine: e, id: id, name: name, backends: newBackends(e.Clock), cache: newCache(e.Clock)}
	var err error
	if s.limits, err = limit.Open(e.db, e.key(counterKind, id, ""), e.Clock); err != nil {
		return nil, err
	}
	s.world = e.world(s)
	all, err := e.read(id)
	if err != nil {
		return nil, err
	}
	m, err := e.build(s, all)
	if err != nil {
		return nil, err
	}
	s.take(m)
	if _, there := all["subscriptions/"+MasterSubscription]; !there {
		_, err := s.Subscriptions().Put(e.ctx, MasterSubscription, Subscription{DisplayName: "Built-in all-access subscription"})
		if err != nil {
			return nil, err
		}
	}
	select {
	case e.started <- s.limits:
	default:
		e.Log.Warn("counters of a gateway are written at the end only: too many gateways began at once", "gateway", name)
	}
	e.services[id] = s
	return s, nil
}

// DeleteService removes a gateway with its definitions and counters.
func (e *Engine) DeleteService(_ context.Context, id uint64) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	b := e.db.NewBatch(64)
	for _, kind := range []byte{definitionKind, counterKind} {
		prefix := e.key(kind, id, "")
		b.DeleteRange(prefix, kv.PrefixEnd(prefix))
	}
	if err := b.Commit(); err != nil {
		return err
	}
	delete(e.services, id)
	return nil
}

// world is what the policies of a service have.
func (e *Engine) world(s *Service) *policy.World {
	w := &policy.World{
		Forward: s.forward, Send: s.send, Limits: s.limits, Cache: s.cache, Keys: e.keys.find, Authority: e.Authority,
		Background: e.background, Hide: s.hide, Log: s.log, Certificates: s.store, Schema: s.schema,
		ReadCertificate: func(data []byte, password string) (*tls.Certificate, error) {
			c, err := ReadCertificate(data, password)
			if err != nil {
				return nil, err
			}
			return c.shown()
		},
	}
	if e.Telemetry != nil {
		w.Traced, w.Metric = e.Telemetry.Trace, e.Telemetry.Metric
	}
	if e.Token != nil {
		w.Token = func(ctx context.Context, clientID, resource string) (string, error) {
			return e.Token(ctx, s.id, clientID, resource)
		}
	}
	return w
}
