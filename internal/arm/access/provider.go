// Package access is Microsoft.Authorization and Microsoft.ManagedIdentity in Resource
// Manager: role definitions and assignments, and user-assigned identities, which are
// internal/identity's.
//
// Left out, and refused by name: roles of one's own, deny assignments, conditions,
// policy, roles at management groups, and federated credentials of user-assigned
// identities.
package access

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/identity"
)

type provider struct{ who *identity.Identity }

const (
	definitions = "Microsoft.Authorization/roleDefinitions"
	assignments = "Microsoft.Authorization/roleAssignments"
	identities  = "Microsoft.ManagedIdentity/userAssignedIdentities"
)

// New is the provider.
func New(who *identity.Identity) arm.Provider {
	p := provider{who}
	return arm.Provider{Types: []arm.Type{
		{
			Name: definitions, Plain: true, Created: http.StatusCreated, Gone: http.StatusOK, Named: guid,
			Put: func(_ context.Context, c *arm.Call) error {
				return arm.Fail(http.StatusBadRequest, "PropertyNotServed", "Role definitions of one's own are not served by Lazuli; its built-in ones are listed at %s.", definitions)
			},
			Get: p.getDefinition, List: p.listDefinitions,
			Delete: func(_ context.Context, c *arm.Call) error {
				if _, err := identity.FindRole(c.ID.Name()); err != nil {
					return fault.New(fault.NotFound, "role definition "+c.ID.Name(), "there is none")
				}
				return arm.Fail(http.StatusForbidden, "AuthorizationFailed", "A built-in role definition cannot be deleted.")
			},
		},
		{
			Name: assignments, Plain: true, Created: http.StatusCreated, Gone: http.StatusOK, Named: guid,
			Refuse: []arm.Refusal{
				{Path: "properties.condition", Unless: []any{""}, Why: "assignments have no conditions here"},
				{Path: "properties.delegatedManagedIdentityResourceId", Unless: []any{""}, Why: "there is one tenant here"},
			},
			Put: p.putAssignment, Get: p.getAssignment, List: p.listAssignments,
			Delete: func(_ context.Context, c *arm.Call) error {
				a, err := p.assignment(c.ID)
				if err != nil {
					return err
				}
				_, err = p.who.RemoveID(a.ID)
				return err
			},
		},
		{
			Name: identities, Tracked: true,
			Put: p.putIdentity, Get: p.getIdentity, List: p.listIdentities,
			Delete: func(_ context.Context, c *arm.Call) error { return p.who.Forget(identity.UserAssigned, c.ID.Name()) },
		},
	}}
}

var guids = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func guid(name string) error {
	if guids.MatchString(name) {
		return nil
	}
	return arm.Fail(http.StatusBadRequest, "InvalidRoleAssignmentId", "The name '%s' is no GUID.", name)
}

// since is when built-in roles came, for those who read it.
const since = "2026-01-01T00:00:00.0000000Z"

func (p provider) getDefinition(_ context.Context, c *arm.Call) error {
	r, err := identity.FindRole(c.ID.Name())
	if err != nil || r.Cosmos {
		return fault.New(fault.NotFound, "role definition "+c.ID.Name(), "there is none")
	}
	list := func(all []string) []string {
		if all == nil {
			return []string{}
		}
		return all
	}
	c.Body.Set(map[string]any{
		"roleName": r.Name, "type": "BuiltInRole", "description": r.Name, "assignableScopes": []string{"/"},
		"permissions": []any{map[string]any{
			"actions": list(r.Actions), "notActions": list(r.NotActions), "dataActions": list(r.DataActions), "notDataActions": []string{},
		}},
		"createdOn": since, "updatedOn": since, "createdBy": nil, "updatedBy": nil,
	}, "properties")
	return nil
}

func (p provider) listDefinitions(_ context.Context, c *arm.Call) (all []arm.ID, err error) {
	for _, r := range identity.Roles() {
		if !r.Cosmos {
			id := c.ID.Called(r.ID)
			if c.ID.Scope != "" { // the subscription has them, wherever they are asked for
				id.Scope = "/subscriptions/" + c.Manager.Subscription()
			}
			all = append(all, id)
		}
	}
	return all, nil
}

