package cosmos

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Config is what a Service needs. Store, Exists, Log and
// Access are required.
type Config struct {
	Store docstore.Account
	// Exists makes and removes databases and containers; Account is the store's
	// own in it.
	Exists  *resource.Catalogue
	Account resource.Account
	Log     *slog.Logger
	// Access decides who may do what.
	Access Access
	// AdvertisedEndpoint is the URL that the account names as its location.
	// Empty: built from each request's Host header, which is reachable for
	// whoever sent it.
	AdvertisedEndpoint string
	// Region names the only location. Empty: South Central US, the emulator's.
	Region string
	// Consistency is the account's default level: Strong, BoundedStaleness,
	// Session, ConsistentPrefix or Eventual. Empty: Session. One node gives
	// strong reads whatever it says; SDKs choose their headers by it.
	Consistency string
	// Authority is the certificate authority, in PEM, behind the service's TLS.
	// Whoever asks gets it, as from the vendor's emulator. Empty: none is served.
	Authority []byte
	// StrictGateway imitates what Azure's routing gateway refuses: item names
	// it cannot address and cross-partition queries that need a plan.
	StrictGateway bool
	// Intercept, if set, rehearses failures.
	Intercept *wire.Intercept
	// OnRequest, if set, receives an event for each finished request.
	OnRequest func(RequestDone)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Service is one account: an http.Handler for the document REST dialect. It is
// safe for concurrent use and holds no goroutine of its own.
type Service struct {
	store     docstore.Account
	exists    *resource.Catalogue
	account   resource.Account
	log       *slog.Logger
	auth      *authenticator
	region    string
	level     string
	endpoint  string // advertised, with a trailing slash; "" to follow the Host
	authority []byte // PEM
	strict    bool
	intercept *wire.Intercept
	onRequest func(RequestDone)
	now       func() time.Time
	started   []string // for x-ms-last-state-change-utc
	plans     planCache
	infos     infoCache
	buffers   wire.Buffers // for bodies, of requests and replies
	failures  wire.FailureLog
}

// consistencyLevels are the account levels that SDKs know.
var consistencyLevels = []string{"Strong", "BoundedStaleness", "Session", "ConsistentPrefix", "Eventual"}

// New checks the configuration and returns a Service.
func New(c Config) (*Service, error) {
	if c.Store == (docstore.Account{}) || c.Exists == nil || c.Log == nil || c.Access == nil {
		return nil, errors.New("cosmos: a store, a catalogue, a logger and who decides on access are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	auth, err := newAuthenticator(c.Access, c.Now)
	if err != nil {
		return nil, err
	}
	s := &Service{
		store: c.Store, exists: c.Exists, account: c.Account, log: c.Log, auth: auth,
		region: c.Region, level: c.Consistency,
		authority: c.Authority, strict: c.StrictGateway, intercept: c.Intercept, onRequest: c.OnRequest,
		now: c.Now, started: []string{c.Now().UTC().Format(http.TimeFormat)},
	}
	if s.region == "" {
		s.region = "South Central US"
	}
	if s.level == "" {
		s.level = "Session"
	}
	if !slices.Contains(consistencyLevels, s.level) {
		return nil, fmt.Errorf("cosmos: unknown consistency level %q: expected one of %v", s.level, consistencyLevels)
	}
	if s.endpoint, err = cleanEndpoint(c.AdvertisedEndpoint); err != nil {
		return nil, err
	}
	return s, nil
}

// cleanEndpoint gives an advertised URL the one trailing slash SDKs expect.
func cleanEndpoint(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", fmt.Errorf("cosmos: the advertised endpoint %q is not an http or https URL", text)
	}
	return u.Scheme + "://" + u.Host + "/", nil
}

// Refuse answers a request that the door does not let in, in the service's
// shape.
func (s *Service) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	x := newExchange(s, w, r)
	defer x.finish()
	x.fail(err)
}

// ServeHTTP serves one request: the line of the package comment.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == authorityPath {
		s.serveAuthority(w, r)
		return
	}
	x := newExchange(s, w, r)
	defer x.finish()
	defer func() {
		if p := recover(); p != nil {
			x.recovered(p)
		}
	}()
	if err := x.serve(); err != nil {
		x.fail(err)
	}
}

// serve routes, authenticates, authorizes, intercepts and runs the operation.
func (x *exchange) serve() error {
	var err error
	if x.addr, err = parsePath(x.r.URL.EscapedPath()); err != nil {
		return err
	}
	if x.addr.kind == kindAddresses {
		// Signed for the resource it looks up; whoever asks needs to be told
		// about the mode, not about the signature.
		_, err := findRefusal(x.r.Method, &x.addr, plain)
		return err
	}
	if x.who, err = x.svc.auth.check(x.r, &x.addr); err != nil {
		return err
	}
	op, err := findOperation(x.r, &x.addr)
	if err != nil {
		return err
	}
	x.event.Operation = op.name
	if err := x.authorize(op.right); err != nil {
		return err
	}
	if x.svc.strict && x.addr.kind == kindItem && x.addr.item {
		if err := checkStrictID(x.addr.id); err != nil {
			return err
		}
	}
	if x.lose, err = x.svc.intercept.Before(x.r.Context(), op.name); err != nil {
		return err
	}
	return op.run(x)
}

// recovered answers a panic of an operation with a 500.
func (x *exchange) recovered(p any) {
	err := wire.Recovered(p, x.svc.log, x.event.Operation, x.requestID())
	if x.event.Status == 0 {
		x.fail(err)
	}
}
