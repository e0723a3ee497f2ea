package app

import (
	"context"
	"encoding/json"

	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/end/blobs"
	"github.com/lazuli-dev/lazuli/internal/end/queues"
	"github.com/lazuli-dev/lazuli/internal/end/tables"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Functions reach storage of this process without a door between. What their
// connection may is held all the same, as in rights_functions.go.

// storageDoors are the services of storage accounts: their ports, and those in the
// connection strings of the emulator's documentation, which mean this process wherever
// its ports are.
var storageDoors = map[string]struct{ service, emulator, words string }{
	typeBlobs:  {instance.Blob, "10000", "blobs"},
	typeQueues: {instance.Queue, "10001", "queues"},
	typeTables: {instance.Table, "10002", "tables"},
}

// storageAt is the storage account of this process that a connection leads to: by a
// host name of its own, or by the path of an address of this machine.
func (e *env) storageAt(c settings.Connection, route string) (resource.Account, bool) {
	if c.Endpoint == nil {
		return e.Storage.blobs, c.Emulator
	}
	at := storageDoors[route]
	a, meaning := e.find(c.Host(), route)
	port := c.Endpoint.Port()
	if meaning != door.Known && isLoopback(c.Host()) && (port == at.emulator || port == portOf(e.Doors.addresses[at.service])) {
		a = e.inPath(route, c.Endpoint.EscapedPath(), resource.Account{})
	}
	return stored(a), a.Type == route
}

// storageOf is storageAt for bindings: what leads elsewhere is refused by the name of
// its setting, with errElsewhere as the cause.
func (e *env) storageOf(c settings.Connection, route string) (resource.Account, error) {
	a, found := e.storageAt(c, route)
	switch {
	case found:
		return a, nil
	case c.Endpoint == nil:
		return a, fault.New(fault.Invalid, c.Named(), "it names neither an account nor an endpoint for %s", storageDoors[route].words)
	}
	return a, ledElsewhere(fault.Invalid, c, "it points at %s, which is not this process; the storage accounts served here are %s", c.Endpoint.Host, e.accountNames(resource.StorageAccounts))
}

// mayStore asks whether a connection may do one of the actions, any of which is enough,
// in an account at a path of its services, or "" for everywhere.
func (e *env) mayStore(c settings.Connection, a resource.Account, path string, actions ...string) error {
	if e.Who == nil || c.Emulator {
		return nil
	}
	if c.UsesIdentity() {
		scope := e.Who.Scope(resource.StorageAccounts, a.Name, scopeSteps(path)...)
		var refused error
		for _, action := range actions {
			if refused = e.mayAs(c, action, scope); refused == nil {
				return nil
			}
		}
		return refused
	}
	keys := e.storageAccess(a).Keys()
	_, key, found := c.Key()
	switch {
	case !found:
		return fault.New(fault.Forbidden, c.Named(), "its connection string holds no AccountKey")
	case keys.Disabled:
		return localAuthOff(c, a)
	case sameKey(key, keys.Primary), sameKey(key, keys.Secondary):
		return nil
	}
	return wrongKey(c, a)
}

// Data actions of what functions do with storage, as Azure's roles have them: of those
// in a list one is enough.
const (
	storageAction = "Microsoft.Storage/storageAccounts/"
	// blobWrite is what a host needs most for its state.
	blobWrite = storageAction + "blobServices/containers/blobs/write"
	blobRead  = storageAction + "blobServices/containers/blobs/read"
	messages  = storageAction + "queueServices/queues/messages/"
	entities  = storageAction + "tableServices/tables/entities/"
)

var (
	queueActions = map[queues.Use][]string{queues.Process: {messages + "process/action"}, queues.Send: {messages + "write", messages + "add/action"}}
	tableActions = map[tables.Use][]string{
		tables.Read: {entities + "read"}, tables.Add: {entities + "write", entities + "add/action"}, tables.Change: {entities + "write", entities + "update/action"},
	}
)

// localQueues is the queues of this process as functions reach them.
func (e *env) localQueues() *queues.Local {
	return &queues.Local{At: func(c settings.Connection) (queues.Account, error) {
		a, err := e.storageOf(c, typeQueues)
		if err != nil {
			return queues.Account{}, err
		}
		account := e.queuesIn(a)
		account.May = func(use queues.Use, name string) error {
			return e.mayStore(c, a, "/queueServices/default/queues/"+name, queueActions[use]...)
		}
		return account, nil
	}}
}

// queuesIn are the queues of an account.
func (e *env) queuesIn(a resource.Account) queues.Account {
	return queues.Account{
		Queues: e.Storage.queues.Account(a.ID),
		Make:   e.maker(a, resource.Queues),
		Watch:  e.watcher(a, resource.Queues),
	}
}

// maker makes what is missing of a type in an account, as Azure's host does.
func (e *env) maker(a resource.Account, typ string) func(context.Context, string) error {
	return func(ctx context.Context, name string) error {
		return e.Exists.Need(ctx, resource.ID{Account: a, Type: typ, Name: name}, json.RawMessage("{}"))
	}
}

func (e *env) watcher(a resource.Account, typ string) func(string) <-chan struct{} {
	return func(name string) <-chan struct{} {
		return e.Exists.Watch(resource.ID{Account: a, Type: typ, Name: name})
	}
}

// blobEnd is where functions meet blobs.
func (e *env) blobEnd() blobs.End {
	return blobs.End{State: e.hostState, Queues: e.queueService(), Work: e.workQueue, Blobs: e.blobService()}
}

// workQueue is a queue of the account in which an app keeps its state.
func (e *env) workQueue(ctx context.Context, s *settings.Settings, name string) (queues.Queue, error) {
	at, err := e.statePlace(s)
	if err != nil {
		return nil, err
	}
	if at.elsewhere {
		c, err := s.Connection(settings.StorageQueues, "")
		if err != nil {
			return nil, err
		}
		return e.queueService().Need(ctx, c, name, queues.Process)
	}
	own := &queues.Local{At: func(settings.Connection) (queues.Account, error) { return e.queuesIn(at.account), nil }}
	return own.Need(ctx, settings.Connection{}, name, queues.Process)
}

// localBlobs is the containers of this process as functions reach them.
func (e *env) localBlobs() *blobs.Local {
	return &blobs.Local{At: func(c settings.Connection) (blobs.Account, error) {
		a, err := e.storageOf(c, typeBlobs)
		if err != nil {
			return blobs.Account{}, err
		}
		return blobs.Account{
			Name: a.Name, URL: "http://" + e.Doors.addresses[instance.Blob] + "/" + a.Name,
			Blobs: e.Storage.objects.Account(a.ID), Make: e.maker(a, resource.BlobContainers), Watch: e.watcher(a, resource.BlobContainers),
			May: func(use blobs.Use, container string) error {
				action := blobRead
				if use == blobs.Write {
					action = blobWrite
				}
				return e.mayStore(c, a, "/blobServices/default/containers/"+container, action)
			},
		}, nil
	}}
}

// tableEnd is where functions meet tables.
func (e *env) tableEnd() tables.End { return tables.End{Tables: e.tableService()} }

// localTables is the tables of this process as functions reach them.
func (e *env) localTables() *tables.Local {
	return &tables.Local{At: func(c settings.Connection) (tables.Account, error) {
		a, err := e.storageOf(c, typeTables)
		if err != nil {
			return tables.Account{}, err
		}
		return tables.Account{
			Tables: e.Storage.tables.Account(a.ID), Make: e.maker(a, resource.Tables),
			May: func(use tables.Use, table string) error {
				return e.mayStore(c, a, "/tableServices/default/tables/"+table, tableActions[use]...)
			},
		}, nil
	}}
}
