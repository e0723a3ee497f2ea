package host_test

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestTimerFeedsHub runs a timer function by hand: its events are in the hub
// under the partition key that stands in them.
func TestTimerFeedsHub(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(2)
	r := start(t, m, func(o *host.Options) { o.Settings["RELAY_DEVICE"] = "d1" })
	if err := r.RunNow("relay", ""); err != nil {
		t.Fatal(err)
	}
	done := r.awaitFinished("relay", 1)[0]
	if done.Err != nil || done.Events != 2 || done.Documents != 0 {
		t.Errorf("invocation: %+v", done)
	}
	events := m.Events("relayed")
	if len(events) != 2 || events[0].PartitionKey != "d1" || !strings.HasPrefix(string(events[1].Body), `{"id":"2"`) {
		t.Errorf("events: %+v", events)
	}
	for _, f := range r.Functions() {
		if f.Name == "relay" && (f.Source.Target != "0 0 0 1 1 *" || f.Listener != host.ListenerRunning) {
			t.Errorf("function: %+v", f)
		}
	}
}

// TestEventWithoutItsKeyFails: an event that lacks the text that is to be its
// partition key fails the invocation, and nothing is sent.
func TestEventWithoutItsKeyFails(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(2)
	r := start(t, m)
	if err := r.RunNow("relay", ""); err != nil {
		t.Fatal(err)
	}
	done := r.awaitFinished("relay", 1)[0]
	if done.Err == nil || !strings.Contains(done.Err.Error(), "no text at deviceId") || len(m.Events("relayed")) != 0 {
		t.Errorf("invocation: %+v", done)
	}
}
