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

func (a *accounts) ensure(wanted []Account) ([]Account, error) {
	next := a.copy()
	first := next.Next
	all := make([]Account, len(wanted))
	for n, want := range wanted {
		i := next.index(want.Type, want.Name)
		if i < 0 {
			i = len(next.Accounts)
			next.Accounts = append(next.Accounts, entry{Account: Account{ID: next.Next, Type: want.Type, Name: want.Name}})
			next.Next++
		}
		all[n] = next.Accounts[i].Account
	}
	if next.Next == first {
		return all, nil
	}
	return all, a.replace(next)
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

func (a *accounts) update(account Account, change func(json.RawMessage) (json.RawMessage, error)) error {
	next := a.copy()
	i := next.place(account)
	if i < 0 {
		return fault.New(fault.NotFound, account.String(), "there is no such account")
	}
	old := next.Accounts[i].Properties
	properties, err := change(old)
	if err != nil || bytes.Equal(properties, old) {
		return err
	}
	if !json.Valid(properties) {
		return fault.New(fault.Invalid, account.String(), "its properties are no JSON")
	}
	next.Accounts[i].Properties = bytes.Clone(properties)
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
