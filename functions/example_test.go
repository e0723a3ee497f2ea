package functions_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/functions"
	"github.com/lazuli-dev/lazuli/functions/functionstest"
)

func Example() {
	app := functions.New()
	events := functions.CosmosOutput("serverless_db", "events",
		functions.Connection("CosmosDBConnection"))

	app.EventHub("processor", func(ctx context.Context, batch []functions.Event) (functions.Documents, error) {
		docs := make(functions.Documents, 0, len(batch))
		for _, e := range batch {
			var reading struct{ DeviceID string }
			if err := e.Decode(&reading); err != nil {
				functions.Logger(ctx).Warn("skipped", "error", err)
				continue
			}
			docs = append(docs, map[string]any{"id": fmt.Sprint(e.SequenceNumber), "deviceId": reading.DeviceID})
		}
		return docs, nil
	},
		functions.Hub("telemetry_events"),
		functions.Connection("EventHubConnection"),
		functions.FixedDelay(3, 5*time.Second),
		events)

	// In a program, app.Main() follows. In a test:
	res, err := functionstest.Events(app, "processor",
		functions.Event{Body: []byte(`{"deviceId":"device-001"}`), SequenceNumber: 41},
		functions.Event{Body: []byte(`not JSON`), SequenceNumber: 42})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range res.Documents {
		fmt.Printf("%s\n", d)
	}
	fmt.Println(res.Logs[0])
	// Output:
	// {"deviceId":"device-001","id":"41"}
	// [Warning] skipped error="event 42: invalid character 'o' in literal null (expecting 'u')"
}

func ExampleApp_HTTP() {
	app := functions.New()
	app.HTTP("device", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "device %s", r.PathValue("id"))
	},
		functions.Methods("GET"),
		functions.Route("devices/{id:int}"),
		functions.Auth(functions.AuthAnonymous))

	// Served directly, as a custom handler that gets its requests forwarded:
	w := httptest.NewRecorder()
	app.Handler("api").ServeHTTP(w, httptest.NewRequest("GET", "/api/devices/12", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 200 device 12
}

func ExampleApp_CosmosDB() {
	app := functions.New()
	app.CosmosDB("alarm", func(ctx context.Context, changed []functions.Document) error {
		for _, d := range changed {
			var doc struct {
				DeviceID    string
				Temperature float64
			}
			if err := d.Decode(&doc); err != nil {
				return err
			}
			if doc.Temperature > 40 {
				functions.Logger(ctx).Warn("too hot", "device", doc.DeviceID, "celsius", doc.Temperature)
			}
		}
		return nil
	},
		functions.Database("serverless_db"),
		functions.Container("events"),
		functions.Connection("CosmosDBConnection"),
		functions.ExponentialBackoff(functions.RetryForever, time.Second, time.Minute))

	res, err := functionstest.Changes(app, "alarm", map[string]any{"id": "1", "deviceId": "device-002", "temperature": 41.5})
	fmt.Println(res.Logs, err)
	// Output: [[Warning] too hot device=device-002 celsius=41.5] <nil>
}

func ExampleOutput_Add() {
	app := functions.New()
	events := functions.CosmosOutput("serverless_db", "events", functions.Connection("CosmosDBConnection"))
	app.HTTP("save", func(w http.ResponseWriter, r *http.Request) {
		if err := events.Add(r.Context(), map[string]any{"id": r.URL.Query().Get("id")}); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}, events)

	res, err := functionstest.HTTP(app, "save", httptest.NewRequest("POST", "/api/save?id=7", nil))
	fmt.Printf("%s %d %v\n", res.Documents, res.Response.StatusCode, err)
	// Output: [{"id":"7"}] 202 <nil>
}

func ExampleApp_Err() {
	app := functions.New()
	app.EventHub("processor", func(context.Context, []functions.Event) (functions.Documents, error) { return nil, nil },
		functions.Hub("telemetry_events"))

	err := app.Err()
	var mistake *functions.RegistrationError
	fmt.Println(errors.As(err, &mistake), strings.Contains(err.Error(), "Connection"))
	fmt.Println(err)
	// Output:
	// true true
	// function "processor": an Event Hubs trigger needs Connection(setting), the app setting with the connection string
}

func ExampleFromContext() {
	app := functions.New()
	app.EventHubEach("one", func(ctx context.Context, e functions.Event) (functions.Documents, error) {
		run, _ := functions.FromContext(ctx)
		slog.DebugContext(ctx, "running", "id", run.ID)
		fmt.Println(run.Function, run.Retry)
		return nil, nil
	}, functions.Hub("h"), functions.Connection("c"))
	_, err := functionstest.Event(app, "one", functions.Event{Body: []byte("{}")})
	fmt.Println(err)
	// Output:
	// one 0
	// <nil>
}
