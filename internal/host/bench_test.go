package host_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/changefeed"
	"github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/end/timer"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// BenchmarkDispatch drives batches of 100 events of 1 KB through the host and
// a real Go worker that turns each event into a document. The host's own part
// is what remains of host-µs/batch: from the batch in hand to the outputs
// handed over, waiting for the worker included.
func BenchmarkDispatch(b *testing.B) {
	const batch = 100
	padding := strings.Repeat("x", 900)
	events := make([]hub.Event, batch)
	for i := range events {
		events[i] = hub.Event{
			Body:     fmt.Appendf(nil, `{"id":"evt-%d","deviceId":"device-%03d","temperature":21.5,"note":%q}`, i, i%10, padding),
			Sequence: int64(i), Offset: fmt.Sprint(i), EnqueuedAt: time.Unix(1, 0), PartitionKey: "device",
			Properties: []byte(`{"eventType":"telemetry","deviceId":"device-001"}`),
		}
	}
	c := &endless{events: events, batches: make(chan struct{}), done: make(chan struct{})}
	m := endtest.New(1)
	hubs, containers := hub.End{Hubs: endlessHubs{c}, State: m.State}, container.End{Containers: endlessContainers{endless: c}}
	start(b, m, func(o *host.Options) {
		o.Log = testkit.Discard()
		o.Triggers = trigger.Table{hubs.Trigger(), containers.Trigger(), timer.End{State: m.State}.Trigger()}
		o.Outputs = output.Table{hubs.Output(), containers.Output()}
		o.Settings["AzureWebJobs.each.Disabled"] = "true"
		o.Settings["AzureWebJobs.retried.Disabled"] = "true"
		o.Settings["AzureWebJobs.alarm.Disabled"] = "true"
	})
	b.SetBytes(batch * 1000)
	for b.Loop() {
		c.batches <- struct{}{}
		<-c.done
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N), "µs/batch")
	b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "events/s")
}

// endless is a source that yields a batch whenever the benchmark asks for
// one, and a sink that drops everything.
type endless struct {
	events        []hub.Event
	batches, done chan struct{}
}

// endlessHubs and endlessContainers lead to the one endless.
type endlessHubs struct{ *endless }

func (e endlessHubs) Host(settings.Connection) string { return "localhost" }

func (e endlessHubs) Open(context.Context, settings.Connection, string, hub.Consumer) (hub.Hub, error) {
	return endlessHub(e), nil
}

func (e endlessHubs) Sink(context.Context, settings.Connection, string) (hub.Sink, error) {
	return nil, nil
}

type endlessContainers struct {
	*endless
	container.Service // what triggers and outputs do not need
}

func (e endlessContainers) Feed(context.Context, settings.Connection, string, string) (changefeed.Source, error) {
	return nil, nil
}

func (e endlessContainers) Leases(context.Context, settings.Connection, string, string, bool) (changefeed.LeaseStore, error) {
	return nil, nil
}

func (e endlessContainers) Sink(context.Context, settings.Connection, string, string, string) (container.Sink, error) {
	return e.endless, nil
}

// endlessHub is the endless as a hub; its readers are closed otherwise.
type endlessHub struct{ *endless }

func (endlessHub) Remote() bool { return false }

func (endlessHub) Close() {}

func (e *endless) Changed() <-chan struct{} { return nil }

func (e *endless) Namespace() string { return "localhost" }

func (e *endless) Partitions(context.Context) ([]string, error) { return []string{"0"}, nil }

func (e *endless) Open(context.Context, string, hub.Position) (hub.Reader, error) {
	return e, nil
}

func (e *endless) Read(ctx context.Context, dst []hub.Event, _ int) ([]hub.Event, error) {
	select {
	case <-e.batches:
		return append(dst, e.events...), nil
	case <-ctx.Done():
		return dst, ctx.Err()
	}
}

func (e *endless) Close() error { return nil }

func (e *endless) Upsert(context.Context, [][]byte) error {
	e.done <- struct{}{}
	return nil
}
