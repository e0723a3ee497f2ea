package app

import (
	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/azure/storage/table"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// typeTables is the Table service of storage accounts, as doors lead to it.
const typeTables = resource.StorageAccounts + "/tableServices"

// tableStorage is the Table service of the storage accounts.
func tableStorage(e *env) (parts, error) {
	log := e.Log.With("component", "tables")
	store, err := tablestore.Open(tablestore.Options{DB: e.Storage.kv, Log: log})
	if err != nil {
		return parts{}, err
	}
	e.Storage.opened("tables", store)
	e.Storage.tables = store
	end := e.tableEnd()
	services := newPerAccount(func(a resource.Account) (*table.Service, error) {
		a = stored(a)
		return table.New(table.Config{
			Store: store.Account(a.ID), Exists: e.Exists, Account: a, Access: e.storageAccess(a), Authority: e.authority(), Log: ofAccount(log, a),
			OnRequest: e.storageDone(a),
		})
	})
	p := parts{
		Kinds:    table.Kinds(store, nil),
		Declared: e.declaredIn(resource.Tables, "tables", func(a config.NamedStorage) []string { return a.Tables }, nil),
		Routes:   []door.Route{storageRoute(e, typeTables, services)},
		Suffixes: []suffix{storageSuffix("table.core.windows.net", instance.Table, typeTables)},
		Leads:    []leads{{end.Output().Type, resource.StorageAccounts}},
		Inputs:   input.Table{end.Input()},
		Outputs:  output.Table{end.Output()},
		Summary:  e.storageSummary(resource.Tables, "tables"),
		Engines:  []part{{name: "tables", run: store.Run}},
		Pages:    e.tablePages(store),
	}
	return p, e.Doors.open(instance.Table, e.Config.Storage.TablePort, e.storagePort(storage.Table, "Storage (Table)", "storage.tablePort", typeTables))
}
