package app

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/page/keys"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/restriction"
)

// A storage account has three services, each with an engine, a port and a host name
// of its own: blobs.go, queues.go and tables.go. What is here they share: the
// account, its keys, and who may do what in it.

// declareStorage makes the storage accounts of the project file and brings them up to
// date, as declareNamespaces does.
func (s *dataFolder) declareStorage(cfg config.Config) error {
	named := cfg.Storage.All()
	names, by := make([]string, len(named)), map[string]config.NamedStorage{}
	for i, a := range named {
		names[i], by[strings.ToLower(a.Name)] = a.Name, a
	}
	own, err := s.declareAccounts(resource.StorageAccounts, names, func(a resource.Account, old json.RawMessage) (json.RawMessage, error) {
		return declareStorageAccount(by[strings.ToLower(a.Name)], old)
	})
	if err == nil {
		s.blobs = own[0]
	}
	return err
}

func declareStorageAccount(a config.NamedStorage, old json.RawMessage) (json.RawMessage, error) {
	p, err := storage.ReadAccount(old)
	if err != nil {
		return nil, err
	}
	if a.Key != "" {
		p.Key1 = a.Key
	} else if p.Key1 == config.EmulatorStorageKey { // other machines reach the account now
		p.Key1 = ""
	}
	if a.SecondaryKey != "" {
		p.Key2 = a.SecondaryKey
	}
	p.Complete()
	p.AllowSharedKeyAccess, p.AllowBlobPublicAccess = a.AllowSharedKeyAccess, a.AllowBlobPublicAccess
	if p.AllowBlobPublicAccess == nil && a.Name != config.EmulatorStorageAccount {
		p.AllowBlobPublicAccess = new(bool) // as Azure makes accounts
	}
	p.IsVersioningEnabled, p.Network = a.IsVersioningEnabled, a.Restrictions()
	return p.JSON(), nil
}

// storageKind is the storage accounts as accounts: two keys each.
func storageKind(cfg config.Storage) accountKind {
	return accountKind{
		typ: resource.StorageAccounts, service: "Storage", word: "storage account",
		keys: func(a resource.Account, properties json.RawMessage) ([]keys.Key, error) {
			p, err := storage.ReadAccount(properties)
			if err != nil {
				return nil, err
			}
			closed := p.Keys().Disabled
			all := []keys.Key{
				{Name: storage.Key1, Value: p.Key1, Rights: "everything", Closed: closed},
				{Name: storage.Key2, Value: p.Key2, Rights: "everything", Closed: closed},
			}
			for _, n := range cfg.All() {
				if strings.EqualFold(n.Name, a.Name) {
					all[0].Given, all[1].Given = givenAt(n.Path+".key", n.Key), givenAt(n.Path+".secondaryKey", n.SecondaryKey)
				}
			}
			return all, nil
		},
		regenerate: func(w keys.Which, old json.RawMessage) (json.RawMessage, error) {
			if err := noPolicy(w); err != nil {
				return nil, err
			}
			p, err := storage.ReadAccount(old)
			if err == nil {
				err = p.Regenerate(w.Name)
			}
			return p.JSON(), err
		},
		owner: func(properties json.RawMessage) (rule, key string) {
			if p, err := storage.ReadAccount(properties); err == nil && !p.Keys().Disabled {
				return "", p.Key1
			}
			return "", ""
		},
	}
}

// storageDone counts the requests to an account, and tells of keys that open nothing.
func (e *env) storageDone(a resource.Account) func(storage.RequestDone) {
	return newTurnedAway(a, e.Log.With("component", "storage")).fromStorage(e.Counts.FromStorage)
}

// storagePort is the port of one of the services, whose requests name the account in
// the path where they call this machine by a name of its own.
func (e *env) storagePort(s storage.Service, title, key, route string) door.Port {
	a := e.Storage.blobs
	a.Type = route
	return door.Port{
		Title: title, Key: key, TLS: door.Either, Log: e.Log.With("component", "storage"), Account: a,
		Quick: s != storage.Blob, // whose bodies are large
		Wrap:  storage.KeepNames(s), ConnContext: storage.NamesContext,
	}
}

// storageRoute is who answers for one of the services.
func storageRoute[T http.Handler](e *env, route string, services *perAccount[T]) door.Route {
	return door.Route{
		Type: route, HTTP: httpOf(e, services), Restrict: e.restrict(storageRules), Denied: storageDenied,
		InPath: func(a resource.Account, r *http.Request) resource.Account {
			return e.inPath(route, r.URL.EscapedPath(), a)
		},
	}
}

// inPath is the account that a path begins with; own, which says that it is not the
// one, where there is none.
func (e *env) inPath(route, path string, own resource.Account) resource.Account {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	a, err := e.Exists.Account(resource.StorageAccounts, strings.TrimSuffix(name, storageTwin))
	if err != nil {
		return own
	}
	a.Type = route
	return a
}

