// Package resource is the list of what exists, and the one way in which
// something comes to be or goes.
//
// The catalogue itself keeps accounts, durably. For what is in them the engines
// are the truth, and a Kind per type of resource leads there: the project file,
// a client's request and the first use by name all end in the same Apply. The
// package knows no engine and no wire; engines never read the catalogue.
package resource

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Catalogue is safe for concurrent use.
type Catalogue struct {
	accounts *accounts
	kinds    map[string]Kind // by type; written by Register alone

	change sync.Mutex // held while something comes or goes, so that two makers of one thing make one
	mu     sync.Mutex // guards watched
	// watched are the channels that the next change of a resource closes.
	watched map[string]chan struct{}
	// moved is what the next change of an account closes; guarded by mu.
	moved chan struct{}

	leaving func(Account) error // see OnLeaving
}

// Open reads the accounts that the store keeps.
func Open(store Store) (*Catalogue, error) {
	a, err := openAccounts(store)
	if err != nil {
		return nil, err
	}
	return &Catalogue{accounts: a, kinds: map[string]Kind{}, watched: map[string]chan struct{}{}, moved: make(chan struct{})}, nil
}

// Account returns the account of a type with the name, compared without case.
func (c *Catalogue) Account(typ, name string) (Account, error) { return c.accounts.find(typ, name) }

// EnsureAccount returns the account, made durably when it is missing.
func (c *Catalogue) EnsureAccount(typ, name string) (Account, error) {
	all, err := c.DeclareAccounts([]Account{{Type: typ, Name: name}}, nil)
	if err != nil {
		return Account{}, err
	}
	return all[0], nil
}

// DeclareAccounts returns the accounts of those types and names, in their order;
// ids are not read. All that are missing are made, and the properties of all
// changed, in one durable step: after a crash there is all of it or nothing.
// change may be nil.
func (c *Catalogue) DeclareAccounts(wanted []Account, change Change) ([]Account, error) {
	c.change.Lock()
	defer c.change.Unlock()
	defer c.accountsChanged()
	return c.accounts.declare(wanted, change)
}

// DeclareAccountIn is DeclareAccounts for one account in a resource group: "" is the
// project's own. fault.Conflict says that another group has one of that name.
func (c *Catalogue) DeclareAccountIn(want Account, group string, change Change) (Account, error) {
	c.change.Lock()
	defer c.change.Unlock()
	defer c.accountsChanged()
	return c.accounts.declareIn(want, group, change)
}

// Group is the resource group of the account of a type and name, "" for the project's
// own.
func (c *Catalogue) Group(typ, name string) string { return c.accounts.group(typ, name) }

// Properties are what was said about an account, as JSON that its service knows
// (keys, rules, switches); nil when nothing was.
func (c *Catalogue) Properties(account Account) json.RawMessage {
	return c.accounts.properties(account)
}

// UpdateAccount changes the properties of an account. change gets what they are
// (nil at first) and returns what they become; they are durable when
// UpdateAccount returns. An error of change leaves them.
func (c *Catalogue) UpdateAccount(account Account, change func(old json.RawMessage) (json.RawMessage, error)) error {
	c.change.Lock()
	defer c.change.Unlock()
	defer c.accountsChanged()
	return c.accounts.update(account, func(_ Account, old json.RawMessage) (json.RawMessage, error) { return change(old) })
}

// WatchAccounts returns a channel that is closed when an account is next made,
// changed or removed. Ask for it before looking, so that no change is missed.
func (c *Catalogue) WatchAccounts() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.moved
}

func (c *Catalogue) accountsChanged() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.moved)
	c.moved = make(chan struct{})
}

// Accounts returns all accounts of a type, oldest first.
func (c *Catalogue) Accounts(typ string) []Account { return c.accounts.list(typ) }

// OnLeaving calls f for an account that goes, when nothing is in it any more and
// before its name is free: what is known of it elsewhere, such as roles that are
// held at it, must not be its successor's. It is called before anything is made.
func (c *Catalogue) OnLeaving(f func(Account) error) { c.leaving = f }

