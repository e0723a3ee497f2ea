// Package tables is the portal's page of storage tables: the list, queries in the
// service's filter language with the place of a mistake, entities with the types of
// their properties, and the ways to add, change, delete, export and import them and to
// make and delete tables.
//
// A table's id is ACCOUNT/TABLE: of its row, and in its addresses,
// /api/storage/ACCOUNT/tables/TABLE/….
package tables

import (
	"context"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// Config is what the page shows. All fields are required.
type Config struct {
	Store    *tablestore.Store
	Accounts func() []resource.Account
	Changes  Changes
	Asked    func(account resource.Account, table string) portal.Asked
}

// Changes make and delete tables. Each is durable when it returns.
type Changes struct {
	Create func(ctx context.Context, id resource.ID) error // fault.Conflict when there is one
	Remove func(ctx context.Context, id resource.ID) error
	// Declared reports whether the project file names the table: it is there again
	// after the next start.
	Declared func(id resource.ID) bool
}

type page struct{ Config }

// Pages returns the page.
func Pages(c Config) []portal.Page {
	p := page{c}
	return []portal.Page{{Kind: "tables", Rows: p.rows, Count: p.count, Routes: p.routes()}}
}

func (p page) routes() []portal.Route {
	const of = "/api/storage/{account}/tables/{table}"
	return []portal.Route{
		{Pattern: "POST /api/storage/{account}/tables", Serve: p.createTable},
		{Pattern: "DELETE " + of, Serve: p.deleteTable},
		{Pattern: "GET " + of + "/entities", Serve: p.queryEntities},
		{Pattern: "GET " + of + "/entity", Serve: p.getEntity},
		{Pattern: "PUT " + of + "/entity", Serve: p.putEntity},
		{Pattern: "DELETE " + of + "/entity", Serve: p.deleteEntity},
		{Pattern: "GET " + of + "/export", Serve: p.exportEntities},
		{Pattern: "POST " + of + "/import", Serve: p.importEntities},
	}
}

// Row is a table in the list.
type Row struct {
	ID       string `json:"id"` // account/name
	Account  string `json:"account"`
	Name     string `json:"name"`
	Entities int64  `json:"entities"`
	Bytes    int64  `json:"bytes"`    // of keys and entities
	Declared bool   `json:"declared"` // the project file names it

	Asked portal.Asked `json:"asked"`
}

func (p page) count() (n int) {
	for _, a := range p.Accounts() {
		n += len(p.Store.Account(a.ID).Tables(""))
	}
	return n
}

func (p page) rows(r *portal.Rates) []portal.Row {
	rows := []portal.Row{}
	for _, a := range p.Accounts() {
		for _, t := range p.Store.Account(a.ID).Tables("") {
			row := Row{ID: a.Name + "/" + t.Name(), Account: a.Name, Name: t.Name(), Declared: p.Changes.Declared(idOf(a, t.Name()))}
			row.Entities, row.Bytes = t.Usage()
			row.Asked = r.Asked("table "+row.ID, p.Config.Asked(a, t.Name()))
			rows = append(rows, portal.Row{ID: row.ID, Value: row})
		}
	}
	return rows
}

func idOf(a resource.Account, table string) resource.ID {
	return resource.ID{Account: a, Type: resource.Tables, Name: table}
}

func (p page) account(r *http.Request) (resource.Account, error) {
	name := r.PathValue("account")
	for _, a := range p.Accounts() {
		if strings.EqualFold(a.Name, name) {
			return a, nil
		}
	}
	return resource.Account{}, fault.New(fault.NotFound, "storage account "+name, "there is none")
}

// table is the one in the address.
func (p page) table(r *http.Request) (*tablestore.Table, error) {
	a, err := p.account(r)
	if err != nil {
		return nil, err
	}
	return p.Store.Account(a.ID).Table(r.PathValue("table"))
}

const maxSettings = 64 << 10

// NewTable is the body of POST /api/storage/{account}/tables.
type NewTable struct {
	Name string `json:"name"`
}

// createTable serves POST /api/storage/{account}/tables.
func (p page) createTable(w http.ResponseWriter, r *http.Request) error {
	var n NewTable
	a, err := p.account(r)
	if err == nil {
		err = portal.ReadJSON(w, r, maxSettings, &n)
	}
	if err == nil {
		err = tablestore.CheckTableName(n.Name)
	}
	if err == nil {
		err = p.Changes.Create(r.Context(), idOf(a, n.Name))
	}
	return done(w, http.StatusCreated, err)
}

// deleteTable serves DELETE /api/storage/{account}/tables/{table}, with all its entities.
func (p page) deleteTable(w http.ResponseWriter, r *http.Request) error {
	a, err := p.account(r)
	var t *tablestore.Table
	if err == nil {
		t, err = p.table(r)
	}
	if err == nil {
		err = p.Changes.Remove(r.Context(), idOf(a, t.Name()))
	}
	return done(w, http.StatusNoContent, err)
}

// done answers a change that has no more to say than that it is done.
func done(w http.ResponseWriter, status int, err error) error {
	if err == nil {
		w.WriteHeader(status)
	}
	return err
}
