package queue

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	engine "github.com/lazuli-dev/lazuli/internal/queue"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Config is what a Service needs. Store, Exists, Account, Access and Log are required.
type Config struct {
	Store engine.Account
	// Exists makes and removes queues; Account is the store's own in it.
	Exists  *resource.Catalogue
	Account resource.Account
	// Access decides who may do what.
	Access storage.Access
	// Authority is where tokens come from; see storage.Config.
	Authority string
	Log       *slog.Logger
	// OnRequest, if set, receives an event for each finished request.
	OnRequest func(storage.RequestDone)
	Now       func() time.Time // nil is time.Now
}

// Service is the queues of one account: an http.Handler. It is safe for concurrent use
// and holds no goroutine of its own.
type Service struct {
	store     engine.Account
	exists    *resource.Catalogue
	account   resource.Account
	endpoint  *storage.Endpoint
	log       *slog.Logger
	onRequest func(storage.RequestDone)
	now       func() time.Time
	failures  wire.FailureLog
}

// New checks the configuration and returns a Service.
func New(c Config) (*Service, error) {
	if c.Store == (engine.Account{}) || c.Exists == nil || c.Log == nil {
		return nil, errors.New("queue: a store, a catalogue and a logger are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Service{store: c.Store, exists: c.Exists, account: c.Account, log: c.Log, onRequest: c.OnRequest, now: c.Now}
	var err error
	s.endpoint, err = storage.NewEndpoint(storage.Config{
		Service: storage.Queue, Account: c.Account.Name, Access: c.Access, Authority: c.Authority,
		Policies: s.policies, Properties: c.Store.ServiceProperties, Now: c.Now,
	})
	return s, err
}

// policies are the stored access policies of a queue.
func (s *Service) policies(_ context.Context, name string) ([]byte, error) {
	q, err := s.store.Queue(name)
	if err != nil {
		return nil, err
	}
	return q.ACL()
}

// id names a queue in the catalogue.
func (s *Service) id(name string) resource.ID {
	return resource.ID{Account: s.account, Type: resource.Queues, Name: name}
}

// AllowsOrigin reports whether a CORS rule lets a page in.
func (s *Service) AllowsOrigin(h *http.Request) bool { return s.endpoint.AllowsOrigin(h) }

// Refuse answers a request that the door does not let in, in the service's shape.
func (s *Service) Refuse(w http.ResponseWriter, h *http.Request, err error) {
	x := s.begin(w, h)
	defer x.finish()
	_ = x.read() // the door's reason is the answer
	x.fail(err)
}

// ServeHTTP serves one request: the line of the package comment.
func (s *Service) ServeHTTP(w http.ResponseWriter, h *http.Request) {
	x := s.begin(w, h)
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

func (x *exchange) serve() error {
	if err := x.read(); err != nil {
		return err
	}
	if x.r.Method() == http.MethodOptions {
		x.event.Operation, x.event.Status = "preflight", http.StatusOK
		return x.svc.endpoint.Preflight(x.w, x.r)
	}
	op, err := x.find()
	if err != nil {
		return err
	}
	x.event.Operation = op.Name
	if x.grant, err = x.svc.endpoint.Authorize(x.r, &op.Operation, storage.Target{Container: x.name}); err != nil {
		return err
	}
	if x.name != "" {
		if err := checkName(x.name); err != nil {
			return err
		}
	}
	return op.run(x)
}

// recovered answers a panic of an operation with a 500.
func (x *exchange) recovered(p any) {
	err := wire.Recovered(p, x.svc.log, x.event.Operation, x.r.LogID())
	if x.event.Status == 0 {
		x.fail(err)
	}
}
