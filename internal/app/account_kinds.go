package app

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/page/keys"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// accountKind is what the house knows of a type of accounts whose keys open them.
// Properties are as the catalogue keeps them.
type accountKind struct {
	typ     string
	service string // Event Hubs
	word    string // what one is called where people read: namespace; "": account

	// keys are those of an account. The house says which account they belong to.
	keys func(a resource.Account, properties json.RawMessage) ([]keys.Key, error)
	// regenerate makes one anew.
	regenerate func(w keys.Which, old json.RawMessage) (json.RawMessage, error)
	// owner is the key that opens all of an account, with the name of its policy
	// where it has one; none where keys open nothing.
	owner func(properties json.RawMessage) (rule, key string)
}

// declareAccounts makes the accounts of a type that the project file names, where
// they are missing, and changes the properties of all of them, in one step.
func (s *dataFolder) declareAccounts(typ string, names []string, change resource.Change) ([]resource.Account, error) {
	wanted := make([]resource.Account, len(names))
	for n, name := range names {
		wanted[n] = resource.Account{Type: typ, Name: name}
	}
	own, err := s.exists.DeclareAccounts(wanted, change)
	s.own = append(s.own, own...)
	return own, err
}

// kindOf is the kind of an account.
func (e *env) kindOf(typ string) (accountKind, bool) {
	i := slices.IndexFunc(e.Given.Accounts, func(k accountKind) bool { return k.typ == typ })
	if i < 0 {
		return accountKind{}, false
	}
	return e.Given.Accounts[i], true
}

// keysPages lists and renews the keys of all accounts.
func (e *env) keysPages() keys.Config {
	return keys.Config{List: e.allKeys, Regenerate: e.regenerate, Log: e.Log.With("component", "keys")}
}

func (e *env) allKeys() (all []keys.Key, err error) {
	for _, kind := range e.Given.Accounts {
		for _, a := range e.Exists.Accounts(kind.typ) {
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
func (e *env) keysOf(a resource.Account) ([]keys.Key, error) {
	kind, ok := e.kindOf(a.Type)
	if !ok {
		return nil, nil
	}
	all, err := kind.keys(a, e.Exists.Properties(a))
	for i := range all {
		all[i].Type, all[i].Service, all[i].Account = a.Type, kind.service, a.Name
	}
	return all, err
}

// regenerate makes a new key. One that the project file sets is the file's to
// change: at the next start it would be the old one again.
func (e *env) regenerate(w keys.Which) (keys.Key, error) {
	kind, known := e.kindOf(w.Type)
	a, err := e.Exists.Account(w.Type, w.Account)
	if err != nil || !known {
		return keys.Key{}, fault.New(fault.NotFound, "account "+w.Account, "there is none; there are %s", e.accountNames(w.Type))
	}
	old, _, err := e.keyOf(a, w)
	if err != nil {
		return keys.Key{}, err
	}
	if old.Given != "" {
		return keys.Key{}, fault.New(fault.Conflict, w.Name+" key", "%s", givenText(old.Given))
	}
	err = e.Exists.UpdateAccount(a, func(old json.RawMessage) (json.RawMessage, error) { return kind.regenerate(w, old) })
	if err != nil {
		return keys.Key{}, err
	}
	made, there, err := e.keyOf(a, w)
	if err == nil && !there {
		err = fault.New(fault.NotFound, w.Name+" key", "it went away meanwhile")
	}
	return made, err
}

// keyOf finds a key of an account.
func (e *env) keyOf(a resource.Account, w keys.Which) (keys.Key, bool, error) {
	all, err := e.keysOf(a)
	i := slices.IndexFunc(all, func(k keys.Key) bool {
		return k.Policy == w.Policy && strings.EqualFold(k.Hub, w.Hub) && k.Name == w.Name
	})
	if err != nil || i < 0 {
		return keys.Key{}, false, err
	}
	return all[i], true, nil
}

// givenText says why a key that the configuration sets cannot be made anew.
func givenText(at string) string {
	return at + " sets it, in " + config.FileName + " or by default (the emulator's well-known key); change it there"
}
