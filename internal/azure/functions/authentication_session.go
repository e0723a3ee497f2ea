package functions

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// SignIn is where a browser gets a token.
type SignIn struct {
	Authorize string // address of the issuer's authorization endpoint
	Client    string // id of the application that the app is registered as; "": nobody signs in
	// Token asks the issuer's token endpoint.
	Token func(form url.Values) (status int, body []byte)
}

// The paths of the sign-in, as App Service has them.
const (
	loginPath     = "/.auth/login/aad"
	callbackPath  = loginPath + "/callback"
	sessionCookie = "AppServiceAuthSession"
	nonceCookie   = "Nonce" // ties a sign-in to the browser that began it
)

const (
	maxSessions  = 1000 // browsers that are signed in, and those that are about to
	lifeOfLogin  = 10 * time.Minute
	maxRedirects = 2048
)

// tokenSet is what a sign-in gave.
type tokenSet struct{ access, id string }

// sessions are the browsers that are signed in, and the sign-ins that began. The zero
// value is empty.
type sessions struct {
	mu      sync.Mutex
	signed  map[string]session // by cookie; guarded by mu
	pending map[string]login   // by state; guarded by mu
}

type session struct {
	tokens tokenSet
	ends   time.Time
}

type login struct {
	verifier, back, redirect string
	ends                     time.Time
}

func (s *sessions) find(cookie string) tokenSet {
	s.mu.Lock()
	defer s.mu.Unlock()
	have := s.signed[cookie]
	if time.Now().After(have.ends) {
		delete(s.signed, cookie)
		return tokenSet{}
	}
	return have.tokens
}

func (s *sessions) begin(state string, l login) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for old, have := range s.pending {
		if time.Now().After(have.ends) {
			delete(s.pending, old)
		}
	}
	if s.pending == nil {
		s.pending = map[string]login{}
	}
	if len(s.pending) >= maxSessions {
		return false
	}
	s.pending[state] = l
	return true
}

func (s *sessions) take(state string) (login, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.pending[state]
	delete(s.pending, state)
	return l, ok && time.Now().Before(l.ends)
}

// add remembers a browser, in place of any when there are too many.
func (s *sessions) add(t tokenSet, ends time.Time) (cookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.signed == nil {
		s.signed = map[string]session{}
	}
	for old, have := range s.signed {
		if len(s.signed) >= maxSessions || time.Now().After(have.ends) {
			delete(s.signed, old)
		}
	}
	cookie = rand.Text()
	s.signed[cookie] = session{t, ends}
	return cookie
}

func (s *sessions) end(cookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.signed, cookie)
}

// serve answers below /.auth/.
func (a *authenticator) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	switch r.Method + " " + r.URL.Path {
	case "GET " + loginPath:
		a.login(w, r)
	case "GET " + callbackPath:
		a.callback(w, r)
	case "GET /.auth/me":
		a.me(w, r)
	case "GET /.auth/logout", "POST /.auth/logout":
		if c, err := r.Cookie(sessionCookie); err == nil {
			a.sessions.end(c.Value)
		}
		setCookie(w, r, sessionCookie, "", -1)
		http.Redirect(w, r, backTo(r, "post_logout_redirect_uri"), http.StatusFound)
	default:
		http.Error(w, "There are "+loginPath+", /.auth/me and /.auth/logout here.", http.StatusNotFound)
	}
}

// login leads the browser to the issuer.
func (a *authenticator) login(w http.ResponseWriter, r *http.Request) {
	if a.SignIn.Client == "" {
		http.Error(w, "No application is registered to sign in to: set authentication.application of the app in lazuli.yaml.", http.StatusNotFound)
		return
	}
	state, l := rand.Text(), login{verifier: rand.Text() + rand.Text(), back: backTo(r, "post_login_redirect_uri"), redirect: baseURL(r) + callbackPath, ends: time.Now().Add(lifeOfLogin)}
	if !a.sessions.begin(state, l) {
		http.Error(w, "Too many sign-ins have begun; try again in some minutes.", http.StatusTooManyRequests)
		return
	}
	sum := sha256.Sum256([]byte(l.verifier))
	setCookie(w, r, nonceCookie, state, int(lifeOfLogin.Seconds()))
	http.Redirect(w, r, a.SignIn.Authorize+"?"+url.Values{
		"client_id": {a.SignIn.Client}, "response_type": {"code"}, "redirect_uri": {l.redirect}, "scope": {"openid profile " + a.SignIn.Client + "/.default"}, "state": {state},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode(), http.StatusFound)
}

// callback gets the tokens for the code with which the issuer has sent the browser
// back.
func (a *authenticator) callback(w http.ResponseWriter, r *http.Request) {
	state := r.URL.Query().Get("state")
	nonce, err := r.Cookie(nonceCookie)
	l, ok := a.sessions.take(state)
	if err != nil || !ok || !same(nonce.Value, state) {
		http.Error(w, "This sign-in has ended, or another browser began it. Begin anew.", http.StatusBadRequest)
		return
	}
	status, body := a.SignIn.Token(url.Values{
		"grant_type": {"authorization_code"}, "client_id": {a.SignIn.Client}, "code": {r.URL.Query().Get("code")}, "redirect_uri": {l.redirect}, "code_verifier": {l.verifier},
	})
	var got struct {
		Access      string `json:"access_token"`
		ID          string `json:"id_token"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &got) != nil || status != http.StatusOK {
		http.Error(w, "The sign-in failed: "+got.Description, http.StatusUnauthorized)
		return
	}
	expires, err := a.Verify(got.Access, a.Audiences)
	if err != nil {
		http.Error(w, "The sign-in failed: "+err.Error(), http.StatusUnauthorized)
		return
	}
	setCookie(w, r, nonceCookie, "", -1)
	setCookie(w, r, sessionCookie, a.sessions.add(tokenSet{got.Access, got.ID}, expires), int(time.Until(expires).Seconds()))
	http.Redirect(w, r, l.back, http.StatusFound)
}

// me tells a page who is signed in.
func (a *authenticator) me(w http.ResponseWriter, r *http.Request) {
	shown, _ := a.shown(r)
	expires, err := a.Verify(shown.access, a.Audiences)
	if err != nil {
		a.unauthorized(w, r, "")
		return
	}
	who, err := principalOf(shown.access)
	if err != nil {
		a.unauthorized(w, r, err.Error())
		return
	}
	writeJSON(w, http.StatusOK, []map[string]any{{
		"provider_name": "aad", "user_id": who.name, "user_claims": who.claims,
		"access_token": shown.access, "id_token": shown.id, "expires_on": expires.UTC().Format(time.RFC3339),
	}})
}

// backTo is where a parameter wants the browser to go: to this app alone.
func backTo(r *http.Request, parameter string) string {
	to := r.URL.Query().Get(parameter)
	if u, err := url.Parse(to); err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") ||
		strings.ContainsAny(to, "\\\r\n") || len(to) > maxRedirects {
		return "/"
	}
	return to
}

func setCookie(w http.ResponseWriter, r *http.Request, name, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode})
}
