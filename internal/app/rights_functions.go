package app

import (
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Functions reach hubs and containers of this process without a door between.
// What their connection may is held all the same: by its key, or by the roles of
// the identity that it names. So an app that works here works by the same
// settings on Azure.

// hubUse says what a connection of functions may in a namespace.
func (e *env) hubUse(c settings.Connection, a resource.Account) func(hub string, send bool) error {
	if e.Who == nil {
		return nil
	}
	access := e.hubAccess(a)
	return func(hub string, send bool) error {
		right := eventhubs.Listen
		if send {
			right = eventhubs.Send
		}
		if c.UsesIdentity() {
			return e.mayAs(c, hubActions[right], e.Who.Scope(resource.Namespaces, a.Name, hub))
		}
		rules, local := access.Rules()
		policy, key, found := c.Key()
		switch {
		case !found:
			return fault.New(fault.Forbidden, c.Named(), "its connection string holds no SharedAccessKey")
		case !local:
			return localAuthOff(c, a)
		}
		for _, r := range rules {
			if r.Name == policy && (r.Hub == "" || strings.EqualFold(r.Hub, hub)) && (sameKey(key, r.Key) || sameKey(key, r.SecondaryKey)) {
				if r.Rights.Has(right) {
					return nil
				}
				return fault.New(fault.Forbidden, c.Named(), "the policy %s has not the right %s on hub %s", policy, right, hub)
			}
		}
		return wrongKey(c, a)
	}
}

// Data actions of functions' uses of containers, as Cosmos DB's roles have them.
var containerActions = map[container.Use][]string{
	container.ReadFeed:  {documentAction + "readChangeFeed"},
	container.KeepLease: {documentAction + "items/read", documentAction + "items/create", documentAction + "items/replace"},
	container.Upsert:    {documentAction + "items/upsert"},
	container.ReadItem:  {documentAction + "items/read"},
	container.AskQuery:  {documentAction + "executeQuery"},
}

// readingUses are those for which a read-only key is enough.
var readingUses = []container.Use{container.ReadFeed, container.ReadItem, container.AskQuery}

const documentAction = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/"

// containerUse says what a connection of functions may in an account.
func (e *env) containerUse(c settings.Connection, a resource.Account) func(use container.Use, database, name string) error {
	if e.Who == nil {
		return nil
	}
	access := e.documentAccess(a)
	return func(use container.Use, database, name string) error {
		if c.UsesIdentity() {
			for _, action := range containerActions[use] {
				if err := e.mayAs(c, action, e.Who.Scope(resource.CosmosAccounts, a.Name, database, name)); err != nil {
					return err
				}
			}
			return nil
		}
		_, key, found := c.Key()
		keys := access.Keys()
		switch {
		case !found:
			return fault.New(fault.Forbidden, c.Named(), "its connection string holds no AccountKey")
		case keys.Disabled:
			return localAuthOff(c, a)
		case sameKey(key, keys.Primary), sameKey(key, keys.Secondary):
			return nil
		case sameKey(key, keys.PrimaryReadOnly), sameKey(key, keys.SecondaryReadOnly):
			if slices.Contains(readingUses, use) {
				return nil
			}
			return fault.New(fault.Forbidden, c.Named(), "its key is read-only, and the function writes to %s/%s", database, name)
		}
		return wrongKey(c, a)
	}
}

// mayAs asks whether the identity that a connection names may do the action.
func (e *env) mayAs(c settings.Connection, action, scope string) error {
	p, err := e.principalOf(c)
	if err != nil {
		return err
	}
	return e.Who.Check(p.Caller, action, scope)
}

// principalOf is the identity that a connection names: the function app's own, a
// user-assigned one that the app has, or an application with its secret.
func (e *env) principalOf(c settings.Connection) (identity.Principal, error) {
	id := c.Identity
	if id.ClientID == "" {
		return e.Who.Principal(identity.FunctionApp.Named(c.App))
	}
	p, err := e.Who.Principal(id.ClientID)
	if err != nil {
		return p, fault.Wrap(fault.Forbidden, c.Named(), err, "its identity")
	}
	if p.Kind == identity.UserAssigned {
		for _, app := range p.Apps {
			if strings.EqualFold(app, c.App) {
				return p, nil
			}
		}
		return p, fault.New(fault.Forbidden, c.Named(), "the identity %s is not given to function app %s; list it under identity.userAssigned.%s.apps",
			p.Name, c.App, p.Plain())
	}
	secret := e.Config.Identity.Applications[p.Plain()].Secret
	if p.Kind != identity.Application || secret == "" || !sameKey(id.ClientSecret, secret) {
		return p, fault.New(fault.Forbidden, c.Named(), "its clientSecret is not that of %s", p.Name)
	}
	return p, nil
}

func localAuthOff(c settings.Connection, a resource.Account) error {
	return fault.New(fault.Forbidden, c.Named(), "local authentication is off in %s, so that its key opens nothing; use an identity", a.Name)
}

func wrongKey(c settings.Connection, a resource.Account) error {
	flag := "--namespace "
	switch a.Type {
	case resource.CosmosAccounts:
		flag = "--account "
	case resource.StorageAccounts:
		flag = "--storage "
	}
	return fault.New(fault.Forbidden, c.Named(), "its key opens nothing in %s; `lazuli env %s%s` prints one that does", a.Name, flag, a.Name)
}

// sameKey compares in a time that says nothing of where they differ. An empty key
// is none.
func sameKey(given, key string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(key))
	return key != "" && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
