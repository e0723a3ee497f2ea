package hub

import (
	"strconv"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/host/output"
)

// TestContextOfEvents: what an output sends carries the call that sends it, as clients of
// Azure write it; without a trace nothing is made up.
func TestContextOfEvents(t *testing.T) {
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, want := range []string{trace, ""} {
		if got := sentIn(t, want); got != want {
			t.Errorf("an event of %q says %q", want, got)
		}
	}
}

// sentIn is the context of an event that is sent within a trace, as a function gets it.
func sentIn(t *testing.T, trace string) string {
	t.Helper()
	l := newLab(t)
	namespace, err := l.namespace("")
	if err != nil {
		t.Fatal(err)
	}
	sender := &Sender{Hubs: namespace.Hubs, Name: "h"}
	if err := sender.Send(t.Context(), []Outgoing{{Body: []byte("x"), Properties: contextOf(output.Traced(t.Context(), trace))}}); err != nil {
		t.Fatal(err)
	}
	hub, err := sender.Hubs.Hub("h")
	if err != nil {
		t.Fatal(err)
	}
	for id := range hub.PartitionCount() {
		p, err := hub.Partition(id)
		if err != nil {
			t.Fatal(err)
		}
		if p.Info().Empty {
			continue
		}
		r, err := (&localHub{hub: hub, may: func() error { return nil }}).Open(t.Context(), strconv.Itoa(id), Position{Kind: FromStart})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		events, err := r.Read(t.Context(), nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		if trace != "" && string(events[0].Properties) != `{"Diagnostic-Id":"`+trace+`","traceparent":"`+trace+`"}` {
			t.Errorf("%s", events[0].Properties)
		}
		return events[0].TraceParent
	}
	t.Fatal("nothing was sent")
	return ""
}
