package arm

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Accounts are the accounts that the catalogue has, by resource group.
type Accounts struct {
	Exists  *resource.Catalogue
	Project string                       // the group that the catalogue calls ""
	MayGo   func(resource.Account) error // refuses to delete one that the project is built on
	Hosts   func(resource.Account) []string
	Changed func() // is told of an account that has come; may be nil
}

// group is a group's name as the catalogue has it.
func (a Accounts) group(name string) string {
	if strings.EqualFold(name, a.Project) {
		return ""
	}
	return name
}

// Find is the account that an id is, or is in. One of that name in another group is
// not found.
func (a Accounts) Find(id ID) (resource.Account, error) {
	typ := id.Provider + "/" + id.Types[0]
	for _, known := range []string{resource.Namespaces, resource.CosmosAccounts, resource.Sites, resource.StorageAccounts, resource.Gateways} {
		if strings.EqualFold(typ, known) {
			typ = known
		}
	}
	account, err := a.Exists.Account(typ, id.Names[0])
	if err != nil {
		return account, err
	}
	if !strings.EqualFold(a.Exists.Group(typ, account.Name), a.group(id.Group())) {
		return account, fault.New(fault.NotFound, account.String(), "it is in another resource group")
	}
	return account, nil
}

// List are the ids of the accounts of a collection.
func (a Accounts) List(c *Call, typ string) (all []ID) {
	for _, account := range a.Exists.Accounts(typ) {
		id := a.ID(c.Manager.Subscription(), account)
		if g := c.ID.Group(); g == "" || strings.EqualFold(g, id.Group()) {
			all = append(all, id)
		}
	}
	return all
}

// ID is the id of an account.
func (a Accounts) ID(subscription string, account resource.Account) ID {
	group := a.Exists.Group(account.Type, account.Name)
	if group == "" {
		group = a.Project
	}
	id := GroupID(subscription, group)
	id.Provider, id.Types = splitType(account.Type)
	id.Names = []string{account.Name}
	return id
}

// Declare makes an account, or changes what the catalogue keeps of it. taken is the
// code of a refusal because the name is taken, as names of accounts are everybody's.
func (a Accounts) Declare(id ID, typ, taken string, change func(old json.RawMessage) (json.RawMessage, error)) (resource.Account, error) {
	account, err := a.Exists.DeclareAccountIn(resource.Account{Type: typ, Name: id.Names[0]}, a.group(id.Group()),
		func(_ resource.Account, old json.RawMessage) (json.RawMessage, error) { return change(old) })
	if fault.Is(err, fault.Conflict) {
		return account, Fail(http.StatusConflict, taken, "The name '%s' is already taken: %s", id.Names[0], err)
	}
	if err == nil && a.Changed != nil {
		a.Changed()
	}
	return account, err
}

// Remove deletes an account with all that is in it.
func (a Accounts) Remove(ctx context.Context, id ID) error {
	account, err := a.Find(id)
	if err != nil {
		return err
	}
	if a.MayGo != nil {
		if err := a.MayGo(account); err != nil {
			return err
		}
	}
	return a.Exists.RemoveAccount(ctx, account)
}

// Host is the first host name of an account.
func (a Accounts) Host(account resource.Account) string {
	if hosts := a.Hosts(account); len(hosts) > 0 {
		return hosts[0]
	}
	return strings.ToLower(account.Name) + ".localhost"
}

// Free answers POST checkNameAvailability of a type.
func (a Accounts) Free(typ, word string) Action {
	return func(_ context.Context, c *Call) (Answer, error) {
		name := c.Body.Text("name")
		if name == "" {
			return Answer{}, Fail(http.StatusBadRequest, "InvalidRequestContent", "The property 'name' is missing.")
		}
		if _, err := a.Exists.Account(typ, name); err == nil {
			return Answer{Body: map[string]any{"nameAvailable": false, "reason": "AlreadyExists", "message": fmt.Sprintf("The %s named %s is already taken.", word, name)}}, nil
		}
		return Answer{Body: map[string]any{"nameAvailable": true}}, nil
	}
}
