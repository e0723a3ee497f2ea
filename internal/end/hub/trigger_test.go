package hub_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// hubTrigger makes a trigger on hub "h". hostJSON is its part of host.json.
func hubTrigger(t *testing.T, m *endtest.Memory, r *endtest.Recorder, extra, hostJSON string) *hub.Trigger {
	t.Helper()
	declaration := `{"name":"events","type":"eventHubTrigger","direction":"in","eventHubName":"h","connection":"H"` + extra + `}`
	tr, err := hub.NewTrigger(hub.End{Hubs: m.Hubs(), State: m.State}, endtest.Setup(t, declaration,
		`{"version":"2.0","extensions":{"eventHubs":{`+hostJSON+`}}}`, r))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

const many = `,"cardinality":"MANY"`

const blob = "localhost/h/$default/checkpoint/0"

// set writes a blob of the host.
func set(t *testing.T, m *endtest.Memory, blob string, metadata map[string]string) {
	t.Helper()
	if _, err := m.Blobs().SetMark(t.Context(), state.EventHubs, blob, metadata, state.Any); err != nil {
		t.Fatal(err)
	}
}

// TestBatchShape holds the wire shape of a batch that every worker decodes.
func TestBatchShape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := endtest.New(1), &endtest.Recorder{}
		m.Send("h", 0, `{"a":1}`, "", "\xff")
		if err := endtest.Run(t, hubTrigger(t, m, r, many, ""), nil); err != nil {
			t.Fatal(err)
		}
		if len(r.Calls()) != 1 {
			t.Fatalf("%d calls", len(r.Calls()))
		}
		c := r.Calls()[0]
		caps := worker.Capabilities{worker.TypedDataCollection: "true"}
		got := map[string]string{"data": show(t, c.Data(caps)), "plain": show(t, c.Data(nil)), "details": c.Details}
		for k, v := range c.Metadata {
			got[k] = show(t, v)
		}
		system := func(n int) string {
			return fmt.Sprintf(`{"SequenceNumber":%d,"Offset":"%d","PartitionKey":null,"EnqueuedTimeUtc":"2026-01-02T03:04:05.00%dZ"}`, n, 100+n, n)
		}
		want := map[string]string{
			"data":                  `{"collectionString":{"string":["{\"a\":1}","","` + "\uFFFD" + `"]}}`,
			"plain":                 `["{\"a\":1}","","` + "\uFFFD" + `"]`,
			"details":               "PartitionId: 0, Offset: 100-102, EnqueueTimeUtc: 2026-01-02T03:04:05.000Z-2026-01-02T03:04:05.002Z, SequenceNumber: 0-2, Count: 3",
			"PartitionKeyArray":     `{"collectionString":{"string":["","",""]}}`,
			"OffsetArray":           `{"collectionString":{"string":["100","101","102"]}}`,
			"SequenceNumberArray":   `{"collectionSint64":{"sint64":["0","1","2"]}}`,
			"EnqueuedTimeUtcArray":  `["2026-01-02T03:04:05.000Z","2026-01-02T03:04:05.001Z","2026-01-02T03:04:05.002Z"]`,
			"PropertiesArray":       `[{},{},{}]`,
			"SystemPropertiesArray": "[" + system(0) + "," + system(1) + "," + system(2) + "]",
			"PartitionContext":      `{"ConsumerGroup":"$Default","EventHubName":"h","FullyQualifiedNamespace":"localhost","IsCheckpointingAfterInvocation":true,"Owner":"me/f","PartitionId":"0"}`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// show renders typed data: JSON as its text, the rest as protojson without
// its unstable spaces.
func show(t *testing.T, v *funcrpc.TypedData) string {
	t.Helper()
	if j, ok := v.GetData().(*funcrpc.TypedData_Json); ok {
		return j.Json
	}
	b, err := protojson.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(strings.ReplaceAll(string(b), `": `, `":`), `, "`, `,"`)
}

// TestSingleShape: one event, its metadata, and its JSON properties beside
// them; the payload wins over metadata of the same name.
func TestSingleShape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := endtest.New(1), &endtest.Recorder{}
		m.Send("h", 0, `{"id":"x","n":1,"list":[1],"nothing":null,"Offset":"mine","deep":{"a":"b"}}`)
		if err := endtest.Run(t, hubTrigger(t, m, r, `,"dataType":"binary"`, ""), nil); err != nil {
			t.Fatal(err)
		}
		c := r.Calls()[0]
		got := map[string]string{}
		for k, v := range c.Metadata {
			got[k] = show(t, v)
		}
		want := map[string]string{
			"Offset": `{"string":"mine"}`, "SequenceNumber": "0", "EnqueuedTimeUtc": `"2026-01-02T03:04:05.000Z"`, "Properties": "{}",
			"SystemProperties": `{"SequenceNumber":0,"Offset":"100","PartitionKey":null,"EnqueuedTimeUtc":"2026-01-02T03:04:05.000Z"}`,
			"PartitionContext": got["PartitionContext"], "id": `{"string":"x"}`, "n": "1", "deep": `{"a":"b"}`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if b := c.Data(nil).GetBytes(); !strings.HasPrefix(string(b), `{"id"`) {
			t.Errorf("data: %s", b)
		}
		for name, want := range map[string]string{"id": "x", "deep.A": "b", "n": "1", "sequencenumber": "0"} {
			if got, ok := c.Values(name); !ok || got != want {
				t.Errorf("{%s} = %q, %v", name, got, ok)
			}
		}
	})
}

