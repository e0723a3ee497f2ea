package entra

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/identity"
)

// managedIdentity serves the managed identity endpoint; its errors have App
// Service's own fields too, which clients read.
func (e *Issuer) managedIdentity(w http.ResponseWriter, r *http.Request) *refusal {
	f := e.appService(w, r)
	if f != nil {
		f.plain = true
	}
	return f
}

// appService serves the managed identity endpoint as App Service has it
// (IDENTITY_ENDPOINT): ?api-version=2019-08-01&resource=R[&client_id=…], with
// the app's own header. It answers function apps and whoever runs the project.
func (e *Issuer) appService(w http.ResponseWriter, r *http.Request) *refusal {
	if f := private(r); f != nil {
		return f
	}
	name, ok := e.holderOf(r.Header.Get("X-IDENTITY-HEADER"))
	if !ok {
		return &refusal{status: http.StatusUnauthorized, err: "unauthorized_client", text: "The header X-IDENTITY-HEADER is missing or wrong: it is the value of IDENTITY_HEADER."}
	}
	token, expires, who, f := e.managedToken(r, name, "2019-08-01")
	if f != nil {
		return f
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": token, "expires_on": strconv.FormatInt(expires.Unix(), 10),
		"resource": r.URL.Query().Get("resource"), "token_type": "Bearer", "client_id": who.AppID,
	})
	return nil
}

// instanceMetadata serves the same as a virtual machine has it, at
// 169.254.169.254 there. It asks for no secret; so only this machine is
// answered, and as whoever runs the project.
func (e *Issuer) instanceMetadata(w http.ResponseWriter, r *http.Request) *refusal {
	if e.cfg.NoMetadata {
		return &refusal{status: http.StatusForbidden, err: "access_denied", text: "Instance metadata asks for no secret, and other machines reach this issuer: it is off. Use IDENTITY_ENDPOINT, or an application."}
	}
	if !fromHere(r) {
		return &refusal{status: http.StatusForbidden, err: "access_denied", text: "Instance metadata answers this machine only, and through no proxy."}
	}
	if !strings.EqualFold(r.Header.Get("Metadata"), "true") {
		return refuse("invalid_request", 0, "Required metadata header not specified or not correct")
	}
	token, expires, who, f := e.managedToken(r, identity.DeveloperName, "2018-02-01")
	if f != nil {
		return f
	}
	left, begins := strconv.FormatInt(int64(time.Until(expires)/time.Second), 10), strconv.FormatInt(time.Now().Unix(), 10)
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": token, "expires_on": strconv.FormatInt(expires.Unix(), 10), "expires_in": left, "ext_expires_in": left,
		"not_before": begins, "resource": r.URL.Query().Get("resource"), "token_type": "Bearer", "client_id": who.AppID,
	})
	return nil
}

func (e *Issuer) managedToken(r *http.Request, name, version string) (token string, expires time.Time, who identity.Principal, f *refusal) {
	q := r.URL.Query()
	if v := q.Get("api-version"); v != version {
		return "", expires, who, refuse("invalid_request", 0, "The api-version %q is not supported here: use %s.", clip(v), version)
	}
	if q.Get("resource") == "" {
		return "", expires, who, refuse("invalid_request", 0, "The parameter resource is missing.")
	}
	who, ok := e.pick(name, q.Get("client_id"), q.Get("mi_res_id")+q.Get("msi_res_id"), q.Get("principal_id")+q.Get("object_id"))
	if !ok {
		return "", expires, who, refuse("invalid_request", 0,
			"Identity not found: %s may not be the identity that the request names. Give it the identity with identity.userAssigned.NAME.apps in lazuli.yaml.", name)
	}
	aud, v2, f := e.audience(q.Get("resource"), "")
	if f != nil {
		return "", expires, who, f
	}
	o := order{request: r, who: who.Caller, audience: aud, acr: assertionAcr, v2: v2, life: lifeOfManaged}
	token, expires, err := e.mint(o)
	if err != nil {
		return "", expires, who, internalError(err)
	}
	e.gave(o)
	return token, expires, who, nil
}

// pick finds the identity that somebody asks to be: their own without a name. A
// function app may also be the user-assigned identities that list it; who runs
// the project may be everybody.
func (e *Issuer) pick(name, client, resource, object string) (identity.Principal, bool) {
	for _, p := range e.cfg.Identity.Principals() {
		may := p.Name == name || name == identity.DeveloperName || p.Kind == identity.UserAssigned && slices.ContainsFunc(p.Apps, func(app string) bool {
			return identity.FunctionApp.Named(app) == name
		})
		var meant bool
		switch {
		case client != "":
			meant = strings.EqualFold(p.AppID, client)
		case resource != "":
			meant = strings.EqualFold(e.resourceOf(p.Caller), resource)
		case object != "":
			meant = strings.EqualFold(p.ObjectID, object)
		default:
			meant = p.Name == name
		}
		if may && meant {
			return p, true
		}
	}
	if client+resource+object != "" {
		return identity.Principal{}, false
	}
	return e.onlyOther(name)
}

// onlyOther is who a function app is that is nobody by itself: the one user-assigned
// identity that it has.
func (e *Issuer) onlyOther(name string) (one identity.Principal, ok bool) {
	for _, p := range e.cfg.Identity.Principals() {
		if p.Kind != identity.UserAssigned || !slices.ContainsFunc(p.Apps, func(app string) bool { return identity.FunctionApp.Named(app) == name }) {
			continue
		}
		if ok {
			return identity.Principal{}, false
		}
		one, ok = p, true
	}
	return one, ok
}
