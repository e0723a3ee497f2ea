package host_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// echoInput reads what its template becomes; "fail" fails.
type echoInput struct{ text *expr.Template }

func (i *echoInput) Place() trigger.Place { return trigger.Place{Host: "localhost", Target: "echo"} }

func (i *echoInput) Read(_ context.Context, values expr.Values) (*funcrpc.TypedData, error) {
	text, err := i.text.Expand(values)
	if err != nil || text == "fail" {
		return nil, fault.New(fault.Unavailable, "echo", "it cannot be read")
	}
	return trigger.Text(text), nil
}

func echoKind() input.Kind {
	return input.Kind{Type: "echo", New: func(s input.Setup) (input.Input, error) {
		t, err := expr.Parse(s.Binding.Text("text"))
		return &echoInput{t}, err
	}}
}

// TestInputBinding: a function is given what its inputs read for the invocation, and
// does not run when one of them cannot be read.
func TestInputBinding(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	trigger := `{"name":"e","type":"eventHubTrigger","direction":"in","eventHubName":"in","connection":"Hub"}`
	r := startEchoHandler(t, m, map[string]string{
		"f": trigger + `,{"name":"extra","type":"ECHO","direction":"in","text":"{id}"},{"name":"out","type":"eventHub","direction":"out","eventHubName":"out","connection":"Hub"}`,
		"g": trigger + `,{"name":"extra","type":"nothing","direction":"in"}`,
		"h": trigger + `,{"name":"extra","type":"echo","direction":"inout","text":"x"}`,
	})
	m.Send("in", 0, `{"id":"seven"}`, `{"id":"fail"}`)
	done := r.awaitFinished("f", 2)
	if done[0].Err != nil || done[1].Err == nil || !strings.Contains(done[1].Err.Error(), "input binding extra: echo: it cannot be read") {
		t.Errorf("%v, %v", done[0].Err, done[1].Err)
	}
	if events := m.Events("out"); len(events) != 1 || string(events[0].Body) != `"seven"` {
		t.Errorf("%v", events)
	}
	for _, f := range r.Functions() {
		if f.Name == "f" && (len(f.Inputs) != 1 || f.Inputs[0].Target != "echo") {
			t.Errorf("%+v", f.Inputs)
		}
	}
	for name, want := range map[string]string{"g": "input type nothing is not supported yet; echo is", "h": "direction inout is not supported"} {
		if err := broken(r, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b, err := binding.Parse([]byte(`{"name":"x","type":"y"}`)); err != nil {
		t.Error(err)
	} else if _, err := (input.Table{}).Find(&b); err == nil || !strings.Contains(err.Error(), "there is none") {
		t.Errorf("without kinds: %v", err)
	}
}

func broken(r *rig, name string) error {
	for _, b := range r.Status().Broken {
		if b.Name == name {
			return b.Err
		}
	}
	return nil
}

// startEchoHandler starts a custom handler that puts out what it is given as extra.
func startEchoHandler(t *testing.T, m *endtest.Memory, functions map[string]string) *rig {
	t.Helper()
	return startRawHandlerWith(t, m, "", functions, func(o *host.Options) {
		o.Inputs = input.Table{echoKind()}
	})
}

// TestPropertiesWithoutEffect: what of a declaration has no effect is said at the
// start, with the function, the binding and why; a type of an SDK where there is none
// breaks the function.
func TestPropertiesWithoutEffect(t *testing.T) {
	testkit.NoLeaks(t)
	var said strings.Builder
	hub := `{"name":"e","type":"eventHubTrigger","direction":"in","eventHubName":"in","connection":"Hub"`
	r := startRawHandlerWith(t, endtest.New(1), "", map[string]string{
		"f": hub + `,"consumerGrp":"g","cardinality":"many"}`,
		"g": hub + `,"properties":{"supportsDeferredBinding":true}}`,
		"h": hub + `}],"retry":{"strategy":"fixedDelay","maxRetryCount":2,"delayInterval":"00:00:01"},"more":[{}`,
	}, func(o *host.Options) { o.Log = slog.New(slog.NewTextHandler(&locked{b: &said}, nil)) })
	if err := broken(r, "g"); err == nil || !strings.Contains(err.Error(), "not types of an SDK") {
		t.Errorf("g: %v", err)
	}
	r.stop()
	text := said.String()
	for _, want := range []string{`function=f binding=e property=consumerGrp why="a binding of type eventHubTrigger has no such property here; did you mean consumerGroup?"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if strings.Contains(text, "property=cardinality") || strings.Contains(text, "retry policy has no effect") {
		t.Error("what counts is said to have no effect:", text)
	}
}

// locked is a writer that several may write to.
type locked struct {
	mu sync.Mutex
	b  *strings.Builder
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
