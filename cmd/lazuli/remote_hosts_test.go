//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2/checkpoints"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// A hub in one process, read by hosts in others: several at a time, one killed, the hub
// away for a while, and a processor of the vendor's Go SDK between them.

// farHub is the process that has the hub and the state of its readers.
type farHub struct {
	*process
	amqp, blob string // host:port
}

const farPartitions = 4

// upFarHub starts it on ports that it has again after a restart.
func upFarHub(t *testing.T) *farHub {
	amqp, blob := freeAddress(t), freeAddress(t)
	_, amqpPort, _ := net.SplitHostPort(amqp)
	_, blobPort, _ := net.SplitHostPort(blob)
	dir := project(t, fmt.Sprintf(`
eventHubs: {amqpPort: %s, amqpsPort: 0, hubs: {telemetry_events: {partitions: %d}}}
cosmos: {port: 0}
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: %s, queuePort: 0, tablePort: 0}
`, amqpPort, farPartitions, blobPort), false)
	return &farHub{up(t, dir), amqp, blob}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	port, err := testkit.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

func (f *farHub) hubConnection() string {
	return fmt.Sprintf("Endpoint=sb://%s;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true", f.amqp)
}

func (f *farHub) storageConnection() string {
	return fmt.Sprintf("AccountName=devstoreaccount1;AccountKey=%s;BlobEndpoint=http://%s/devstoreaccount1", config.EmulatorStorageKey, f.blob)
}

// hostProject is a project of one host of the telemetry app on the hub. Its claims are
// shorter than usual, so that the test need not wait for long.
func (f *farHub) hostProject(t *testing.T) string {
	t.Helper()
	settings, err := json.Marshal(map[string]any{"IsEncrypted": false, "Values": map[string]string{
		"EventHubConnection": f.hubConnection(), "AzureWebJobsStorage": f.storageConnection(),
		"CosmosDBConnection": "AccountEndpoint=https://localhost:8081/;AccountKey=" + config.EmulatorCosmosKey,
	}})
	if err != nil {
		t.Fatal(err)
	}
	app := t.TempDir()
	for name, text := range map[string]string{
		"local.settings.json": string(settings),
		"host.json":           `{"version":"2.0","extensions":{"eventHubs":{"loadBalancingUpdateInterval":"00:00:00.500","partitionOwnershipExpirationInterval":"00:00:06"}}}`,
	} {
		if err := os.WriteFile(filepath.Join(app, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := freePorts + fmt.Sprintf("functions: {port: 0, apps: {telemetry: {path: %q, binary: %q}}}\n", app, build().telemetry)
	return project(t, text, false)
}

// store is where hosts and processors keep who reads what, as the vendor's client sees it.
func (f *farHub) store(t *testing.T) *checkpoints.BlobStore {
	t.Helper()
	cred, err := container.NewSharedKeyCredential("devstoreaccount1", config.EmulatorStorageKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := container.NewClientWithSharedKeyCredential("http://"+f.blob+"/devstoreaccount1/azure-webjobs-eventhub", cred, nil)
	if err != nil {
		t.Fatal(err)
	}
	store, err := checkpoints.NewBlobStore(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// farGroup is the default consumer group as hosts write it.
const farGroup = "$default"

// claims are the live owners by partition, and the ETags of their claims.
func (f *farHub) claims(t *testing.T, store *checkpoints.BlobStore) (owners, etags map[string]string) {
	t.Helper()
	all, err := store.ListOwnership(t.Context(), f.amqp, "telemetry_events", farGroup, nil)
	if err != nil {
		t.Fatal(err)
	}
	owners, etags = map[string]string{}, map[string]string{}
	for _, o := range all {
		owners[o.PartitionID], etags[o.PartitionID] = o.OwnerID, string(*o.ETag)
	}
	return owners, etags
}

// shares is how many partitions each owner has, sorted.
func shares(owners map[string]string) (counts []int) {
	of := map[string]int{}
	for _, o := range owners {
		of[o]++
	}
	return slices.Sorted(maps.Values(of))
}

// TestHostsShareAFarHub: see above. What it takes is real: processes, kills and claims
// that end.
func TestHostsShareAFarHub(t *testing.T) {
	t.Parallel()
	far := upFarHub(t)
	hub := far.process // its address stays when it is another process
	book := &ledger{events: map[string]string{}}
	dirs := []string{far.hostProject(t), far.hostProject(t), far.hostProject(t)}
	first, second := up(t, dirs[0]), up(t, dirs[1])
	sending, stopSending := context.WithCancel(t.Context())
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for round := 0; sending.Err() == nil; round++ { // the hub is away for a while
			sendEvents(sending, hub, book, fmt.Sprint("s", round))
		}
	}()
	store := far.store(t)
	testkit.Eventually(t, 20*time.Second, func() bool {
		owners, _ := far.claims(t, store)
		return slices.Equal(shares(owners), []int{2, 2})
	}, "two hosts do not share four partitions:\n%s", tailOf(first))
	far.calm(t, store)

	third := up(t, dirs[2])
	testkit.Eventually(t, 20*time.Second, func() bool {
		owners, _ := far.claims(t, store)
		return slices.Equal(shares(owners), []int{1, 1, 2})
	}, "three hosts do not share four partitions:\n%s", tailOf(third))
	before, _ := far.claims(t, store)
	first.kill()
	killed := time.Now()
	testkit.Eventually(t, 15*time.Second, func() bool {
		owners, _ := far.claims(t, store)
		return slices.Equal(shares(owners), []int{2, 2})
	}, "the partitions of the killed host stay where they were: %v", before)
	t.Logf("picked up %v after the kill, with claims of 6 s", time.Since(killed).Round(time.Millisecond))

	far.awayAndBack(t, second)
	first = up(t, dirs[0])
	stopSending()
	<-sent
	hosts := []*process{first, second, third}
	missing := func() (n int) {
		have := map[string]bool{}
		for _, h := range hosts {
			maps.Copy(have, h.documents(t))
		}
		for id := range book.events {
			if !have[id] {
				n++
			}
		}
		return n
	}
	testkit.Eventually(t, 30*time.Second, func() bool { return missing() == 0 }, "events were lost\n%s", tailOf(second))
	t.Logf("%d events acknowledged, none lost", len(book.events))
	for _, h := range hosts[1:] {
		if err := h.stop(); err != nil {
			t.Error(err)
		}
	}
	if err := first.stop(); err != nil {
		t.Error(err)
	}
	owners, _ := far.claims(t, store)
	for p, o := range owners {
		if o != "" {
			t.Errorf("partition %s was not given back: %s", p, o)
		}
	}
	far.processorBetween(t, store, dirs[0])
}

// calm watches settled hosts: each claim is written once a look, and none changes hands.
func (f *farHub) calm(t *testing.T, store *checkpoints.BlobStore) {
	t.Helper()
	const watched = 3 * time.Second
	before, last := f.claims(t, store)
	writes := 0
	begun := time.Now()
	for ; time.Since(begun) < watched; time.Sleep(50 * time.Millisecond) { //nolint:forbidigo // what happens in a while is the test
		owners, etags := f.claims(t, store)
		if !maps.Equal(owners, before) {
			t.Fatalf("settled hosts take from each other: %v, then %v", before, owners)
		}
		for p, e := range etags {
			if e != last[p] {
				writes++
			}
		}
		last = etags
	}
	took := time.Since(begun)
	if most := farPartitions * (int(took/(500*time.Millisecond)) + 1); writes > most {
		t.Errorf("%d claims were written in %v, want at most %d", writes, took, most)
	}
	t.Logf("%d claims written in %v for %d partitions", writes, took, farPartitions)
}

// awayAndBack stops the hub's process for a while: the hosts say so, wait, and go on.
func (f *farHub) awayAndBack(t *testing.T, host *process) {
	t.Helper()
	if err := f.stop(); err != nil {
		t.Fatal(err)
	}
	said := ""
	testkit.Eventually(t, 20*time.Second, func() bool {
		said, _, _ = host.command(t.Context(), "func", "list")
		return strings.Contains(said, "cannot be reached")
	}, "the host does not say that the hub is away:\n%s", &said)
	tries := strings.Count(host.output.String(), "cannot be reached")
	if tries > 20 {
		t.Errorf("the host said %d times that the hub is away", tries)
	}
	f.process = up(t, f.info.Dir)
	testkit.Eventually(t, 40*time.Second, func() bool {
		said, _, _ = host.command(t.Context(), "func", "list")
		return !strings.Contains(said, "cannot be reached")
	}, "the host does not go on:\n%s", &said)
}

// documents are the ids of the events that a host has made documents of.
func (p *process) documents(t *testing.T) map[string]bool {
	t.Helper()
	c, err := eventsContainer(p)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := eventIDs(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// processorBetween runs a processor of the vendor's SDK where the hosts were, and a host
// after it: each goes on where the other was.
func (f *farHub) processorBetween(t *testing.T, store *checkpoints.BlobStore, dir string) {
	t.Helper()
	between := f.sendSome(t, "between")
	got := f.processor(t, store, len(between))
	for id := range got {
		if !between[id] {
			t.Errorf("the processor was given %s, which a host had", id)
		}
	}
	after := f.sendSome(t, "after")
	host := up(t, dir)
	testkit.Eventually(t, 20*time.Second, func() bool {
		have := host.documents(t)
		for id := range after {
			if !have[id] {
				return false
			}
		}
		return true
	}, "the host does not go on after the processor:\n%s", tailOf(host))
	for id := range host.documents(t) {
		if between[id] {
			t.Errorf("the host was given %s, which the processor had", id)
		}
	}
	if err := host.stop(); err != nil {
		t.Error(err)
	}
}

// sendSome sends five events to each partition, and returns their ids.
func (f *farHub) sendSome(t *testing.T, tag string) map[string]bool {
	t.Helper()
	producer, err := azeventhubs.NewProducerClientFromConnectionString(f.hubConnection(), "telemetry_events", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close(context.WithoutCancel(t.Context()))
	ids := map[string]bool{}
	for p := range farPartitions {
		partition := fmt.Sprint(p)
		batch, err := producer.NewEventDataBatch(t.Context(), &azeventhubs.EventDataBatchOptions{PartitionID: &partition})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 5 {
			id := fmt.Sprintf("%s-%d-%d", tag, p, n)
			ids[id] = true
			if err := batch.AddEventData(&azeventhubs.EventData{Body: []byte(fmt.Sprintf(`{"id":%q,"deviceId":"d","eventType":"telemetry","data":{"temperature":20}}`, id))}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := producer.SendEventDataBatch(t.Context(), batch, nil); err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

// processor reads as many events with the vendor's processor, and checkpoints them.
func (f *farHub) processor(t *testing.T, store *checkpoints.BlobStore, want int) map[string]bool {
	t.Helper()
	consumer, err := azeventhubs.NewConsumerClientFromConnectionString(f.hubConnection(), "telemetry_events", farGroup, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer consumer.Close(context.WithoutCancel(t.Context()))
	earliest := true
	processor, err := azeventhubs.NewProcessor(consumer, store, &azeventhubs.ProcessorOptions{
		LoadBalancingStrategy: azeventhubs.ProcessorStrategyGreedy, UpdateInterval: 500 * time.Millisecond,
		StartPositions: azeventhubs.StartPositions{Default: azeventhubs.StartPosition{Earliest: &earliest}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- processor.Run(ctx) }()
	ids := map[string]bool{}
	for range farPartitions {
		p := processor.NextPartitionClient(ctx)
		if p == nil {
			t.Fatal("the processor has no more partitions")
		}
		events, err := p.ReceiveEvents(ctx, want/farPartitions, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			var body struct{ ID string }
			if err := json.Unmarshal(e.Body, &body); err != nil {
				t.Fatal(err)
			}
			ids[body.ID] = true
		}
		if err := errors.Join(p.UpdateCheckpoint(ctx, events[len(events)-1], nil), p.Close(ctx)); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	<-done
	return ids
}
