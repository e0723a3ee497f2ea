package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/remote/hoststate"
	remotehub "github.com/lazuli-dev/lazuli/internal/remote/hub"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// counter is a function that does nothing but count what it is given.
type counter struct {
	left atomic.Int64
	done chan struct{}
}

func (c *counter) Invoke(_ context.Context, call trigger.Call) error {
	if c.left.Add(-int64(call.Items)) == 0 {
		close(c.done)
	}
	return nil
}

// BenchmarkTrigger hands the events of a hub to a function in batches of 100, each with
// its checkpoint: of this process, and of another one over the official clients. ns/op
// is of one event of 1 KB.
func BenchmarkTrigger(b *testing.B) {
	b.Setenv("LAZULI_RUN_DIR", b.TempDir())
	for _, where := range []string{"local", "remote"} {
		b.Run(where, func(b *testing.B) {
			a, info := serve(b, "eventHubs: {amqpPort: 0, amqpsPort: 0, hubs: {h: {partitions: 4}}}\n"+
				"cosmos: {port: 0}\nportal: {port: 0}\nidentity: {port: 0}\nstorage: {blobPort: 0, queuePort: 0, tablePort: 0}\n")
			fill(b, a.storage.hubs, b.N)
			var hubs hub.Service = a.house.localHubs()
			find, s := state.Find(a.house.hostState), "Endpoint=sb://localhost;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true"
			if where == "remote" {
				remotes, far := newRemotes(), &remotehub.Service{}
				defer far.Close()
				hubs, s = far, connectionTo(info.Addresses[instance.AMQP], "RootManageSharedAccessKey", "SAS_KEY_VALUE")
				find = func(*settings.Settings) (state.Blobs, error) {
					account, err := remotes.storage.Blobs(connection(b, settings.Storage, fmt.Sprintf("AccountName=devstoreaccount1;AccountKey=%s;BlobEndpoint=http://%s/devstoreaccount1",
						config.EmulatorStorageKey, info.Addresses[instance.Blob])))
					return hoststate.New(account, "S"), err
				}
			}
			c := &counter{done: make(chan struct{})}
			c.left.Store(int64(b.N))
			setup := endtest.Setup(b, `{"name":"e","type":"eventHubTrigger","eventHubName":"h","connection":"H","cardinality":"MANY"}`, "", c)
			setup.Settings = settings.New(map[string]string{"H": s})
			tr, err := hub.NewTrigger(hub.End{Hubs: hubs, State: find}, setup)
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			b.SetBytes(1000)
			b.ResetTimer()
			go func() { ended <- tr.Run(ctx) }()
			select {
			case <-c.done:
			case err := <-ended:
				b.Fatal(err)
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			cancel()
			if err := <-ended; err != nil {
				b.Fatal(err)
			}
		})
	}
}

// serve runs an application until the benchmark ends.
func serve(b *testing.B, yaml string) (*App, instance.Info) {
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte(yaml), 0o600); err != nil {
		b.Fatal(err)
	}
	cfg, err := config.Load(dir)
	if err != nil {
		b.Fatal(err)
	}
	ready := make(chan instance.Info, 1)
	a, err := Build(b.Context(), Options{Config: cfg, Log: testkit.Discard(), FS: vfs.Default, Ready: func(s Summary) { ready <- s.Info }})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	return a, <-ready
}

// fill puts n events into the partitions of hub h, in turn.
func fill(b *testing.B, hubs broker.Namespace, n int) {
	h, err := hubs.Hub("h")
	if err != nil {
		b.Fatal(err)
	}
	body := fmt.Appendf(nil, `{"id":"evt","deviceId":"device-001","temperature":21.5,"note":%q}`, strings.Repeat("x", 930))
	for n > 0 {
		batch := min(n, 500)
		records := make([][]byte, batch)
		for i := range records {
			records[i] = amqp.AppendDataSection(nil, body)
		}
		stored := make(chan broker.AppendResult, 1)
		h.RoundRobin().Append(broker.Append{Records: records}, func(r broker.AppendResult) { stored <- r })
		if r := <-stored; r.Err != nil {
			b.Fatal(r.Err)
		}
		n -= batch
	}
}
