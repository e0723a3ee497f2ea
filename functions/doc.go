// Package functions is the Go programming model for Azure Functions apps: a
// program registers its functions in code and becomes a worker that any
// functions host can run.
//
//	func main() {
//		app := functions.New()
//		app.HTTP("health", functions.HTTPTrigger{Methods: []string{"GET"}}, health)
//
//		s := store{readings: &functions.CosmosDBOutput{Database: "plant", Container: "readings"}}
//		app.EventHub("store", functions.EventHubTrigger{Hub: "readings"}, s.batch, s.readings)
//		app.Main()
//	}
//
//	type store struct{ readings *functions.CosmosDBOutput }
//
//	func (s store) batch(ctx context.Context, events []functions.Event) error {
//		for _, e := range events {
//			doc := map[string]any{"id": e.PartitionID + "-" + e.Offset, "body": json.RawMessage(e.Body)}
//			if err := s.readings.Upsert(ctx, doc); err != nil {
//				return err
//			}
//		}
//		return nil
//	}
//
// The one idea: a registration is a name, a trigger, an ordinary function of
// ordinary Go types that returns an error, and the bindings that it uses. Each
// trigger and each binding is a struct whose fields are its options and whose
// zero value is the default; no JSON file is written by hand. Mistakes in a
// registration do not panic; they are collected and returned as
// [RegistrationError] when the program starts.
//
// # Outputs
//
// A handler writes by calling a typed output: [EventHubOutput.Send],
// [CosmosDBOutput.Upsert], [QueueOutput.Send], [BlobOutput.Write],
// [TableOutput.Insert]. Values are encoded before the call returns, so they may
// be changed afterwards, and calls may come from several goroutines.
//
// Nothing is written yet: what an invocation collects travels with its
// response. When the handler has returned without an error the host writes all
// of it, and only then moves the trigger's position on, or deletes the message.
// A handler that fails writes nothing. An output that cannot be written fails
// the invocation, and what the host had written to other outputs before stays.
// So outputs are at least once, as triggers are: an event that is delivered
// twice is written twice, unless it is written under an id of its own.
//
// A call returns an error at once when ctx is no invocation's, when the handler
// has returned, when the function is not registered with the output, and when a
// value cannot be encoded. The last fails the invocation even where the handler
// passes over it.
//
// # Inputs
//
// A [BlobInput], [TableInput] or [CosmosDBInput] is read by the host before it
// calls the function; the handler gets it by the input's method.
//
// # Middleware
//
// [App.Use] puts a [Handler] around those of all functions, for what concerns
// them all: traces, measurements, work that must not be done twice, dead
// letters.
//
// # Running
//
// The same program runs in two ways, chosen by what started it:
//
//   - A host that speaks FunctionRpc (Lazuli, or Azure's host with the native
//     runtime) starts it with --functions-uri; it then dials the host over gRPC.
//     HTTP requests come to it directly, so that responses stream.
//   - A host that knows custom handlers sets FUNCTIONS_CUSTOMHANDLER_PORT; it then
//     serves HTTP on that port. Run the program with the argument "gen" once
//     to write the function.json and host.json files such a deployment needs.
//
// # Logging
//
// Records logged with a handler's context, for instance through
// [log/slog.InfoContext], become part of that invocation's log. [Logger]
// returns a logger that does so without passing the context again.
package functions
