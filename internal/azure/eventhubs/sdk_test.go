package eventhubs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// These tests use the official Go client over a real socket.

func ptr[T any](v T) *T { return &v }

func (w *world) producer(connection string) *azeventhubs.ProducerClient {
	w.t.Helper()
	p, err := azeventhubs.NewProducerClientFromConnectionString(connection, "hub",
		&azeventhubs.ProducerClientOptions{RetryOptions: azeventhubs.RetryOptions{MaxRetries: -1}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { p.Close(context.Background()) })
	return p
}

func (w *world) consumer(connection, instance string) *azeventhubs.ConsumerClient {
	w.t.Helper()
	c, err := azeventhubs.NewConsumerClientFromConnectionString(connection, "hub", "$Default",
		&azeventhubs.ConsumerClientOptions{InstanceID: instance, RetryOptions: azeventhubs.RetryOptions{MaxRetries: -1}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func (w *world) partitionClient(c *azeventhubs.ConsumerClient, id string, o azeventhubs.PartitionClientOptions) *azeventhubs.PartitionClient {
	w.t.Helper()
	p, err := c.NewPartitionClient(id, &o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { p.Close(context.Background()) })
	return p
}

var fromStart = azeventhubs.StartPosition{Earliest: ptr(true)}

// sdkSend sends the bodies as one batch.
func sdkSend(t testing.TB, p *azeventhubs.ProducerClient, o azeventhubs.EventDataBatchOptions, bodies ...string) {
	t.Helper()
	batch, err := p.NewEventDataBatch(within(t), &o)
	if err != nil {
		t.Fatal(err)
	}
	for i, body := range bodies {
		e := &azeventhubs.EventData{Body: []byte(body), Properties: map[string]any{"index": int64(i)}, MessageID: ptr(body)}
		if err := batch.AddEventData(e, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.SendEventDataBatch(within(t), batch, nil); err != nil {
		t.Fatal(err)
	}
}

func TestSDKSendAndReceive(t *testing.T) {
	w := newWorld(t, nil)
	before := time.Now().Add(-time.Second)
	p := w.producer(w.manager())
	sdkSend(t, p, azeventhubs.EventDataBatchOptions{PartitionKey: ptr("TestKey")}, "a", "b", "c") // hashes to partition 1 of 4
	pc := w.partitionClient(w.consumer(w.manager(), ""), "1", azeventhubs.PartitionClientOptions{StartPosition: fromStart})
	got, err := pc.ReceiveEvents(within(t), 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range got {
		want := string("abc"[i])
		if string(e.Body) != want || *e.MessageID != want || e.Properties["index"] != int64(i) {
			t.Errorf("event %d: %q, id %v, properties %v", i, e.Body, *e.MessageID, e.Properties)
		}
		if e.SequenceNumber != int64(i) || e.PartitionKey == nil || *e.PartitionKey != "TestKey" {
			t.Errorf("event %d: sequence %d, key %v", i, e.SequenceNumber, e.PartitionKey)
		}
		if e.EnqueuedTime == nil || e.EnqueuedTime.Before(before) || len(e.SystemProperties) != 0 {
			t.Errorf("event %d: enqueued %v, system properties %v", i, e.EnqueuedTime, e.SystemProperties)
		}
	}
}

// The client asks for the snd-settle-mode mixed and never settles: it takes its
// prefetch and no more, unless events come settled.
func TestSDKReceivesBeyondItsPrefetch(t *testing.T) {
	w := newWorld(t, nil)
	w.fill(w.root(), 700)
	pc := w.partitionClient(w.consumer(w.manager(), ""), "0", azeventhubs.PartitionClientOptions{StartPosition: fromStart})
	for received := 0; received < 700; {
		got, err := pc.ReceiveEvents(within(t), 100, nil)
		if err != nil {
			t.Fatalf("after %d events: %v", received, err)
		}
		received += len(got)
	}
}

func TestSDKProperties(t *testing.T) {
	w := newWorld(t, nil)
	p := w.producer(w.manager())
	hub, err := p.GetEventHubProperties(within(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if hub.Name != "hub" || fmt.Sprint(hub.PartitionIDs) != "[0 1 2 3]" || hub.GeoReplicationEnabled || time.Since(hub.CreatedOn) > time.Minute {
		t.Errorf("%+v", hub)
	}
	empty, err := p.GetPartitionProperties(within(t), "2", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !empty.IsEmpty || empty.LastEnqueuedSequenceNumber != -1 || empty.LastEnqueuedOffset != "-1" || empty.BeginningSequenceNumber != 0 {
		t.Errorf("empty partition: %+v", empty)
	}
	sdkSend(t, p, azeventhubs.EventDataBatchOptions{PartitionID: ptr("2")}, "x", "y")
	full, err := w.consumer(w.manager(), "").GetPartitionProperties(within(t), "2", nil)
	if err != nil {
		t.Fatal(err)
	}
	if full.IsEmpty || full.LastEnqueuedSequenceNumber != 1 || full.PartitionID != "2" || time.Since(full.LastEnqueuedOn) > time.Minute {
		t.Errorf("partition: %+v", full)
	}
	if _, err := p.GetPartitionProperties(within(t), "4", nil); err == nil || !strings.Contains(err.Error(), "The specified partition is invalid") {
		t.Errorf("missing partition: %v", err)
	}
}

func TestSDKStartPositions(t *testing.T) {
	w := newWorld(t, nil)
	p := w.producer(w.manager())
	to0 := azeventhubs.EventDataBatchOptions{PartitionID: ptr("0")}
	sdkSend(t, p, to0, "0", "1")
	between, err := p.GetPartitionProperties(within(t), "0", nil)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, time.Second, func() bool { return time.Since(between.LastEnqueuedOn) > 3*time.Millisecond }, "the clock moves")
	sdkSend(t, p, to0, "2", "3")
	c := w.consumer(w.manager(), "")
	for name, s := range map[string]struct {
		start azeventhubs.StartPosition
		want  string
	}{
		"earliest":           {fromStart, "0"},
		"after sequence":     {azeventhubs.StartPosition{SequenceNumber: ptr(int64(1))}, "2"},
		"at sequence":        {azeventhubs.StartPosition{SequenceNumber: ptr(int64(1)), Inclusive: true}, "1"},
		"after offset":       {azeventhubs.StartPosition{Offset: &between.LastEnqueuedOffset}, "2"},
		"at offset":          {azeventhubs.StartPosition{Offset: &between.LastEnqueuedOffset, Inclusive: true}, "1"},
		"after time":         {azeventhubs.StartPosition{EnqueuedTime: &between.LastEnqueuedOn}, "2"},
		"at time":            {azeventhubs.StartPosition{EnqueuedTime: &between.LastEnqueuedOn, Inclusive: true}, "0"},
		"latest with newest": {azeventhubs.StartPosition{Latest: ptr(true), Inclusive: true}, "3"},
	} {
		t.Run(name, func(t *testing.T) {
			pc, err := c.NewPartitionClient("0", &azeventhubs.PartitionClientOptions{StartPosition: s.start})
			if err != nil {
				t.Fatal(err)
			}
			defer pc.Close(context.Background())
			got, err := pc.ReceiveEvents(within(t), 1, nil)
			if err != nil || string(got[0].Body) != s.want {
				t.Errorf("got %v, want %q, error %v", got, s.want, err)
			}
		})
	}
}

func TestSDKErrors(t *testing.T) {
	w := newWorld(t, nil)
	var e *azeventhubs.Error
	_, err := w.producer(w.connectionString("listener", "listen-key")).NewEventDataBatch(within(t), nil)
	if !errors.As(err, &e) || e.Code != azeventhubs.ErrorCodeUnauthorizedAccess || !strings.Contains(err.Error(), "'Send' claim(s) are required") {
		t.Errorf("sending with a listen rule: %v", err)
	}
	pc := w.partitionClient(w.consumer(w.connectionString("talker", "send-key"), ""), "0", azeventhubs.PartitionClientOptions{})
	_, err = pc.ReceiveEvents(within(t), 1, nil)
	if !errors.As(err, &e) || e.Code != azeventhubs.ErrorCodeUnauthorizedAccess || !strings.Contains(err.Error(), "'Listen' claim(s) are required") {
		t.Errorf("receiving with a send rule: %v", err)
	}
	_, err = w.producer(w.connectionString("talker", "wrong")).NewEventDataBatch(within(t), nil)
	if !errors.As(err, &e) || e.Code != azeventhubs.ErrorCodeUnauthorizedAccess || !strings.Contains(err.Error(), "InvalidSignature") {
		t.Errorf("wrong key: %v", err)
	}
	nowhere, err := azeventhubs.NewProducerClientFromConnectionString(w.manager(), "nowhere", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer nowhere.Close(context.Background())
	_, err = nowhere.NewEventDataBatch(within(t), nil)
	if err == nil || !strings.Contains(err.Error(), "404") || !strings.Contains(err.Error(), "The messaging entity 'sb://127.0.0.1/nowhere' could not be found") {
		t.Errorf("unknown hub: %v", err)
	}
	if n := w.events.count(func(e Event) bool { _, ok := e.(AuthFailed); return ok }); n < 3 {
		t.Errorf("%d auth failures reported", n)
	}
}

func TestSDKEpochs(t *testing.T) {
	w := newWorld(t, nil)
	p := w.producer(w.manager())
	to0 := azeventhubs.EventDataBatchOptions{PartitionID: ptr("0")}
	sdkSend(t, p, to0, "x")
	owner := w.partitionClient(w.consumer(w.manager(), "first"), "0", azeventhubs.PartitionClientOptions{StartPosition: fromStart, OwnerLevel: ptr(int64(1))})
	if _, err := owner.ReceiveEvents(within(t), 1, nil); err != nil {
		t.Fatal(err)
	}
	low := w.partitionClient(w.consumer(w.manager(), "low"), "0", azeventhubs.PartitionClientOptions{StartPosition: fromStart, OwnerLevel: ptr(int64(0))})
	if _, err := low.ReceiveEvents(within(t), 1, nil); err == nil || !strings.Contains(err.Error(), "Receiver 'first' with a higher epoch '1' already exists. Receiver 'low' with epoch 0 cannot be created.") {
		t.Errorf("lower epoch: %v", err)
	}
	thief := w.partitionClient(w.consumer(w.manager(), "thief"), "0", azeventhubs.PartitionClientOptions{StartPosition: fromStart, OwnerLevel: ptr(int64(1))})
	if _, err := thief.ReceiveEvents(within(t), 1, nil); err != nil {
		t.Fatal(err)
	}
	_, err := owner.ReceiveEvents(within(t), 1, nil)
	var e *azeventhubs.Error
	if !errors.As(err, &e) || e.Code != azeventhubs.ErrorCodeOwnershipLost || !strings.Contains(err.Error(), "New receiver 'thief' with higher epoch of '1'") {
		t.Errorf("stolen link: %v", err)
	}
}

func TestSDKProcessor(t *testing.T) {
	w := newWorld(t, nil)
	p := w.producer(w.manager())
	for part := range 4 {
		sdkSend(t, p, azeventhubs.EventDataBatchOptions{PartitionID: ptr(fmt.Sprint(part))}, fmt.Sprint("p", part))
	}
	processor, err := azeventhubs.NewProcessor(w.consumer(w.manager(), "proc"), newMemoryCheckpoints(), &azeventhubs.ProcessorOptions{
		LoadBalancingStrategy: azeventhubs.ProcessorStrategyGreedy,
		StartPositions:        azeventhubs.StartPositions{Default: fromStart},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(within(t))
	var gone sync.WaitGroup
	gone.Go(func() {
		if err := processor.Run(ctx); err != nil {
			t.Errorf("processor: %v", err)
		}
	})
	seen := map[string]bool{}
	for range 4 {
		pc := processor.NextPartitionClient(ctx)
		if pc == nil {
			t.Fatal("no partition")
		}
		got, err := pc.ReceiveEvents(ctx, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(got[0].Body)] = true
		if err := pc.UpdateCheckpoint(ctx, got[0], nil); err != nil {
			t.Error(err)
		}
		if err := pc.Close(ctx); err != nil {
			t.Error(err)
		}
	}
	stop()
	gone.Wait()
	if len(seen) != 4 {
		t.Errorf("bodies %v", seen)
	}
}
