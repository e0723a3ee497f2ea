package app

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/end/blobs"
	"github.com/lazuli-dev/lazuli/internal/end/queues"
	"github.com/lazuli-dev/lazuli/internal/end/tables"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// storedRights has an account that keys do not open, and the default one.
const storedRights = `
storage:
  containers: [inbox]
  queues: [work]
  accounts: {contososa: {allowSharedKeyAccess: false, containers: [inbox], queues: [work, other], tables: [Rows]}}
functions: {apps: {one: {path: ., disabled: true}}}
identity: {mode: enforce}
`

// TestStorageFunctionsByRight: what an app's connection may do in storage is held at
// each use, by its key or by the roles of its identity, and no longer when they are
// taken away; what leads elsewhere is refused by the name of its setting.
func TestStorageFunctionsByRight(t *testing.T) {
	testkit.NoLeaks(t)
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	c := keyCase{yaml: storedRights, probe: func(r *rig) string { storedByRight(t, r.app.house); return "ran" }}
	if got := c.run(t, "", false); got != "ran" {
		t.Fatal(got)
	}
}

func storedByRight(t *testing.T, e *env) {
	ctx := t.Context()
	end := e.blobEnd()
	service, tableService := e.localQueues(), e.tableEnd().Tables
	mine := func(service settings.Service) settings.Connection {
		return by(t, service, "one", map[string]string{"S__accountName": "contososa"})
	}
	queue, blob, table := mine(settings.StorageQueues), mine(settings.Storage), mine(settings.StorageTables)
	refused := func(what, want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	refused("a queue without a role", "app:one", second(service.Open(ctx, queue, "work", queues.Process)))
	refused("blobs without a role", "app:one", second(end.Blobs.Open(ctx, blob, "inbox", blobs.Read)))
	refused("a table without a role", "app:one", second(tableService.Open(ctx, table, "Rows", tables.Read)))
	give := func(role, scope string) {
		t.Helper()
		if _, err := e.Who.Assign("app:one", role, scope); err != nil {
			t.Fatal(err)
		}
	}
	give("Storage Queue Data Message Processor", "storage/contososa/queue/work")
	give("Storage Blob Data Reader", "storage/contososa")
	give("Storage Table Data Contributor", "storage/contososa")
	q, err := service.Open(ctx, queue, "work", queues.Process)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Get(ctx, 1, queues.Hold); err != nil {
		t.Errorf("with the role: %v", err)
	}
	refused("another queue", "app:one", second(service.Open(ctx, queue, "other", queues.Process)))
	refused("sending", "app:one", second(service.Open(ctx, queue, "work", queues.Send)))
	refused("writing blobs", "app:one", second(end.Blobs.Open(ctx, blob, "inbox", blobs.Write)))
	if _, err := end.Blobs.Open(ctx, blob, "inbox", blobs.Read); err != nil {
		t.Errorf("reading blobs: %v", err)
	}
	if _, err := tableService.Open(ctx, table, "Rows", tables.Add, tables.Change, tables.Read); err != nil {
		t.Errorf("a table with the role: %v", err)
	}
	if _, err := e.Who.Remove("app:one", "Storage Queue Data Message Processor", "storage/contososa/queue/work"); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Get(ctx, 1, queues.Hold); !fault.Is(err, fault.Forbidden) {
		t.Errorf("after the role is gone: %v", err)
	}
	text := func(s string) settings.Connection {
		return by(t, settings.StorageQueues, "one", map[string]string{"S": s})
	}
	refused("a key where keys are off", "local authentication is off", second(service.Open(ctx, text("AccountName=contososa;AccountKey=a2V5;EndpointSuffix=core.windows.net"), "work", queues.Process)))
	refused("a wrong key", "its key opens nothing", second(service.Open(ctx, text("AccountName=devstoreaccount1;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1"), "work", queues.Process)))
	refused("elsewhere", "setting S: it points at mine.queue.core.windows.net, which is not this process", second(service.Open(ctx, text("AccountName=mine;AccountKey=a2V5"), "work", queues.Process)))
	refused("another port", "127.0.0.1:50011", second(service.Open(ctx, text("AccountName=contososa;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:50011/contososa"), "work", queues.Process)))
	refused("nothing", "names neither an account nor an endpoint", second(service.Open(ctx, text("AccountKey=a2V5"), "work", queues.Process)))
	if _, err := service.Open(ctx, text("UseDevelopmentStorage=true"), "work", queues.Process); err != nil {
		t.Errorf("the emulator's: %v", err)
	}
}
