// Package items is the portal's page of documents: databases and containers,
// queries, and items that are made, changed and deleted.
package items

import (
	"encoding/json"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// Account is the databases of an account.
type Account interface {
	Database(id string) (*docstore.Database, error)
	Databases() []*docstore.Database
}

// Named is an account that the page shows.
type Named struct {
	Name   string
	Host   string // its name in Azure
	Stored Account
	Manage Manager
}

// Default is the name of the account that localhost means. Containers in it are
// told by DATABASE/CONTAINER alone.
const Default = "default"

// Config is what the page shows and works with. All of it is required.
type Config struct {
	Accounts func() []Named // as they are now, the default one first
	Counts   *telemetry.Counts
	Query    Asker
	History  *History
	// Start runs a task in the background and returns its id.
	Start func(Task) (string, error)
	Room  func() error // why Start would refuse a task now; nil: it would not
	// Folder is where exports are kept.
	Folder string
	// Positions reports containers, named as in the list, that only keep positions
	// of change feeds.
	Positions func() map[string]bool
}

type page struct{ Config }

// Pages returns the list of databases and that of containers. What imports of a
// process before this one have left in the folder is deleted.
func Pages(c Config) []portal.Page {
	p := page{c}
	p.tidy(0)
	return []portal.Page{{
		Kind: "accounts", Rows: p.accounts, Count: func() int { return len(c.Accounts()) },
	}, {
		Kind: "databases", Rows: p.databases, Count: p.countDatabases,
	}, {
		Kind: "containers", Item: "container",
		Rows: p.containers, Count: p.count, Totals: p.totals, Metrics: p.metrics, Routes: p.routes(),
	}}
}

func (p page) routes() []portal.Route {
	const (
		databases = "/api/accounts/{account}/databases"
		base      = databases + "/{db}/containers/{coll}"
	)
	return []portal.Route{
		{Pattern: "POST " + databases, Serve: p.makeDatabase},
		{Pattern: "DELETE " + databases + "/{db}", Serve: p.removeDatabase},
		{Pattern: "POST " + databases + "/{db}/containers", Serve: p.makeContainer},
		{Pattern: "DELETE " + base, Serve: p.removeContainer},
		{Pattern: "GET " + base + "/settings", Serve: p.readSettings},
		{Pattern: "PUT " + base + "/settings", Serve: p.changeSettings},
		{Pattern: "GET " + base + "/schema", Serve: p.readSchema},
		{Pattern: "GET " + base + "/changes", Serve: p.readChanges},
		{Pattern: "POST " + base + "/query", Serve: p.queryItems},
		{Pattern: "POST " + base + "/check", Serve: p.checkQuery},
		{Pattern: "GET " + base + "/item", Serve: p.readItem},
		{Pattern: "GET " + base + "/items", Serve: p.listItems},
		{Pattern: "GET " + base + "/count", Serve: p.countItems},
		{Pattern: "POST " + base + "/items", Serve: p.createItem},
		{Pattern: "PUT " + base + "/items", Serve: p.replaceItem},
		{Pattern: "DELETE " + base + "/items", Serve: p.deleteItem},
		{Pattern: "POST " + base + "/export", Serve: p.exportItems},
		{Pattern: "POST " + base + "/import", Serve: p.importItems},
		{Pattern: "GET /api/exports/{file}", Serve: p.getExport},
		{Pattern: "GET /api/queries", Serve: p.listQueries},
		{Pattern: "DELETE /api/queries/{id}", Serve: p.removeQuery},
	}
}

// AccountRow is an account in the list.
type AccountRow struct {
	ID        string `json:"id"`   // its name
	Host      string `json:"host"` // its name in Azure
	Databases int    `json:"databases"`
}

// Database is a database in the list.
type Database struct {
	ID         string          `json:"id"` // its name; in an account that is not the default one, account/name
	Account    string          `json:"account"`
	Name       string          `json:"name"`
	Containers int             `json:"containers"`
	Throughput json.RawMessage `json:"throughput,omitempty"` // the offer's content; kept, never enforced
}

// Container is a container in the list.
type Container struct {
	ID        string   `json:"id"` // database/container; in an account that is not the default one, account/database/container
	Account   string   `json:"account"`
	Database  string   `json:"database"`
	Name      string   `json:"name"`
	Key       []string `json:"key"` // paths of the partition key
	Documents int64    `json:"documents"`
	Bytes     int64    `json:"bytes"`
	Changes   float64  `json:"changes"` // rate of writes
	TTL       *int32   `json:"ttl"`     // seconds; -1: only items that say so; null: never
	Leases    bool     `json:"leases"`  // it only keeps positions of change feeds
}

func (p page) accounts(*portal.Rates) []portal.Row {
	rows := []portal.Row{}
	for _, a := range p.Accounts() {
		rows = append(rows, portal.Row{ID: a.Name, Value: AccountRow{a.Name, a.Host, len(a.Stored.Databases())}})
	}
	return rows
}

func (p page) countDatabases() (n int) {
	for _, a := range p.Accounts() {
		n += len(a.Stored.Databases())
	}
	return n
}

func (p page) databases(*portal.Rates) []portal.Row {
	rows := []portal.Row{}
	for _, a := range p.Accounts() {
		for _, d := range a.Stored.Databases() {
			row := Database{within(a.Name, d.ID()), a.Name, d.ID(), len(d.Containers()), d.Resource().Throughput}
			rows = append(rows, portal.Row{ID: row.ID, Value: row})
		}
	}
	return rows
}

func (p page) containers(r *portal.Rates) []portal.Row {
	rows := []portal.Row{}
	positions := p.Positions()
	each(p.Accounts(), func(account string, c *docstore.Container) {
		spec, db := c.Spec(), c.Database().ID()
		row := Container{
			ID: idOf(account, c), Account: account, Database: db, Name: c.ID(), Key: spec.PartitionKey.Paths, TTL: spec.DefaultTTL,
		}
		row.Documents, row.Bytes = c.Usage()
		row.Changes = r.Of("container/"+row.ID, int64(c.LSN()))
		row.Leases = positions[row.ID]
		rows = append(rows, portal.Row{ID: row.ID, Value: row})
	})
	return rows
}

func (p page) count() (n int) {
	each(p.Accounts(), func(string, *docstore.Container) { n++ })
	return n
}

// totals adds up what was written, positions of change feeds excepted: one
// load of a number for each container.
func (p page) totals(add func(string, int64)) {
	positions := p.Positions()
	each(p.Accounts(), func(account string, c *docstore.Container) {
		if !positions[idOf(account, c)] {
			add("documents", int64(c.LSN()))
		}
	})
	add("requests", p.Counts.Requests.Load())
	add("charge", p.Counts.Charge.Load()/100)
}

// metrics are the numbers of all containers together, as requests are counted.
func (p page) metrics(emit func(portal.Metric)) {
	emit(portal.Metric{Name: "lazuli_cosmosdb_requests_total", Help: "Requests that were answered.", Value: float64(p.Counts.Requests.Load())})
	emit(portal.Metric{Name: "lazuli_cosmosdb_request_units_total", Help: "Request units that they were charged.", Value: float64(p.Counts.Charge.Load()) / 100})
	emit(portal.Metric{Name: "lazuli_cosmosdb_failed_requests_total", Help: "Requests that were answered with 429 or 5xx.", Value: float64(p.Counts.Throttled.Load())})
}

// each calls f with every container of the accounts.
func each(accounts []Named, f func(account string, c *docstore.Container)) {
	for _, a := range accounts {
		for _, d := range a.Stored.Databases() {
			for _, c := range d.Containers() {
				f(a.Name, c)
			}
		}
	}
}

// within is a name in an account as lists tell it.
func within(account, name string) string {
	if strings.EqualFold(account, Default) {
		return name
	}
	return account + "/" + name
}

// idOf is the container's name in the list.
func idOf(account string, c *docstore.Container) string {
	return within(account, c.Database().ID()+"/"+c.ID())
}
