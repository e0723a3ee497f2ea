// Package blobs is the portal's page of storage accounts and the blobs in them:
// containers, listings by folder, what there is to know of a blob, and the ways to
// upload, look at, download, change and delete.
//
// A container's id is ACCOUNT/CONTAINER. Names of blobs are any text, so addresses
// have them in the query: /api/storage/ACCOUNT/containers/CONTAINER/blob?name=a/b.
package blobs

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Named is a storage account that the page shows.
type Named struct {
	resource.Account
	Usual  bool   // it is the one that UseDevelopmentStorage=true means
	Host   string // its name in Azure
	URL    string // of its blobs on this machine, without a slash at the end
	Stored objectstore.Account
}

// Config is what the page shows. All fields are required.
type Config struct {
	Accounts func() []Named
	Usage    func() (objectstore.Usage, error)
	Tasks    *portal.Tasks // carries out what takes long
	Changes  Changes
	Asked    func(account resource.Account, container string) portal.Asked
	// Sign makes the query of a SAS with a key of the account.
	Sign func(account resource.Account, s Signature) (query string, err error)
}

// Changes make and delete containers. Each is durable when it returns.
type Changes struct {
	Create func(ctx context.Context, id resource.ID, access string) error // "", blob or container; fault.Conflict when there is one
	Remove func(ctx context.Context, id resource.ID) error
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

func (p *page) routes() []portal.Route {
	const (
		base = "/api/storage/{account}/containers"
		box  = base + "/{container}"
		blob = box + "/blob"
	)
	return []portal.Route{
		{Pattern: "POST " + base, Serve: p.createContainer},
		{Pattern: "GET /api/storage/{account}/deleted-containers", Serve: p.deletedContainers},
		{Pattern: "GET " + box, Serve: p.getContainer},
		{Pattern: "DELETE " + box, Serve: p.deleteContainer},
		{Pattern: "POST " + box + "/undelete", Serve: p.undeleteContainer},
		{Pattern: "PUT " + box + "/access", Serve: p.setAccess},
		{Pattern: "PUT " + box + "/metadata", Serve: p.setContainerMetadata},
		{Pattern: "POST " + box + "/break-lease", Serve: p.breakContainerLease},
		{Pattern: "POST " + box + "/sas", Serve: p.signContainer},
		{Pattern: "GET " + box + "/blobs", Serve: p.listBlobs},
		{Pattern: "GET " + box + "/count", Serve: p.countBlobs},
		{Pattern: "POST " + box + "/existing", Serve: p.existingBlobs},
		{Pattern: "POST " + box + "/delete", Serve: p.deleteMany},
		{Pattern: "GET " + blob, Serve: p.getBlob},
		{Pattern: "PUT " + blob, Serve: p.putBlob},
		{Pattern: "DELETE " + blob, Serve: p.deleteBlob},
		{Pattern: "GET " + blob + "/blocks", Serve: p.listBlocks},
		{Pattern: "PUT " + blob + "/block", Serve: p.putBlock},
		{Pattern: "POST " + blob + "/commit", Serve: p.commitBlocks},
		{Pattern: "GET " + blob + "/download", Serve: p.download},
		{Pattern: "GET " + blob + "/preview", Serve: p.preview},
		{Pattern: "GET " + blob + "/image", Serve: p.image},
		{Pattern: "PUT " + blob + "/properties", Serve: p.setProperties},
		{Pattern: "PUT " + blob + "/metadata", Serve: p.setMetadata},
		{Pattern: "PUT " + blob + "/tags", Serve: p.setTags},
		{Pattern: "PUT " + blob + "/tier", Serve: p.setTier},
		{Pattern: "POST " + blob + "/copy", Serve: p.copyBlob},
		{Pattern: "POST " + blob + "/snapshot", Serve: p.snapshotBlob},
		{Pattern: "POST " + blob + "/undelete", Serve: p.undeleteBlob},
		{Pattern: "POST " + blob + "/break-lease", Serve: p.breakLease},
		{Pattern: "POST " + blob + "/sas", Serve: p.signBlob},
	}
}

// AccountRow is a storage account in the list.
type AccountRow struct {
	ID            string `json:"id"`            // its name
	Usual         bool   `json:"usual"`         // it is the one that UseDevelopmentStorage=true means
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

	Asked portal.Asked `json:"asked"`
}

func (p *page) accounts(*portal.Rates) []portal.Row {
	rows := []portal.Row{}
	for _, a := range p.Accounts() {
		keeps := a.Stored.Retention()
		rows = append(rows, portal.Row{ID: a.Name, Value: AccountRow{a.Name, a.Usual, a.Host, a.URL, keeps.Versions, keeps.BlobDays, keeps.ContainerDays}})
	}
	return rows
}

func (p *page) count() (n int) {
	for _, a := range p.Accounts() {
		_ = a.containers(false, func(objectstore.ContainerInfo) { n++ })
	}
	return n
}

func (p *page) containers(r *portal.Rates) []portal.Row {
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
		_ = a.containers(false, func(c objectstore.ContainerInfo) {
			size := sizes[key{a.ID, c.Name}]
			row := ContainerRow{
				ID: a.Name + "/" + c.Name, Account: a.Name, Name: c.Name, Blobs: size.Blobs, Bytes: size.Bytes,
				Access: accessOf(c.Access), Lease: c.Lease.State.String(), Modified: c.Modified.UnixMilli(),
			}
			row.Asked = r.Asked("blobs "+row.ID, p.Config.Asked(a.Account, c.Name))
			rows = append(rows, portal.Row{ID: row.ID, Value: row})
		})
	}
	return rows
}

// containers calls use with every container of the account, deleted ones too where
// that is asked for.
func (a Named) containers(deleted bool, use func(objectstore.ContainerInfo)) error {
	for marker := ""; ; {
		all, next, err := a.Stored.ListContainers(context.Background(), objectstore.ContainerList{Marker: marker, Deleted: deleted})
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
