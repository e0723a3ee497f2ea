// Package scm is the door by which code comes to function apps: the deployment service
// (Kudu) at NAME.scm.azurewebsites.net, as Azure's tools, OpenTofu and pipelines call it.
//
// It has zip deploy, One Deploy of zips, the record of deployments with their logs, and
// the settings as Kudu shows them. Its file API, its console and web jobs it has not:
// they are answered 501 by name.
package scm

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/site"
)

// Config is what the service is made of.
type Config struct {
	Sites *site.Sites
	// Bearer says who a request with a token is, and whether he may deploy to the site:
	// fault.Unauthorized or fault.Forbidden when not.
	Bearer func(token, site string) (who string, err error)
	Log    *slog.Logger
}

// Service answers for the deployment doors of all sites.
type Service struct {
	c   Config
	mux *http.ServeMux
}

// New returns the service.
func New(c Config) *Service {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{c: c, mux: http.NewServeMux()}
	for pattern, h := range map[string]handler{
		"POST /api/zipdeploy":                   s.zipDeploy,
		"PUT /api/zipdeploy":                    s.zipDeploy,
		"POST /api/publish":                     s.publish,
		"GET /api/deployments":                  s.list,
		"GET /api/deployments/{$}":              s.list,
		"GET /deployments":                      s.list,
		"GET /api/deployments/{id}":             s.deployment,
		"GET /api/deployments/{id}/log":         s.log,
		"GET /api/deployments/{id}/log/{entry}": s.logEntry,
		"GET /api/isdeploying":                  s.isDeploying,
		"GET /api/settings":                     s.settings,
		"GET /api/settings/{name}":              s.setting,
		"GET /api/environment":                  environment,
		"GET /{$}":                              s.home,
	} {
		s.mux.HandleFunc(pattern, s.opened(h))
	}
	s.mux.HandleFunc("/", s.opened(notHere))
	return s
}

// call is a request to a site's door.
type call struct {
	site string
	spec site.Spec
	who  string
}

type handler func(w http.ResponseWriter, r *http.Request, c call) error

type siteKey struct{}

// Of is what answers for a site.
func (s *Service) Of(name string) http.Handler { return &front{s, name} }

// front is the door of one site.
type front struct {
	s    *Service
	name string
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.s.mux.ServeHTTP(w, r.WithContext(contextWith(r.Context(), f.name)))
}

// Refuse implements door.Refuser.
func (f *front) Refuse(w http.ResponseWriter, _ *http.Request, err error) { writeError(w, err) }

// opened lets in who may deploy.
func (s *Service) opened(next handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := call{site: siteOf(r.Context())}
		spec, there := s.c.Sites.Get(c.site)
		if !there {
			writeError(w, fault.New(fault.NotFound, "site "+c.site, "there is no function app of this name that can be deployed to; one of the project file has its code in the project"))
			return
		}
		var err error
		c.spec = spec
		if c.who, err = s.caller(r, c.site, spec); err == nil {
			err = next(w, r, c)
		}
		if err != nil {
			if fault.Is(err, fault.Unauthorized) {
				w.Header().Set("WWW-Authenticate", `Basic realm="site"`)
			}
			writeError(w, err)
		}
	}
}

// caller says who a request is: the site's publishing user, or who a token is.
func (s *Service) caller(r *http.Request, name string, spec site.Spec) (string, error) {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return s.c.Bearer(strings.TrimSpace(token), name)
	}
	user, password, given := r.BasicAuth()
	p := spec.Publishing
	switch {
	case !given:
		return "", fault.New(fault.Unauthorized, "", "this door asks for the publishing credentials of %s, or a bearer token", name)
	case p.NoBasic:
		return "", fault.New(fault.Unauthorized, "", "basic authentication is off for %s (basicPublishingCredentialsPolicies/scm); use a bearer token", name)
	}
	if at := strings.LastIndexByte(user, '\\'); at >= 0 { // SITE\$SITE
		user = user[at+1:]
	}
	if p.Password == "" || !same(strings.ToLower(user), strings.ToLower(p.User)) || !same(password, p.Password) {
		return "", fault.New(fault.Unauthorized, "", "user or password are not those that %s is published with", name)
	}
	return user, nil
}

// same compares in a time that says nothing of where they differ.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// statuses are what kinds of errors are answered with.
var statuses = map[fault.Kind]int{
	fault.NotFound: http.StatusNotFound, fault.Conflict: http.StatusConflict, fault.PreconditionFailed: http.StatusPreconditionFailed,
	fault.TooLarge: http.StatusRequestEntityTooLarge, fault.Throttled: http.StatusTooManyRequests, fault.Invalid: http.StatusBadRequest,
	fault.Unauthorized: http.StatusUnauthorized, fault.Forbidden: http.StatusForbidden, fault.Gone: http.StatusGone,
	fault.Unavailable: http.StatusServiceUnavailable, fault.Internal: http.StatusInternalServerError,
}

// writeError answers as Kudu does: {"Message": TEXT, "ExceptionMessage": TEXT}.
func writeError(w http.ResponseWriter, err error) {
	writeJSON(w, statuses[fault.KindOf(err)], map[string]string{"Message": "An error has occurred.", "ExceptionMessage": err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	err := json.NewEncoder(w).Encode(body)
	_ = err // the client is gone
}

// refused are parts of Kudu that this door has not.
var refused = map[string]string{
	"/api/vfs": "the file API", "/api/zip": "the file API", "/api/command": "the console", "/api/webssh": "the console", "/webssh": "the console",
	"/api/triggeredwebjobs": "web jobs", "/api/continuouswebjobs": "web jobs", "/api/webjobs": "web jobs", "/api/logstream": "the log stream; `lazuli logs` follows logs",
	"/logstream": "the log stream; `lazuli logs` follows logs", "/api/processes": "the process explorer", "/api/siteextensions": "site extensions",
	"/api/wardeploy": "deploying Java archives", "/api/scm": "repositories", "/api/app": "the log stream",
}

func notHere(w http.ResponseWriter, r *http.Request, _ call) error {
	for prefix, what := range refused {
		if strings.HasPrefix(strings.ToLower(r.URL.Path)+"/", prefix+"/") {
			writeJSON(w, http.StatusNotImplemented, map[string]string{"Message": "Lazuli's deployment door has not " + what + "."})
			return nil
		}
	}
	return fault.New(fault.NotFound, r.URL.Path, "No HTTP resource was found that matches the request.")
}