// TestBatchSizes: what is there is delivered at once, up to the maximum.
func TestBatchSizes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := endtest.New(1), &endtest.Recorder{}
		m.Send("h", 0, strings.Split(strings.Repeat("x ", 25), " ")[:25]...)
		tr := hubTrigger(t, m, r, many, `"maxEventBatchSize":10`)
		if err := endtest.Run(t, tr, func() { m.Send("h", 0, "y") }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int{10, 10, 5, 1}, r.Items()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestMinimumBatch: with a checkpoint behind it a partition waits for enough
// events, but not longer than the maximum wait.
func TestMinimumBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := endtest.New(1), &endtest.Recorder{}
		tr := hubTrigger(t, m, r, many, `"minEventBatchSize":3,"maxWaitTime":"00:00:30"`)
		m.Send("h", 0, "first")
		err := endtest.Run(t, tr, func() {
			m.Send("h", 0, "a")
			<-time.After(10 * time.Second)
			m.Send("h", 0, "b")
			<-time.After(10 * time.Second)
			if got := r.Items(); len(got) != 1 {
				t.Errorf("too early: %v", got)
			}
			<-time.After(11 * time.Second)
			m.Send("h", 0, "c", "d", "e")
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int{1, 2, 3}, r.Items()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestCheckpoints: written after each batch whatever its outcome, or after
// every nth and at the end, but not for a batch that was cut off.
func TestCheckpoints(t *testing.T) {
	failing := func(context.Context, int) error { return errors.New("the function failed") }
	cutOff := func(context.Context, int) error { return trigger.ErrCancelled }
	for _, c := range []struct {
		name      string
		frequency int
		answer    func(context.Context, int) error
		want      string
	}{
		{"success", 1, nil, "102"},
		{"failure", 1, failing, "102"},
		{"cut off", 1, cutOff, ""},
		{"every third", 3, nil, "102"},
		{"every fifth, at the graceful end", 5, nil, "102"},
	} {
		synctest.Test(t, func(t *testing.T) {
			m, r := endtest.New(1), &endtest.Recorder{Answer: c.answer}
			m.Send("h", 0, "a", "b", "c")
			tr := hubTrigger(t, m, r, many, fmt.Sprintf(`"maxEventBatchSize":1,"batchCheckpointFrequency":%d`, c.frequency))
			during := ""
			err := endtest.Run(t, tr, func() { during = m.Checkpoint(blob)["offset"] })
			if c.want != "" && err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if got := m.Checkpoint(blob)["offset"]; got != c.want {
				t.Errorf("%s: checkpoint %q, want %q", c.name, got, c.want)
			}
			if c.frequency == 5 && during != "" {
				t.Errorf("%s: checkpoint %q before it was due", c.name, during)
			}
		})
	}
}

// TestIdleCheckpoint: what was processed between checkpoints is recorded when
// nothing comes for ten minutes.
func TestIdleCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := endtest.New(1), &endtest.Recorder{}
		m.Send("h", 0, "a")
		tr := hubTrigger(t, m, r, many, `"batchCheckpointFrequency":10`)
		err := endtest.Run(t, tr, func() {
			<-time.After(9 * time.Minute)
			if got := m.Checkpoint(blob); got != nil {
				t.Errorf("too early: %v", got)
			}
			<-time.After(2 * time.Minute)
			if got := m.Checkpoint(blob)["offset"]; got != "100" {
				t.Errorf("after ten minutes: %q", got)
			}
			m.Send("h", 0, "b")
		})
		if err != nil || len(r.Items()) != 2 {
			t.Errorf("%v, %v", r.Items(), err)
		}
	})
}

