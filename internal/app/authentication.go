package app

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"time"

	azfunctions "github.com/lazuli-dev/lazuli/internal/azure/functions"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// authentication is who is asked for a token in front of a function app, and how
// tokens are checked and given; nil where nobody is asked.
func (e *env) authentication(c config.Authentication) (*azfunctions.Authentication, error) {
	if !c.On() {
		return nil, nil
	}
	a := &azfunctions.Authentication{
		Audiences: c.AllowedAudiences, Applications: c.AllowedApplications, Principals: c.AllowedPrincipals,
		Excluded: c.ExcludedPaths, Action: c.UnauthenticatedDoes,
		Verify: func(token string, audiences []string) (time.Time, error) {
			_, ends, err := e.Issuer.Verify(token, audiences)
			return ends, err
		},
		SignIn: azfunctions.SignIn{
			Authorize: "http://" + connect.Host(e.Doors.addresses[instance.Identity], "") + "/" + e.Who.Tenant() + "/oauth2/v2.0/authorize",
			Token:     e.issuerToken,
		},
	}
	if c.Application != "" {
		p, err := e.Who.Principal(identity.Application.Named(c.Application))
		if err != nil {
			return nil, err
		}
		a.SignIn.Client = p.AppID
		a.Audiences = append([]string{p.AppID, "api://" + p.AppID}, a.Audiences...)
	}
	return a, nil
}

// issuerToken asks this process's issuer for tokens.
func (e *env) issuerToken(form url.Values) (status int, body []byte) {
	to := "http://" + connect.Host(e.Doors.addresses[instance.Identity], "") + "/" + e.Who.Tenant() + "/oauth2/v2.0/token"
	r, err := http.NewRequestWithContext(e.Context, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		return http.StatusInternalServerError, nil
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	e.Issuer.ServeHTTP(w, r)
	return w.status, w.body.Bytes()
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }
