package app

import (
	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/page/blobs"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// blobPages is storage accounts and their blobs as the portal shows them.
func (e *env) blobPages(store *objectstore.Store) []portal.Page {
	return blobs.Pages(blobs.Config{
		Usage: store.Usage,
		Accounts: func() (all []blobs.Named) {
			base := "http://" + connect.Host(e.Doors.addresses[instance.Blob], "") + "/"
			for _, a := range e.Exists.Accounts(resource.StorageAccounts) {
				named := blobs.Named{Account: a, URL: base + a.Name, Stored: store.Account(a.ID)}
				if hosts := e.hosts(a); len(hosts) > 0 {
					named.Host = hosts[0]
				}
				all = append(all, named)
			}
			return all
		},
	})
}
