package cosmos

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

var guids = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func guid(name string) error {
	if guids.MatchString(name) {
		return nil
	}
	return arm.Fail(http.StatusBadRequest, "BadRequest", "The name '%s' is no GUID.", name)
}

// definitions are the roles of the data plane: the two that every account has.
func (p provider) definitions() arm.Type {
	return arm.Type{
		Name: resource.CosmosAccounts + "/sqlRoleDefinitions", Plain: true, Long: true, Named: guid,
		Put: func(_ context.Context, c *arm.Call) error {
			if _, err := cosmosRole(c.ID.Name()); err == nil {
				return arm.Fail(http.StatusBadRequest, "BadRequest", "A built-in role definition cannot be changed.")
			}
			return arm.Fail(http.StatusBadRequest, "PropertyNotServed", "Role definitions of one's own are not served by Lazuli; there are the built-in ones, %s.", strings.Join(builtin, " and "))
		},
		Get: func(_ context.Context, c *arm.Call) error {
			r, err := cosmosRole(c.ID.Name())
			if err != nil {
				return err
			}
			account := strings.TrimSuffix(c.ID.String(), "/"+c.ID.Types[1]+"/"+c.ID.Name())
			c.Body.Set(map[string]any{
				"roleName": r.Name, "type": "BuiltInRole", "assignableScopes": []string{account},
				"permissions": []any{map[string]any{"dataActions": r.DataActions, "notDataActions": []any{}}},
			}, "properties")
			return nil
		},
		List: func(_ context.Context, c *arm.Call) (all []arm.ID, err error) {
			for _, id := range builtin {
				all = append(all, c.ID.Called(id))
			}
			return all, nil
		},
		Delete: func(_ context.Context, c *arm.Call) error {
			if _, err := cosmosRole(c.ID.Name()); err != nil {
				return err
			}
			return arm.Fail(http.StatusBadRequest, "BadRequest", "A built-in role definition cannot be deleted.")
		},
	}
}

// builtin are the ids of the built-in roles.
var builtin = []string{"00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"}

func cosmosRole(id string) (identity.Role, error) {
	r, err := identity.FindRole(id)
	if err == nil && !r.Cosmos {
		err = fault.New(fault.NotFound, "role definition "+id, "there is none")
	}
	return r, err
}

// assignments are who holds these roles.
func (p provider) assignments() arm.Type {
	return arm.Type{
		Name: resource.CosmosAccounts + "/sqlRoleAssignments", Plain: true, Long: true, Named: guid,
		Put: func(_ context.Context, c *arm.Call) error {
			b := c.Body
			text := b.Text("properties", "roleDefinitionId")
			role, err := cosmosRole(text[strings.LastIndexByte(text, '/')+1:])
			if err != nil {
				return arm.Fail(http.StatusBadRequest, "BadRequest", "The role definition '%s' was not found.", text)
			}
			scope := b.Text("properties", "scope")
			if scope == "" {
				return arm.Fail(http.StatusBadRequest, "BadRequest", "The property 'properties.scope' is missing.")
			}
			_, err = p.Who.AssignAs(c.ID.Name(), b.Text("properties", "principalId"), role.ID, scope)
			if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
				return arm.Fail(http.StatusBadRequest, "BadRequest", "The role assignment cannot be made: %s.", err)
			}
			return err
		},
		Get: func(_ context.Context, c *arm.Call) error {
			a, err := p.assigned(c.ID)
			if err != nil {
				return err
			}
			account := strings.TrimSuffix(c.ID.String(), "/"+c.ID.Types[1]+"/"+c.ID.Name())
			c.Body.Default(account+"/sqlRoleDefinitions/"+a.Role, "properties", "roleDefinitionId")
			c.Body.Set(a.Principal, "properties", "principalId")
			c.Body.Default(a.Scope, "properties", "scope")
			return nil
		},
		List: func(_ context.Context, c *arm.Call) (all []arm.ID, err error) {
			account := strings.TrimSuffix(c.ID.String(), "/"+c.ID.Types[1])
			for _, a := range p.Who.Assignments() {
				if r, err := cosmosRole(a.Role); err == nil && r.Cosmos && below(a.Scope, account) {
					all = append(all, c.ID.Called(a.ID))
				}
			}
			return all, nil
		},
		Delete: func(_ context.Context, c *arm.Call) error {
			if _, err := p.assigned(c.ID); err != nil {
				return err
			}
			_, err := p.Who.RemoveID(c.ID.Name())
			return err
		},
	}
}

// assigned is the assignment of an id.
func (p provider) assigned(id arm.ID) (identity.Assignment, error) {
	account := strings.TrimSuffix(id.String(), "/"+id.Types[1]+"/"+id.Name())
	for _, a := range p.Who.Assignments() {
		if strings.EqualFold(a.ID, id.Name()) && below(a.Scope, account) {
			return a, nil
		}
	}
	return identity.Assignment{}, fault.New(fault.NotFound, "role assignment "+id.Name(), "there is none")
}

// below reports whether a scope is an id or below it.
func below(scope, id string) bool {
	return len(scope) >= len(id) && strings.EqualFold(scope[:len(id)], id) && (len(scope) == len(id) || scope[len(id)] == '/')
}
