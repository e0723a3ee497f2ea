package app

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/remote/hoststate"
	remotehub "github.com/lazuli-dev/lazuli/internal/remote/hub"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// another runs an application on ports of its own until the test ends: what another
// process is to this one.
func another(t *testing.T, yaml string) *rig {
	t.Helper()
	ready, over, ended := make(chan *rig, 1), make(chan struct{}), make(chan string, 1)
	go func() {
		ended <- keyCase{yaml: yaml, probe: func(r *rig) string { ready <- r; <-over; return "" }}.run(t, "", false)
	}()
	select {
	case r := <-ready:
		t.Cleanup(func() {
			close(over)
			if said := <-ended; said != "" {
				t.Error(said)
			}
		})
		return r
	case said := <-ended:
		t.Fatal(said)
	}
	return nil
}

// storageConnection leads to an account by its key.
func (r *rig) storageConnection(name string) string {
	a, _ := r.info.Account(instance.StorageAccounts, name)
	return fmt.Sprintf("AccountName=%s;AccountKey=%s;BlobEndpoint=http://%s/%[1]s", name, cmp.Or(a.Key, config.EmulatorStorageKey), r.info.Addresses[instance.Blob])
}

// TestRemoteEndsKeepTheContracts runs the suites of TestEndsKeepTheContracts over the
// official clients and real sockets, on what another process serves.
func TestRemoteEndsKeepTheContracts(t *testing.T) {
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	endtest.Hubs(t, func(t *testing.T) endtest.HubService {
		r := another(t, `eventHubs: {hubs: {contract: {partitions: 2}}}`)
		remote := &remotehub.Service{Look: 100 * time.Millisecond}
		t.Cleanup(remote.Close)
		return endtest.HubService{
			Service: remote, Conn: connection(t, settings.EventHubs, r.manager()), Owners: true,
			Send: func(t *testing.T, partition int, bodies ...string) {
				send(t, r.app.storage.hubs, "contract", partition, bodies...)
			},
			Grow: func(t *testing.T) {
				if _, err := r.app.storage.hubs.EnsureHub(broker.HubConfig{Name: "contract", Partitions: 3, Retention: time.Hour}); err != nil {
					t.Error(err)
				}
			},
		}
	})
	endtest.State(t, func(t *testing.T) state.Blobs {
		r := another(t, "{}")
		remotes := newRemotes()
		c := connection(t, settings.Storage, r.storageConnection(resource.DefaultStorage))
		account, err := remotes.storage.Blobs(c)
		if err != nil {
			t.Fatal(err)
		}
		return hoststate.New(account, c.Setting)
	})
}
