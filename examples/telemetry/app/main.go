// Command app is the function app of the telemetry example: device events come
// in through an event hub or over HTTP, are stored as documents, and raise an
// alarm when a device runs hot.
package main

import "github.com/lazuli-dev/lazuli/functions"

func main() { newApp().Main() }

// newApp registers the five functions. main and the tests use the same app.
func newApp() *functions.App {
	app := functions.New()

	events := &functions.CosmosDBOutput{
		Database: "serverless_db", Container: "events", Connection: "CosmosDBConnection",
	}

	app.HTTP("HttpTrigger", functions.HTTPTrigger{
		Methods: []string{"GET", "POST"},
	}, greet)

	app.HTTP("health", functions.HTTPTrigger{
		Methods: []string{"GET"},
		Route:   "health",
		Auth:    functions.AuthAnonymous,
	}, health)

	app.HTTP("http_trigger_process_event", functions.HTTPTrigger{
		Methods: []string{"POST"},
		Route:   "process-event",
	}, processEvent(events), events)

	app.EventHub("eventhub_trigger_processor", functions.EventHubTrigger{
		Hub:        "telemetry_events",
		Connection: "EventHubConnection",
		Retry:      functions.FixedDelay(3, retryDelay),
	}, processBatch(events), events)

	app.CosmosDB("cosmosdb_changefeed_processor", functions.CosmosDBTrigger{
		Database:       "serverless_db",
		Container:      "events",
		Connection:     "CosmosDBConnection",
		LeaseContainer: "leases",
	}, watchChanges)

	return app
}
