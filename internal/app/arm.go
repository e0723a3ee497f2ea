package app

import (
	"net/http"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/arm/records"
	azarm "github.com/lazuli-dev/lazuli/internal/azure/arm"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/page/resources"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// resourceManager is Resource Manager over what the services above give of it. It
// answers on the port of the issuer. Where the project has it off, what it made
// stays, and is known.
func resourceManager(e *env) (parts, error) {
	log := e.Log.With("component", "resource manager")
	m, err := arm.Open(arm.Options{
		DB: e.Storage.kv, Space: e.Storage.kv.Space(kv.Resources), Subscription: e.Who.Subscription(), Tenant: e.Who.Tenant(),
		Name: e.Config.Name, Providers: slices.Concat(e.Given.Resources, records.New()), Group: identity.Group, Location: armLocation, Leaving: e.Who.RemoveWithin, Log: log,
	})
	if err != nil {
		return parts{}, err
	}
	e.Manager = m
	if err := m.Recover(e.Context); err != nil {
		return parts{}, err
	}
	p := parts{Engines: []part{{name: "resource manager", run: m.Run}}, Pages: e.managerPages(m)}
	if e.Config.ResourceManager() {
		e.arm.Store(azarm.New(azarm.Config{Manager: m, Verify: e.Issuer.Verify, Who: e.Who, StorageSuffix: storageDomain, Log: log}))
	}
	return p, nil
}

// managerPages is Resource Manager as the portal shows it. Whoever may use the portal is
// the developer there.
func (e *env) managerPages(m *arm.Manager) []portal.Page {
	who := arm.Caller{Name: identity.DeveloperName}
	if p, err := e.Who.Principal(identity.DeveloperName); err == nil {
		who.ObjectID = p.ObjectID
	}
	return resources.ManagerPages(resources.ManagerConfig{Manager: m, Who: e.Who, Caller: who, Log: e.Log.With("component", "portal")})
}

// armLocation is where resources are that nobody gave a location.
const armLocation = "koreacentral"

// published lets commands find accounts that have just been made: whoever was
// answered may use their names at once.
func (e *env) published() {
	if e.Publish != nil {
		e.Publish()
	}
}

// storageDomain is what follows ACCOUNT.blob. in the names of storage accounts.
const storageDomain = "core.windows.net"

// identityDoor answers on the port of the issuer: Resource Manager for its paths, and
// the issuer for all others.
func (e *env) identityDoor() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !azarm.Owns(r.URL.Path) {
			e.Issuer.ServeHTTP(w, r)
			return
		}
		if s := e.arm.Load(); s != nil {
			s.ServeHTTP(w, r)
			return
		}
		azarm.Off(w)
	})
}

// armAccounts are the accounts for the rooms of providers.
func (e *env) armAccounts() arm.Accounts {
	return arm.Accounts{
		Exists: e.Exists, Project: identity.Group, Hosts: e.hosts, Changed: e.published,
		MayGo: func(a resource.Account) error { return e.mayGo(resource.ID{Account: a}) },
	}
}