func (p provider) putAssignment(_ context.Context, c *arm.Call) error {
	b := c.Body
	text, principal := b.Text("properties", "roleDefinitionId"), b.Text("properties", "principalId")
	role, err := identity.FindRole(text[strings.LastIndexByte(text, '/')+1:])
	if err != nil || role.Cosmos {
		return arm.Fail(http.StatusBadRequest, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", text)
	}
	if _, err := p.who.Principal(principal); err != nil {
		return arm.Fail(http.StatusBadRequest, "PrincipalNotFound", "Principal %s does not exist in the directory %s.", principal, c.Manager.Tenant())
	}
	if _, err := p.who.AssignAs(c.ID.Name(), principal, role.ID, c.ID.Scope); fault.Is(err, fault.Conflict) {
		return arm.Fail(http.StatusConflict, "RoleAssignmentExists", "The role assignment already exists: %s.", err)
	} else if err != nil {
		return err
	}
	b.Default(c.Caller.ObjectID, "properties", "createdBy")
	return nil
}

// assignment is that of an id, at its very scope; without a scope, wherever it is.
func (p provider) assignment(id arm.ID) (identity.Assignment, error) {
	for _, a := range p.who.Assignments() {
		if strings.EqualFold(a.ID, id.Name()) && (id.Scope == "" || strings.EqualFold(a.Scope, id.Scope)) {
			return a, nil
		}
	}
	return identity.Assignment{}, fault.New(fault.NotFound, "role assignment "+id.Name(), "there is none")
}

func (p provider) getAssignment(_ context.Context, c *arm.Call) error {
	a, err := p.assignment(c.ID)
	if err != nil {
		return err
	}
	b := c.Body
	b.Set("/subscriptions/"+c.Manager.Subscription()+"/providers/"+definitions+"/"+a.Role, "properties", "roleDefinitionId")
	b.Set(a.Principal, "properties", "principalId")
	kind := "ServicePrincipal"
	if who, ok := p.who.Caller(a.Principal); ok && who.Kind == identity.Developer {
		kind = "User"
	}
	b.Set(kind, "properties", "principalType")
	b.Set(a.Scope, "properties", "scope")
	b.Set(a.Since.UTC().Format(time.RFC3339Nano), "properties", "createdOn")
	b.Set(a.Since.UTC().Format(time.RFC3339Nano), "properties", "updatedOn")
	return nil
}

// listAssignments are those at a scope and below it; those above it hold there too,
// and are listed unless the filter says atScope().
func (p provider) listAssignments(_ context.Context, c *arm.Call) (all []arm.ID, err error) {
	for _, a := range p.who.Assignments() {
		r, err := identity.FindRole(a.Role)
		if err != nil || r.Cosmos || !below(a.Scope, c.ID.Scope) && !below(c.ID.Scope, a.Scope) {
			continue
		}
		id := c.ID.Called(a.ID)
		id.Scope = a.Scope
		all = append(all, id)
	}
	return all, nil
}

func below(scope, id string) bool {
	return len(scope) >= len(id) && strings.EqualFold(scope[:len(id)], id) && (len(scope) == len(id) || scope[len(id)] == '/')
}

func (p provider) putIdentity(_ context.Context, c *arm.Call) error {
	who, err := p.who.Ensure(identity.UserAssigned, c.ID.Name(), c.ID.Group())
	if err != nil {
		return err
	}
	c.Body.Set(map[string]any{"clientId": who.AppID, "principalId": who.ObjectID, "tenantId": c.Manager.Tenant()}, "properties")
	return nil
}

func (p provider) getIdentity(_ context.Context, c *arm.Call) error {
	who, err := p.who.Principal(identity.UserAssigned.Named(c.ID.Name()))
	if err != nil || !strings.EqualFold(p.who.Scope(identities, who.Plain()), c.ID.String()) {
		return fault.New(fault.NotFound, "user-assigned identity "+c.ID.Name(), "there is none")
	}
	c.Body.Set(who.AppID, "properties", "clientId")
	c.Body.Set(who.ObjectID, "properties", "principalId")
	c.Body.Set(c.Manager.Tenant(), "properties", "tenantId")
	return nil
}

func (p provider) listIdentities(_ context.Context, c *arm.Call) (all []arm.ID, err error) {
	for _, who := range p.who.Principals() {
		if who.Kind != identity.UserAssigned {
			continue
		}
		id, err := arm.ParseID(p.who.Scope(identities, who.Plain()))
		if g := c.ID.Group(); err == nil && (g == "" || strings.EqualFold(g, id.Group())) {
			all = append(all, id)
		}
	}
	return all, nil
}
