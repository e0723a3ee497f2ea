package entra

import (
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/identity"
)

// authorize serves the authorization endpoint (RFC 6749, 3.1): a page asks who
// runs the project whether a program may sign in as them. The program waits on
// this machine (RFC 8252), and proves with PKCE (RFC 7636) that it is the one
// that asked.
func (e *Issuer) authorize(w http.ResponseWriter, r *http.Request) *refusal {
	if f := e.personHere(r); f != nil {
		return f
	}
	q := r.URL.Query()
	redirect, f := redirectOf(q.Get("redirect_uri"))
	if f != nil {
		return f
	}
	switch {
	case !isGUID(q.Get("client_id")):
		return noSuchApplication(q.Get("client_id"))
	case q.Get("response_type") != "code":
		return refuse("unsupported_response_type", 700054, "The response_type '%s' is not enabled: use code.", clip(q.Get("response_type")))
	case q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) > 128:
		return refuse("invalid_request", 9002325, "Proof Key for Code Exchange is required: code_challenge with code_challenge_method S256.")
	}
	if _, _, f := e.audience(q.Get("resource"), q.Get("scope")); f != nil {
		return f
	}
	scope := q.Get("scope")
	if scope == "" {
		scope = q.Get("resource") + "/.default"
	}
	s := signIn{
		id: random(24), consent: consent{Client: q.Get("client_id"), Scope: scope}, nonce: q.Get("nonce"),
		redirect: redirect, mode: q.Get("response_mode"), state: q.Get("state"), challenge: q.Get("code_challenge"), ends: time.Now().Add(lifeOfSignIn),
		from: "here", // personHere has let in nobody else
	}
	if !e.signIns.add(s) {
		return tooManySignIns()
	}
	return page(w, http.StatusOK, pageData{
		Title: "Sign in", Action: "/" + e.cfg.Identity.Tenant() + "/oauth2/v2.0/authorize", ID: s.id, Client: s.consent.Client, Name: identity.DeveloperName, Ask: true,
	})
}

// personHere refuses pages to everybody but this machine: a button is no
// password.
func (e *Issuer) personHere(r *http.Request) *refusal {
	if r.PathValue("tenant") != "" {
		if f := e.tenant(r); f != nil {
			return f
		}
	}
	if fromHere(r) {
		return nil
	}
	return &refusal{status: http.StatusForbidden, err: "access_denied", code: 53003, text: "People sign in on the machine where Lazuli runs, and not over a network. Programs elsewhere are applications with a secret or certificate of their own."}
}

// redirectOf checks where the browser goes with the code: to this machine.
func redirectOf(text string) (string, *refusal) {
	u, err := url.Parse(text)
	bad := refuse("invalid_request", 50011, "The redirect URI '%s' is not one of this machine, as http://localhost:8400.", clip(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Fragment != "" || u.User != nil || len(text) > 2048 {
		return "", bad
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", bad
	}
	return text, nil
}

// confirm takes the person's yes and leads the browser back with the code.
func (e *Issuer) confirm(w http.ResponseWriter, r *http.Request) *refusal {
	if f := e.personHere(r); f != nil {
		return f
	}
	if r.ParseForm() != nil {
		return missing("request")
	}
	developer, err := e.cfg.Identity.Principal(identity.DeveloperName)
	if err != nil {
		return internalError(err)
	}
	s, ok := e.signIns.grant(r.PostForm.Get("request"), developer.ObjectID)
	if !ok {
		return refuse("invalid_grant", 70008, "This sign-in has ended, or was answered before. Begin anew.")
	}
	answer := url.Values{"code": {s.code}}
	if s.state != "" {
		answer.Set("state", s.state)
	}
	if s.mode == "form_post" {
		return page(w, http.StatusOK, pageData{Title: "Signed in", Action: s.redirect, Code: s.code, State: s.state, Back: true})
	}
	separator := "?"
	switch {
	case s.mode == "fragment":
		separator = "#"
	case strings.Contains(s.redirect, "?"):
		separator = "&"
	}
	http.Redirect(w, r, s.redirect+separator+answer.Encode(), http.StatusFound)
	return nil
}

// codeToken gives tokens for a code, once, to who can prove that they asked.
func (e *Issuer) codeToken(w http.ResponseWriter, r *http.Request) *refusal {
	code := r.PostForm.Get("code")
	if code == "" {
		return missing("code")
	}
	s, ok := e.signIns.redeem(func(s *signIn) bool { return !s.device && sameSecret(s.code, code) })
	if !ok {
		return refuse("invalid_grant", 70008, "The provided authorization code has expired, was used before, or is not one of this issuer's.")
	}
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	switch {
	case s.consent.Client != r.PostForm.Get("client_id"):
		return refuse("invalid_grant", 700005, "The authorization code was given to another application.")
	case s.redirect != r.PostForm.Get("redirect_uri"):
		return refuse("invalid_grant", 500112, "The redirect URI is not the one that the code was asked for.")
	case !sameSecret(base64.RawURLEncoding.EncodeToString(sum[:]), s.challenge):
		return refuse("invalid_grant", 501481, "The code_verifier does not match the code_challenge supplied in the authorization request.")
	}
	return e.userTokens(w, r, s.consent, s.nonce)
}
