package functions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

func durationOf(d time.Duration) *durationpb.Duration { return durationpb.New(d) }

// batchRequest is a batch as Azure's host sends it.
func batchRequest(id string, payloads ...string) *funcrpc.InvocationRequest {
	n := len(payloads)
	bodies := make([][]byte, n)
	offsets, keys := make([]string, n), make([]string, n)
	numbers := make([]int64, n)
	times, props, system := make([]string, n), make([]map[string]any, n), make([]map[string]any, n)
	for i, p := range payloads {
		bodies[i] = []byte(p)
		offsets[i], keys[i], numbers[i] = fmt.Sprint(i*100), fmt.Sprintf("device-%03d", i), int64(i)
		times[i] = time.Date(2026, 1, 2, 3, 4, i%60, 500e6, time.UTC).Format("2006-01-02T15:04:05.999Z")
		props[i] = map[string]any{"eventType": "telemetry", "n": i}
		system[i] = map[string]any{"SequenceNumber": i, "x-opt-kind": "test"}
	}
	text := func(v any) *funcrpc.TypedData {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return jsonData(string(b))
	}
	return &funcrpc.InvocationRequest{
		InvocationId: id,
		InputData: []*funcrpc.ParameterBinding{{Name: "events", RpcData: &funcrpc.ParameterBinding_Data{Data: &funcrpc.TypedData{
			Data: &funcrpc.TypedData_CollectionBytes{CollectionBytes: &funcrpc.CollectionBytes{Bytes: bodies}},
		}}}},
		TriggerMetadata: map[string]*funcrpc.TypedData{
			"OffsetArray":           {Data: &funcrpc.TypedData_CollectionString{CollectionString: &funcrpc.CollectionString{String_: offsets}}},
			"PartitionKeyArray":     {Data: &funcrpc.TypedData_CollectionString{CollectionString: &funcrpc.CollectionString{String_: keys}}},
			"SequenceNumberArray":   {Data: &funcrpc.TypedData_CollectionSint64{CollectionSint64: &funcrpc.CollectionSInt64{Sint64: numbers}}},
			"EnqueuedTimeUtcArray":  text(times),
			"PropertiesArray":       text(props),
			"SystemPropertiesArray": text(system),
			"PartitionContext":      text(map[string]any{"PartitionId": "3", "EventHubName": "telemetry_events"}),
		},
	}
}

var testTrigger = EventHubTrigger{Hub: "telemetry_events"}

func testOutput() *CosmosDBOutput {
	return &CosmosDBOutput{Database: "serverless_db", Container: "events"}
}

func TestWorkerIntroducesItself(t *testing.T) {
	app := New()
	app.EventHub("processor", EventHubTrigger{Hub: "telemetry_events", ConsumerGroup: "alarms", Retry: FixedDelay(3, 2*time.Second)},
		func(context.Context, []Event) error { return nil }, testOutput())
	app.CosmosDB("changes", CosmosDBTrigger{
		Database: "serverless_db", Container: "events", StartFromBeginning: true, MaxItems: 50, PollDelay: 250 * time.Millisecond,
		Retry: ExponentialBackoff(RetryForever, time.Second, time.Minute),
	}, func(context.Context, []Document) error { return nil })
	h := startWorker(t, app)

	if h.started.WorkerId != "w1" {
		t.Errorf("worker id %q, want the one on the command line", h.started.WorkerId)
	}
	if h.init.Capabilities["HandlesWorkerTerminateMessage"] != "true" || h.init.WorkerMetadata.RuntimeName != "go" {
		t.Errorf("init response %v", h.init)
	}
	m := h.metadata.FunctionMetadataResults
	want := []string{
		`{"name":"events","type":"eventHubTrigger","direction":"in","eventHubName":"telemetry_events","connection":"EventHubConnection","consumerGroup":"alarms","cardinality":"many","dataType":"binary"}`,
		`{"name":"output","type":"cosmosDB","direction":"out","databaseName":"serverless_db","containerName":"events","connection":"CosmosDBConnection"}`,
		`{"name":"documents","type":"cosmosDBTrigger","direction":"in","databaseName":"serverless_db","containerName":"events","connection":"CosmosDBConnection","leaseContainerName":"leases","startFromBeginning":true,"maxItemsPerInvocation":50,"feedPollDelay":250}`,
	}
	same(t, "bindings", want, append(m[0].RawBindings, m[1].RawBindings...))
	if r := m[0].RetryOptions; r.MaxRetryCount != 3 || r.RetryStrategy != funcrpc.RpcRetryOptions_fixed_delay || r.DelayInterval.AsDuration() != 2*time.Second {
		t.Errorf("fixed retry %v", r)
	}
	if r := m[1].RetryOptions; r.MaxRetryCount != -1 || r.MaximumInterval.AsDuration() != time.Minute {
		t.Errorf("exponential retry %v", r)
	}
}

