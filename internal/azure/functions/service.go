package functions

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// lookAgain is how often a request that waits for the app looks whether its build
// has failed.
const lookAgain = 100 * time.Millisecond

// Config is what the service is made of.
type Config struct {
	Host *host.Host
	// Keys guards functions and the admin API; nil leaves all of them open,
	// as Azure's local tools do.
	Keys *Keys
	// Authentication is asked of callers of functions, before their keys; nil asks
	// nobody who he is.
	Authentication *Authentication
	// CORS are the origins that browsers may call from; "*" is all. Empty
	// takes the Host section of local.settings.json.
	CORS []string
	Log  *slog.Logger
}

// Service answers HTTP for one function app. It is an http.Handler.
type Service struct {
	c     Config
	host  *host.Host
	log   *slog.Logger
	admin *http.ServeMux
	cors  cors
	slots slots
	who   *authenticator // nil: nobody is asked

	mu         sync.Mutex // guards the fields below
	table      *table
	generation uint64 // of the functions that the table is made of
}

// New returns the service of a host. It fails on a CORS origin that is none.
func New(c Config) (*Service, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{c: c, host: c.Host, log: c.Log}
	var err error
	if s.cors, err = newCORS(c.CORS, c.Host.LocalHost()); err != nil {
		return nil, err
	}
	if c.Authentication != nil {
		s.who = &authenticator{Authentication: *c.Authentication}
	}
	s.slots = newSlots(c.Host.Config().HTTP)
	s.admin = s.adminRoutes()
	return s, nil
}

// ServeHTTP answers the admin API under /admin, a page of its own at /, and
// functions everywhere else. Requests that come while the app is starting
// wait for it; of an app that cannot be built they are told why.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case isAdmin(r): // no CORS rule of the app opens it
		s.admin.ServeHTTP(w, r)
	case s.cors.handle(w, r, s.allowed):
	default:
		if s.who != nil {
			var answered bool
			if r, answered = s.who.handle(w, r); answered {
				return
			}
		}
		s.serveFunction(w, r)
	}
}

func isAdmin(r *http.Request) bool { return isAdminPath(r.URL.Path) }

func isAdminPath(path string) bool { return path == "/admin" || strings.HasPrefix(path, "/admin/") }

// AllowsOrigin reports whether the app's CORS rule lets pages of the request's
// origin call its functions. Without a rule pages of other origins may change
// nothing here; the admin API is never theirs.
func (s *Service) AllowsOrigin(r *http.Request) bool {
	return !isAdmin(r) && s.cors.allows(r.Header.Get("Origin"))
}

// Refuse answers a request that the door does not let in.
func (s *Service) Refuse(w http.ResponseWriter, r *http.Request, err error) { Refuse(w, r, err) }

// Refuse answers a request that the door of a function app does not let in.
func Refuse(w http.ResponseWriter, r *http.Request, err error) {
	var forbidden *IPForbidden
	if errors.As(err, &forbidden) {
		writeForbidden(w, r, forbidden)
		return
	}
	writeError(w, err)
}

func (s *Service) serveFunction(w http.ResponseWriter, r *http.Request) {
	t, why := s.routes(r)
	if t == nil {
		w.Header().Set("Retry-After", "1")
		http.Error(w, why, http.StatusServiceUnavailable)
		return
	}
	e, params, ok := t.find(r.Method, r.URL.EscapedPath())
	if !ok {
		if r.URL.Path == "/" {
			s.home(w)
			return
		}
		w.WriteHeader(http.StatusNotFound) // without a body, as in Azure
		return
	}
	if !s.c.Keys.allow(e.level, e.function, r) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	release, ok := s.slots.take(r.Context())
	if !ok {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	defer release()
	if err := s.host.ServeFunction(w, r, e.function, params); err != nil {
		writeError(w, err)
	}
}

// routes returns the route table, waiting for the app's first start; nil, and why,
// when the client went away before, or the app cannot be built.
func (s *Service) routes(r *http.Request) (t *table, why string) {
	select {
	case <-s.host.Ready():
		return s.ready(), ""
	default:
	}
	late := afterStart()
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for {
		if why := trouble(s.host.Status()); why != "" {
			return nil, "the function app does not run: " + why
		}
		select {
		case <-s.host.Ready():
			return s.ready(), ""
		case <-look.C:
			continue
		case <-r.Context().Done():
		case <-late:
		}
		return nil, "the function app is starting"
	}
}

// trouble is why an app that has never run does not; "" while it may.
func trouble(s host.Status) string {
	switch {
	case s.Build.State == host.BuildFailed:
		return s.Build.Err.Error()
	case s.Worker.State == worker.Waiting, s.Worker.State == worker.Failing:
		return s.Worker.LastError
	}
	return ""
}

// ready returns the route table of the functions as they are now: they come and
// go, and are turned on and off. The functions are known.
func (s *Service) ready() *table {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.host.Generation(); s.table == nil || now != s.generation {
		s.table, _ = newTable(s.host.Config().HTTP.RoutePrefix, s.host.Functions())
		s.generation = now
	}
	return s.table
}

// Unreached are the HTTP functions that no request reaches, and why.
func Unreached(routePrefix string, all []host.FunctionInfo) map[string]error {
	_, bad := newTable(routePrefix, all)
	return bad
}

// allowed lists the methods of a path, once functions are known.
func (s *Service) allowed(path string) []string {
	select {
	case <-s.host.Ready():
		return append(s.ready().methods(path), http.MethodOptions)
	default:
		return nil
	}
}

// home is the page at the root, so that opening the port in a browser shows
// that something is there. Where keys are asked it names no function.
func (s *Service) home(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	var b strings.Builder
	b.WriteString("function app " + s.host.Name() + " is running\n")
	if s.c.Keys == nil {
		s.listRoutes(&b)
	}
	_, err := io.WriteString(w, b.String())
	_ = err // the client is gone
}

// listRoutes writes a line for each function.
func (s *Service) listRoutes(b *strings.Builder) {
	b.WriteString("\n")
	prefix := "/" + strings.Trim(s.host.Config().HTTP.RoutePrefix, "/")
	for _, f := range s.host.Functions() {
		if f.HTTP != nil {
			b.WriteString(strings.TrimSuffix(prefix, "/") + "/" + strings.TrimPrefix(f.HTTP.Route, "/") + "  " + f.Name + "\n")
		} else {
			b.WriteString(f.Name + "  " + f.Trigger + "\n")
		}
	}
}

// writeError answers with the status of the error's kind and its message.
func writeError(w http.ResponseWriter, err error) {
	writeJSON(w, statusOf(fault.KindOf(err)), map[string]string{"error": err.Error()})
}
