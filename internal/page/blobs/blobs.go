// Package blobs is the portal's page of storage accounts and the blobs in them:
// containers, listings by folder, what there is to know of a blob, and the ways to
// upload, look at, download, change and delete.
//
// A container's id is ACCOUNT/CONTAINER. Names of blobs are any text, so addresses
// have them in the query: /api/storage/ACCOUNT/containers/CONTAINER/blob?name=a/b.
package blobs

import (
	"context"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Named is a storage account that the page shows.
type Named struct {
	resource.Account
	Host   string // its name in Azure
	URL    string // of its blobs on this machine, without a slash at the end
	Stored objectstore.Account
}

// Config is what the page shows. All fields are required.
type Config struct {
	Accounts func() []Named
	Usage    func() (objectstore.Usage, error)
}

type page struct{ Config }

// Pages returns the list of storage accounts and that of containers.
func Pages(c Config) []portal.Page {
	p := &page{Config: c}
	return []portal.Page{{
		Kind: "storage", Rows: p.accounts, Count: func() int { return len(c.Accounts()) },
	}, {
		Kind: "blobcontainers", Rows: p.containers, Count: p.count, Routes: p.routes(),
	}}
}

func (p *page) routes() []portal.Route { return []portal.Route{} }

// AccountRow is a storage account in the list.
type AccountRow struct {
	ID            string `json:"id"`            // its name
	Host          string `json:"host"`          // of its blobs in Azure
	URL           string `json:"url"`           // of its blobs on this machine
	Versions      bool   `json:"versions"`      // overwritten blobs are kept as versions
	BlobDays      int    `json:"blobDays"`      // deleted blobs can be brought back so long; 0: not
	ContainerDays int    `json:"containerDays"` // as well of containers
}

// ContainerRow is a container in the list.
type ContainerRow struct {
	ID       string `json:"id"` // account/container
	Account  string `json:"account"`
	Name     string `json:"name"`
	Blobs    int64  `json:"blobs"`
	Bytes    int64  `json:"bytes"`
	Access   string `json:"access"`   // what anybody may read: "", blob or container
	Lease    string `json:"lease"`    // available, leased, breaking, broken, expired
	Modified int64  `json:"modified"` // unix milliseconds
}

func (p *page) accounts(*portal.Rates) []portal.Row {
	rows := []portal.Row{}
	for _, a := range p.Accounts() {
		keeps := a.Stored.Retention()
		rows = append(rows, portal.Row{ID: a.Name, Value: AccountRow{a.Name, a.Host, a.URL, keeps.Versions, keeps.BlobDays, keeps.ContainerDays}})
	}
	return rows
}

func (p *page) count() (n int) {
	for _, a := range p.Accounts() {
		_ = a.containers(func(objectstore.ContainerInfo) { n++ })
	}
	return n
}

func (p *page) containers(*portal.Rates) []portal.Row {
	rows := []portal.Row{}
	type key struct {
		account uint64
		name    string
	}
	sizes := map[key]objectstore.ContainerUsage{}
	if u, err := p.Usage(); err == nil {
		for _, c := range u.Containers {
			sizes[key{c.Account, c.Name}] = c
		}
	}
	for _, a := range p.Accounts() {
		_ = a.containers(func(c objectstore.ContainerInfo) {
			size := sizes[key{a.ID, c.Name}]
			row := ContainerRow{
				ID: a.Name + "/" + c.Name, Account: a.Name, Name: c.Name, Blobs: size.Blobs, Bytes: size.Bytes,
				Access: accessOf(c.Access), Lease: c.Lease.State.String(), Modified: c.Modified.UnixMilli(),
			}
			rows = append(rows, portal.Row{ID: row.ID, Value: row})
		})
	}
	return rows
}

// containers calls use with every container of the account.
func (a Named) containers(use func(objectstore.ContainerInfo)) error {
	for marker := ""; ; {
		all, next, err := a.Stored.ListContainers(context.Background(), objectstore.ContainerList{Marker: marker})
		if err != nil {
			return err
		}
		for _, c := range all {
			use(c)
		}
		if marker = next; marker == "" {
			return nil
		}
	}
}

// accessOf is a level of public access in the service's words.
func accessOf(level objectstore.PublicAccess) string {
	switch level {
	case objectstore.BlobAccess:
		return "blob"
	case objectstore.ContainerAccess:
		return "container"
	}
	return ""
}

// account is the one in the address.
func (p *page) account(r *http.Request) (Named, error) {
	name := r.PathValue("account")
	for _, a := range p.Accounts() {
		if strings.EqualFold(a.Name, name) {
			return a, nil
		}
	}
	return Named{}, fault.New(fault.NotFound, "storage account "+name, "there is none")
}
