package app

import (
	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/azure/storage/queue"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/end/queues"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/instance"
	engine "github.com/lazuli-dev/lazuli/internal/queue"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// typeQueues is the Queue service of storage accounts, as doors lead to it.
const typeQueues = resource.StorageAccounts + "/queueServices"

// queueStorage is the Queue service of the storage accounts.
func queueStorage(e *env) (parts, error) {
	log := e.Log.With("component", "queues")
	store, err := engine.Open(engine.Options{DB: e.Storage.kv, Log: log})
	if err != nil {
		return parts{}, err
	}
	e.Storage.opened("queues", store)
	e.Storage.queues = store
	end := queues.End{Queues: e.queueService()}
	services := newPerAccount(func(a resource.Account) (*queue.Service, error) {
		a = stored(a)
		return queue.New(queue.Config{
			Store: store.Account(a.ID), Exists: e.Exists, Account: a, Access: e.storageAccess(a), Authority: e.authority(), Log: ofAccount(log, a),
			OnRequest: e.storageDone(a),
		})
	})
	p := parts{
		Kinds:    queue.Kinds(store, nil),
		Declared: e.declaredIn(resource.Queues, "queues", func(a config.NamedStorage) []string { return a.Queues }, nil),
		Routes:   []door.Route{storageRoute(e, typeQueues, services)},
		Suffixes: []suffix{storageSuffix("queue.core.windows.net", instance.Queue, typeQueues)},
		Leads:    []leads{{end.Trigger().Type, resource.StorageAccounts}, {end.Output().Type, resource.StorageAccounts}},
		Triggers: trigger.Table{end.Trigger()},
		Letters:  letter.Table{end.Letters()},
		Outputs:  output.Table{end.Output()},
		Summary:  e.storageSummary(resource.Queues, "queues"),
		Engines:  []part{{name: "queues", run: store.Run}},
		Pages:    e.queuePages(store),
	}
	return p, e.Doors.open(instance.Queue, e.Config.Storage.QueuePort, e.storagePort(storage.Queue, "Storage (Queue)", "storage.queuePort", typeQueues))
}
