package app

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// stateHouse is the engines on a disk, and what functions reach of them. The folder
// itself is only for the lock.
func stateHouse(t *testing.T, dir string, disk vfs.FS) (e *env, closeAll func()) {
	t.Helper()
	cfg := config.Default(dir)
	cfg.Data.Folder = filepath.Join(dir, "data")
	counts := telemetry.New()
	st, err := openDeclared(cfg, disk, testkit.Discard(), counts.FromBroker)
	if err != nil {
		t.Fatal(err)
	}
	closeAll = sync.OnceFunc(func() { st.close(testkit.Discard()) })
	t.Cleanup(closeAll)
	if e, err = houseOn(t.Context(), cfg, st, counts); err != nil {
		t.Fatal(err)
	}
	return e, closeAll
}

// stateOf is the blobs of an app without settings.
func stateOf(t *testing.T, e *env) state.Blobs {
	t.Helper()
	b, err := e.hostState(settings.New())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// keepFolder makes a folder with all that it is in, as durable as a project's is.
func keepFolder(t *testing.T, disk vfs.FS, dir string) {
	t.Helper()
	if err := disk.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for at := dir; at != filepath.Dir(at); at = filepath.Dir(at) {
		if err := vfs.SyncDir(disk, filepath.Dir(at)); err != nil {
			t.Fatal(err)
		}
	}
}

const telemetryCheckpoint = "localhost/telemetry_events/$default/checkpoint/0"

// TestHostStateSurvivesAPowerCut: what a write was acknowledged for is there after
// the power went, the container too.
func TestHostStateSurvivesAPowerCut(t *testing.T) {
	disk, dir := vfs.NewCrashableMem(), t.TempDir()
	keepFolder(t, disk, filepath.Join(dir, "data"))
	e, closeAll := stateHouse(t, dir, disk)
	before := stateOf(t, e)
	want := map[string]string{"offset": "41", "sequencenumber": "41", "ownerid": ""}
	if _, err := before.SetMark(t.Context(), state.EventHubs, telemetryCheckpoint, want, state.Any); err != nil {
		t.Fatal(err)
	}
	if _, err := before.SetText(t.Context(), state.HostSecrets, "app/host.json", []byte("{}"), state.Missing); err != nil {
		t.Fatal(err)
	}
	if err := before.Acquire(t.Context(), state.Hosts, "locks/a", "11111111-1111-1111-1111-111111111111", state.LockPeriod); err != nil {
		t.Fatal(err)
	}
	cut := disk.CrashClone(vfs.CrashCloneConfig{})
	closeAll()
	e, _ = stateHouse(t, dir, cut)
	after := stateOf(t, e)
	got, err := after.Mark(t.Context(), state.EventHubs, telemetryCheckpoint)
	if diff := cmp.Diff(want, got.Metadata); err != nil || diff != "" {
		t.Errorf("%v, metadata (-want +got):\n%s", err, diff)
	}
	if text, _, err := after.Text(t.Context(), state.HostSecrets, "app/host.json"); err != nil || string(text) != "{}" {
		t.Errorf("%q, %v", text, err)
	}
	err = after.Acquire(t.Context(), state.Hosts, "locks/a", "22222222-2222-2222-2222-222222222222", state.LockPeriod)
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("the lease of before the cut: %v", err)
	}
}