// storageTwin ends the name of the second, read-only address of an account.
const storageTwin = "-secondary"

func storageSuffix(domain, service, route string) suffix {
	return suffix{domain: domain, typ: resource.StorageAccounts, service: service, route: route, twin: storageTwin}
}

func storageRules(properties json.RawMessage) (func(string) restriction.Rules, error) {
	p, err := storage.ReadAccount(properties)
	return always(p.Network), err
}

func storageDenied(resource.Account, restriction.Visit) error {
	return storage.Fail("AuthorizationFailure")
}

// stored is an account of a route as the catalogue has it.
func stored(a resource.Account) resource.Account {
	a.Type = resource.StorageAccounts
	return a
}

// authority is where tokens of this project come from.
func (e *env) authority() string { return "https://" + signInHost + "/" + e.Who.Tenant() }

// storageAccess is who may do what in a storage account.
type storageAccess struct {
	e       *env
	account resource.Account
	keys    standing[storage.Keys]
}

func (e *env) storageAccess(a resource.Account) *storageAccess {
	return &storageAccess{e, a, standing[storage.Keys]{exists: e.Exists, account: a, read: readStorageKeys}}
}

// readStorageKeys opens nothing where the properties cannot be read.
func readStorageKeys(properties json.RawMessage) storage.Keys {
	p, err := storage.ReadAccount(properties)
	if err != nil {
		return storage.Keys{Disabled: true, NoPublic: true}
	}
	return p.Keys()
}

// Keys are the keys of the account.
func (a *storageAccess) Keys() storage.Keys { return a.keys.now() }

// storageApp is the id of Azure Storage as an application, which some clients name as
// the audience.
const storageApp = "e406a681-f3d4-42a8-90b6-c2b029497af1"

// Verify takes tokens of the local issuer for Storage, or for the account by one of
// its names.
func (a *storageAccess) Verify(_ context.Context, token string) (storage.Bearer, error) {
	audiences := []string{"https://storage.azure.com", storageApp}
	for _, host := range a.e.hosts(a.account) {
		audiences = append(audiences, "https://"+host)
	}
	caller, expires, err := a.e.Issuer.Verify(token, audiences)
	if err != nil {
		return storage.Bearer{}, err
	}
	return a.bearer(caller, expires), nil
}

// Delegated is the principal that a user delegation key was given to.
func (a *storageAccess) Delegated(_ context.Context, principal, tenant string) (storage.Bearer, error) {
	caller, found := a.e.Who.Caller(principal)
	if !found || !strings.EqualFold(tenant, a.e.Who.Tenant()) {
		return storage.Bearer{}, fault.New(fault.Unauthorized, "", "the principal that the key was given to is not here any more")
	}
	return a.bearer(caller, time.Time{}), nil
}

func (a *storageAccess) bearer(caller identity.Caller, expires time.Time) storage.Bearer {
	return storage.Bearer{
		Principal: caller.ObjectID, Tenant: a.e.Who.Tenant(), Expires: expires,
		May: func(action, path string) error {
			return a.e.Who.Check(caller, action, a.e.Who.Scope(resource.StorageAccounts, a.account.Name, scopeSteps(path)...))
		},
	}
}

// scopeSteps are the segments of a path, without escapes: Scope has its own.
func scopeSteps(path string) []string {
	steps := strings.Split(strings.Trim(path, "/"), "/")
	for i, s := range steps {
		if name, err := url.PathUnescape(s); err == nil {
			steps[i] = name
		}
	}
	return slices.DeleteFunc(steps, func(s string) bool { return s == "" })
}

// storageSummary are the lines of the start screen for a kind.
func (e *env) storageSummary(typ, kind string) func(*Summary) {
	return func(s *Summary) {
		for _, a := range e.Exists.Accounts(resource.StorageAccounts) {
			if names := e.Exists.List(a, typ); len(names) > 0 {
				s.Storage = append(s.Storage, StorageSummary{Account: notDefault(a), Kind: kind, Names: names})
			}
		}
	}
}

// declaredIn are the containers, queues or tables that the project file names.
func (e *env) declaredIn(typ, key string, names func(config.NamedStorage) []string, properties []byte) (all []declared) {
	for _, a := range e.Config.Storage.All() {
		account, err := e.Exists.Account(resource.StorageAccounts, a.Name)
		if err != nil {
			panic(err) // all that the file names were declared
		}
		for _, name := range names(a) {
			all = append(all, declared{path: a.Path + "." + key, id: resource.ID{Account: account, Type: typ, Name: name}, properties: properties})
		}
	}
	return all
}
