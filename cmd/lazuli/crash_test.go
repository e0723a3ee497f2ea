//go:build unix

package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// crashes is how often TestKill kills: LAZULI_CRASHES, or 20.
func crashes(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("LAZULI_CRASHES"))
	if err != nil {
		return 20
	}
	return n
}

// ledger is the clients' record of what was acknowledged.
type ledger struct {
	mu     sync.Mutex // guards the maps
	events map[string]string
	docs   map[string]int // id -> highest acknowledged version
}

func (l *ledger) event(id, device string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events[id] = device
}

func (l *ledger) doc(id string, version int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.docs[id] = max(l.docs[id], version)
}

// TestKill sends events and writes documents with the official clients while
// the whole pipeline runs, kills the process with -9 at a random moment, starts
// it again, and so on. In the end nothing that was acknowledged may be missing:
// not an event, not a document, and every acknowledged event must have come
// through the function into the container.
func TestKill(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := project(t, freePorts, true)
	book := &ledger{events: map[string]string{}, docs: map[string]int{}}
	rounds := crashes(t)
	for round := range rounds {
		p := up(t, dir)
		ctx, cancel := context.WithCancel(t.Context())
		var load sync.WaitGroup
		for worker := range 2 {
			load.Go(func() { sendEvents(ctx, p, book, fmt.Sprintf("%d-%d", round, worker)) })
			load.Go(func() { writeDocs(ctx, p, book, worker) })
		}
		time.Sleep(100*time.Millisecond + time.Duration(random.IntN(700))*time.Millisecond) //nolint:forbidigo // the random moment of the power cut is the test
		p.kill()
		cancel()
		load.Wait()
	}
	p := up(t, dir)
	t.Logf("%d kills; acknowledged: %d events, %d documents", rounds, len(book.events), len(book.docs))
	if len(book.events) == 0 || len(book.docs) == 0 {
		t.Fatal("nothing was acknowledged: the load did not run")
	}
	checkEvents(t, p, book)
	checkDocs(t, p, book)
	checkPipeline(t, p, book)
	if err := p.stop(); err != nil {
		t.Errorf("orderly stop: %v\n%s", err, p.output)
	}
}

// connections returns how clients reach the process.
func connections(p *process) (connect.Facts, error) {
	return connect.Of(p.info, connect.Choice{})
}

// sendEvents sends batches of five events until ctx ends or the service is
// gone. Only what the client saw acknowledged goes into the book.
func sendEvents(ctx context.Context, p *process, book *ledger, tag string) {
	c, err := connections(p)
	if err != nil {
		return
	}
	producer, err := azeventhubs.NewProducerClientFromConnectionString(c.EventHubs, "telemetry_events",
		&azeventhubs.ProducerClientOptions{RetryOptions: azeventhubs.RetryOptions{MaxRetries: -1}})
	if err != nil {
		return
	}
	defer producer.Close(context.WithoutCancel(ctx))
	for n := 0; ctx.Err() == nil; n++ {
		device := fmt.Sprintf("device-%03d", n%7)
		batch, err := producer.NewEventDataBatch(ctx, &azeventhubs.EventDataBatchOptions{PartitionKey: &device})
		if err != nil {
			return
		}
		var ids []string
		for i := range 5 {
			id := fmt.Sprintf("%s-%d-%d", tag, n, i)
			body := fmt.Sprintf(`{"id":%q,"deviceId":%q,"eventType":"telemetry","timestamp":%q,"data":{"temperature":%d}}`,
				id, device, time.Now().UTC().Format(time.RFC3339Nano), 20+n%30)
			if err := batch.AddEventData(&azeventhubs.EventData{Body: []byte(body)}, nil); err != nil {
				return
			}
			ids = append(ids, id)
		}
		if producer.SendEventDataBatch(ctx, batch, nil) != nil {
			return
		}
		for _, id := range ids {
			book.event(id, device)
		}
	}
}

// writeDocs upserts the worker's documents with growing versions.
func writeDocs(ctx context.Context, p *process, book *ledger, worker int) {
	container, err := eventsContainer(p)
	if err != nil {
		return
	}
	base := int(time.Now().UnixMicro())
	for n := 0; ctx.Err() == nil; n++ {
		id := fmt.Sprintf("doc-%d-%d", worker, n%50)
		version := base + n
		body := fmt.Sprintf(`{"id":%q,"deviceId":"writer","version":%d}`, id, version)
		if _, err := container.UpsertItem(ctx, azcosmos.NewPartitionKeyString("writer"), []byte(body), nil); err != nil {
			return
		}
		book.doc(id, version)
	}
}

func eventsContainer(p *process) (*azcosmos.ContainerClient, error) {
	client, err := cosmosClient(p)
	if err != nil {
		return nil, err
	}
	return client.NewContainer("serverless_db", "events")
}

func cosmosClient(p *process) (*azcosmos.Client, error) {
	c, err := connections(p)
	if err != nil {
		return nil, err
	}
	key, err := azcosmos.NewKeyCredential(c.CosmosKey)
	if err != nil {
		return nil, err
	}
	return azcosmos.NewClientWithKey(c.CosmosEndpoint, key, &azcosmos.ClientOptions{ClientOptions: azcore.ClientOptions{
		Retry:     policy.RetryOptions{MaxRetries: -1},                                                              // what was killed stays dead for the client
		Transport: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}, //nolint:gosec // trust is another test's subject
	}})
}