func TestWorkerRunsABatch(t *testing.T) {
	app, got, out := New(), make(chan []Event, 1), testOutput()
	app.EventHub("processor", testTrigger, func(ctx context.Context, events []Event) error {
		got <- events
		for _, e := range events {
			if err := out.Upsert(ctx, map[string]any{"id": e.Offset, "raw": string(e.Body)}); err != nil {
				return err
			}
		}
		return out.Upsert(ctx, json.RawMessage(`{"id":"raw"}`))
	}, out)
	h := startWorker(t, app)
	resp := h.invoke("processor", batchRequest("i1", `{"a":1}`, "not json \xff"))

	if resp.Result.Status != funcrpc.StatusResult_Success || resp.InvocationId != "i1" {
		t.Fatalf("response %v", resp)
	}
	want := Event{
		Body: []byte("not json \xff"), PartitionKey: "device-001", PartitionID: "3", SequenceNumber: 1, Offset: "100",
		EnqueuedTime:     time.Date(2026, 1, 2, 3, 4, 1, 500e6, time.UTC),
		Properties:       Properties(`{"eventType":"telemetry","n":1}`),
		SystemProperties: Properties(`{"SequenceNumber":1,"x-opt-kind":"test"}`),
	}
	same(t, "second event", want, (<-got)[1])
	if len(resp.OutputData) != 1 || resp.OutputData[0].Name != "output" {
		t.Fatalf("outputs %v", resp.OutputData)
	}
	var docs []map[string]any
	if err := json.Unmarshal([]byte(resp.OutputData[0].GetData().GetJson()), &docs); err != nil || len(docs) != 3 || docs[2]["id"] != "raw" {
		t.Errorf("documents %v, %v", docs, err)
	}
}

func TestWorkerRefusesListsThatDoNotMatch(t *testing.T) {
	app := New()
	app.EventHub("processor", testTrigger, func(context.Context, []Event) error { return nil })
	h := startWorker(t, app)
	req := batchRequest("i1", "{}", "{}", "{}")
	req.TriggerMetadata["OffsetArray"].GetCollectionString().String_ = []string{"1", "2"}
	resp := h.invoke("processor", req)
	if msg := resp.Result.GetException().GetMessage(); msg != "OffsetArray has 2 entries for 3 events" {
		t.Errorf("exception %q", msg)
	}
}

