// Package functions is the Go programming model for Azure Functions apps: a
// program registers its functions in code and becomes a worker that any
// functions host can run.
//
//	func main() {
//		app := functions.New()
//		app.HTTP("health", health, functions.Methods("GET"), functions.Route("health"))
//
//		events := functions.CosmosOutput("serverless_db", "events",
//			functions.Connection("CosmosDBConnection"))
//		app.EventHub("processor", process,
//			functions.Hub("telemetry_events"),
//			functions.Connection("EventHubConnection"),
//			events)
//		app.Main()
//	}
//
//	func process(ctx context.Context, batch []functions.Event) (functions.Documents, error) {
//		docs := make(functions.Documents, 0, len(batch))
//		for _, e := range batch {
//			docs = append(docs, map[string]any{"id": e.PartitionID + "-" + e.Offset, "body": json.RawMessage(e.Body)})
//		}
//		return docs, nil
//	}
//
// The one idea: triggers, outputs and retry policies are arguments of the
// registration, handlers are ordinary functions of ordinary Go types, and no
// JSON file is written by hand. Mistakes in a registration do not panic; they
// are collected and returned as [RegistrationError] when the program starts.
//
// # Running
//
// The same program runs in two ways, chosen by what started it:
//
//   - A host that speaks FunctionRpc (Lazuli, or Azure's host with the native
//     runtime) starts it with --functions-uri; it then dials the host over gRPC.
//   - A host that knows custom handlers sets FUNCTIONS_CUSTOMHANDLER_PORT; it then
//     serves HTTP on that port. Run the program with the argument "gen" once
//     to write the function.json and host.json files such a deployment needs.
//
// # Logging
//
// Records logged with a handler's context, for instance through
// [log/slog.InfoContext], become part of that invocation's log. [Logger]
// returns a logger that does so without passing the context again.
//
// # What it does not do
//
// Input bindings other than the trigger, queues and blobs are not part of this
// package. In a FunctionRpc host an HTTP response is buffered and sent
// whole when the handler returns; as a custom handler it streams.
package functions
