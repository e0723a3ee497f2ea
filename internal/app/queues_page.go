package app

import (
	"context"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	wire "github.com/lazuli-dev/lazuli/internal/azure/storage/queue"
	"github.com/lazuli-dev/lazuli/internal/page/queues"
	"github.com/lazuli-dev/lazuli/internal/page/tables"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/queue"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// queuePages is storage queues as the portal shows them.
func (e *env) queuePages(store *queue.Store) []portal.Page {
	return queues.Pages(queues.Config{
		Store: store, Accounts: e.storageAccounts, Tasks: e.Tasks,
		Changes: queues.Changes{
			Create: func(ctx context.Context, id resource.ID, metadata []queue.Pair) error {
				return e.Exists.Create(ctx, id, wire.Properties{Metadata: metadata}.JSON())
			},
			Remove: e.Exists.Remove, Declared: e.inFile,
		},
		Asked: e.asked(storage.Queue),
	})
}

// tablePages is storage tables as the portal shows them.
func (e *env) tablePages(store *tablestore.Store) []portal.Page {
	return tables.Pages(tables.Config{
		Store: store, Accounts: e.storageAccounts,
		Changes: tables.Changes{
			Create: func(ctx context.Context, id resource.ID) error { return e.Exists.Create(ctx, id, nil) },
			Remove: e.Exists.Remove, Declared: e.inFile,
		},
		Asked: e.asked(storage.Table),
	})
}

// asked is what clients asked of the things of a service of a storage account.
func (e *env) asked(s storage.Service) func(resource.Account, string) portal.Asked {
	return func(a resource.Account, name string) (asked portal.Asked) {
		if c := e.Counts.Storage(a.ID, s, name); c != nil {
			asked.Requests, asked.Refused, asked.Failed = c.Requests.Load(), c.Refused.Load(), c.Failed.Load()
		}
		return asked
	}
}

func (e *env) storageAccounts() []resource.Account {
	return e.Exists.Accounts(resource.StorageAccounts)
}

// inFile reports whether the project file names a resource, which is then there again
// after the next start.
func (e *env) inFile(id resource.ID) bool {
	for _, d := range e.Given.Declared {
		if d.id.Account.ID == id.Account.ID && d.id.Type == id.Type && strings.EqualFold(d.id.Name, id.Name) {
			return true
		}
	}
	return false
}