func TestWorkerFailures(t *testing.T) {
	out, other := testOutput(), testOutput()
	upsert := func(docs ...any) func(context.Context, []Event) error {
		return func(ctx context.Context, _ []Event) error { return out.Upsert(ctx, docs...) }
	}
	for _, tc := range []struct {
		name    string
		handle  func(context.Context, []Event) error
		message string
		kind    string
	}{
		{"error", func(context.Context, []Event) error { return errors.New("no such device") }, "no such device", "*errors.errorString"},
		{"panic", func(context.Context, []Event) error { panic("boom") }, "panic: boom", "panic"},
		{"not an object", upsert(struct{}{}, []int{1}), "output serverless_db/events: document 1: []int is not encoded as a JSON object", ""},
		{"broken text", upsert([]byte(`{"a":`)), "output serverless_db/events: document 0: the text is not one complete JSON value", ""},
		{"not encodable", upsert(func() {}), "output serverless_db/events: document 0: json: unsupported type: func()", ""},
		{"foreign output", func(ctx context.Context, _ []Event) error { return other.Upsert(ctx, struct{}{}) }, "functions: function f is not registered with the output serverless_db/events", ""},
		{"foreign context", func(context.Context, []Event) error { return out.Upsert(context.Background(), struct{}{}) }, "functions: CosmosDBOutput.Upsert outside an invocation: pass the handler's context", ""},
		{"swallowed", func(ctx context.Context, _ []Event) error { _ = out.Upsert(ctx, 1); return nil }, "output serverless_db/events: document 0: int is not encoded as a JSON object", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			app := New()
			app.EventHub("f", testTrigger, tc.handle, out)
			h := startWorker(t, app)
			for _, id := range []string{"first", "second"} { // the worker survives
				resp := h.invoke("f", batchRequest(id, "{}"))
				e := resp.Result.GetException()
				if resp.Result.Status != funcrpc.StatusResult_Failure || e.GetMessage() != tc.message || len(resp.OutputData) != 0 {
					t.Errorf("%s: %v", id, resp)
				}
				if tc.kind != "" && e.GetType() != tc.kind {
					t.Errorf("exception type %q, want %q", e.GetType(), tc.kind)
				}
				if tc.kind == "panic" && !strings.Contains(e.GetStackTrace(), "TestWorkerFailures") {
					t.Errorf("stack %q", e.GetStackTrace())
				}
			}
		})
	}
}

func TestWorkerSendsLogsBeforeTheResponse(t *testing.T) {
	log := slog.New(NewLogHandler(slog.DiscardHandler)).With("site", "seoul")
	app := New()
	app.EventHub("f", testTrigger, func(ctx context.Context, _ []Event) error {
		for i := range 2000 { // more than the queue holds
			log.InfoContext(ctx, "line", "i", i)
		}
		Logger(ctx).Warn("hot", "celsius", 41.5)
		log.Info("not of this invocation")
		return nil
	})
	h := startWorker(t, app)
	if resp := h.invoke("f", batchRequest("i1", "{}")); resp.Result.Status != funcrpc.StatusResult_Success {
		t.Fatal(resp)
	}
	lines := h.logged("i1")
	if len(lines) != 2001 || lines[0] != "line site=seoul i=0" || lines[1999] != "line site=seoul i=1999" || lines[2000] != "hot celsius=41.5" {
		t.Errorf("%d lines, last %q", len(lines), lines[max(len(lines)-1, 0):])
	}
	last := h.logs[len(h.logs)-1]
	if last.Level != funcrpc.RpcLog_Warning || last.Properties != `{"celsius":41.5}` || last.Category != "Function.f.User" {
		t.Errorf("last record %v", last)
	}
}

// blocker is a handler that reports its start and runs until it is let go or
// its context ends.
type blocker struct {
	started chan string
	letGo   chan struct{}
}

func newBlocker() *blocker {
	return &blocker{started: make(chan string, 100), letGo: make(chan struct{})}
}

func (b *blocker) handle(ctx context.Context, _ []Event) error {
	inv, _ := FromContext(ctx)
	b.started <- inv.ID
	select {
	case <-b.letGo:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ctx.Err(), context.Cause(ctx))
	}
}

func TestWorkerRunsInvocationsAtOnceAndCancelsOne(t *testing.T) {
	b, app := newBlocker(), New()
	app.EventHub("f", testTrigger, b.handle)
	h := startWorker(t, app)
	first, second := h.start("f", batchRequest("i1", "{}")), h.start("f", batchRequest("i2", "{}"))
	<-b.started
	<-b.started
	h.post("", &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_InvocationCancel{
		InvocationCancel: &funcrpc.InvocationCancel{InvocationId: "i1"},
	}})
	resp := h.await(first).GetInvocationResponse()
	if resp.Result.Status != funcrpc.StatusResult_Cancelled || !strings.Contains(resp.Result.Exception.Message, ErrCancelled.Error()) {
		t.Errorf("cancelled: %v", resp)
	}
	close(b.letGo)
	if resp := h.await(second).GetInvocationResponse(); resp.Result.Status != funcrpc.StatusResult_Success {
		t.Errorf("other: %v", resp)
	}
}

