package functions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
	docs := &functions.CosmosDBOutput{Database: "serverless_db", Container: "events"}

	app.EventHub("processor", functions.EventHubTrigger{
		Hub:   "telemetry_events",
		Retry: functions.FixedDelay(3, 5*time.Second),
	}, func(ctx context.Context, batch []functions.Event) error {
		for _, e := range batch {
			var reading struct{ DeviceID string }
			if err := e.Decode(&reading); err != nil {
				functions.Logger(ctx).Warn("skipped", "error", err)
				continue
			}
			if err := docs.Upsert(ctx, map[string]any{"id": fmt.Sprint(e.SequenceNumber), "deviceId": reading.DeviceID}); err != nil {
				return err
			}
		}
		return nil
	}, docs)

	// In a program, app.Main() follows. In a test:
	res, err := functionstest.Events(app, "processor",
		functions.Event{Body: []byte(`{"deviceId":"device-001"}`), SequenceNumber: 41},
		functions.Event{Body: []byte(`not JSON`), SequenceNumber: 42})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range res.Output {
		fmt.Printf("%s\n", d)
	}
	fmt.Println(res.Logs[0])
	// Output:
	// {"deviceId":"device-001","id":"41"}
	// [Warning] skipped error="event 42: invalid character 'o' in literal null (expecting 'u')"
}

func ExampleApp_HTTP() {
	app := functions.New()
	app.HTTP("device", functions.HTTPTrigger{
		Route:   "devices/{id:int}",
		Methods: []string{"GET"},
		Auth:    functions.AuthAnonymous,
	}, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "device %s", r.PathValue("id"))
	})

	// Served directly, as a custom handler that gets its requests forwarded:
	w := httptest.NewRecorder()
	app.Handler("api").ServeHTTP(w, httptest.NewRequest("GET", "/api/devices/12", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 200 device 12
}

func ExampleApp_CosmosDB() {
	app := functions.New()
	app.CosmosDB("alarm", functions.CosmosDBTrigger{
		Database: "serverless_db", Container: "events",
		Retry: functions.ExponentialBackoff(functions.RetryForever, time.Second, time.Minute),
	}, func(ctx context.Context, changed []functions.Document) error {
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
	})

	res, err := functionstest.Changes(app, "alarm", map[string]any{"id": "1", "deviceId": "device-002", "temperature": 41.5})
	fmt.Println(res.Logs, err)
	// Output: [[Warning] too hot device=device-002 celsius=41.5] <nil>
}

func ExampleCosmosDBOutput_Upsert() {
	app := functions.New()
	docs := &functions.CosmosDBOutput{Database: "serverless_db", Container: "events"}
	app.HTTP("save", functions.HTTPTrigger{}, func(w http.ResponseWriter, r *http.Request) {
		if err := docs.Upsert(r.Context(), map[string]any{"id": r.URL.Query().Get("id")}); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}, docs)

	res, err := functionstest.HTTP(app, "save", httptest.NewRequest("POST", "/api/save?id=7", nil))
	fmt.Printf("%s %d %v\n", res.Output, res.Response.StatusCode, err)
	// Output: [{"id":"7"}] 202 <nil>
}

// A picture that is uploaded becomes a smaller one beside it.
func ExampleApp_Blob() {
	app := functions.New()
	small := &functions.BlobOutput{Path: "thumbnails/{name}"}
	app.Blob("thumbnail", functions.BlobTrigger{Path: "samples-workers/{name}"},
		func(ctx context.Context, b functions.Blob) error {
			return small.Write(ctx, b.Content[:3])
		}, small)

	res, err := functionstest.Blob(app, "thumbnail", functions.Blob{
		Container: "samples-workers", Name: "cat.png", Content: []byte("a large picture"),
	})
	fmt.Printf("%q %v\n", res.Output, err)
	// Output: ["a l"] <nil>
}

// A message is enriched from a table and passed on.
func ExampleApp_Queue() {
	app := functions.New()
	device := &functions.TableInput{Table: "devices", PartitionKey: "korea", RowKey: "{deviceId}"}
	work := &functions.QueueOutput{Queue: "work"}
	app.Queue("enrich", functions.QueueTrigger{Queue: "readings"},
		func(ctx context.Context, m functions.Message) error {
			var known struct{ Site string }
			if err := device.Get(ctx, &known); errors.Is(err, fs.ErrNotExist) {
				known.Site = "unknown"
			} else if err != nil {
				return err
			}
			return work.Send(ctx, map[string]string{"site": known.Site, "reading": string(m.Body)})
		}, device, work)

	given := functionstest.Given{"input": map[string]string{"Site": "Jeju"}}
	res, err := given.Message(app, "enrich", functions.Message{Body: []byte("21.5")})
	fmt.Printf("%s %v\n", res.Output, err)
	res, err = functionstest.Message(app, "enrich", functions.Message{Body: []byte("21.5")})
	fmt.Printf("%s %v\n", res.Output, err)
	// Output:
	// [{"reading":"21.5","site":"Jeju"}] <nil>
	// [{"reading":"21.5","site":"unknown"}] <nil>
}

// A batch that fails for the last time is set aside, and the function goes on.
func ExampleApp_Use_deadLetters() {
	app := functions.New()
	dead := &functions.EventHubOutput{Hub: "dead-letters"}
	app.Use(func(next functions.Handler) functions.Handler {
		return func(ctx context.Context, in functions.Input) error {
			err := next(ctx, in)
			run, _ := functions.FromContext(ctx)
			batch, isBatch := in.(functions.Events)
			if err == nil || !isBatch || run.Retry < run.MaxRetries {
				return err
			}
			slog.ErrorContext(ctx, "set aside", "events", len(batch), "error", err)
			for _, e := range batch {
				if err := dead.Send(ctx, json.RawMessage(e.Body)); err != nil {
					return err
				}
			}
			return nil
		}
	})
	docs := &functions.CosmosDBOutput{Database: "db", Container: "events"}
	app.EventHub("store", functions.EventHubTrigger{Hub: "events"}, func(ctx context.Context, batch []functions.Event) error {
		if err := docs.Upsert(ctx, map[string]string{"id": "half done"}); err != nil {
			return err
		}
		return errors.New("the other half cannot be done")
	}, docs, dead)

	res, err := functionstest.Events(app, "store", functions.Event{Body: []byte(`{"n":1}`)})
	fmt.Printf("documents %s, dead letters %s, %v\n", res.Outputs["output"], res.Outputs["output2"], err)
	// Output: documents [], dead letters [{"n":1}], <nil>
}

func ExampleApp_Err() {
	app := functions.New()
	app.EventHub("processor", functions.EventHubTrigger{ConsumerGroup: "alarms"},
		func(context.Context, []functions.Event) error { return nil })

	err := app.Err()
	var mistake *functions.RegistrationError
	fmt.Println(errors.As(err, &mistake), strings.Contains(err.Error(), "Hub"))
	fmt.Println(err)
	// Output:
	// true true
	// function "processor": EventHubTrigger needs Hub
}

func ExampleFromContext() {
	app := functions.New()
	app.EventHubEach("one", functions.EventHubTrigger{Hub: "h"}, func(ctx context.Context, e functions.Event) error {
		run, _ := functions.FromContext(ctx)
		slog.DebugContext(ctx, "running", "id", run.ID)
		fmt.Println(run.Function, run.Retry)
		return nil
	})
	_, err := functionstest.Event(app, "one", functions.Event{Body: []byte("{}")})
	fmt.Println(err)
	// Output:
	// one 0
	// <nil>
}
