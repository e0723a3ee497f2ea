// Command app is the function app of the telemetry example: device events come
// in through an event hub or over HTTP, are stored as documents, and raise an
// alarm when a device runs hot.
package main

import "github.com/lazuli-dev/lazuli/functions"

func main() { newApp().Main() }

// newApp registers the five functions. main and the tests use the same app.
func newApp() *functions.App {
	app := functions.New()

	events := functions.CosmosOutput("serverless_db", "events",
		functions.Connection("CosmosDBConnection"))

	app.HTTP("HttpTrigger", greet,
		functions.Methods("GET", "POST"))

	app.HTTP("health", health,
		functions.Methods("GET"),
		functions.Route("health"),
		functions.Auth(functions.AuthAnonymous))

	app.HTTP("http_trigger_process_event", processEvent(events),
		functions.Methods("POST"),
		functions.Route("process-event"),
		events)

	app.EventHub("eventhub_trigger_processor", processBatch,
		functions.Hub("telemetry_events"),
		functions.Connection("EventHubConnection"),
		functions.FixedDelay(3, retryDelay),
		events)

	app.CosmosDB("cosmosdb_changefeed_processor", watchChanges,
		functions.Database("serverless_db"),
		functions.Container("events"),
		functions.Connection("CosmosDBConnection"),
		functions.LeaseContainer("leases"))

	return app
}
