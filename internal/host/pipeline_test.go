package host_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestPipeline sends events through a real Go worker: a batch becomes
// documents, and the documents wake the second function.
func TestPipeline(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(2)
	r := start(t, m)
	m.Send("telemetry", 0,
		`{"id":"a","deviceId":"d1","temperature":20.5}`,
		`not json`,
		`{"id":"b","deviceId":"d2","temperature":41.5}`)
	docs := r.awaitDocuments(2)
	if got := string(docs[1]); !strings.Contains(got, `"id":"b"`) || !strings.Contains(got, "41.5") {
		t.Errorf("second document: %s", got)
	}
	testkit.Eventually(t, limit, func() bool {
		return strings.Contains(r.logs(), "alarm WARN too hot")
	}, "an alarm for the hot device; logs:\n%s", r.logs())
	if logs := r.logs(); !strings.Contains(logs, "process WARN skipped broken event") {
		t.Errorf("logs of the first function are missing:\n%s", logs)
	}
	testkit.Eventually(t, limit, func() bool { return checkpoint(m, "telemetry", 0) == "102" }, "a checkpoint after the batch")
	if got := m.Checkpoint("localhost/telemetry/$default/checkpoint/0")["sequencenumber"]; got != "2" {
		t.Errorf("sequence number in the checkpoint: %q", got)
	}
	done := r.awaitFinished("process", 1)[0]
	if done.Err != nil || done.Items != 3 || done.Documents != 2 {
		t.Errorf("invocation: %+v", done)
	}
}

// TestRestartPosition stops the host and starts it again: it goes on after
// the checkpoint, and so does the change feed.
func TestRestartPosition(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m)
	m.Send("telemetry", 0, `{"id":"a"}`)
	r.awaitFinished("process", 1)
	r.awaitFinished("alarm", 1)
	r.stop()
	m.Send("telemetry", 0, `{"id":"b"}`, `{"id":"c"}`)

	again := start(t, m)
	again.awaitDocuments(3)
	again.awaitFinished("alarm", 1)
	again.stop()
	items := 0
	for _, f := range again.finished("process") {
		items += f.Items
	}
	if items != 2 {
		t.Errorf("after the restart %d events were delivered, want the 2 new ones", items)
	}
	items = 0
	for _, f := range again.finished("alarm") {
		items += f.Items
	}
	if items != 2 {
		t.Errorf("after the restart %d changes were delivered, want the 2 new ones", items)
	}
}

// TestSingleDispatch delivers events one by one and in order.
func TestSingleDispatch(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m)
	var bodies []string
	for i := range 5 {
		bodies = append(bodies, fmt.Sprintf(`{"id":"s%d"}`, i))
	}
	m.Send("single", 0, bodies...)
	docs := r.awaitDocuments(5)
	for i, d := range docs {
		if !strings.Contains(string(d), fmt.Sprintf(`"s%d"`, i)) {
			t.Errorf("document %d: %s", i, d)
		}
	}
	testkit.Eventually(t, limit, func() bool { return checkpoint(m, "single", 0) == "104" }, "a checkpoint after the set")
	if n := len(r.finished("each")); n != 5 {
		t.Errorf("%d invocations, want 5", n)
	}
}
