package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/arm"
	armcosmos "github.com/lazuli-dev/lazuli/internal/arm/cosmos"
	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/page/items"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// answerLimit bounds a document request from its last byte to the last byte of
// its answer.
const answerLimit = 5 * time.Minute

// portalFolder is where the portal keeps what people asked and exported, in the
// data folder.
const portalFolder = "portal"

// cosmosDB is the document accounts behind their port; with cosmos.computePort the
// default one has a second, lenient one.
func cosmosDB(e *env) (parts, error) {
	cfg := e.Config.Cosmos
	strict := newPerAccount(func(a resource.Account) (*cosmos.Service, error) {
		endpoint := ""
		if a == e.Storage.documents {
			endpoint = cfg.Endpoint
		}
		return e.accountService(a, cfg.StrictGateway, endpoint)
	})
	p := containerParts(e, strict.of)
	first, err := strict.of(e.Storage.documents)
	if err != nil {
		return p, err
	}
	log := e.Log.With("component", "cosmos")
	port := door.Port{Title: "Cosmos DB", Key: "cosmos.port", TLS: door.Either, WriteTimeout: answerLimit, Log: log, Account: e.Storage.documents}
	p.Routes = []door.Route{{Type: resource.CosmosAccounts, HTTP: httpOf(e, strict), Restrict: e.restrict(accountRules), Denied: accountDenied}}
	if err := e.Doors.open(instance.Cosmos, cfg.Port, port); err != nil {
		return p, err
	}
	p.Pages = items.Pages(items.Config{
		Accounts: e.documentAccounts(strict), Counts: e.Counts, Query: explorer{first}, Start: e.startTask, Room: e.Tasks.Room,
		History:   items.OpenHistory(filepath.Join(e.Config.DataDir(), portalFolder, "queries.ndjson"), log),
		Folder:    filepath.Join(e.Config.DataDir(), portalFolder, "exports"),
		Positions: e.positions,
	})
	if cfg.ComputePort == nil {
		return p, nil
	}
	lenient := newPerAccount(func(a resource.Account) (*cosmos.Service, error) {
		a.Type = resource.CosmosAccounts
		return e.accountService(a, false, "")
	})
	port.Title, port.Key, port.Account.Type = "Cosmos DB (compute gateway)", "cosmos.computePort", typeCompute
	p.Routes = append(p.Routes, door.Route{Type: typeCompute, HTTP: httpOf(e, lenient), Restrict: e.restrict(accountRules), Denied: accountDenied})
	return p, e.Doors.open(instance.CosmosCompute, *cfg.ComputePort, port)
}

// documentAccounts are the accounts as the portal shows them.
func (e *env) documentAccounts(services *perAccount[*cosmos.Service]) func() []items.Named {
	return func() (all []items.Named) {
		for _, a := range e.Exists.Accounts(resource.CosmosAccounts) {
			svc, err := services.of(a)
			if err != nil {
				e.noService(a, err)
				continue
			}
			named := items.Named{Name: a.Name, Stored: e.Storage.docs.Account(a.ID), Manage: explorer{svc}}
			if hosts := e.hosts(a); len(hosts) > 0 {
				named.Host = hosts[0]
			}
			all = append(all, named)
		}
		return all
	}
}

// positions are the containers, named as the portal lists them, in which
// functions keep positions of change feeds.
func (e *env) positions() map[string]bool {
	names := map[string]bool{}
	for _, app := range e.apps() {
		for _, f := range app.host.Functions() {
			if at := f.Source.Positions; at.Target != "" {
				names[e.placeName(container.Kind, at)] = true
			}
		}
	}
	return names
}

// accountService answers for a document account.
func (e *env) accountService(a resource.Account, strict bool, endpoint string) (*cosmos.Service, error) {
	authority, err := os.ReadFile(e.Doors.ca.Path())
	if err != nil {
		return nil, err
	}
	properties, err := cosmos.ReadAccount(e.Exists.Properties(a))
	if err != nil {
		return nil, err
	}
	log := ofAccount(e.Log.With("component", "cosmos"), a)
	return cosmos.New(cosmos.Config{
		Store: e.Storage.docs.Account(a.ID), Exists: e.Exists, Account: a, Log: log,
		Access:        e.documentAccess(a),
		StrictGateway: strict, Consistency: properties.Consistency, Authority: authority,
		AdvertisedEndpoint: endpoint, OnRequest: newTurnedAway(a, e.Log.With("component", "cosmos")).fromCosmos(e.Counts.FromCosmos),
	})
}

// containersOf is an account as functions and stream jobs reach it.
func (e *env) containersOf(a resource.Account) container.Account {
	find := func(database, name string) (*docstore.Container, error) {
		db, err := e.Storage.docs.Account(a.ID).Database(database)
		if err != nil {
			return nil, err
		}
		return db.Container(name)
	}
	return container.Account{
		Find: find,
		// A missing container comes to be when it is asked for with a partition
		// key, or if the project allows it.
		Need: func(ctx context.Context, database, name, key string) (*docstore.Container, error) {
			var properties []byte
			if key != "" {
				properties = cosmos.KeyedBy(key)
			}
			id := resource.ID{Account: a, Type: resource.Containers, Name: database + "/" + name}
			if err := e.Exists.Need(ctx, id, properties); err != nil {
				return nil, err
			}
			return find(database, name)
		},
	}
}

