package app

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/page/resources"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// What is taken out of the project file stays, with its data: a mistake in the file
// must not cost any. People are told that it is there and how to delete it. So that
// what came another way, by a client or the portal, is not taken for that, the data
// folder remembers what was ever declared and still exists.

// declaredOnce is something that a project file declared.
type declaredOnce struct {
	Account uint64 `json:"account"`
	Type    string `json:"type"`
	Name    string `json:"name"`
}

// key is equal for what names one thing. Names of hubs have no case.
func (d declaredOnce) key() declaredOnce {
	if strings.HasPrefix(d.Type, resource.Namespaces) {
		d.Name = strings.ToLower(d.Name)
	}
	return d
}

// rememberDeclared adds what the project file declares to what is remembered,
// forgets what is gone, and knows from then on what the file has let go of.
func (e *env) rememberDeclared() error {
	store := textStore{e.Storage.kv, e.Storage.kv.Space(kv.Catalogue), "declared"}
	text, err := store.Load()
	if err != nil {
		return err
	}
	var all, before []declaredOnce
	if text != nil {
		if err := json.Unmarshal(text, &before); err != nil {
			return fault.Wrap(fault.Internal, "list of what was declared", err, "it is damaged")
		}
	}
	now := map[declaredOnce]bool{}
	for _, d := range e.Given.Declared {
		once := declaredOnce{d.id.Account.ID, d.id.Type, d.id.Name}
		all, now[once.key()] = append(all, once), true
	}
	e.once = nil
	for _, d := range before {
		if now[d.key()] {
			continue
		}
		if id, exists := e.stillThere(d); exists {
			all, e.once = append(all, d), append(e.once, id)
		}
	}
	if len(all) == 0 && text == nil {
		return nil
	}
	next, err := json.Marshal(all)
	if err != nil || bytes.Equal(next, text) {
		return err
	}
	return store.Save(next)
}

func (e *env) stillThere(d declaredOnce) (id resource.ID, exists bool) {
	for _, kind := range e.Given.Accounts {
		for _, a := range e.Exists.Accounts(kind.typ) {
			if a.ID == d.Account {
				id = resource.ID{Account: a, Type: d.Type, Name: d.Name}
				return id, e.Exists.Exists(id)
			}
		}
	}
	return id, false
}

// undeclared is what the project file has let go of: accounts, and what is in
// those that it still names.
func (e *env) undeclared() (all []resources.Thing) {
	for _, kind := range e.Given.Accounts {
		for _, a := range e.Exists.Accounts(kind.typ) {
			if !slices.Contains(e.Storage.own, a) {
				all = append(all, e.accountThing(a))
			}
		}
	}
	for _, id := range e.once {
		outer := resource.ID{Account: id.Account, Type: resource.Databases}
		outer.Name, _, _ = strings.Cut(id.Name, "/")
		inside := id.Type == resource.Containers && slices.Contains(e.once, outer) // it goes with its database
		if slices.Contains(e.Storage.own, id.Account) && !inside && e.Exists.Exists(id) {
			all = append(all, e.thing(id))
		}
	}
	return all
}

func (e *env) accountThing(a resource.Account) resources.Thing {
	scope := e.Who.Scope(a.Type, a.Name)
	kind, _ := e.kindOf(a.Type)
	word := kind.word
	if word == "" {
		word = "account"
	}
	return resources.Thing{
		Scope: e.Who.Short(scope), Command: "lazuli delete " + e.Who.Word(scope), Word: word,
		Holds: e.Exists.HeldBy(a), Declared: slices.Contains(e.Storage.own, a),
	}
}

func (e *env) thing(id resource.ID) resources.Thing {
	scope := e.Who.Scope(id.Account.Type, id.Account.Name, steps(id)...)
	at := declaredOnce{id.Account.ID, id.Type, id.Name}
	return resources.Thing{
		Scope: e.Who.Short(scope), Command: "lazuli delete " + e.Who.Word(scope), Word: e.Exists.Word(id.Type), Holds: e.Exists.Holds(id),
		Declared: slices.ContainsFunc(e.Given.Declared, func(d declared) bool {
			return at.key() == declaredOnce{d.id.Account.ID, d.id.Type, d.id.Name}.key()
		}),
	}
}
