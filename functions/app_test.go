package functions

import (
	"context"
	"errors"
	"net/http"
	"testing"
)

func TestRegistrationErrors(t *testing.T) {
	hello := func(http.ResponseWriter, *http.Request) {}
	events := func(context.Context, []Event) error { return nil }
	changes := func(context.Context, []Document) error { return nil }
	blob := func(context.Context, Blob) error { return nil }
	message := func(context.Context, Message) error { return nil }
	hub := EventHubTrigger{Hub: "h"}
	for want, register := range map[string]func(*App){
		`function "1st": the name must be a letter followed by at most 127 letters, digits, _ or -`: func(a *App) { a.HTTP("1st", HTTPTrigger{}, hello) },
		`function "Host": the name "host" is reserved`:                                              func(a *App) { a.HTTP("Host", HTTPTrigger{}, hello) },
		`function "A": another function has this name (names ignore case)`: func(a *App) {
			a.HTTP("a", HTTPTrigger{}, hello)
			a.HTTP("A", HTTPTrigger{Route: "b"}, hello)
		},
		`function "b": GET x is already the route of function a`: func(a *App) {
			a.HTTP("a", HTTPTrigger{Route: "x"}, hello)
			a.HTTP("b", HTTPTrigger{Route: "x", Methods: []string{"GET"}}, hello)
		},
		`function "a": the handler is nil`: func(a *App) { a.HTTP("a", HTTPTrigger{}, nil) },
		`function "a": HTTPTrigger.Methods "FETCH": use one of GET, POST, PUT, DELETE, PATCH, HEAD, OPTIONS, TRACE`: func(a *App) { a.HTTP("a", HTTPTrigger{Methods: []string{"FETCH"}}, hello) },
		`function "a": HTTPTrigger.Auth "open": use AuthAnonymous, AuthFunction or AuthAdmin`:                       func(a *App) { a.HTTP("a", HTTPTrigger{Auth: "open"}, hello) },
		`function "a": HTTPTrigger.Route "x/{y": segment "{y": a parameter is a whole segment in braces`:            func(a *App) { a.HTTP("a", HTTPTrigger{Route: "x/{y"}, hello) },
		`function "a": EventHubTrigger needs Hub`:                                                                   func(a *App) { a.EventHub("a", EventHubTrigger{}, events) },
		`function "a": 0 retries: give a positive number or RetryForever`:                                           func(a *App) { a.EventHub("a", EventHubTrigger{Hub: "h", Retry: FixedDelay(0, 1)}, events) },
		`function "a": the longest retry delay 1ns is shorter than the shortest 2ns`:                                func(a *App) { a.EventHub("a", EventHubTrigger{Hub: "h", Retry: ExponentialBackoff(1, 2, 1)}, events) },
		`function "a": CosmosDBTrigger needs Database and Container`:                                                func(a *App) { a.CosmosDB("a", CosmosDBTrigger{Database: "d"}, changes) },
		`function "a": CosmosDBTrigger.LeaseContainer is the watched container itself`:                              func(a *App) { a.CosmosDB("a", CosmosDBTrigger{Database: "d", Container: "leases"}, changes) },
		`function "a": CosmosDBTrigger.MaxItems -1 is negative`:                                                     func(a *App) { a.CosmosDB("a", CosmosDBTrigger{Database: "d", Container: "e", MaxItems: -1}, changes) },
		`function "a": QueueTrigger needs Queue`:                                                                    func(a *App) { a.Queue("a", QueueTrigger{}, message) },
		`function "a": BlobTrigger needs Path, such as samples-workers/{name}`:                                      func(a *App) { a.Blob("a", BlobTrigger{}, blob) },
		`function "a": CosmosDBOutput needs Database and Container`:                                                 func(a *App) { a.HTTP("a", HTTPTrigger{}, hello, &CosmosDBOutput{Container: "e"}) },
		`function "a": CosmosDBOutput.CreateWithKey "id": the partition key is a path such as /deviceId`: func(a *App) {
			a.HTTP("a", HTTPTrigger{}, hello, &CosmosDBOutput{Database: "d", Container: "e", CreateWithKey: "id"})
		},
		`function "a": EventHubOutput needs Hub`:                                         func(a *App) { a.EventHub("a", hub, events, &EventHubOutput{}) },
		`function "a": EventHubOutput.PartitionKey "id": give a path such as /deviceId`:  func(a *App) { a.EventHub("a", hub, events, &EventHubOutput{Hub: "h", PartitionKey: "id"}) },
		`function "a": QueueOutput needs Queue`:                                          func(a *App) { a.EventHub("a", hub, events, &QueueOutput{}) },
		`function "a": TableOutput needs Table`:                                          func(a *App) { a.EventHub("a", hub, events, &TableOutput{}) },
		`function "a": BlobOutput.Path "x": give container/blob, such as reports/{name}`: func(a *App) { a.EventHub("a", hub, events, &BlobOutput{Path: "x"}) },
		`function "a": BlobInput.Path "": give container/blob, such as reports/{name}`:   func(a *App) { a.EventHub("a", hub, events, &BlobInput{}) },
		`function "a": TableInput.RowKey needs PartitionKey too`:                         func(a *App) { a.EventHub("a", hub, events, &TableInput{Table: "t", RowKey: "r"}) },
		`function "a": CosmosDBInput has both ID and Query: give one of them`: func(a *App) {
			a.EventHub("a", hub, events, &CosmosDBInput{Database: "d", Container: "c", ID: "1", Query: "q"})
		},
		`function "a": a binding is nil`: func(a *App) { a.EventHub("a", hub, events, (*QueueOutput)(nil)) },
	} {
		app := New()
		register(app)
		err := app.Err()
		var reg *RegistrationError
		if err == nil || err.Error() != want || !errors.As(err, &reg) {
			t.Errorf("error %v\nwant  %s", err, want)
		}
		if got := app.Run(t.Context()); got == nil || got.Error() != want {
			t.Errorf("Run: %v, want the same", got)
		}
	}
}

func TestRegistrationErrorsAreAllReported(t *testing.T) {
	app := New()
	app.HTTP("1", HTTPTrigger{}, nil)
	app.EventHub("2", EventHubTrigger{}, nil)
	app.Use(nil)
	if got := len(app.problems); got != 6 {
		t.Errorf("%d problems: %v", got, app.Err())
	}
}

func TestRunWithoutAHost(t *testing.T) {
	t.Setenv("FUNCTIONS_CUSTOMHANDLER_PORT", "")
	t.Setenv("FUNCTIONS_HTTPWORKER_PORT", "")
	if err := New().Run(t.Context()); !errors.Is(err, ErrNoHost) {
		t.Errorf("Run: %v", err)
	}
}

func TestParseHost(t *testing.T) {
	both := []string{
		"--host", "127.0.0.1", "--port", "5000", "--workerId", "w", "--requestId", "r", "--grpcMaxMessageLength", "2147483647",
		"--functions-uri", "http://127.0.0.1:5000/", "--functions-worker-id", "w", "--functions-request-id", "r",
	}
	want := hostAddress{target: "127.0.0.1:5000", workerID: "w", request: "r"}
	for name, args := range map[string][]string{
		"both": both, "old": both[:10], "new": both[10:], "unknown flags": append([]string{"--debug", "--x=y", "serve"}, both...),
		"joined": {"--functions-uri=127.0.0.1:5000", "--functions-worker-id=w", "--functions-request-id=r"},
	} {
		got, ok := parseHost(args)
		if got != want || !ok {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if _, ok := parseHost([]string{"--host", "x"}); ok {
		t.Error("a host without a port was accepted")
	}
}
