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
	readings := &functions.EventHubOutput{Hub: "readings", PartitionKey: "/plantId"}
	log := &functions.CosmosDBOutput{Database: "db", Container: "log"}
	last := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var got functions.TimerInfo
	app := functions.New()
	app.Timer("poll", functions.TimerTrigger{
		Schedule: "*/5 * * * * *", Retry: functions.FixedDelay(1, time.Second), RunOnStartup: true, WithoutMonitor: true,
	}, func(ctx context.Context, info functions.TimerInfo) error {
		got = info
		if err := log.Upsert(ctx, map[string]string{"id": "1"}); err != nil {
			return err
		}
		return readings.Send(ctx, map[string]any{"plantId": "p"}, "text", 5, json.RawMessage(`"raw"`))
	}, readings, log)
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
	app.Timer("poll", functions.TimerTrigger{Schedule: "0 */5 * * *"}, func(_ context.Context, info functions.TimerInfo) error {
		if info != (functions.TimerInfo{}) {
			t.Errorf("info %+v", info)
		}
		return nil
	})
	if _, err := functionstest.Timer(app, "poll", functions.TimerInfo{}); err != nil {
		t.Fatal(err)
	}
}

func TestTimerRegistrationMistakes(t *testing.T) {
	handle := func(context.Context, functions.TimerInfo) error { return nil }
	for _, tc := range []struct {
		schedule string
		want     string
	}{
		{"", "TimerTrigger needs Schedule"},
		{"hourly", `TimerTrigger.Schedule "hourly": give six fields`},
		{"1 2 3", "give six fields"},
	} {
		app := functions.New()
		app.Timer("poll", functions.TimerTrigger{Schedule: tc.schedule}, handle)
		if err := app.Err(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v, want %q", err, tc.want)
		}
	}
}

// TestBrokenEventFails: an event that is no JSON fails the invocation, also
// when the handler does not look at the error.
func TestBrokenEventFails(t *testing.T) {
	out := &functions.EventHubOutput{Hub: "h"}
	app := functions.New()
	app.Timer("poll", functions.TimerTrigger{Schedule: "00:01:00"}, func(ctx context.Context, _ functions.TimerInfo) error {
		_ = out.Send(ctx, json.RawMessage(`{"a":`))
		return nil
	}, out)
	if _, err := functionstest.Timer(app, "poll", functions.TimerInfo{}); err == nil || !strings.Contains(err.Error(), "output hub h") {
		t.Errorf("%v", err)
	}
}
