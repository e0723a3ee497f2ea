package table

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// Config is what a Service needs. Store, Exists, Account, Log and Access are
// required.
type Config struct {
	Store tablestore.Account
	// Exists makes and removes tables; Account is the store's own in it.
	Exists  *resource.Catalogue
	Account resource.Account
	Access  storage.Access
	Log     *slog.Logger
	// Authority is where tokens come from; see storage.Config.
	Authority string
	// OnRequest, if set, receives an event for each finished request.
	OnRequest func(storage.RequestDone)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Service is the tables of one account: an http.Handler. It is safe for concurrent
// use and holds no goroutine of its own.
type Service struct {
	store      tablestore.Account
	exists     *resource.Catalogue
	account    resource.Account
	log        *slog.Logger
	endpoint   *storage.Endpoint
	operations []operation
	onRequest  func(storage.RequestDone)
	now        func() time.Time
	buffers    wire.Buffers
	failures   wire.FailureLog
}

// New checks the configuration and returns a Service.
func New(c Config) (*Service, error) {
	if c.Store == (tablestore.Account{}) || c.Exists == nil || c.Log == nil || c.Access == nil {
		return nil, errors.New("table: a store, a catalogue, a logger and who decides on access are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Service{
		store: c.Store, exists: c.Exists, account: c.Account, log: c.Log,
		operations: operations(), onRequest: c.OnRequest, now: c.Now,
	}
	var err error
	s.endpoint, err = storage.NewEndpoint(storage.Config{
		Service: storage.Table, Account: c.Account.Name, Access: c.Access, Authority: c.Authority,
		Policies: s.policies, Properties: s.store.ServiceProperties, Now: c.Now,
	})
	return s, err
}

// policies are a table's stored access policies, for SAS that name one.
func (s *Service) policies(_ context.Context, name string) ([]byte, error) {
	t, err := s.store.Table(name)
	if err != nil {
		return nil, asError(err)
	}
	return t.ACL(), nil
}

// AllowsOrigin reports whether a CORS rule lets the page in that a request comes
// from.
func (s *Service) AllowsOrigin(r *http.Request) bool { return s.endpoint.AllowsOrigin(r) }

// Refuse answers a request that the door does not let in, in the service's shape.
func (s *Service) Refuse(w http.ResponseWriter, h *http.Request, err error) {
	x := s.newExchange(w)
	defer x.finish()
	x.r, _ = s.endpoint.Begin(w, h) // what else is wrong with it does not matter any more
	x.fail(err)
}

// ServeHTTP serves one request: the line of the package comment.
func (s *Service) ServeHTTP(w http.ResponseWriter, h *http.Request) {
	x := s.newExchange(w)
	defer x.finish()
	defer func() {
		if p := recover(); p != nil {
			x.recovered(p)
		}
	}()
	var err error
	if x.r, err = s.endpoint.Begin(w, h); err == nil {
		err = x.serve()
	}
	if err != nil {
		x.fail(err)
	}
}

// serve reads the address, authorizes and runs the operation.
func (x *exchange) serve() error {
	if x.r.Method() == http.MethodOptions {
		x.event.Operation = "preflight"
		return x.preflight()
	}
	op, err := x.route()
	if err != nil {
		return err
	}
	x.event.Operation = op.Name
	if op.kind == kindBatch {
		return x.batch() // which authorizes each part
	}
	if x.grant, err = x.svc.endpoint.Authorize(x.r, &op.Operation, storage.Target{Container: x.addr.table}); err != nil {
		return err
	}
	return op.run(x)
}

// route finds out what the request is about and what it does.
func (x *exchange) route() (*operation, error) {
	path, rest, err := x.r.Names()
	if err != nil {
		return nil, err
	}
	if rest != "" {
		path += "/" + rest // of a batch within a host style path, or a key with a slash, which cannot be
	}
	if x.addr, err = parseAddress(path); err != nil {
		return nil, err
	}
	if err := x.readMethod(); err != nil {
		return nil, err
	}
	x.op, err = x.svc.find(x)
	return x.op, err
}

// recovered answers a panic of an operation with a 500.
func (x *exchange) recovered(p any) {
	err := wire.Recovered(p, x.svc.log, x.event.Operation, x.r.LogID())
	if x.event.Status == 0 && x.r != nil {
		x.fail(err)
	}
}
