package functions

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host"
)

// Authentication is what App Service does in front of an app ("Easy Auth", its
// authentication settings v2): callers show an Entra token, or a browser's session
// that began with one, before a function sees them. Of /admin the keys decide alone.
type Authentication struct {
	Audiences    []string // a token is for one of these
	Applications []string // allowedApplications: client ids; empty: all
	Principals   []string // allowedPrincipals: object ids; empty: all
	Excluded     []string // excludedPaths, which nobody is asked on; * at the end stands for what is below
	Action       string   // for who shows nothing; one of UnauthenticatedActions

	// Verify checks everything of a token and says when it ends.
	Verify func(token string, audiences []string) (expires time.Time, err error)
	SignIn SignIn
}

// UnauthenticatedActions are what becomes of a request that shows no token, by Azure's
// names; the first is the default here.
var UnauthenticatedActions = []string{return401, return403, redirectToLogin, allowAnonymous}

const (
	return401       = "Return401"
	return403       = "Return403"
	redirectToLogin = "RedirectToLoginPage"
	allowAnonymous  = "AllowAnonymous"
)

// authenticator is the Authentication of an app and the sessions of its browsers.
type authenticator struct {
	Authentication
	sessions sessions
}

// ours are the headers that only this may set.
func ours(name string) bool {
	name = strings.ToUpper(name)
	return strings.HasPrefix(name, "X-MS-CLIENT-PRINCIPAL") || strings.HasPrefix(name, "X-MS-TOKEN-")
}

// handle takes what the client says of itself out of the request, and puts in who it
// is; it returns the request to go on with. It answers, and returns true, when the request
// goes no further.
func (a *authenticator) handle(w http.ResponseWriter, r *http.Request) (*http.Request, bool) {
	for name := range r.Header {
		if ours(name) {
			delete(r.Header, name)
		}
	}
	if strings.HasPrefix(r.URL.Path, "/.auth/") {
		a.serve(w, r)
		return r, true
	}
	shown, session := a.shown(r)
	if shown.access == "" {
		return r, a.unknown(w, r)
	}
	expires, err := a.Verify(shown.access, a.Audiences)
	if err != nil && session { // it has ended
		return r, a.unknown(w, r)
	}
	if err != nil {
		a.unauthorized(w, r, err.Error())
		return r, true
	}
	who, err := principalOf(shown.access)
	if err != nil {
		a.unauthorized(w, r, err.Error())
		return r, true
	}
	if !a.lets(who) {
		http.Error(w, "You do not have permission to view this directory or page.", http.StatusForbidden)
		return r, true
	}
	who.head(r.Header, shown, expires)
	return host.WithCaller(r, who.caller()), false
}

// shown is the token of a request: of its Authorization header, else of the session
// that its cookie names.
func (a *authenticator) shown(r *http.Request) (t tokenSet, session bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") && token != "" {
		return tokenSet{access: strings.TrimSpace(token)}, false
	}
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return tokenSet{}, false
	}
	return a.sessions.find(c.Value), true
}

// unknown is what becomes of a request without a token; true when it is answered.
func (a *authenticator) unknown(w http.ResponseWriter, r *http.Request) bool {
	if a.excluded(r.URL.Path) {
		return false
	}
	switch a.Action {
	case allowAnonymous:
		return false
	case return403:
		http.Error(w, "You do not have permission to view this directory or page.", http.StatusForbidden)
	case redirectToLogin:
		if r.Method != http.MethodGet && r.Method != http.MethodHead || r.Header.Get("X-Requested-With") == "XMLHttpRequest" {
			a.unauthorized(w, r, "")
			break
		}
		http.Redirect(w, r, loginPath+"?post_login_redirect_uri="+url.QueryEscape(r.URL.RequestURI()), http.StatusFound)
	default:
		a.unauthorized(w, r, "")
	}
	return true
}

func (a *authenticator) excluded(path string) bool {
	return slices.ContainsFunc(a.Excluded, func(rule string) bool {
		if below, ok := strings.CutSuffix(rule, "*"); ok {
			return strings.HasPrefix(path, below)
		}
		return strings.EqualFold(strings.TrimSuffix(path, "/"), strings.TrimSuffix(rule, "/"))
	})
}

