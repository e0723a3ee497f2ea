package endtest

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// Recorder is an Invoker that remembers its calls and answers as told.
type Recorder struct {
	mu    sync.Mutex
	calls []trigger.Call // guarded by mu
	// Answer is what the nth call returns, from 1; nil: success.
	Answer func(ctx context.Context, n int) error
}

// Invoke implements trigger.Invoker.
func (r *Recorder) Invoke(ctx context.Context, c trigger.Call) error {
	r.mu.Lock()
	r.calls = append(r.calls, c)
	n := len(r.calls)
	r.mu.Unlock()
	if r.Answer == nil {
		return nil
	}
	return r.Answer(ctx, n)
}

// Calls are all calls so far.
func (r *Recorder) Calls() []trigger.Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]trigger.Call(nil), r.calls...)
}

// Items are the numbers of events or documents of each call.
func (r *Recorder) Items() []int {
	var out []int
	for _, c := range r.Calls() {
		out = append(out, c.Items)
	}
	return out
}

// Connections are settings that lead to hubs (H, and E with a hub of its own)
// and to containers (D).
func Connections() *settings.Settings {
	return settings.New(map[string]string{
		"H": "Endpoint=sb://Localhost;SharedAccessKeyName=k;SharedAccessKey=v",
		"E": "Endpoint=sb://localhost;EntityPath=fromString",
		"D": "AccountEndpoint=https://localhost:8081/;AccountKey=x",
	})
}

// Connection reads a connection string.
func Connection(t testing.TB, service settings.Service, text string) settings.Connection {
	t.Helper()
	c, err := settings.New(map[string]string{"S": text}).Connection(service, "S")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Parse reads a binding's declaration.
func Parse(t testing.TB, declaration string) *binding.Binding {
	t.Helper()
	b, err := binding.Parse([]byte(declaration))
	if err != nil {
		t.Fatal(err)
	}
	return &b
}

// Setup is what a trigger of that declaration is made of: function "f" of host
// "me", and host.json as given, the default when it is "".
func Setup(t testing.TB, declaration, hostJSON string, r trigger.Invoker) trigger.Setup {
	t.Helper()
	if hostJSON == "" {
		hostJSON = `{"version":"2.0"}`
	}
	c, err := hostjson.Parse("host.json", []byte(hostJSON), nil)
	if err != nil {
		t.Fatal(err)
	}
	return trigger.Setup{
		Function: "f", Binding: Parse(t, declaration), Settings: Connections(), Config: c, Owner: "me", HostID: "host",
		Invoker: r, Log: testkit.Discard(), Checkpointed: func(trigger.Checkpoint) {}, Waits: func(string) {},
	}
}

// Run lets the trigger work until the bubble is idle, and stops it.
func Run(t *testing.T, tr interface{ Run(context.Context) error }, meanwhile func()) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- tr.Run(ctx) }()
	synctest.Wait()
	if meanwhile != nil {
		meanwhile()
		synctest.Wait()
	}
	cancel()
	return <-done
}
