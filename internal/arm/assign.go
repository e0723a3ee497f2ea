package arm

import (
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/identity"
)

// People are the principals of resources. *identity.Identity has it.
type People interface {
	Ensure(kind identity.Kind, name, group string) (identity.Principal, error)
	Forget(kind identity.Kind, name string) error
}

// Assign makes what the identity block of c.Body asks for, and fills it in: the
// principal of a resource's own identity, which is made or forgotten; the ids of
// user-assigned ones, whose principals' object ids it returns.
func Assign(c *Call, people People, kind identity.Kind, name string) (objects []string, err error) {
	block := c.Body.Object("identity")
	typ := block.Text("type")
	own, users := false, false
	for _, part := range strings.Split(typ, ",") {
		switch strings.ToLower(strings.TrimSpace(part)) {
		case "systemassigned":
			own = true
		case "userassigned":
			users = true
		case "none", "":
		default:
			return nil, Fail(http.StatusBadRequest, "InvalidIdentityType", "The identity type '%s' is not one of SystemAssigned, UserAssigned, 'SystemAssigned, UserAssigned', None.", typ)
		}
	}
	if block != nil {
		for _, derived := range []string{"principalId", "tenantId"} {
			delete(block, derived)
		}
	}
	if own {
		p, err := people.Ensure(kind, name, "")
		if err != nil {
			return nil, err
		}
		block["principalId"], block["tenantId"] = p.ObjectID, c.Manager.Tenant()
	} else if err := people.Forget(kind, name); err != nil {
		return nil, err
	}
	if !users {
		if block != nil {
			delete(block, "userAssignedIdentities")
		}
		return nil, nil
	}
	return c.users(block)
}

func (c *Call) users(block Body) (objects []string, err error) {
	all := block.Object("userAssignedIdentities")
	if len(all) == 0 {
		return nil, Fail(http.StatusBadRequest, "LinkedInvalidPropertyId", "The identity type names user-assigned identities, but the property 'userAssignedIdentities' names none.")
	}
	for text := range all {
		id, err := ParseID(text)
		if err != nil {
			return nil, err
		}
		body, found := c.Manager.Body(id)
		if !found {
			return nil, Fail(http.StatusBadRequest, "FailedIdentityOperation", "The user-assigned identity '%s' was not found.", text)
		}
		object := body.Text("properties", "principalId")
		all[text] = map[string]any{"principalId": object, "clientId": body.Text("properties", "clientId")}
		objects = append(objects, object)
	}
	return objects, nil
}
