package blob

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Config is what a Service needs. Store, Exists, Account, Access, Copies and Log are
// required.
type Config struct {
	Store objectstore.Account
	// Exists makes and removes containers; Account is the store's own in it.
	Exists  *resource.Catalogue
	Account resource.Account
	Log     *slog.Logger
	// Access decides who may do what.
	Access storage.Access
	// Authority is where tokens come from (see storage.Config).
	Authority string
	// Sibling returns the service that answers for a URL in this process, or nil: a
	// copy from there shares content instead of fetching it. Nil: this account only.
	Sibling func(u *url.URL) *Service
	// Copies does the copies whose sources are elsewhere.
	Copies *Copies
	// Intercept, if set, rehearses failures.
	Intercept *wire.Intercept
	// OnRequest, if set, receives an event for each finished request.
	OnRequest func(storage.RequestDone)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Service is the Blob service of one account: an http.Handler. It is safe for
// concurrent use and holds no goroutine of its own.
type Service struct {
	store     objectstore.Account
	exists    *resource.Catalogue
	account   resource.Account
	log       *slog.Logger
	endpoint  *storage.Endpoint
	access    storage.Access
	changing  sync.Mutex  // held while service properties change
	table     []operation // operations, which name batch, which looks them up
	sibling   func(u *url.URL) *Service
	copies    *Copies
	intercept *wire.Intercept
	onRequest func(storage.RequestDone)
	now       func() time.Time
	failures  wire.FailureLog
}

// New checks the configuration and returns a Service.
func New(c Config) (*Service, error) {
	if c.Store == (objectstore.Account{}) || c.Exists == nil || c.Log == nil || c.Access == nil || c.Copies == nil {
		return nil, errors.New("blob: a store, a catalogue, a logger, copies and who decides on access are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Service{
		store: c.Store, access: c.Access, table: operations, exists: c.Exists, account: c.Account, log: c.Log,
		sibling: c.Sibling, copies: c.Copies, intercept: c.Intercept, onRequest: c.OnRequest, now: c.Now,
	}
	var err error
	s.endpoint, err = storage.NewEndpoint(storage.Config{
		Service: storage.Blob, Account: c.Account.Name, Access: c.Access, Authority: c.Authority, Now: c.Now,
		Policies: s.policies, Public: s.public, Properties: s.store.ServiceProperties,
	})
	return s, err
}

// policies are the stored access policies of a container, for SAS.
func (s *Service) policies(ctx context.Context, container string) ([]byte, error) {
	c, err := s.store.Container(ctx, container, objectstore.Conditions{})
	if err != nil {
		return nil, asError(err)
	}
	return c.Policies, nil
}

// public is the public access level of a container.
func (s *Service) public(ctx context.Context, container string) (string, error) {
	c, err := s.store.Container(ctx, container, objectstore.Conditions{})
	return accessText(c.Access), err
}

// accessText is a level as headers and lists have it; "" is private.
func accessText(a objectstore.PublicAccess) string {
	switch a {
	case objectstore.BlobAccess:
		return storage.PublicBlob
	case objectstore.ContainerAccess:
		return storage.PublicContainer
	}
	return ""
}

// Refuse answers a request that the door does not let in, in the service's shape.
func (s *Service) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	x, _ := s.begin(w, r)
	defer x.finish()
	x.fail(err)
}

// AllowsOrigin reports whether a CORS rule of the service lets the page's origin in.
func (s *Service) AllowsOrigin(r *http.Request) bool { return s.endpoint.AllowsOrigin(r) }

// ServeHTTP serves one request: the line of the package comment.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, err := s.begin(w, r)
	defer x.finish()
	defer func() {
		if p := recover(); p != nil {
			x.recovered(p)
		}
	}()
	if err == nil {
		err = x.serve()
	}
	if err != nil {
		x.fail(err)
	}
}

func (s *Service) begin(w http.ResponseWriter, r *http.Request) (*exchange, error) {
	req, err := s.endpoint.Begin(w, r)
	return s.newExchange(w, req), err
}

func (s *Service) newExchange(w http.ResponseWriter, req *storage.Request) *exchange {
	x := &exchange{svc: s, w: w, r: req.HTTP, req: req}
	x.event.Service, x.event.Account, x.event.Remote = storage.Blob, s.account.ID, req.HTTP.RemoteAddr
	x.event.Start, x.event.RequestID = req.Start, req.ID
	return x
}

// serve routes, authorizes, intercepts and runs the operation.
func (x *exchange) serve() error {
	if x.r.Method == http.MethodOptions {
		x.event.Operation = "service.preflight"
		err := x.svc.endpoint.Preflight(x.w, x.req)
		if err == nil {
			x.begun, x.event.Status = true, http.StatusOK
		}
		return err
	}
	if x.isWebsite() {
		return x.serveWebsite()
	}
	if err := x.route(); err != nil {
		return err
	}
	x.event.Operation = x.op.right.Name
	var err error
	if x.grant, err = x.svc.endpoint.Authorize(x.req, &x.op.right, x.target); err != nil {
		return err
	}
	if x.lose, err = x.svc.intercept.Before(x.ctx(), x.op.right.Name); err != nil {
		return err
	}
	return x.op.run(x)
}

// recovered answers a panic of an operation with a 500.
func (x *exchange) recovered(p any) {
	x.fail(wire.Recovered(p, x.svc.log, x.event.Operation, x.req.LogID()))
}
