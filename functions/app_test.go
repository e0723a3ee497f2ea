package functions

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRegistrationErrors(t *testing.T) {
	hello := func(http.ResponseWriter, *http.Request) {}
	events := func(context.Context, []Event) (Documents, error) { return nil, nil }
	changes := func(context.Context, []Document) error { return nil }
	for want, register := range map[string]func(*App){
		`function "1st": the name must be a letter followed by at most 127 letters, digits, _ or -`:                 func(a *App) { a.HTTP("1st", hello) },
		`function "Host": the name "host" is reserved`:                                                              func(a *App) { a.HTTP("Host", hello) },
		`function "A": another function has this name (names ignore case)`:                                          func(a *App) { a.HTTP("a", hello); a.HTTP("A", hello, Route("b")) },
		`function "b": GET x is already the route of function a`:                                                    func(a *App) { a.HTTP("a", hello, Route("x")); a.HTTP("b", hello, Route("x"), Methods("GET")) },
		`function "a": the handler is nil`:                                                                          func(a *App) { a.HTTP("a", nil) },
		`function "a": Methods("FETCH"): use one of GET, POST, PUT, DELETE, PATCH, HEAD, OPTIONS, TRACE`:            func(a *App) { a.HTTP("a", hello, Methods("FETCH")) },
		`function "a": Auth("open"): use AuthAnonymous, AuthFunction or AuthAdmin`:                                  func(a *App) { a.HTTP("a", hello, Auth("open")) },
		`function "a": Route("x/{y"): segment "{y": a parameter is a whole segment in braces`:                       func(a *App) { a.HTTP("a", hello, Route("x/{y")) },
		`function "a": an Event Hubs trigger needs Hub(name)`:                                                       func(a *App) { a.EventHub("a", events, Connection("c")) },
		`function "a": an Event Hubs trigger needs Connection(setting), the app setting with the connection string`: func(a *App) { a.EventHub("a", events, Hub("h")) },
		`function "a": 0 retries: give a positive number or RetryForever`:                                           func(a *App) { a.EventHub("a", events, Hub("h"), Connection("c"), FixedDelay(0, 1)) },
		`function "a": the longest retry delay 1ns is shorter than the shortest 2ns`:                                func(a *App) { a.EventHub("a", events, Hub("h"), Connection("c"), ExponentialBackoff(1, 2, 1)) },
		`function "a": a Cosmos DB trigger needs Database(name) and Container(name)`:                                func(a *App) { a.CosmosDB("a", changes, Connection("c"), Database("d")) },
		`function "a": the lease container is the watched container itself`:                                         func(a *App) { a.CosmosDB("a", changes, Connection("c"), Database("d"), Container("leases")) },
		`function "a": MaxItems(0): give at least 1`:                                                                func(a *App) { a.CosmosDB("a", changes, Connection("c"), Database("d"), Container("e"), MaxItems(0)) },
		`function "a": CosmosOutput needs the names of a database and a container`:                                  func(a *App) { a.HTTP("a", hello, CosmosOutput("", "e", Connection("c"))) },
		`function "a": CreateIfNotExists("id"): the partition key is a path such as /deviceId`:                      func(a *App) { a.HTTP("a", hello, CosmosOutput("d", "e", Connection("c"), CreateIfNotExists("id"))) },
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
	app.HTTP("1", nil)
	app.EventHub("2", nil)
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
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(hostAddress{})); diff != "" || !ok {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, ok := parseHost([]string{"--host", "x"}); ok {
		t.Error("a host without a port was accepted")
	}
}
