package app

import (
	"context"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/page/resources"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// resourcePages find and delete things by their scope.
func (e *env) resourcePages() resources.Config {
	return resources.Config{
		Undeclared: e.undeclared, Remove: e.deleteAt, Log: e.Log.With("component", "resources"),
		Find: func(scope string) (resources.Thing, error) {
			id, err := e.resourceAt(scope)
			if err == nil {
				err = e.mayGo(id)
			}
			if err != nil {
				return resources.Thing{}, err
			}
			return e.thingAt(id), nil
		},
	}
}

// deleteAt deletes what is at a scope, with all that is in it.
func (e *env) deleteAt(ctx context.Context, scope string) (resources.Thing, error) {
	id, err := e.resourceAt(scope)
	if err == nil {
		err = e.mayGo(id)
	}
	if err != nil {
		return resources.Thing{}, err
	}
	was := e.thingAt(id)
	if id.Type == "" {
		return was, e.Exists.RemoveAccount(ctx, id.Account)
	}
	return was, e.Exists.Remove(ctx, id)
}

func (e *env) thingAt(id resource.ID) resources.Thing {
	if id.Type == "" {
		return e.accountThing(id.Account)
	}
	return e.thing(id)
}

// mayGo refuses to delete an account that this run is built on.
func (e *env) mayGo(id resource.ID) error {
	switch {
	case id.Type != "" || !slices.Contains(e.Storage.own, id.Account):
		return nil
	case notDefault(id.Account) == "":
		return fault.New(fault.Conflict, id.Account.String(), "it is the one that localhost means, and is always there; delete what is in it")
	}
	return fault.New(fault.Conflict, id.Account.String(), "%s declares it; take it out there and start again, or delete what is in it", config.FileName)
}

// servicesOf ends the types of the services of an account that has several. Each is
// there once, is called default, and stands in no name of ours.
const servicesOf = "Services"

// steps are what follows an account in the scope of something in it, as
// identity.Scope takes it.
func steps(id resource.ID) []string {
	names := strings.Split(id.Name, "/")
	types := strings.Split(strings.TrimPrefix(id.Type, id.Account.Type+"/"), "/")
	if len(types) == len(names) {
		return names
	}
	var all []string
	for _, t := range types {
		name := "default"
		if !strings.HasSuffix(t, servicesOf) && len(names) > 0 {
			name, names = names[0], names[1:]
		}
		all = append(all, t, name)
	}
	return all
}

// typeBelow is a type below an account. Scopes of Cosmos DB's data plane call some
// by another name than Resource Manager.
func typeBelow(name string) string {
	switch strings.ToLower(name) {
	case "dbs":
		return "sqlDatabases"
	case "colls":
		return "containers"
	}
	return name
}

// resourceAt finds what is at a scope (see identity.ParseScope). Without a type it
// is the account.
func (e *env) resourceAt(text string) (id resource.ID, err error) {
	scope, err := e.Who.ParseScope(text)
	if err != nil {
		return id, err
	}
	typ, name, below, ok := e.Who.Steps(scope)
	if !ok {
		return id, fault.New(fault.Invalid, "scope "+text, "it is no account and nothing in one; write eventHubs/NAME[/HUB], cosmos/NAME[/DATABASE[/CONTAINER]] or storage/NAME[/blob/CONTAINER]")
	}
	if id.Account, err = e.Exists.Account(typ, name); err != nil {
		return id, e.accountExists(typ, name)
	}
	if len(below) == 0 {
		return id, nil
	}
	id = resourceBelow(id.Account, below)
	if !e.Exists.Exists(id) {
		return id, fault.New(fault.NotFound, e.Exists.Word(id.Type)+" "+id.Name, "there is none in %s; it has %s", id.Account.Name, e.namesOf(id))
	}
	id.Name = e.written(id)
	return id, nil
}

// resourceBelow is what the steps below an account lead to.
func resourceBelow(a resource.Account, below []identity.Step) resource.ID {
	var types, names []string
	for _, s := range below {
		types = append(types, typeBelow(s.Type))
		if !strings.HasSuffix(s.Type, servicesOf) {
			names = append(names, s.Name)
		}
	}
	return resource.ID{Account: a, Type: a.Type + "/" + strings.Join(types, "/"), Name: strings.Join(names, "/")}
}

// written is the name as the thing has it: names of hubs are found without case.
func (e *env) written(id resource.ID) string {
	names := e.Exists.List(id.Account, id.Type)
	if !slices.Contains(names, id.Name) {
		for _, name := range names {
			if strings.EqualFold(name, id.Name) {
				return name
			}
		}
	}
	return id.Name
}

// namesOf are the names of all of a type, for messages.
func (e *env) namesOf(id resource.ID) string {
	const most = 20
	names := e.Exists.List(id.Account, id.Type)
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > most:
		names = append(names[:most:most], "…")
	}
	return strings.Join(names, ", ")
}
