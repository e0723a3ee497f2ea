package app

import (
	"context"
	"encoding/json"
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

// hubAccess is who may do what in a namespace.
type hubAccess struct {
	policies  standing[hubPolicies]
	anyBearer bool // trusts every bearer token; the project file is refused where others than this machine could bring one
}

type hubPolicies struct {
	rules []eventhubs.Rule
	local bool
}

func (e *env) hubAccess(a resource.Account) *hubAccess {
	return &hubAccess{anyBearer: e.Config.EventHubs.AcceptAny, policies: standing[hubPolicies]{exists: e.Exists, account: a, read: readPolicies}}
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

// Changed is closed when any account changes.
func (a *hubAccess) Changed() <-chan struct{} { return a.policies.exists.WatchAccounts() }

// Verify takes any token or none: there is no issuer.
func (a *hubAccess) Verify(context.Context, string) (eventhubs.Bearer, error) {
	if !a.anyBearer {
		return eventhubs.Bearer{}, fault.New(fault.Unauthorized, "",
			"InvalidIssuer: Bearer tokens are not accepted here: no token issuer is configured. "+
				"Use a connection string, or set eventHubs.acceptAnyBearerToken for local development.")
	}
	return eventhubs.Bearer{Principal: "any-bearer", May: func(eventhubs.Rights, string) error { return nil }}, nil
}

// documentAccess is who may do what in a document account.
type documentAccess struct{ keys standing[cosmos.Keys] }

func (e *env) documentAccess(a resource.Account) *documentAccess {
	return &documentAccess{standing[cosmos.Keys]{exists: e.Exists, account: a, read: readKeys}}
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

// Verify takes none: there is no issuer. Tokens of the emulator's making never get
// here.
func (a *documentAccess) Verify(context.Context, string) (cosmos.Bearer, error) {
	return cosmos.Bearer{}, fault.New(fault.Unauthorized, "",
		"The Entra token is not signed for this account: its third part must be the account key in base64url.")
}
