package eventhubs

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Config configures a Service. Hubs and Access are required; every other field
// has a default.
type Config struct {
	Hubs broker.Namespace
	Log  *slog.Logger // default: nothing is logged

	// Namespace is the name used in texts; default "localhost".
	Namespace string
	// Elsewhere returns the name of another namespace that a host name means, or
	// "". A signature that was made for one opens nothing here. nil: no name means
	// another.
	Elsewhere func(host string) string
	// Access decides who may do what.
	Access Access

	// Need makes a hub, and a consumer group unless it is "", that a permitted
	// client names for the first time; what exists it leaves as it is. nil: only
	// what exists can be used.
	Need func(ctx context.Context, hub, group string) error

	MaxMessageBytes uint64        // of one transfer; default 1 MiB as in the standard tier
	ExpiryGrace     time.Duration // how long links outlive their token; default 1 min
	ClaimTimeout    time.Duration // how long a connection may go without any token; default 1 min
	IdleTimeout     time.Duration // default 240 s, as the service advertises

	Events    func(Event) // default: dropped
	Intercept Intercept   // default: nothing is intercepted
}

// maxFrameBytes is advertised to clients: a full 1 MiB batch then arrives in
// one frame or two.
const maxFrameBytes = 1 << 20

// mechanisms are the SASL mechanisms in the service's order. All but PLAIN
// mean "I will bring a token to $cbs".
var mechanisms = []string{"MSSBCBS", "PLAIN", "ANONYMOUS", "EXTERNAL"}

// Service answers Event Hubs clients over AMQP.
type Service struct {
	cfg      Config
	log      *slog.Logger
	readers  readers
	transfer atomic.Uint64 // transfers seen, for the interceptor
	ingests  sync.Pool     // of *ingest

	complaints complaints
}

// New checks the configuration and returns a service; Conn makes it answer.
func New(cfg Config) (*Service, error) {
	if cfg.Hubs == (broker.Namespace{}) || cfg.Access == nil {
		return nil, fault.New(fault.Invalid, "event hubs service", "no namespace, or nobody who decides on access")
	}
	setDefaults(&cfg)
	rules, _ := cfg.Access.Rules()
	for _, r := range rules {
		if err := r.Validate(); err != nil {
			return nil, fault.Wrap(fault.Invalid, "event hubs service", err, "shared access rules")
		}
	}
	s := &Service{cfg: cfg, log: cfg.Log}
	s.ingests.New = newIngest
	return s, nil
}

func setDefaults(cfg *Config) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Namespace == "" {
		cfg.Namespace = "localhost"
	}
	if cfg.MaxMessageBytes == 0 {
		cfg.MaxMessageBytes = 1 << 20
	}
	if cfg.ExpiryGrace == 0 {
		cfg.ExpiryGrace = time.Minute
	}
	if cfg.ClaimTimeout == 0 {
		cfg.ClaimTimeout = time.Minute
	}
	if cfg.Events == nil {
		cfg.Events = func(Event) {}
	}
}

// account is the id of the namespace's account, for events.
func (s *Service) account() uint64 { return s.cfg.Hubs.ID() }

// Greeting says how connections to Event Hubs are greeted; the door that
// serves them adds who answers (Conn) and who is let in (Authenticate).
func (s *Service) Greeting() amqp.ServerConfig {
	return amqp.ServerConfig{
		ContainerID:  "lazuli-eventhubs",
		Log:          s.log,
		MaxFrameSize: maxFrameBytes,
		IdleTimeout:  s.cfg.IdleTimeout,
		SASL:         mechanisms,
	}
}

// Conn returns the handler of a client's connection, which reaches other
// namespaces by reach; nil: every address means this one. The goroutines of its
// links are gone when its Closed has returned.
func (s *Service) Conn(c *amqp.Conn, reach Reach) amqp.ConnHandler { return newConn(s, c, reach) }

// Authenticate answers the SASL exchange. PLAIN brings a rule's name and key
// and grants the rule's rights for the whole connection; its identity is the
// list of grants. The other mechanisms grant nothing.
func (s *Service) Authenticate(_ context.Context, init amqp.SASLInit) (any, error) {
	if init.Mechanism != "PLAIN" {
		return nil, nil
	}
	grants, err := s.keys().plain(init.Username, init.Password)
	if err != nil {
		text := refusalOf(err).text
		s.cfg.Events(AuthFailed{Namespace: s.account(), Remote: addressText(init.Remote), Resource: init.Hostname, Reason: "SASL PLAIN: " + text})
		return nil, fault.New(fault.Unauthorized, "", "%s", text)
	}
	return grants, nil
}

// addressText is an address in words; "" for none.
func addressText(a net.Addr) string {
	if a == nil {
		return ""
	}
	return a.String()
}

// hub looks a hub up. With Need a missing one is no error: it returns
// nil, and the caller goes through makeHub off the connection's reader.
func (s *Service) hub(name, resource string) (*broker.Hub, error) {
	h, err := s.cfg.Hubs.Hub(name)
	switch {
	case err == nil:
		return h, nil
	case !fault.Is(err, fault.NotFound):
		return nil, err
	case s.cfg.Need != nil:
		return nil, nil
	}
	return nil, errNoEntity(resource)
}

// makeHub makes the hub, and the consumer group when one is named, as a use by
// name, and returns it. It writes to disk.
func (s *Service) makeHub(name, group string) (*broker.Hub, error) {
	if err := s.cfg.Need(context.Background(), name, group); err != nil {
		return nil, err
	}
	return s.cfg.Hubs.Hub(name)
}
