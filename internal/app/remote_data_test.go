package app

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/end/storagetest"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/instance"
	remoteblobs "github.com/lazuli-dev/lazuli/internal/remote/blobs"
	remotecosmos "github.com/lazuli-dev/lazuli/internal/remote/cosmos"
	remotequeues "github.com/lazuli-dev/lazuli/internal/remote/queues"
	remotetables "github.com/lazuli-dev/lazuli/internal/remote/tables"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// wholeStorage is a connection string with all services of an account.
func (r *rig) wholeStorage(name string) string {
	a, _ := r.info.Account(instance.StorageAccounts, name)
	text := fmt.Sprintf("AccountName=%s;AccountKey=%s", name, cmp.Or(a.Key, config.EmulatorStorageKey))
	for part, service := range map[string]string{"Blob": instance.Blob, "Queue": instance.Queue, "Table": instance.Table} {
		text += fmt.Sprintf(";%sEndpoint=http://%s/%s", part, r.info.Addresses[service], name)
	}
	return text
}

// documents is the connection string of the document account.
func (r *rig) documents() string {
	return "AccountEndpoint=http://" + r.info.Addresses[instance.Cosmos] + "/;AccountKey=" + r.accountKey()
}

const twoContainers = `cosmos: {databases: {db: {containers: {docs: {partitionKey: /id}, leases: {partitionKey: /id}}}}}`

// TestRemoteDataKeepsTheContracts runs the suites of containers, queues, blobs and
// tables over the official clients and real sockets, on what another process serves.
func TestRemoteDataKeepsTheContracts(t *testing.T) {
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	endtest.Containers(t, func(t *testing.T) endtest.ContainerService {
		r := another(t, twoContainers)
		return endtest.ContainerService{Service: &remotecosmos.Service{}, Conn: connection(t, settings.CosmosDB, r.documents())}
	})
	r, clients := another(t, "{}"), &newRemotes().storage
	text := r.wholeStorage(resource.DefaultStorage)
	t.Run("Queues", func(t *testing.T) {
		storagetest.Queues(t, &remotequeues.Service{Clients: clients}, connection(t, settings.StorageQueues, text))
	})
	t.Run("Blobs", func(t *testing.T) {
		storagetest.Blobs(t, &remoteblobs.Service{Clients: clients, Every: 50 * time.Millisecond}, connection(t, settings.Storage, text))
	})
	t.Run("Tables", func(t *testing.T) {
		storagetest.Tables(t, &remotetables.Service{Clients: clients}, connection(t, settings.StorageTables, text))
	})
}

// TestStorageKeepsTheContracts runs the same suites on the engines, as this program
// plugs them in.
func TestStorageKeepsTheContracts(t *testing.T) {
	testkit.NoLeaks(t)
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	c := keyCase{yaml: "{}", probe: func(r *rig) string {
		e := r.app.house
		t.Run("Queues", func(t *testing.T) {
			storagetest.Queues(t, e.queueService(), connection(t, settings.StorageQueues, "UseDevelopmentStorage=true"))
		})
		t.Run("Blobs", func(t *testing.T) {
			storagetest.Blobs(t, e.blobService(), connection(t, settings.Storage, "UseDevelopmentStorage=true"))
		})
		t.Run("Tables", func(t *testing.T) {
			storagetest.Tables(t, e.tableService(), connection(t, settings.StorageTables, "UseDevelopmentStorage=true"))
		})
		return "ran"
	}}
	if got := c.run(t, "", false); got != "ran" {
		t.Fatal(got)
	}
}
