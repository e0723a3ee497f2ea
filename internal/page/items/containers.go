// Package items is the portal's page of documents: databases and containers,
// queries, and items that are made, changed and deleted.
package items

import (
	"context"
	"errors"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/cosmossql"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// Account is the databases of an account.
type Account interface {
	Database(id string) (*docstore.Database, error)
	Databases() []*docstore.Database
}

// Config is what the page shows.
type Config struct {
	Account Account
	Counts  *telemetry.Counts
	// Query asks a container. The rows of the answer weigh at most about
	// maxBytes.
	Query func(ctx context.Context, c *docstore.Container, q Query, maxBytes int) (*Answer, error)
	// Positions reports containers, named database/container, that only keep
	// positions of change feeds.
	Positions func() map[string]bool
}

type page struct{ Config }

// Pages returns the list of databases and that of containers.
func Pages(c Config) []portal.Page {
	p := page{c}
	base := "/api/databases/{db}/containers/{coll}/"
	return []portal.Page{{
		Kind: "databases", Rows: p.databases, Count: func() int { return len(c.Account.Databases()) },
	}, {
		Kind: "containers", Item: "container",
		Rows: p.containers, Count: p.count, Totals: p.totals,
		Routes: []portal.Route{
			{Pattern: "POST " + base + "query", Serve: placed(p.queryItems)},
			{Pattern: "POST " + base + "items", Serve: p.createItem},
			{Pattern: "PUT " + base + "items", Serve: p.replaceItem},
			{Pattern: "DELETE " + base + "items", Serve: p.deleteItem},
		},
	}}
}

// placed tells the portal where in a query an error is.
func placed(serve func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := serve(w, r)
		var syntax *cosmossql.SyntaxError
		if errors.As(err, &syntax) {
			return &portal.SyntaxError{Message: syntax.Msg, Place: portal.Place{Line: syntax.Line, Col: syntax.Col, Start: syntax.Start, End: syntax.End}}
		}
		return err
	}
}

// Database is a database in the list.
type Database struct {
	ID string `json:"id"`
}

// Container is a container in the list.
type Container struct {
	ID        string   `json:"id"` // database/container
	Database  string   `json:"database"`
	Name      string   `json:"name"`
	Key       []string `json:"key"` // paths of the partition key
	Documents int64    `json:"documents"`
	Bytes     int64    `json:"bytes"`
	Changes   float64  `json:"changes"` // rate of writes
	Leases    bool     `json:"leases"`  // it only keeps positions of change feeds
}

func (p page) databases(*portal.Rates) []portal.Row {
	rows := []portal.Row{}
	for _, d := range p.Account.Databases() {
		rows = append(rows, portal.Row{ID: d.ID(), Value: Database{d.ID()}})
	}
	return rows
}

func (p page) containers(r *portal.Rates) []portal.Row {
	rows := []portal.Row{}
	positions := p.Positions()
	for _, d := range p.Account.Databases() {
		for _, c := range d.Containers() {
			row := Container{ID: d.ID() + "/" + c.ID(), Database: d.ID(), Name: c.ID(), Key: c.Spec().PartitionKey.Paths}
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