// unauthorized asks for a token, and says what was wrong with the one that was shown.
func (a *authenticator) unauthorized(w http.ResponseWriter, r *http.Request, why string) {
	challenge := fmt.Sprintf("Bearer realm=%q authorization_uri=%q", r.Host, a.SignIn.Authorize)
	if why != "" {
		challenge += fmt.Sprintf(` error="invalid_token" error_description=%q`, why)
	}
	w.Header().Set("WWW-Authenticate", challenge)
	http.Error(w, "You do not have permission to view this directory or page.", http.StatusUnauthorized)
}

// lets reports whether the settings let a caller in whose token is good.
func (a *authenticator) lets(who principal) bool {
	in := func(list []string, id string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, id) })
	}
	return in(a.Applications, who.client) && in(a.Principals, who.id)
}

// principal is who a token is, as X-MS-CLIENT-PRINCIPAL tells it.
type principal struct {
	id, name, client string
	claims           []claim
}

type claim struct {
	Type  string `json:"typ"`
	Value string `json:"val"`
}

// longNames are what App Service calls the claims of a token.
var longNames = map[string]string{
	"oid": "http://schemas.microsoft.com/identity/claims/objectidentifier", "tid": "http://schemas.microsoft.com/identity/claims/tenantid",
	"sub": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier", "idp": "http://schemas.microsoft.com/identity/claims/identityprovider",
	"scp": "http://schemas.microsoft.com/identity/claims/scope", "upn": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
	"unique_name": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name", "email": nameType, "roles": roleType,
}

const (
	nameType = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
	roleType = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
)

// principalOf reads the claims of a token that was verified.
func principalOf(token string) (principal, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return principal{}, fmt.Errorf("the token is not a JSON Web Token")
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return principal{}, fmt.Errorf("the token is not a JSON Web Token")
	}
	var all map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber() // times stay as they are written
	if err := decoder.Decode(&all); err != nil {
		return principal{}, fmt.Errorf("the token is not a JSON Web Token")
	}
	said := func(names ...string) string {
		for _, name := range names {
			if s, ok := all[name].(string); ok {
				return s
			}
		}
		return ""
	}
	p := principal{id: said("oid", "sub"), name: said("preferred_username", "upn", "name"), client: said("azp", "appid")}
	if p.name == "" { // an application
		p.name = p.client
	}
	for name, value := range all {
		typ := name
		if long, ok := longNames[name]; ok {
			typ = long
		}
		values, many := value.([]any)
		if !many {
			values = []any{value}
		}
		for _, v := range values {
			p.claims = append(p.claims, claim{typ, fmt.Sprint(v)})
		}
	}
	slices.SortFunc(p.claims, func(a, b claim) int { return strings.Compare(a.Type+"\x00"+a.Value, b.Type+"\x00"+b.Value) })
	return p, nil
}

func (p principal) caller() host.Caller {
	who := host.Caller{Provider: "aad", NameType: nameType, RoleType: roleType}
	for _, c := range p.claims {
		who.Claims = append(who.Claims, host.Claim(c))
	}
	return who
}

// head sets the headers by which a function knows who calls.
func (p principal) head(h http.Header, t tokenSet, expires time.Time) {
	text, err := json.Marshal(struct {
		Type     string  `json:"auth_typ"`
		Claims   []claim `json:"claims"`
		NameType string  `json:"name_typ"`
		RoleType string  `json:"role_typ"`
	}{"aad", p.claims, nameType, roleType})
	if err != nil {
		return // texts always marshal
	}
	h.Set("X-MS-CLIENT-PRINCIPAL", base64.StdEncoding.EncodeToString(text))
	h.Set("X-MS-CLIENT-PRINCIPAL-ID", p.id)
	h.Set("X-MS-CLIENT-PRINCIPAL-NAME", p.name)
	h.Set("X-MS-CLIENT-PRINCIPAL-IDP", "aad")
	h.Set("X-MS-TOKEN-AAD-ACCESS-TOKEN", t.access)
	h.Set("X-MS-TOKEN-AAD-EXPIRES-ON", expires.UTC().Format("2006-01-02T15:04:05.0000000Z"))
	if t.id != "" {
		h.Set("X-MS-TOKEN-AAD-ID-TOKEN", t.id)
	}
}
