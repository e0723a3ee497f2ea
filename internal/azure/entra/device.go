package entra

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/identity"
)

// pollEvery is how often a program asks whether its person said yes, in seconds.
const pollEvery = 1

// deviceCode begins a sign-in for a program that shows no page (RFC 8628, 3.1).
func (e *Issuer) deviceCode(w http.ResponseWriter, r *http.Request) *refusal {
	if f := e.tenant(r); f != nil {
		return f
	}
	if r.ParseForm() != nil {
		return missing("client_id")
	}
	client := r.PostForm.Get("client_id")
	if !isGUID(client) {
		return noSuchApplication(client)
	}
	if _, _, f := e.audience(r.PostForm.Get("resource"), r.PostForm.Get("scope")); f != nil {
		return f
	}
	scope := r.PostForm.Get("scope")
	if scope == "" {
		scope = r.PostForm.Get("resource") + "/.default"
	}
	s := signIn{id: random(32), code: typedCode(), device: true, consent: consent{Client: client, Scope: scope}, ends: time.Now().Add(lifeOfSignIn), from: sourceOf(r)}
	if !e.signIns.add(s) {
		return tooManySignIns()
	}
	at := base(r) + "/devicelogin"
	writeJSON(w, http.StatusOK, map[string]any{
		"user_code": s.code, "device_code": s.id, "verification_uri": at, "verification_url": at,
		"expires_in": int(lifeOfSignIn / time.Second), "interval": pollEvery,
		"message": "To sign in, use a web browser to open the page " + at + " and enter the code " + s.code + " to authenticate.",
	})
	return nil
}

// devicePage asks for the code that a program shows.
func (e *Issuer) devicePage(w http.ResponseWriter, r *http.Request) *refusal {
	if f := e.personHere(r); f != nil {
		return f
	}
	return page(w, http.StatusOK, pageData{Title: "Enter the code", Action: "/devicelogin", Type: true})
}

// deviceConfirm takes the code, asks, and takes the yes.
func (e *Issuer) deviceConfirm(w http.ResponseWriter, r *http.Request) *refusal {
	if f := e.personHere(r); f != nil {
		return f
	}
	if r.ParseForm() != nil {
		return missing("user_code")
	}
	code := strings.ToUpper(strings.TrimSpace(r.PostForm.Get("user_code")))
	s, ok := e.signIns.get(func(s *signIn) bool {
		return s.device && !s.granted && time.Now().Before(s.ends) && sameSecret(s.code, code)
	})
	if !ok {
		return page(w, http.StatusBadRequest, pageData{Title: "Enter the code", Action: "/devicelogin", Type: true, Wrong: true})
	}
	if r.PostForm.Get("confirmed") != "yes" {
		return page(w, http.StatusOK, pageData{Title: "Sign in", Action: "/devicelogin", UserCode: code, Client: s.consent.Client, Name: identity.DeveloperName, Ask: true})
	}
	developer, err := e.cfg.Identity.Principal(identity.DeveloperName)
	if err != nil {
		return internalError(err)
	}
	if _, ok := e.signIns.grant(s.id, developer.ObjectID); !ok {
		return page(w, http.StatusBadRequest, pageData{Title: "Enter the code", Action: "/devicelogin", Type: true, Wrong: true})
	}
	return page(w, http.StatusOK, pageData{Title: "Signed in", Done: true})
}

// deviceToken answers a program that waits for its person (RFC 8628, 3.5).
func (e *Issuer) deviceToken(w http.ResponseWriter, r *http.Request) *refusal {
	code := cmp.Or(r.PostForm.Get("device_code"), r.PostForm.Get("code")) // the first protocol's name for it; some send both
	if code == "" {
		return missing("device_code")
	}
	is := func(s *signIn) bool {
		return s.device && sameSecret(s.id, code) && s.consent.Client == r.PostForm.Get("client_id")
	}
	if s, ok := e.signIns.redeem(is); ok {
		return e.userTokens(w, r, s.consent, "")
	}
	s, ok := e.signIns.get(is)
	switch {
	case !ok:
		return refuse("bad_verification_code", 70018, "The device code is not one of this issuer's, or was used before.")
	case time.Now().After(s.ends):
		return refuse("expired_token", 70020, "The device code has expired. Begin anew.")
	}
	return refuse("authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
}
