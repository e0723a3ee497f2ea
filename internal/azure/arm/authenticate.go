package arm

import (
	"net/http"
	"strings"

	engine "github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// authenticate finds out who asks.
func (e *exchange) authenticate(audiences ...string) error {
	scheme, token, _ := strings.Cut(strings.TrimSpace(e.r.Header.Get("Authorization")), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		e.challenge("")
		return engine.Fail(http.StatusUnauthorized, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing or no bearer token.")
	}
	caller, _, err := e.s.Verify(strings.TrimSpace(token), audiences)
	if err == nil {
		e.caller = caller
		return nil
	}
	e.challenge("invalid_token")
	f := engine.FailureOf(err)
	word, _, _ := strings.Cut(strings.TrimPrefix(f.Message, ": "), ":")
	code := "InvalidAuthenticationToken"
	switch word {
	case "ExpiredToken":
		code = "ExpiredAuthenticationToken"
	case "InvalidAudience":
		code = "InvalidAuthenticationTokenAudience"
	}
	return engine.Fail(http.StatusUnauthorized, code, "The access token is not taken. %s.", f.Message)
}

func (e *exchange) challenge(problem string) {
	v := `Bearer authorization_uri="` + e.base + "/" + e.s.Manager.Tenant() + `"`
	if problem != "" {
		v += `, error="` + problem + `", error_description="The access token is not taken."`
	}
	e.w.Header().Set("WWW-Authenticate", v)
}

// may refuses what the caller may not.
func (e *exchange) may(action string, id engine.ID) error {
	e.action, e.resource = action, id
	scope := id.String()
	if id.Collection() {
		parent, inside := id.Parent()
		if scope = id.Scope; inside {
			scope = parent.String()
		}
	}
	if scope == "" {
		return nil // what the tenant has, everybody may read, and nobody change
	}
	err := e.s.Who.Check(e.caller, action, scope)
	if !fault.Is(err, fault.Forbidden) {
		return err
	}
	return engine.Fail(http.StatusForbidden, "AuthorizationFailed",
		"The client '%s' with object id '%s' does not have authorization to perform action '%s' over scope '%s' or the scope is invalid. If access was recently granted, please refresh your credentials.",
		e.caller.AppID, e.caller.ObjectID, action, scope)
}
