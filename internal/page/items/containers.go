// Package items is the portal's page of documents: databases and containers,
// queries, and items that are made, changed and deleted.
package items

import (
	"encoding/json"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// Account is the databases of an account.
type Account interface {
	Database(id string) (*docstore.Database, error)
	Databases() []*docstore.Database
}

// Config is what the page shows and works with. All of it is required.
type Config struct {
	Name    string // the account's
	Account Account
	Counts  *telemetry.Counts
	Query   Asker
	Manage  Manager
	History *History
	// Start runs a task in the background and returns its id.
	Start func(Task) (string, error)
	// Folder is where exports are kept.
	Folder string
	// Positions reports containers, named database/container, that only keep
	// positions of change feeds.
	Positions func() map[string]bool
}

type page struct{ Config }

// Pages returns the list of databases and that of containers. What imports of a
// process before this one have left in the folder is deleted.
func Pages(c Config) []portal.Page {
	p := page{c}
	p.tidy(0)
	return []portal.Page{{
		Kind: "databases", Rows: p.databases, Count: func() int { return len(c.Account.Databases()) },
	}, {
		Kind: "containers", Item: "container",
		Rows: p.containers, Count: p.count, Totals: p.totals, Routes: p.routes(),
	}}
}

func (p page) routes() []portal.Route {
	const base = "/api/databases/{db}/containers/{coll}"
	return []portal.Route{
		{Pattern: "POST /api/databases", Serve: p.makeDatabase},
		{Pattern: "DELETE /api/databases/{db}", Serve: p.removeDatabase},
		{Pattern: "POST /api/databases/{db}/containers", Serve: p.makeContainer},
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

// Database is a database in the list.
type Database struct {
	ID         string          `json:"id"`
	Account    string          `json:"account"`
	Containers int             `json:"containers"`
	Throughput json.RawMessage `json:"throughput,omitempty"` // the offer's content; kept, never enforced
}

// Container is a container in the list.
type Container struct {
	ID        string   `json:"id"` // database/container
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

func (p page) databases(*portal.Rates) []portal.Row {
	rows := []portal.Row{}
	for _, d := range p.Account.Databases() {
		rows = append(rows, portal.Row{ID: d.ID(), Value: Database{d.ID(), p.Name, len(d.Containers()), d.Resource().Throughput}})
	}
	return rows
}

func (p page) containers(r *portal.Rates) []portal.Row {
	rows := []portal.Row{}
	positions := p.Positions()
	for _, d := range p.Account.Databases() {
		for _, c := range d.Containers() {
			spec := c.Spec()
			row := Container{
				ID: d.ID() + "/" + c.ID(), Account: p.Name, Database: d.ID(), Name: c.ID(), Key: spec.PartitionKey.Paths, TTL: spec.DefaultTTL,
			}
			row.Documents, row.Bytes = c.Usage()
			row.Changes = r.Of("container/"+row.ID, int64(c.LSN()))
			row.Leases = positions[row.ID]
			rows = append(rows, portal.Row{ID: row.ID, Value: row})
		}
	}
	return rows
}

func (p page) count() (n int) {
	for _, d := range p.Account.Databases() {
		n += len(d.Containers())
	}
	return n
}

// totals adds up what was written, positions of change feeds excepted: one
// load of a number for each container.
func (p page) totals(add func(string, int64)) {
	positions := p.Positions()
	for _, d := range p.Account.Databases() {
		for _, c := range d.Containers() {
			if !positions[d.ID()+"/"+c.ID()] {
				add("documents", int64(c.LSN()))
			}
		}
	}
	add("requests", p.Counts.Requests.Load())
	add("charge", p.Counts.Charge.Load()/100)
}
