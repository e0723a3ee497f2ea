package entra

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/identity"
)

// token serves the token endpoint (RFC 6749, 3.2), of both protocols: the first
// asks for a resource, the second for scopes.
func (e *Issuer) token(w http.ResponseWriter, r *http.Request) *refusal {
	if f := e.tenant(r); f != nil {
		return f
	}
	if f := private(r); f != nil {
		return f
	}
	if err := r.ParseForm(); err != nil {
		return refuse("invalid_request", 90014, "The request's form cannot be read: at most %d bytes of application/x-www-form-urlencoded are.", maxForm)
	}
	switch grant := r.PostForm.Get("grant_type"); grant {
	case "client_credentials":
		return e.clientToken(w, r)
	case "authorization_code":
		return e.codeToken(w, r)
	case "refresh_token":
		return e.refreshToken(w, r)
	case "urn:ietf:params:oauth:grant-type:device_code", "device_code":
		return e.deviceToken(w, r)
	case "":
		return missing("grant_type")
	default:
		return refuse("unsupported_grant_type", 70003,
			"The app requested an unsupported grant type '%s'. This issuer knows client_credentials, authorization_code, refresh_token and device_code.", clip(grant))
	}
}

// clientToken gives a token to an application that proves that it is itself.
func (e *Issuer) clientToken(w http.ResponseWriter, r *http.Request) *refusal {
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		id, secret = formDecoded(user), formDecoded(password)
	}
	if id == "" {
		return missing("client_id")
	}
	p, err := e.cfg.Identity.Principal(id)
	if err != nil || p.Kind != identity.Application || !strings.EqualFold(p.AppID, id) {
		return noSuchApplication(id)
	}
	acr, f := e.prove(r, p, secret)
	if f != nil {
		return f
	}
	aud, v2, f := e.audience(r.PostForm.Get("resource"), r.PostForm.Get("scope"))
	if f != nil {
		return f
	}
	o := order{request: r, who: p.Caller, audience: aud, acr: acr, v2: v2, life: lifeOfToken}
	token, expires, err := e.mint(o)
	if err != nil {
		return internalError(err)
	}
	e.gave(o)
	writeJSON(w, http.StatusOK, bearer(token, expires, aud))
	return nil
}

// formDecoded is half of an Authorization header, which RFC 6749, 2.3.1 wants
// encoded as a form.
func formDecoded(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}

// prove checks a secret or an assertion.
func (e *Issuer) prove(r *http.Request, p identity.Principal, secret string) (acr string, f *refusal) {
	c := e.cfg.Applications[p.Plain()]
	switch assertion := r.PostForm.Get("client_assertion"); {
	case assertion != "":
		return assertionAcr, checkAssertion(r, p, c, assertion)
	case secret == "":
		return "", refuse("invalid_client", 7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	case c.Secret == "" || !sameSecret(secret, c.Secret):
		return "", refuse("invalid_client", 7000215,
			"Invalid client secret provided for app '%s'. It is identity.applications.%s.secret in lazuli.yaml.", p.AppID, p.Plain())
	}
	return applicationAcr, nil
}

// gave reports a token that was given, without it.
func (e *Issuer) gave(o order) {
	e.cfg.Log.Debug("a token was given", "principal", o.who.Name, "audience", o.audience)
}

// bearer is the answer of the token endpoint. What the first protocol says more
// is text there, and does no harm in the second.
func bearer(token string, expires time.Time, resource string) map[string]any {
	left := int64(time.Until(expires).Round(time.Second) / time.Second)
	return map[string]any{
		"token_type": "Bearer", "access_token": token, "expires_in": left, "ext_expires_in": left,
		"expires_on": expires.Unix(), "not_before": time.Now().Unix(), "resource": resource,
	}
}

// consent is what somebody let a program do as them.
type consent struct {
	Client  string `json:"c"` // the program's client id
	Object  string `json:"o"` // who
	Scope   string `json:"s"` // what it asked for first
	Expires int64  `json:"e"` // Unix seconds
}

// userTokens answers with all tokens of a person.
func (e *Issuer) userTokens(w http.ResponseWriter, r *http.Request, c consent, nonce string) *refusal {
	who, exists := e.cfg.Identity.Caller(c.Object)
	if !exists {
		return refuse("invalid_grant", 50034, "The account does not exist in this project any more.")
	}
	scope := c.Scope
	if asked := r.PostForm.Get("scope"); asked != "" {
		scope = asked
	}
	aud, v2, f := e.audience(r.PostForm.Get("resource"), scope)
	if f != nil {
		return f
	}
	o := order{request: r, who: who, audience: aud, client: c.Client, acr: "0", user: true, v2: v2, life: lifeOfToken}
	token, expires, err := e.mint(o)
	if err != nil {
		return internalError(err)
	}
	id, err := e.idToken(o, nonce)
	if err != nil {
		return internalError(err)
	}
	e.gave(o)
	c.Scope, c.Expires = scope, time.Now().Add(lifeOfRefresh).Unix()
	m := bearer(token, expires, aud)
	m["id_token"], m["scope"], m["refresh_token"] = id, scope, e.newRefresh(c)
	m["client_info"] = encodeJSON(map[string]string{"uid": who.ObjectID, "utid": e.cfg.Identity.Tenant()})
	writeJSON(w, http.StatusOK, m)
	return nil
}

func encodeJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}
