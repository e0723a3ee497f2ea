package functions_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/functions"
	"github.com/lazuli-dev/lazuli/functions/functionstest"
)

// TestTimerSendsEvents: a timer function sends events of every JSON kind to a
// hub and stores a document beside them.
func TestTimerSendsEvents(t *testing.T) {
	readings := functions.EventHubOutput("readings", functions.Connection("Hub"), functions.PartitionKey("/plantId"))
	log := functions.CosmosOutput("db", "log", functions.Connection("Cosmos"))
	last := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var got functions.TimerInfo
	app := functions.New()
	app.Timer("poll", func(ctx context.Context, info functions.TimerInfo) error {
		got = info
		if err := log.Add(ctx, map[string]string{"id": "1"}); err != nil {
			return err
		}
		return readings.Add(ctx, map[string]any{"plantId": "p"}, "text", 5, json.RawMessage(`"raw"`))
	}, functions.Schedule("*/5 * * * * *"), functions.FixedDelay(1, time.Second), functions.RunOnStartup(), functions.WithoutMonitor(), readings, log)
	res, err := functionstest.Timer(app, "poll", functions.TimerInfo{PastDue: true, Last: last, Next: last.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if !got.PastDue || !got.Last.Equal(last) || !got.Next.Equal(last.Add(time.Hour)) {
		t.Errorf("the handler saw %+v", got)
	}
	var events []string
	for _, e := range res.Outputs["output"] {
		events = append(events, strings.TrimSpace(string(e)))
	}
	if want := `{"plantId":"p"} "text" 5 "raw"`; strings.Join(events, " ") != want {
		t.Errorf("events %q, want %s", events, want)
	}
	if len(res.Outputs["output2"]) != 1 {
		t.Errorf("documents %q", res.Outputs["output2"])
	}
}

func TestTimerWithoutStatus(t *testing.T) {
	app := functions.New()
	app.Timer("poll", func(_ context.Context, info functions.TimerInfo) error {
		if info != (functions.TimerInfo{}) {
			t.Errorf("info %+v", info)
		}
		return nil
	}, functions.Schedule("0 */5 * * *"))
	if _, err := functionstest.Timer(app, "poll", functions.TimerInfo{}); err != nil {
		t.Fatal(err)
	}
}

func TestTimerRegistrationMistakes(t *testing.T) {
	handle := func(context.Context, functions.TimerInfo) error { return nil }
	for _, tc := range []struct {
		opts []functions.TimerOption
		want string
	}{
		{nil, "needs Schedule"},
		{[]functions.TimerOption{functions.Schedule("hourly")}, "give six fields"},
		{[]functions.TimerOption{functions.Schedule("00:00:05"), functions.EventHubOutput("")}, "needs the name of a hub"},
		{[]functions.TimerOption{functions.Schedule("%S%"), functions.EventHubOutput("h")}, "needs Connection(setting)"},
		{[]functions.TimerOption{functions.Schedule("%S%"), functions.EventHubOutput("h", functions.Connection("c"), functions.PartitionKey("id"))}, "a path such as /deviceId"},
	} {
		app := functions.New()
		app.Timer("poll", handle, tc.opts...)
		if err := app.Err(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v, want %q", err, tc.want)
		}
	}
}

// TestBrokenEventFails: an event that is no JSON fails the invocation, also
// when the handler does not look at the error.
func TestBrokenEventFails(t *testing.T) {
	out := functions.EventHubOutput("h", functions.Connection("c"))
	app := functions.New()
	app.Timer("poll", func(ctx context.Context, _ functions.TimerInfo) error {
		_ = out.Add(ctx, json.RawMessage(`{"a":`))
		return nil
	}, functions.Schedule("00:01:00"), out)
	if _, err := functionstest.Timer(app, "poll", functions.TimerInfo{}); err == nil || !strings.Contains(err.Error(), "output hub h") {
		t.Errorf("%v", err)
	}
}