// RemoveAccount deletes everything in an account, then the account: a crash
// between leaves the account, and deleting it again goes on.
func (c *Catalogue) RemoveAccount(ctx context.Context, account Account) error {
	c.change.Lock()
	defer c.change.Unlock()
	for _, typ := range c.types() {
		if !strings.HasPrefix(typ, account.Type+"/") || c.inAnother(typ) {
			continue // what is deeper goes with what it is in
		}
		for _, name := range c.kinds[typ].List(account) {
			if err := c.kinds[typ].Remove(ctx, account, name); err != nil {
				return err
			}
			c.changed(ID{account, typ, name})
		}
	}
	if c.leaving != nil {
		if err := c.leaving(account); err != nil {
			return err
		}
	}
	defer c.accountsChanged()
	return c.accounts.remove(account)
}

// inAnother reports whether a type is of things that are in another thing than an
// account. Types of one name may have more parts than one: blobServices/containers.
func (c *Catalogue) inAnother(typ string) bool {
	for i := len(typ) - 1; i > 0; i-- {
		if _, known := c.kinds[typ[:i]]; known && typ[i] == '/' {
			return true
		}
	}
	return false
}

// Word is what a type of thing is called.
func (c *Catalogue) Word(typ string) string { return cmp.Or(c.kinds[typ].Word, "resource") }

// Holds is what a resource holds, in words; "" where its kind does not say.
func (c *Catalogue) Holds(id ID) string {
	if k := c.kinds[id.Type]; k.Holds != nil {
		return k.Holds(id.Account, id.Name)
	}
	return ""
}

// HeldBy is what is right in an account: how many of each type, in words.
func (c *Catalogue) HeldBy(account Account) string {
	var all []string
	for _, typ := range c.types() {
		if !strings.HasPrefix(typ, account.Type+"/") || c.inAnother(typ) {
			continue
		}
		if n := len(c.List(account, typ)); n > 0 {
			all = append(all, Counted(int64(n), c.Word(typ)))
		}
	}
	return cmp.Or(strings.Join(all, ", "), "nothing")
}

