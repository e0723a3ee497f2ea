// Package web is Microsoft.Web in Resource Manager: plans and function apps with all
// their configuration, their functions and their keys. The apps are those of
// internal/site: one that is made takes packages at once and runs them.
//
// Left out, and refused by name: web apps that are no function apps, slots, mounted
// shares, backups, and authentication of provisioned apps.
package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/site"
)

// People are the principals of apps. *identity.Identity has it.
type People interface {
	arm.People
	Attach(app string, objects []string) error
}

// Keys are the access keys of an app, by their place: host, system, or function:NAME.
type Keys interface {
	Master() string
	Names(place string) ([]string, error)
	Reveal(place, name string) (string, error)
	Set(ctx context.Context, place, name, value string) error
	Renew(ctx context.Context, place, name string) error
	Remove(ctx context.Context, place, name string) error
}

// Function is a function of an app that runs.
type Function struct {
	Name, Language string
	Bindings       []any // as declared
	Disabled       bool
	Route          string // of an HTTP function: api/hello; "" of others
}

// Config configures New.
type Config struct {
	Accounts arm.Accounts
	Sites    *site.Sites
	People   People
	Keys     func(name string) (Keys, error)
	// Functions are those of an app, once it runs or is known not to.
	Functions func(ctx context.Context, name string) []Function
}

type provider struct {
	Config
	mark string // a secret by which the answer of a PUT is known: see shown
}

// The types of what is in a site.
const (
	plans     = "Microsoft.Web/serverfarms"
	configs   = resource.Sites + "/config"
	policies  = resource.Sites + "/basicPublishingCredentialsPolicies"
	hosts     = resource.Sites + "/host"
	functions = resource.Sites + "/functions"
)

// New is the provider.
func New(c Config) arm.Provider {
	p := provider{c, random(16)}
	return arm.Provider{
		Types: []arm.Type{
			{Name: plans, Tracked: true, Long: true, Put: p.putPlan, Get: p.getPlan, Delete: p.deletePlan},
			{
				Name: resource.Sites, Tracked: true, Long: true, Named: site.CheckName,
				Put: p.putSite, Get: p.getSite, Delete: p.deleteSite,
				List: func(_ context.Context, c *arm.Call) ([]arm.ID, error) { return p.Accounts.List(c, resource.Sites), nil },
				Actions: map[string]arm.Action{
					"restart": p.restart, "start": p.start, "stop": p.stop, "syncfunctiontriggers": p.sync,
					"listsyncfunctiontriggerstatus": p.syncStatus, "publishxml": p.publishXML,
				},
			},
			{
				Name: configs, Plain: true, Always: []string{"web", "slotConfigNames", "logs"},
				Put: p.putConfig, Get: p.getConfig,
				Actions: map[string]arm.Action{"list": p.listConfig, "GET list": p.listConfig},
			},
			{Name: policies, Plain: true, Always: []string{"ftp", "scm"}, Put: p.putPolicy, Get: p.getPolicy},
			{
				Name: hosts, Plain: true, Always: []string{"default"},
				Actions: map[string]arm.Action{"listkeys": p.hostKeys, "sync": p.sync, "listsyncstatus": p.syncStatus},
			},
			p.keyType(hosts+"/functionKeys", "host"), p.keyType(hosts+"/systemKeys", "system"),
			{
				Name: functions, Plain: true, Created: http.StatusCreated, PathName: true, Put: p.putFunction, Get: p.getFunction, List: p.listFunctions,
				Delete: noFunctions, Actions: map[string]arm.Action{"listkeys": p.functionKeys, "listsecrets": p.functionSecrets},
			},
			p.keyType(functions+"/keys", ""),
		},
		Routes: []arm.Route{
			{Method: http.MethodPost, Path: "Microsoft.Web/checknameavailability", Do: p.Accounts.Free(resource.Sites, "site")},
			{Method: http.MethodGet, Path: "Microsoft.Web/functionAppStacks", Do: stacks},
			{Method: http.MethodGet, Path: "Microsoft.Web/locations/{}/functionAppStacks", Do: stacks},
			{Method: http.MethodGet, Path: "Microsoft.Web/geoRegions", Do: regions},
		},
	}
}

// random is n random bytes as text.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// markHeader carries the provider's mark from the hook that wrote to the one that shows
// what was written. Nobody outside knows the mark.
const markHeader = "X-Lazuli-Written"

// written notes that what a PUT wrote may be shown to who wrote it.
func (p provider) written(c *arm.Call) {
	if c.Header != nil {
		c.Header.Set(markHeader, p.mark)
	}
}

// shown reports whether a body is the answer of the PUT that wrote it: secrets are shown
// there, and by actions, which need more rights than reading.
func (p provider) shown(c *arm.Call) bool { return c.Header.Get(markHeader) == p.mark }

// site is the site that an id is, or is in, and what it should be.
func (p provider) site(id arm.ID) (string, site.Spec, error) {
	name := id.Names[0]
	spec, there := p.Sites.Get(name)
	switch {
	case !there:
		if _, err := p.Accounts.Find(id.Root()); err == nil {
			return name, spec, fault.New(fault.Conflict, "site "+name, "it is a function app of lazuli.yaml, which says how it is")
		}
		return name, spec, fault.New(fault.NotFound, "site "+name, "there is none")
	case !strings.EqualFold(spec.Group, id.Group()):
		return name, spec, fault.New(fault.NotFound, "site "+name, "it is in another resource group")
	}
	return name, spec, nil
}

// change changes what a site should be.
func (p provider) change(ctx context.Context, id arm.ID, change func(*site.Spec) error) error {
	name, _, err := p.site(id)
	if err != nil {
		return err
	}
	_, err = p.Sites.Put(ctx, name, func(s *site.Spec, _ bool) error { return change(s) })
	return err
}
