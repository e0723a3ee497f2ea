package storage

import (
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// challenge is a 401 that says where tokens come from: unquoted and separated by
// spaces, because SDKs split it so.
func (e *Endpoint) challenge(code string) *Error {
	return Fail(code).WithStatus(http.StatusUnauthorized).WithHeader("WWW-Authenticate",
		"Bearer authorization_uri="+e.authority+"/oauth2/authorize resource_id=https://storage.azure.com")
}

// byToken asks the roles of a token's bearer.
func (e *Endpoint) byToken(r *Request, op *Operation, t Target, token string) (Grant, error) {
	b, err := e.access.Verify(r.HTTP.Context(), token)
	switch {
	case fault.Is(err, fault.Unauthorized):
		return Grant{}, e.challenge("InvalidAuthenticationInfo").With("AuthenticationErrorDetail", err.Error())
	case err != nil:
		return Grant{}, err
	case !b.Expires.IsZero() && !e.now().Before(b.Expires):
		return Grant{}, e.challenge("InvalidAuthenticationInfo").With("AuthenticationErrorDetail", "Lifetime validation failed. The token is expired.")
	}
	if err := e.askRoles(b, op, t); err != nil {
		return Grant{}, err
	}
	return Grant{Token: true, Principal: b.Principal, Tenant: b.Tenant}, nil
}

// askRoles is nil when one of the operation's actions is open to the bearer.
func (e *Endpoint) askRoles(b Bearer, op *Operation, t Target) error {
	scope := e.scope(t)
	for _, action := range op.Actions {
		err := mayAll(b, action, scope)
		if err == nil || !fault.Is(err, fault.Forbidden) {
			return err
		}
	}
	return Fail("AuthorizationPermissionMismatch")
}

func mayAll(b Bearer, actions, scope string) error {
	for action := range strings.SplitSeq(actions, " and ") {
		if err := b.May(action, scope); err != nil {
			return err
		}
	}
	return nil
}

// scope is what role assignments call the target.
func (e *Endpoint) scope(t Target) string {
	if t.Container == "" {
		return ""
	}
	name := strings.ReplaceAll(t.Container, "/", "%2F") // what cannot exist must not read as another's path
	switch e.service {
	case Queue:
		return "/queueServices/default/queues/" + name
	case Table:
		return "/tableServices/default/tables/" + name
	}
	return "/blobServices/default/containers/" + name
}