func TestWorkerDrainsOnTerminate(t *testing.T) {
	b, app := newBlocker(), New()
	app.EventHub("f", testTrigger, b.handle)
	h := startWorker(t, app)
	running := h.start("f", batchRequest("i1", "{}"))
	<-b.started
	h.terminate(time.Minute)
	// Terminate has been read once a later message is refused.
	late := h.invokeUntilRefused("f")
	if late.Result.Exception.Message != ErrStopping.Error() {
		t.Errorf("late invocation: %v", late)
	}
	close(b.letGo)
	if resp := h.await(running).GetInvocationResponse(); resp.Result.Status != funcrpc.StatusResult_Success {
		t.Errorf("running invocation: %v", resp)
	}
	if err := h.end(); err != nil {
		t.Errorf("Run: %v", err)
	}
}

func (h *fakeHost) invokeUntilRefused(name string) *funcrpc.InvocationResponse {
	h.t.Helper()
	for i := range 1000 {
		id := fmt.Sprintf("late-%d", i)
		reply := h.start(name, batchRequest(id, "{}"))
		select {
		case m := <-reply:
			return m.GetInvocationResponse()
		case <-time.After(10 * time.Millisecond): // it was admitted and blocks
		}
	}
	h.t.Fatal("no invocation was refused")
	return nil
}

func TestWorkerCancelsWhenGraceIsOver(t *testing.T) {
	b, app := newBlocker(), New()
	app.EventHub("f", testTrigger, b.handle)
	h := startWorker(t, app)
	running := h.start("f", batchRequest("i1", "{}"))
	<-b.started
	h.terminate(time.Millisecond)
	if resp := h.await(running).GetInvocationResponse(); !strings.Contains(resp.Result.GetException().GetMessage(), ErrStopping.Error()) {
		t.Errorf("response %v", resp)
	}
	if err := h.end(); err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestWorkerEndsWithItsHost(t *testing.T) {
	b, app := newBlocker(), New()
	app.EventHub("f", testTrigger, b.handle)
	h := startWorker(t, app)
	h.start("f", batchRequest("i1", "{}"))
	<-b.started
	h.hangUp()
	if err := h.end(); err == nil || !strings.Contains(err.Error(), "ended the conversation") {
		t.Errorf("Run: %v", err)
	}
}

func TestOutputsFromManyGoroutines(t *testing.T) {
	a, b := testOutput(), &CosmosDBOutput{Database: "serverless_db", Container: "archive"}
	app := New()
	app.CosmosDB("fan", CosmosDBTrigger{Database: "d", Container: "c"}, func(ctx context.Context, docs []Document) error {
		var wg sync.WaitGroup
		for _, d := range docs {
			wg.Go(func() {
				if err := errors.Join(a.Upsert(ctx, d), b.Upsert(ctx, d, d)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		return nil
	}, a, b)
	h := startWorker(t, app)
	resp := h.invoke("fan", &funcrpc.InvocationRequest{InvocationId: "i1", InputData: []*funcrpc.ParameterBinding{{
		Name: "documents", RpcData: &funcrpc.ParameterBinding_Data{Data: &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: `[{"id":"1"},{"id":"2"},{"id":"3"}]`}}},
	}}})
	counts := map[string]int{}
	for _, out := range resp.OutputData {
		raws, err := splitArray(out.GetData().GetJson())
		if err != nil {
			t.Error(err)
		}
		counts[out.Name] = len(raws)
	}
	same(t, "documents per output", map[string]int{"output": 3, "output2": 6}, counts)
}