// checkEvents reads every partition from its start and looks for what was
// acknowledged.
func checkEvents(t *testing.T, p *process, book *ledger) {
	t.Helper()
	stored := map[string]bool{}
	readHub(t, p, func(e *azeventhubs.ReceivedEventData) error {
		var body struct{ ID string }
		defer func() { stored[body.ID] = true }()
		return json.Unmarshal(e.Body, &body)
	})
	lost := 0
	for id := range book.events {
		if !stored[id] {
			lost++
			t.Errorf("acknowledged event %s is lost", id)
			if lost > 10 {
				t.FailNow()
			}
		}
	}
	t.Logf("%d events stored, %d of them acknowledged, %d lost", len(stored), len(book.events), lost)
}

// readHub gives every event of the two partitions of telemetry_events to take.
func readHub(t *testing.T, p *process, take func(*azeventhubs.ReceivedEventData) error) {
	t.Helper()
	c, err := connections(p)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := azeventhubs.NewConsumerClientFromConnectionString(c.EventHubs, "telemetry_events", azeventhubs.DefaultConsumerGroup, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer consumer.Close(context.WithoutCancel(t.Context()))
	for _, partition := range []string{"0", "1"} {
		if err := readPartition(t.Context(), consumer, partition, take); err != nil {
			t.Fatalf("partition %s: %v", partition, err)
		}
	}
}

// readPartition gives every event of a partition to take, in order.
func readPartition(ctx context.Context, consumer *azeventhubs.ConsumerClient, partition string, take func(*azeventhubs.ReceivedEventData) error) error {
	props, err := consumer.GetPartitionProperties(ctx, partition, nil)
	if err != nil || props.IsEmpty {
		return err
	}
	earliest := true
	reader, err := consumer.NewPartitionClient(partition, &azeventhubs.PartitionClientOptions{StartPosition: azeventhubs.StartPosition{Earliest: &earliest}})
	if err != nil {
		return err
	}
	defer reader.Close(ctx)
	next := props.BeginningSequenceNumber
	for next <= props.LastEnqueuedSequenceNumber {
		limited, cancel := context.WithTimeout(ctx, 20*time.Second)
		want := min(500, int(props.LastEnqueuedSequenceNumber-next+1)) // the client waits for as many as it is asked for
		events, err := reader.ReceiveEvents(limited, want, nil)
		cancel()
		if err != nil && len(events) == 0 {
			return fmt.Errorf("after sequence %d of %d: %w", next-1, props.LastEnqueuedSequenceNumber, err)
		}
		for _, e := range events {
			if e.SequenceNumber != next {
				return fmt.Errorf("sequence %d follows %d", e.SequenceNumber, next-1)
			}
			next++
			if err := take(e); err != nil {
				return fmt.Errorf("sequence %d: %w", e.SequenceNumber, err)
			}
		}
	}
	return nil
}

// checkDocs reads every acknowledged document; its version may be newer than
// the book's, never older.
func checkDocs(t *testing.T, p *process, book *ledger) {
	t.Helper()
	container, err := eventsContainer(p)
	if err != nil {
		t.Fatal(err)
	}
	for id, version := range book.docs {
		resp, err := container.ReadItem(t.Context(), azcosmos.NewPartitionKeyString("writer"), id, nil)
		if err != nil {
			t.Errorf("acknowledged document %s: %v", id, err)
			continue
		}
		var doc struct{ Version int }
		if err := json.Unmarshal(resp.Value, &doc); err != nil || doc.Version < version {
			t.Errorf("document %s has version %d, acknowledged was %d (%v)", id, doc.Version, version, err)
		}
	}
}

// checkPipeline waits until the function has written a document for every
// acknowledged event.
func checkPipeline(t *testing.T, p *process, book *ledger) {
	t.Helper()
	container, err := eventsContainer(p)
	if err != nil {
		t.Fatal(err)
	}
	var missing atomic.Int64
	testkit.Eventually(t, 60*time.Second, func() bool {
		have, err := eventIDs(t.Context(), container)
		if err != nil {
			t.Fatal(err)
		}
		missing.Store(0)
		for id := range book.events {
			if !have[id] {
				missing.Add(1)
			}
		}
		return missing.Load() == 0
	}, "events did not all become documents (the functions went on from their checkpoints?)\n%s", tailOf(p))
}

func tailOf(p *process) string {
	s := p.output.String()
	return s[max(0, len(s)-4000):]
}

func eventIDs(ctx context.Context, container *azcosmos.ContainerClient) (map[string]bool, error) {
	ids := map[string]bool{}
	pager := container.NewQueryItemsPager("SELECT VALUE c.id FROM c WHERE c.source = 'eventhub-trigger'", azcosmos.NewPartitionKey(), nil)
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			var id string
			if err := json.Unmarshal(item, &id); err != nil {
				return nil, err
			}
			ids[id] = true
		}
	}
	return ids, nil
}