// localContainers is the containers of this process as functions reach them.
func (e *env) localContainers(serves func(resource.Account) (*cosmos.Service, error)) *container.Local {
	at := e.reach(resource.CosmosAccounts, "Cosmos DB")
	return &container.Local{At: func(c settings.Connection) (container.Account, error) {
		a, err := at(c)
		if err != nil {
			return container.Account{}, err
		}
		account := e.containersOf(a)
		account.May = e.containerUse(c, a)
		account.Ask = func(ctx context.Context, c *docstore.Container, q container.Query) ([][]byte, error) {
			svc, err := serves(a)
			if err != nil {
				return nil, err
			}
			return askAll(ctx, svc, c, q)
		}
		return account, nil
	}}
}

// askAll is all pages of a query's answer.
func askAll(ctx context.Context, svc *cosmos.Service, c *docstore.Container, q container.Query) (rows [][]byte, err error) {
	e := cosmos.Exploration{Container: c, Text: q.Text, Parameters: make(map[string][]byte, len(q.Parameters))}
	if q.Key != nil {
		key := docstore.StringKey(*q.Key)
		e.Partition = &key
	}
	for _, p := range q.Parameters {
		if e.Parameters[p.Name], err = json.Marshal(p.Value); err != nil {
			return nil, err
		}
	}
	for {
		page, err := svc.Explore(ctx, e)
		if err != nil {
			return nil, fmt.Errorf("query %s: %w", q.Text, err)
		}
		if rows = append(rows, page.Rows...); page.Continuation == "" {
			return rows, nil
		}
		e.Continuation = page.Continuation
	}
}

// findAccount finds a document account by name for stream jobs.
func (e *env) findAccount(name string) (container.Account, error) {
	a, err := e.Exists.Account(resource.CosmosAccounts, cmp.Or(name, resource.Default))
	if err != nil {
		return container.Account{}, fault.New(fault.NotFound, "account "+name, "there is none; there are %s", e.accountNames(resource.CosmosAccounts))
	}
	return e.containersOf(a), nil
}

// containerParts is what databases and containers are to the rest of the house;
// serves answers an account's queries.
func containerParts(e *env, serves func(resource.Account) (*cosmos.Service, error)) parts {
	st := e.Storage
	end := container.End{Containers: e.containerService(serves)}
	p := parts{
		Accounts:  []accountKind{documentKind(e.Config.Cosmos)},
		Kinds:     cosmos.Kinds(st.docs, e.containerOnUse),
		Resources: []arm.Provider{armcosmos.New(armcosmos.Config{Accounts: e.armAccounts(), Store: st.docs, Who: e.Who})},
		Suffixes:  []suffix{{domain: "documents.azure.com", typ: resource.CosmosAccounts, service: instance.Cosmos}},
		Leads:     []leads{{container.Kind, resource.CosmosAccounts}, {end.Trigger().Type, resource.CosmosAccounts}, {end.Output().Type, resource.CosmosAccounts}},
		Triggers:  trigger.Table{end.Trigger()},
		Inputs:    input.Table{end.Input()},
		Outputs:   output.Table{end.Output()},
		Streams: jobs.Kinds{
			References: []jobs.ReferenceKind{container.ReferenceKind(e.findAccount)},
			Sinks:      []jobs.SinkKind{container.SinkKind(e.findAccount)},
		},
		Engines: []part{{name: "documents", run: st.docs.Run}},
		Summary: e.databaseSummaries,
	}
	for _, a := range e.Config.Cosmos.All() {
		account, err := e.Exists.Account(resource.CosmosAccounts, a.Name)
		if err != nil {
			panic(err) // all that the file names were declared
		}
		p.Declared = append(p.Declared, declaredDatabases(a, account)...)
	}
	return p
}

func declaredDatabases(a config.NamedAccount, account resource.Account) (all []declared) {
	for _, name := range slices.Sorted(maps.Keys(a.Databases)) {
		path, containers := a.Path+".databases."+name, a.Databases[name].Containers
		all = append(all, declared{path: path, id: resource.ID{Account: account, Type: resource.Databases, Name: name}})
		for _, id := range slices.Sorted(maps.Keys(containers)) {
			all = append(all, declared{
				path: path + ".containers." + id, id: resource.ID{Account: account, Type: resource.Containers, Name: name + "/" + id},
				properties: containerProperties(containers[id]),
			})
		}
	}
	return all
}

// databaseSummaries are the lines of the start screen.
func (e *env) databaseSummaries(s *Summary) {
	for _, a := range e.Exists.Accounts(resource.CosmosAccounts) {
		for _, d := range e.Storage.docs.Account(a.ID).Databases() {
			db := DatabaseSummary{Account: notDefault(a), Name: d.ID()}
			for _, c := range d.Containers() {
				db.Containers = append(db.Containers, c.ID())
			}
			s.Databases = append(s.Databases, db)
		}
	}
}

func containerProperties(c config.Container) []byte {
	return cosmos.Declaration{
		PartitionKey: c.PartitionKey, DefaultTTL: (*int32)(c.DefaultTTL), UniqueKeys: c.UniqueKeys, IndexingPolicy: c.IndexingPolicy,
	}.JSON()
}

// containerOnUse says whether naming a database, or DATABASE/CONTAINER, is
// enough to make it.
func (e *env) containerOnUse(account resource.Account, name string) error {
	if e.Config.ContainersAutoCreated(account.Name) {
		return nil
	}
	section := "cosmos"
	if in := notDefault(account); in != "" {
		section = "cosmos.accounts." + in
	}
	database, id, _ := strings.Cut(name, "/")
	return fault.New(fault.NotFound, "container "+id, "no such container (declare it under %s.databases.%s.containers in %s)", section, database, config.FileName)
}