// TestStateAccount: which storage account an app's AzureWebJobsStorage means, and
// what is said when it means none of this process.
func TestStateAccount(t *testing.T) {
	e, _ := stateHouse(t, t.TempDir(), vfs.NewMem())
	if _, err := e.Exists.EnsureAccount(resource.StorageAccounts, "contososa"); err != nil {
		t.Fatal(err)
	}
	e.Doors.addresses["blob"] = "127.0.0.1:50010"
	for name, c := range map[string]struct {
		settings        map[string]string
		want, elsewhere string
	}{
		"none":          {nil, "devstoreaccount1", ""},
		"empty":         {map[string]string{"AzureWebJobsStorage": ""}, "devstoreaccount1", ""},
		"emulator":      {map[string]string{"AzureWebJobsStorage": "UseDevelopmentStorage=true"}, "devstoreaccount1", ""},
		"path":          {map[string]string{"AzureWebJobsStorage": "AccountName=contososa;AccountKey=k;BlobEndpoint=http://127.0.0.1:50010/contososa;"}, "contososa", ""},
		"emulator path": {map[string]string{"AzureWebJobsStorage": "AccountName=devstoreaccount1;AccountKey=k;BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1"}, "devstoreaccount1", ""},
		"name":          {map[string]string{"AzureWebJobsStorage": "DefaultEndpointsProtocol=https;AccountName=contososa;AccountKey=k;EndpointSuffix=core.windows.net"}, "contososa", ""},
		"identity":      {map[string]string{"AzureWebJobsStorage__accountName": "contososa"}, "contososa", ""},
		"identity URI":  {map[string]string{"AzureWebJobsStorage__blobServiceUri": "https://contososa.blob.core.windows.net"}, "contososa", ""},
		"real":          {map[string]string{"AzureWebJobsStorage": "DefaultEndpointsProtocol=https;AccountName=mine;AccountKey=k;EndpointSuffix=core.windows.net"}, "devstoreaccount1", "mine.blob.core.windows.net"},
		"real identity": {map[string]string{"AzureWebJobsStorage__accountName": "mine"}, "devstoreaccount1", "mine.blob.core.windows.net"},
		"other port":    {map[string]string{"AzureWebJobsStorage": "AccountName=contososa;AccountKey=k;BlobEndpoint=http://127.0.0.1:50011/contososa"}, "devstoreaccount1", "points at 127.0.0.1"},
		"placeholder":   {map[string]string{"AzureWebJobsStorage": "<your connection string>"}, "devstoreaccount1", "AzureWebJobsStorage"},
	} {
		at, err := e.statePlace(settings.New(c.settings))
		a, elsewhere := at.account, at.unread
		if at.elsewhere {
			elsewhere = "points at " + at.conn.Host()
		}
		if err != nil || a.Name != c.want || a.Type != resource.StorageAccounts || (elsewhere == "") != (c.elsewhere == "") || !strings.Contains(elsewhere, c.elsewhere) {
			t.Errorf("%s: %+v %q, %v; want %s %q", name, a, elsewhere, err, c.want, c.elsewhere)
		}
	}
}

// TestStateOfLayout2Moves: checkpoints and timers of a data folder of before are
// blobs after a start, once.
func TestStateOfLayout2Moves(t *testing.T) {
	disk, dir := vfs.NewMem(), t.TempDir()
	e, closeAll := stateHouse(t, dir, disk)
	db := e.Storage.kv
	b := db.NewBatch(0)
	for key, value := range map[string]string{
		"azure-webjobs-eventhub\x00" + telemetryCheckpoint:               `{"offset":"41","sequencenumber":"41"}`,
		"azure-webjobs-hosts\x00timers/my-app-0123456789ab/Clock/status": `{"status":"{\"Next\":\"2026-01-01T01:00:00Z\"}"}`,
	} {
		b.Set(db.Space(kv.OldBlobMetadata).Key([]byte(key)), []byte(value))
	}
	b.Set([]byte("\x00version"), []byte(`{"Version":2}`))
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
	closeAll()
	for range 2 {
		e, closeAll = stateHouse(t, dir, disk)
		blobs := stateOf(t, e)
		if m, err := blobs.Mark(t.Context(), state.EventHubs, telemetryCheckpoint); err != nil || m.Metadata["offset"] != "41" {
			t.Errorf("%+v, %v", m, err)
		}
		text, _, err := blobs.Text(t.Context(), state.Hosts, "timers/my-app/Host.Functions.Clock/status")
		if err != nil || string(text) != `{"Next":"2026-01-01T01:00:00Z"}` {
			t.Errorf("%s, %v", text, err)
		}
		if e.Storage.kv.Old() {
			t.Error("the folder is still one of before")
		}
		if _, err := blobs.SetMark(t.Context(), state.EventHubs, telemetryCheckpoint, map[string]string{"offset": "41"}, state.Any); err != nil {
			t.Error(err)
		}
		closeAll()
	}
}