// Counted is a number of things in words: 1 hub, 2 hubs.
func Counted(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// Register adds kinds, before anything is made. A second kind of one type is a
// mistake of the program.
func (c *Catalogue) Register(kinds ...Kind) error {
	for _, k := range kinds {
		if _, twice := c.kinds[k.Type]; twice || k.Exists == nil || k.List == nil || k.Apply == nil || k.Remove == nil {
			return fault.New(fault.Internal, k.Type, "a kind is registered once, with Exists, List, Apply and Remove")
		}
		c.kinds[k.Type] = k
	}
	return nil
}

// Ensure makes a resource, or brings one that exists up to date. nil properties
// are the kind's default.
func (c *Catalogue) Ensure(ctx context.Context, id ID, properties json.RawMessage) error {
	k, err := c.kind(id)
	if err != nil {
		return err
	}
	c.change.Lock()
	defer c.change.Unlock()
	return c.apply(ctx, k, id, properties)
}

// Create makes a resource that must be new: fault.Conflict otherwise.
func (c *Catalogue) Create(ctx context.Context, id ID, properties json.RawMessage) error {
	k, err := c.kind(id)
	if err != nil {
		return err
	}
	c.change.Lock()
	defer c.change.Unlock()
	if k.Exists(id.Account, id.Name) {
		return fault.New(fault.Conflict, id.String(), "it exists")
	}
	return c.apply(ctx, k, id, properties)
}

// Need makes a resource that is missing, with what it is in, and leaves one that
// exists as it is. Without properties it is a use by name, which the kind may
// refuse (see Kind.OnUse).
func (c *Catalogue) Need(ctx context.Context, id ID, properties json.RawMessage) error {
	k, err := c.kind(id)
	if err != nil || k.Exists(id.Account, id.Name) {
		return err
	}
	c.change.Lock()
	defer c.change.Unlock()
	return c.need(ctx, k, id, properties)
}

func (c *Catalogue) need(ctx context.Context, k Kind, id ID, properties json.RawMessage) error {
	if k.Exists(id.Account, id.Name) {
		return nil // somebody else made it meanwhile
	}
	if properties == nil {
		if k.OnUse == nil {
			return fault.New(fault.NotFound, id.String(), "there is none")
		}
		if err := k.OnUse(id.Account, id.Name); err != nil {
			return err
		}
	}
	if err := c.needOuter(ctx, id, properties != nil); err != nil {
		return err
	}
	return c.apply(ctx, k, id, properties)
}

// needOuter makes what a resource is in: explicitly, if the resource was asked
// for with properties, and otherwise as another use by name.
func (c *Catalogue) needOuter(ctx context.Context, id ID, explicitly bool) error {
	outer, ok := id.outer()
	if !ok {
		return nil
	}
	k, err := c.kind(outer)
	if err != nil {
		return err
	}
	var properties json.RawMessage
	if explicitly {
		properties = k.defaults()
	}
	return c.need(ctx, k, outer, properties)
}

// Remove deletes a resource and everything in it.
func (c *Catalogue) Remove(ctx context.Context, id ID) error {
	k, err := c.kind(id)
	if err != nil {
		return err
	}
	c.change.Lock()
	defer c.change.Unlock()
	if err := k.Remove(ctx, id.Account, id.Name); err != nil {
		return err
	}
	c.changed(id)
	return nil
}

// Exists asks the engine.
func (c *Catalogue) Exists(id ID) bool {
	k, err := c.kind(id)
	return err == nil && k.Exists(id.Account, id.Name)
}

// MayBe is nil when the resource exists, or comes to be when somebody names it;
// otherwise the error says where to declare it.
func (c *Catalogue) MayBe(id ID) error {
	k, err := c.kind(id)
	switch {
	case err != nil || k.Exists(id.Account, id.Name):
		return err
	case k.OnUse == nil:
		return fault.New(fault.NotFound, id.String(), "there is none")
	}
	return k.OnUse(id.Account, id.Name)
}

// List returns the names of all resources of a type in an account.
func (c *Catalogue) List(account Account, typ string) []string {
	k, known := c.kinds[typ]
	if !known {
		return nil
	}
	return k.List(account)
}

// Watch returns a channel that is closed when the resource is next made,
// changed or removed. Ask for it before looking at the resource, so that no
// change is missed.
func (c *Catalogue) Watch(id ID) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch, ok := c.watched[id.key()]
	if !ok {
		ch = make(chan struct{})
		c.watched[id.key()] = ch
	}
	return ch
}

func (c *Catalogue) changed(id ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ch, ok := c.watched[id.key()]; ok {
		close(ch)
		delete(c.watched, id.key())
	}
}

func (c *Catalogue) apply(ctx context.Context, k Kind, id ID, properties json.RawMessage) error {
	if properties == nil {
		properties = k.defaults()
	}
	if err := k.Apply(ctx, id.Account, id.Name, properties); err != nil {
		return err
	}
	c.changed(id)
	return nil
}

func (c *Catalogue) kind(id ID) (Kind, error) {
	k, ok := c.kinds[id.Type]
	if !ok {
		return k, fault.New(fault.Invalid, id.Type, "nothing of this type can exist here; there are %s", strings.Join(c.types(), ", "))
	}
	if depth, inside := depthIn(id.Account, id.Type); !inside || depth != 1+strings.Count(id.Name, "/") {
		return k, fault.New(fault.Invalid, id.String(), "it cannot be in %s under this name", id.Account)
	}
	return k, nil
}

// depthIn is how many names lead from an account to what is of a type in it. The
// services of an account, as blobServices, have only ever the name default, which
// names leave out.
func depthIn(account Account, typ string) (depth int, inside bool) {
	path, inside := strings.CutPrefix(typ, account.Type+"/")
	for segment := range strings.SplitSeq(path, "/") {
		if !strings.HasSuffix(segment, "Services") {
			depth++
		}
	}
	return depth, inside
}

func (c *Catalogue) types() []string { return slices.Sorted(maps.Keys(c.kinds)) }
