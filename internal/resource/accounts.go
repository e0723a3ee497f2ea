package resource

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Store keeps the catalogue's one text: a JSON object with the accounts and the
// next id. It is small (an account is some hundred bytes) and changes rarely, so
// it is written whole.
type Store interface {
	// Load returns what was saved last, or nil.
	Load() ([]byte, error)
	// Save replaces it. It is durable when Save returns.
	Save(text []byte) error
}

// accounts are all accounts. Their list is written before it is seen.
type accounts struct {
	store Store

	mu   sync.RWMutex // guards book
	book book
}

// book is what the store keeps.
type book struct {
	Next     uint64  `json:"next"` // the id of the next account; it only grows
	Accounts []entry `json:"accounts"`
}

// entry is an account and what was said about it.
type entry struct {
	Account
	Group      string          `json:"group,omitempty"` // resource group; "" is the project's own
	Properties json.RawMessage `json:"properties,omitempty"`
}

func openAccounts(store Store) (*accounts, error) {
	text, err := store.Load()
	if err != nil {
		return nil, fmt.Errorf("read the list of accounts: %w", err)
	}
	a := &accounts{store: store, book: book{Next: 1}}
	if text == nil {
		return a, nil
	}
	if err := json.Unmarshal(text, &a.book); err != nil {
		return nil, fault.Wrap(fault.Internal, "list of accounts", err, "it is damaged")
	}
	return a, nil
}

func (a *accounts) find(typ, name string) (Account, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if i := a.book.index(typ, name); i >= 0 {
		return a.book.Accounts[i].Account, nil
	}
	return Account{}, fault.New(fault.NotFound, typ+" "+name, "there is no such account")
}

// index is where the account stands, or -1. Names are compared without case.
func (b book) index(typ, name string) int {
	return slices.IndexFunc(b.Accounts, func(x entry) bool { return x.Type == typ && strings.EqualFold(x.Name, name) })
}

func (a *accounts) list(typ string) []Account {
	a.mu.RLock()
	defer a.mu.RUnlock()
	var all []Account
	for _, e := range a.book.Accounts {
		if e.Type == typ {
			all = append(all, e.Account)
		}
	}
	return all
}

// Change turns the properties of an account, nil at first, into what they become.
type Change func(account Account, old json.RawMessage) (json.RawMessage, error)

// declare makes the accounts that are missing and changes the properties of all,
// in one durable step, or in none where nothing changes. change may be nil.
func (a *accounts) declare(wanted []Account, change Change) ([]Account, error) {
	next := a.copy()
	first := next.Next
	all, changed := make([]Account, len(wanted)), false
	for n, want := range wanted {
		i := next.index(want.Type, want.Name)
		if i < 0 {
			i = len(next.Accounts)
			next.Accounts = append(next.Accounts, entry{Account: Account{ID: next.Next, Type: want.Type, Name: want.Name}})
			next.Next++
		}
		all[n] = next.Accounts[i].Account
		if change == nil {
			continue
		}
		different, err := next.change(i, change)
		if err != nil {
			return nil, err
		}
		changed = changed || different
	}
	if next.Next == first && !changed {
		return all, nil
	}
	return all, a.replace(next)
}

// change changes the properties of an entry and reports whether they are others.
func (b book) change(i int, change Change) (bool, error) {
	e := &b.Accounts[i]
	properties, err := change(e.Account, e.Properties)
	if err != nil || bytes.Equal(properties, e.Properties) {
		return false, err
	}
	if !json.Valid(properties) {
		return false, fault.New(fault.Invalid, e.String(), "its properties are no JSON")
	}
	e.Properties = bytes.Clone(properties)
	return true, nil
}

// declareIn is declare for one account in a resource group: one of that name in
// another group is not touched.
func (a *accounts) declareIn(want Account, group string, change Change) (Account, error) {
	next := a.copy()
	i := next.index(want.Type, want.Name)
	made := i < 0
	if made {
		i = len(next.Accounts)
		next.Accounts = append(next.Accounts, entry{Account: Account{ID: next.Next, Type: want.Type, Name: want.Name}, Group: group})
		next.Next++
	} else if have := next.Accounts[i]; !strings.EqualFold(have.Group, group) {
		return Account{}, fault.New(fault.Conflict, want.String(), "the name is taken, in another resource group")
	}
	changed, err := next.change(i, change)
	if err != nil || !made && !changed {
		return next.Accounts[i].Account, err
	}
	return next.Accounts[i].Account, a.replace(next)
}

// group is the resource group of an account.
func (a *accounts) group(typ, name string) string {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if i := a.book.index(typ, name); i >= 0 {
		return a.book.Accounts[i].Group
	}
	return ""
}

func (a *accounts) remove(account Account) error {
	next := a.copy()
	next.Accounts = slices.DeleteFunc(next.Accounts, func(x entry) bool { return x.ID == account.ID })
	if len(next.Accounts) == len(a.book.Accounts) {
		return fault.New(fault.NotFound, account.String(), "there is no such account")
	}
	return a.replace(next)
}

// properties are what was said about the account, or nil.
func (a *accounts) properties(account Account) json.RawMessage {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if i := a.book.place(account); i >= 0 {
		return a.book.Accounts[i].Properties
	}
	return nil
}

// place is where the very account stands, or -1.
func (b book) place(account Account) int {
	return slices.IndexFunc(b.Accounts, func(x entry) bool { return x.ID == account.ID })
}

func (a *accounts) update(account Account, change Change) error {
	next := a.copy()
	i := next.place(account)
	if i < 0 {
		return fault.New(fault.NotFound, account.String(), "there is no such account")
	}
	if different, err := next.change(i, change); err != nil || !different {
		return err
	}
	return a.replace(next)
}

func (a *accounts) copy() book {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return book{a.book.Next, slices.Clone(a.book.Accounts)}
}

func (a *accounts) replace(next book) error {
	text, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := a.store.Save(text); err != nil {
		return fmt.Errorf("write the list of accounts: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.book = next
	return nil
}
