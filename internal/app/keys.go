package app

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/page/keys"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// keysPages lists and renews the keys of all accounts.
func (e *env) keysPages() keys.Config {
	return keys.Config{List: e.allKeys, Regenerate: e.regenerate, Log: e.Log.With("component", "keys")}
}

func (e *env) allKeys() (all []keys.Key, err error) {
	for _, typ := range []string{resource.Namespaces, resource.CosmosAccounts} {
		for _, a := range e.Exists.Accounts(typ) {
			own, err := e.keysOf(a)
			if err != nil {
				return nil, err
			}
			all = append(all, own...)
		}
	}
	return all, nil
}

// keysOf are the keys of an account.
func (e *env) keysOf(a resource.Account) (all []keys.Key, err error) {
	properties := e.Exists.Properties(a)
	add := func(k keys.Key) {
		k.Type, k.Account = a.Type, a.Name
		k.Given = e.given(k)
		all = append(all, k)
	}
	switch a.Type {
	case resource.Namespaces:
		p, err := eventhubs.ReadNamespace(properties)
		if err != nil {
			return nil, err
		}
		for _, x := range p.Policies {
			k := keys.Key{Policy: x.Name, Hub: x.Hub, Rights: strings.Join(x.Rights, ", "), Closed: p.DisableLocalAuth}
			k.Name, k.Value = cosmos.PrimaryKey, x.Primary
			add(k)
			k.Name, k.Value = cosmos.SecondaryKey, x.Secondary
			add(k)
		}
	case resource.CosmosAccounts:
		p, err := cosmos.ReadAccount(properties)
		if err != nil {
			return nil, err
		}
		for _, k := range []keys.Key{
			{Name: cosmos.PrimaryKey, Value: p.Primary, Rights: "read and write"},
			{Name: cosmos.SecondaryKey, Value: p.Secondary, Rights: "read and write"},
			{Name: cosmos.PrimaryReadOnlyKey, Value: p.PrimaryReadOnly, Rights: "read"},
			{Name: cosmos.SecondaryReadOnlyKey, Value: p.SecondaryReadOnly, Rights: "read"},
		} {
			k.Closed = p.DisableLocalAuth
			add(k)
		}
	}
	return all, nil
}

// given is the key of the project file that sets a key, or "".
func (e *env) given(k keys.Key) string {
	primary, secondary := k.Name == cosmos.PrimaryKey, k.Name == cosmos.SecondaryKey
	if k.Type == resource.CosmosAccounts {
		for _, a := range e.Config.Cosmos.All() {
			switch {
			case !strings.EqualFold(a.Name, k.Account):
			case primary && a.Key != "":
				return a.Path + ".key"
			case secondary && a.SecondaryKey != "":
				return a.Path + ".secondaryKey"
			}
		}
		return ""
	}
	for _, n := range e.Config.EventHubs.All() {
		for i, r := range n.Rules {
			switch {
			case !strings.EqualFold(n.Name, k.Account) || r.Name != k.Policy || !strings.EqualFold(r.Hub, k.Hub):
			case primary && r.Key != "":
				return fmt.Sprintf("%s.rules[%d].key", n.Path, i)
			case secondary && r.SecondaryKey != "":
				return fmt.Sprintf("%s.rules[%d].secondaryKey", n.Path, i)
			}
		}
	}
	return ""
}

// regenerate makes a new key. One that the project file sets is the file's to
// change: at the next start it would be the old one again.
func (e *env) regenerate(w keys.Which) (keys.Key, error) {
	a, err := e.Exists.Account(w.Type, w.Account)
	if err != nil {
		return keys.Key{}, fault.New(fault.NotFound, "account "+w.Account, "there is none; there are %s", e.accountNames(w.Type))
	}
	if a.Type == resource.CosmosAccounts && w.Policy+w.Hub != "" {
		return keys.Key{}, fault.New(fault.Invalid, "policy", "keys of an account belong to no policy and no hub")
	}
	wanted := keys.Key{Type: w.Type, Account: a.Name, Policy: w.Policy, Hub: w.Hub, Name: w.Name}
	if at := e.given(wanted); at != "" {
		return keys.Key{}, fault.New(fault.Conflict, w.Name+" key", "%s", givenText(at))
	}
	err = e.Exists.UpdateAccount(a, func(old json.RawMessage) (json.RawMessage, error) {
		if a.Type == resource.CosmosAccounts {
			p, err := cosmos.ReadAccount(old)
			if err == nil {
				err = p.Regenerate(w.Name)
			}
			return p.JSON(), err
		}
		p, err := eventhubs.ReadNamespace(old)
		switch {
		case err != nil:
		case w.Name == cosmos.PrimaryKey || w.Name == cosmos.SecondaryKey:
			err = p.Regenerate(w.Policy, w.Hub, w.Name == cosmos.SecondaryKey)
		default:
			err = fault.New(fault.Invalid, "key "+w.Name, "a policy has a primary and a secondary one")
		}
		return p.JSON(), err
	})
	if err != nil {
		return keys.Key{}, err
	}
	all, err := e.keysOf(a)
	for _, k := range all {
		if k.Policy == w.Policy && strings.EqualFold(k.Hub, w.Hub) && k.Name == w.Name {
			return k, nil
		}
	}
	return keys.Key{}, err
}

// givenText says why a key that the configuration sets cannot be made anew.
func givenText(at string) string {
	return at + " sets it, in " + config.FileName + " or by default (the emulator's well-known key); change it there"
}
