package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
	goamqp "github.com/Azure/go-amqp"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
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

// TestRemoteEventsAreTheLocalOnes: what a function is given of an event does not depend
// on where the hub is, but for the order of properties, which the client loses.
func TestRemoteEventsAreTheLocalOnes(t *testing.T) {
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	r := another(t, `eventHubs: {hubs: {h: {partitions: 1}}}`)
	ctx := t.Context()
	producer, err := azeventhubs.NewProducerClientFromConnectionString(r.manager(), "h", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close(context.WithoutCancel(ctx))
	text, moment, one := "text", time.UnixMilli(1767225600123).UTC(), uint32(7)
	messages := []*azeventhubs.AMQPAnnotatedMessage{
		{Body: azeventhubs.AMQPAnnotatedMessageBody{Data: [][]byte{[]byte("plain")}}},
		{
			Body: azeventhubs.AMQPAnnotatedMessageBody{Data: [][]byte{[]byte("two "), []byte("parts")}},
			ApplicationProperties: map[string]any{
				"text": "전력 \"x\"", "int": int64(-7), "small": int8(3), "unsigned": uint64(1 << 63), "float": 1.5, "single": float32(2.25),
				"yes": true, "bytes": []byte{0, 255}, "time": moment, "id": goamqp.UUID{1, 2, 3}, "nothing": nil, "traceparent": "00-abc",
			},
			MessageAnnotations: map[any]any{"iothub-connection-device-id": "d-1", "x-opt-own": int32(4)},
			Properties: &azeventhubs.AMQPAnnotatedMessageProperties{
				MessageID: "m", CorrelationID: goamqp.UUID{9}, UserID: []byte("me"), To: &text, Subject: &text, ReplyTo: &text, ContentType: &text,
				ContentEncoding: &text, AbsoluteExpiryTime: &moment, CreationTime: &moment, GroupID: &text, GroupSequence: &one, ReplyToGroupID: &text,
			},
		},
		{Body: azeventhubs.AMQPAnnotatedMessageBody{Value: "a value"}},
		{Body: azeventhubs.AMQPAnnotatedMessageBody{Value: map[any]any{"k": []any{int64(1), "x", nil, true}}}},
		{Body: azeventhubs.AMQPAnnotatedMessageBody{Sequence: [][]any{{int64(1), "x"}}}},
	}
	key := "key"
	for _, m := range messages {
		batch, err := producer.NewEventDataBatch(ctx, &azeventhubs.EventDataBatchOptions{PartitionKey: &key})
		if err == nil {
			err = batch.AddAMQPAnnotatedMessage(m, nil)
		}
		if err == nil {
			err = producer.SendEventDataBatch(ctx, batch, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	near := eventsAt(t, r.app.house.localHubs(), "Endpoint=sb://localhost;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE", len(messages))
	far := eventsAt(t, &remotehub.Service{}, r.manager(), len(messages))
	if diff := gocmp.Diff(near, far); diff != "" {
		t.Errorf("local and remote: %s", diff)
	}
	if near[1].TraceParent != "00-abc" || len(near[1].Properties) == 0 || len(near[1].System) == 0 {
		t.Errorf("the events say too little: %+v", near[1])
	}
}

// eventsAt are the first events of hub h, with the names of their properties sorted.
func eventsAt(t *testing.T, hubs hub.Service, to string, want int) (all []hub.Event) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	h, err := hubs.Open(ctx, connection(t, settings.EventHubs, to), "h", hub.Consumer{Group: "$Default"})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	r, err := h.Open(ctx, "0", hub.Position{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for len(all) < want {
		events, err := r.Read(ctx, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		e := events[0]
		e.Body, e.Properties, e.System = bytes.Clone(e.Body), sorted(t, e.Properties), sorted(t, e.System)
		e.EnqueuedAt = e.EnqueuedAt.UTC()
		all = append(all, e)
	}
	return all
}

// sorted is a JSON object with its names in order; numbers stay as they are written.
func sorted(t *testing.T, object []byte) []byte {
	t.Helper()
	if object == nil {
		return nil
	}
	var names map[string]json.RawMessage
	if err := json.Unmarshal(object, &names); err != nil {
		t.Fatalf("%v: %s", err, object)
	}
	text, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