// TestStopDuringSingles: events one by one end at the one that was cut off,
// and the position is after the last that was not.
func TestStopDuringSingles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(1)
		r := &endtest.Recorder{Answer: func(ctx context.Context, n int) error {
			if n == 2 {
				<-ctx.Done()
				return trigger.ErrCancelled
			}
			return nil
		}}
		m.Send("h", 0, "a", "b", "c")
		if err := endtest.Run(t, hubTrigger(t, m, r, "", ""), nil); err != nil {
			t.Fatal(err)
		}
		if got := m.Checkpoint(blob)["offset"]; got != "100" {
			t.Errorf("checkpoint %q, want after the first event", got)
		}
	})
}

// TestStart begins where host.json says, unless there is a checkpoint.
func TestStart(t *testing.T) {
	for _, c := range []struct {
		name       string
		hostJSON   string
		checkpoint string
		want       []int
	}{
		{"start", "", "", []int{3, 1}},
		{"end", `"initialOffsetOptions":{"type":"FromEnd"}`, "", []int{1}},
		{"time", `"initialOffsetOptions":{"type":"fromEnqueuedTime","enqueuedTimeUtc":"2026-01-02T03:04:05.002Z"}`, "", []int{1, 1}},
		{"checkpoint", `"initialOffsetOptions":{"type":"FromEnd"}`, "100", []int{2, 1}},
	} {
		synctest.Test(t, func(t *testing.T) {
			m, r := endtest.New(1), &endtest.Recorder{}
			m.Send("h", 0, "a", "b", "c")
			if c.checkpoint != "" {
				set(t, m, blob, map[string]string{"offset": c.checkpoint})
			}
			if err := endtest.Run(t, hubTrigger(t, m, r, many, c.hostJSON), func() { m.Send("h", 0, "d") }); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, r.Items()); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
		})
	}
}

// TestHubErrors: one partition's trouble ends the trigger, to be run again.
func TestHubErrors(t *testing.T) {
	boom := errors.New("boom")
	for _, operation := range []string{"eventhub", "read", "checkpoint"} {
		synctest.Test(t, func(t *testing.T) {
			m, r := endtest.New(2), &endtest.Recorder{}
			m.Send("h", 1, "a")
			m.Fail(operation, 1, boom)
			if err := hubTrigger(t, m, r, many, "").Run(t.Context()); !errors.Is(err, boom) {
				t.Errorf("%s: %v", operation, err)
			}
		})
	}
}

func TestHubDeclarations(t *testing.T) {
	for declaration, want := range map[string]string{
		`{"name":"e","type":"eventHubTrigger","connection":"H"}`:                                        "no eventHubName",
		`{"name":"e","type":"eventHubTrigger","eventHubName":"h"}`:                                      "no connection",
		`{"name":"e","type":"eventHubTrigger","eventHubName":"h","connection":"No"}`:                    "no setting No",
		`{"name":"e","type":"eventHubTrigger","path":"h","connection":"H"}`:                             "event hub h, group $Default",
		`{"name":"e","type":"eventHubTrigger","eventHubName":"h","connection":"E","consumerGroup":"g"}`: "event hub fromString, group g",
	} {
		tr, err := hub.NewTrigger(hub.End{Hubs: endtest.New(1).Hubs()}, endtest.Setup(t, declaration, "", nil))
		got := fmt.Sprint(err)
		if err == nil {
			got = tr.Source().Words
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %q", declaration, got, want)
		}
	}
}
