package app

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// standing is what an account's properties say of access. It is read again when
// accounts have changed, and until then costs no look-up.
type standing[T any] struct {
	exists  *resource.Catalogue
	account resource.Account
	read    func(properties json.RawMessage) T
	last    atomic.Pointer[read[T]]
}

// read is what was read, until changed is closed.
type read[T any] struct {
	changed <-chan struct{}
	value   T
}

func (s *standing[T]) now() T {
	if last := s.last.Load(); last != nil {
		select {
		case <-last.changed:
		default:
			return last.value
		}
	}
	next := &read[T]{changed: s.exists.WatchAccounts()} // before the look, which must not miss a change
	next.value = s.read(s.exists.Properties(s.account))
	s.last.Store(next)
	return next.value
}

// accessChanges tells of changes of keys, switches, roles and principals alike.
type accessChanges struct {
	e *env

	mu sync.Mutex
	ch chan struct{} // closed at the next change; guarded by mu
}

func newAccessChanges(e *env) *accessChanges { return &accessChanges{e: e, ch: make(chan struct{})} }

// changed is closed at the next change.
func (c *accessChanges) changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ch
}

// accessChanged is changed, or nil where no identities are.
func (e *env) accessChanged() func() <-chan struct{} {
	if e.Access == nil {
		return nil
	}
	return e.Access.changed
}

// run passes changes on until ctx ends.
func (c *accessChanges) run(ctx context.Context) error {
	accounts, roles := c.e.Exists.WatchAccounts(), c.e.Who.Changed()
	for {
		select {
		case <-accounts:
		case <-roles:
		case <-ctx.Done():
			return nil
		}
		accounts, roles = c.e.Exists.WatchAccounts(), c.e.Who.Changed() // before it is told, so that nothing is missed
		c.mu.Lock()
		close(c.ch)
		c.ch = make(chan struct{})
		c.mu.Unlock()
	}
}

// hubAccess is who may do what in a namespace.
type hubAccess struct {
	e        *env
	account  resource.Account
	policies standing[hubPolicies]
}

type hubPolicies struct {
	rules []eventhubs.Rule
	local bool
}

func (e *env) hubAccess(a resource.Account) *hubAccess {
	return &hubAccess{e: e, account: a, policies: standing[hubPolicies]{exists: e.Exists, account: a, read: readPolicies}}
}

// readPolicies opens nothing where the properties cannot be read.
func readPolicies(properties json.RawMessage) hubPolicies {
	p, err := eventhubs.ReadNamespace(properties)
	if err != nil {
		return hubPolicies{}
	}
	rules, err := p.Rules()
	if err != nil {
		return hubPolicies{}
	}
	return hubPolicies{rules: rules, local: !p.DisableLocalAuth}
}

// Rules are the policies of the namespace.
func (a *hubAccess) Rules() ([]eventhubs.Rule, bool) {
	p := a.policies.now()
	return p.rules, p.local
}

// Changed is closed when any account, role or principal changes.
func (a *hubAccess) Changed() <-chan struct{} { return a.e.Access.changed() }

// hubActions are the data actions of the rights, as Azure's roles have them.
var hubActions = map[eventhubs.Rights]string{
	eventhubs.Send:   "Microsoft.EventHub/namespaces/messages/send/action",
	eventhubs.Listen: "Microsoft.EventHub/namespaces/messages/receive/action",
}

// Verify takes tokens of the local issuer for Event Hubs, or for the namespace.
func (a *hubAccess) Verify(_ context.Context, token string) (eventhubs.Bearer, error) {
	audiences := []string{"https://eventhubs.azure.net", "https://servicebus.azure.net"}
	for _, host := range a.e.hosts(a.account) {
		audiences = append(audiences, "https://"+host, "sb://"+host)
	}
	caller, expires, err := a.e.Issuer.Verify(token, audiences)
	if err != nil {
		return eventhubs.Bearer{}, err
	}
	return eventhubs.Bearer{Principal: caller.Name, Expires: expires, May: func(right eventhubs.Rights, hub string) error {
		var path []string
		if hub != "" {
			path = []string{hub}
		}
		scope := a.e.Who.Scope(resource.Namespaces, a.account.Name, path...)
		if right == eventhubs.Listen|eventhubs.Send { // a sender that may not listen is not to be put on record
			if a.e.Who.May(caller, hubActions[eventhubs.Send], scope) {
				return nil
			}
			right = eventhubs.Listen
		}
		action, known := hubActions[right]
		if !known {
			return fault.New(fault.Forbidden, "", "No role gives the right %s to a token.", right)
		}
		return a.e.Who.Check(caller, action, scope)
	}}, nil
}

// documentAccess is who may do what in a document account.
type documentAccess struct {
	e       *env
	account resource.Account
	keys    standing[cosmos.Keys]
}

func (e *env) documentAccess(a resource.Account) *documentAccess {
	return &documentAccess{e, a, standing[cosmos.Keys]{exists: e.Exists, account: a, read: readKeys}}
}

// readKeys opens nothing where the properties cannot be read.
func readKeys(properties json.RawMessage) cosmos.Keys {
	p, err := cosmos.ReadAccount(properties)
	if err != nil {
		return cosmos.Keys{Disabled: true}
	}
	return p.Keys()
}

// Keys are the keys of the account.
func (a *documentAccess) Keys() cosmos.Keys { return a.keys.now() }

// Verify takes tokens of the local issuer for Cosmos DB, or for the account by one
// of its names. Tokens of the emulator's making never get here.
func (a *documentAccess) Verify(_ context.Context, token string) (cosmos.Bearer, error) {
	audiences := []string{"https://cosmos.azure.com"}
	for _, host := range a.names() {
		audiences = append(audiences, "https://"+host)
	}
	caller, expires, err := a.e.Issuer.Verify(token, audiences)
	if err != nil {
		return cosmos.Bearer{}, err
	}
	return cosmos.Bearer{Principal: caller.ObjectID, Expires: expires, May: func(action, path string) error {
		if path == cosmos.AnyScope {
			scope := a.e.Who.Scope(resource.CosmosAccounts, a.account.Name)
			if a.e.Who.MaySomewhere(caller, action, scope) {
				return nil
			}
			path = ""
		}
		return a.e.Who.Check(caller, action, a.e.Who.Scope(resource.CosmosAccounts, a.account.Name, documentPath(path)...))
	}}, nil
}

// names are the account's host names, and those of this machine for the one that
// they mean.
func (a *documentAccess) names() []string {
	names := a.e.hosts(a.account)
	if a.account.ID == a.e.Storage.documents.ID {
		names = append(names, "localhost", "127.0.0.1", "[::1]", a.e.Config.Listen)
		names = append(names, hostNames(a.e.Config)...)
	}
	return append(names, strings.ToLower(a.account.Name)+".localhost")
}

// documentPath is database and container of /dbs/D/colls/C.
func documentPath(path string) (names []string) {
	steps := strings.Split(strings.Trim(path, "/"), "/")
	for i := 1; i < len(steps); i += 2 {
		names = append(names, steps[i])
	}
	return names
}
