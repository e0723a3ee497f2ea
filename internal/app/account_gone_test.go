package app

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestAccountIsDeletedUnderLoad: a namespace that is deleted while clients send
// and read takes its events and its disk with it, tells the clients, and leaves
// nothing to one that is made under its name.
func TestAccountIsDeletedUnderLoad(t *testing.T) {
	testkit.NoLeaks(t)
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	c := keyCase{
		in:   keyNamespace,
		yaml: "eventHubs: {hubs: {readings: {partitions: 1}}, namespaces: {" + keyNamespace + ": {hubs: {readings: {partitions: 1}}}}}",
	}
	c.probe = func(r *rig) string {
		st := r.app.storage
		a, err := st.exists.Account(resource.Namespaces, keyNamespace)
		if err != nil {
			return err.Error()
		}
		var sent atomic.Int64
		sender, reader := make(chan error, 1), make(chan error, 1)
		go func() { sender <- r.sendUntilRefused(&sent) }()
		go func() { reader <- r.readUntilRefused() }()
		testkit.Eventually(t, 20*time.Second, func() bool { return sent.Load() >= 30 }, "events flow")
		before := bytesOf(t, filepath.Join(r.dir, ".lazuli", "hubs"))
		if err := st.exists.RemoveAccount(t.Context(), a); err != nil {
			return err.Error()
		}
		for who, ended := range map[string]chan error{"the sender": sender, "the reader": reader} {
			select {
			case err := <-ended:
				t.Logf("%s: %v", who, err)
				if err == nil || !strings.Contains(err.Error(), "could not be found") {
					t.Errorf("%s was told %v", who, err)
				}
			case <-time.After(20 * time.Second):
				t.Errorf("%s goes on", who)
			}
		}
		if after := bytesOf(t, filepath.Join(r.dir, ".lazuli", "hubs")); after >= before {
			t.Errorf("%d bytes on the disk, %d before", after, before)
		}
		if _, err := st.exists.Account(resource.Namespaces, keyNamespace); !fault.Is(err, fault.NotFound) {
			t.Errorf("the account: %v", err)
		}
		again, err := st.exists.EnsureAccount(resource.Namespaces, keyNamespace)
		if err != nil || again.ID == a.ID || len(st.exists.List(again, resource.Hubs)) != 0 {
			t.Errorf("made anew: %+v %v, with %v", again, err, st.exists.List(again, resource.Hubs))
		}
		return "done"
	}
	if got := c.run(t, "", false); got != "done" {
		t.Error(got)
	}
}

func (r *rig) sendUntilRefused(sent *atomic.Int64) error {
	p, err := azeventhubs.NewProducerClientFromConnectionString(r.manager(), "readings", r.producerOptions())
	if err != nil {
		return err
	}
	defer p.Close(context.Background())
	for {
		batch, err := p.NewEventDataBatch(r.t.Context(), nil)
		if err == nil {
			err = batch.AddEventData(&azeventhubs.EventData{Body: fmt.Appendf(nil, `{"n":%d,"pad":%q}`, sent.Load(), strings.Repeat("x", 4096))}, nil)
		}
		if err == nil {
			err = p.SendEventDataBatch(r.t.Context(), batch, nil)
		}
		if err != nil && strings.Contains(err.Error(), "server-busy") {
			continue // what a client tries again, and is told then
		}
		if err != nil {
			return err
		}
		sent.Add(1)
	}
}

func (r *rig) readUntilRefused() error {
	endpoint, trust := r.byName()
	c, err := azeventhubs.NewConsumerClientFromConnectionString(r.manager(), "readings", "$Default",
		&azeventhubs.ConsumerClientOptions{RetryOptions: noRetries, CustomEndpoint: endpoint, TLSConfig: trust})
	if err != nil {
		return err
	}
	defer c.Close(context.Background())
	earliest := true
	p, err := c.NewPartitionClient("0", &azeventhubs.PartitionClientOptions{StartPosition: azeventhubs.StartPosition{Earliest: &earliest}})
	if err != nil {
		return err
	}
	defer p.Close(context.Background())
	for {
		if _, err := p.ReceiveEvents(r.t.Context(), 10, nil); err != nil {
			return err
		}
	}
}

func bytesOf(t *testing.T, dir string) (n int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // what is deleted meanwhile has no size
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
