package host_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/breaker"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// asking has host.json say something of a function, as settings do; values are KEY=VALUE.
func asking(m *endtest.Memory, function string, values ...string) func(*host.Options) {
	return func(o *host.Options) {
		o.Letters = m.Letters()
		for _, v := range values {
			key, value, _ := strings.Cut(v, "=")
			o.Settings["AzureFunctionsJobHost__lazuli__functions__"+function+"__"+key] = value
		}
	}
}

// TestDeadLetters: a batch that fails after its retries is kept before the checkpoint
// moves, an event a letter; sent again, good events are processed, and the bad one is back
// with its count.
func TestDeadLetters(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	m.Fail("container", 1, fault.New(fault.Unavailable, "container dead", "it is down"))
	r := start(t, m, asking(m, "retried", "deadLetter__container=dead"))
	m.Send("retried", 0, `{"id":"a"}`, `{"id":"b","do":"fail"}`, "\xff")
	testkit.Eventually(t, limit, func() bool { return checkpoint(m, "retried", 0) == "102" }, "a checkpoint after the batch")
	kept := m.Kept("dead", "retried")
	if len(kept) != 3 {
		t.Fatalf("%d letters when the checkpoint is there, want 3", len(kept))
	}
	l := kept[1]
	if l.Attempts != 3 || l.Redrives != 0 || l.Error.Message != "asked to fail" || l.Error.Type == "" || string(l.Item.Body) != `{"id":"b","do":"fail"}` ||
		l.Item.Partition != "0" || l.Item.Offset != "101" || l.Item.SequenceNumber != 1 || l.Trigger != "eventHubTrigger" || !strings.Contains(l.Source, "retried") || string(kept[2].Item.Body) != "\xff" {
		t.Errorf("%+v", l)
	}
	var outcomes []string
	tell := func(d host.Redriven) { outcomes = append(outcomes, fmt.Sprintf("%s: %v", d.Letter.Item.Offset, d.Err)) }
	if err := r.Redrive(t.Context(), "retried", host.LetterQuery{OnlyError: "another"}, tell); err != nil || outcomes != nil {
		t.Errorf("of another error: %v, %v", outcomes, err)
	}
	if err := r.Redrive(t.Context(), "retried", host.LetterQuery{OnlyError: "asked"}, tell); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(outcomes, ", "); got != "100: <nil>, 101: asked to fail, 102: <nil>" {
		t.Error(got)
	}
	r.awaitDocuments(1)
	seen := 0
	place, err := r.DeadLetters(t.Context(), "retried", host.LetterQuery{}, func(l *letter.Letter) {
		seen++
		if l.Redrives != 1 || l.Attempts != 4 || l.Item.Offset != "101" {
			t.Errorf("%+v", l)
		}
	})
	if err != nil || seen != 1 || place.String() != "container:dead" {
		t.Errorf("%d letters are left in %s, %v", seen, place, err)
	}
}

// TestDeadLettersOfDocuments: the change feed goes on after what failed was kept in a
// hub. A letter that the hub cannot take is in a container, and is sent again all the same.
func TestDeadLettersOfDocuments(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m, asking(m, "alarm", "deadLetter__hub=dead", "deadLetter__connection=Hub"))
	large := `{"id":"large","temperature":"` + strings.Repeat("x", 1<<20) + `"}`
	m.Put(t, "db", "events", `{"id":"small","temperature":"hot"}`, large)
	testkit.Eventually(t, limit, func() bool { return len(m.Events("dead")) == 2 }, "two letters in the hub")
	if kept := m.Kept("lazuli-dead-letters", "alarm"); len(kept) != 1 || string(kept[0].Item.Body) != large {
		t.Errorf("%d large letters", len(kept))
	}
	for round := 1; round < 3; round++ { // what is put back is sent again the next time, and not before
		failed := 0
		if err := r.Redrive(t.Context(), "alarm", host.LetterQuery{}, func(d host.Redriven) {
			if d.Err != nil && d.Letter.Redrives == round-1 {
				failed++
			}
		}); err != nil || failed != 2 {
			t.Errorf("round %d: %d failed again, %v", round, failed, err)
		}
	}
	if err := r.Redrive(t.Context(), "hello", host.LetterQuery{}, nil); !fault.Is(err, fault.NotFound) {
		t.Errorf("a function without dead letters: %v", err)
	}
}

// TestDeadLettersRefused: what can keep none is refused by name, and a place that starts
// the function itself.
func TestDeadLettersRefused(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m, asking(m, "relay", "deadLetter__container=dead"), asking(m, "hello", "deadLetter__container=dead"),
		asking(m, "retried", "deadLetter__hub=retried", "deadLetter__connection=Hub"),
		asking(m, "process", "deadLetter__hub=dead", "deadLetter__container=dead"),
		asking(m, "each", "deadLetter__queu=dead"), asking(m, "alarm", "circuitBreaker__failures=1"))
	broken := map[string]string{}
	for _, b := range r.Status().Broken {
		broken[b.Name] = b.Err.Error()
	}
	for name, want := range map[string]string{
		"relay":   "deadLetter is not for a timerTrigger: a timer brings nothing that could be kept",
		"hello":   "deadLetter is not for a httpTrigger: the caller is told",
		"retried": "its dead letters go to hub:retried, which starts the function itself",
		"process": "lazuli.functions.process.deadLetter.hub: name one place: one of hub, container",
		"each":    "lazuli.functions.each.deadLetter.queu: there is no such key",
		"alarm":   "failures: 1 is not more than the 1 attempts",
	} {
		if !strings.Contains(broken[name], want) {
			t.Errorf("%s: %q, want %q", name, broken[name], want)
		}
	}
}

// TestCircuitBreaker: while the breaker is open a batch is held and not given up, its
// checkpoint stays, and it is delivered once a probe succeeds.
func TestCircuitBreaker(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m, asking(m, "process", "circuitBreaker__failures=2", "circuitBreaker__pause=00:00:00.2", "circuitBreaker__longestPause=00:00:00.2"))
	m.Fail("upsert", 5, fault.New(fault.Unavailable, "container db/events", "connection refused"))
	m.Send("telemetry", 0, `{"id":"lost"}`) // Azure's rule: a failure before it opens counts as processed
	testkit.Eventually(t, limit, func() bool { return checkpoint(m, "telemetry", 0) == "100" }, "a checkpoint after a failure")
	m.Send("telemetry", 0, `{"id":"held"}`)
	testkit.Eventually(t, limit, func() bool { b := breakerOf(r, "process"); return b.State == breaker.Open && b.Probes > 0 }, "an open breaker")
	if at := checkpoint(m, "telemetry", 0); at != "100" {
		t.Errorf("the checkpoint is at %s while the breaker is open", at)
	}
	r.awaitDocuments(1)
	testkit.Eventually(t, limit, func() bool {
		return breakerOf(r, "process").State == breaker.Closed && checkpoint(m, "telemetry", 0) == "101"
	}, "a closed breaker")
	if runs := len(r.finished("process")); runs != 6 {
		t.Errorf("%d runs, want 1 that is lost, 1 that opens, 3 failed probes and 1 that succeeds", runs)
	}
	if got := m.Documents("db", "events"); len(got) != 1 || !strings.Contains(string(got[0]), "held") {
		t.Errorf("%s", got)
	}
}

// TestCircuitBreakerOfHTTP: a function that asks for it answers 503 with Retry-After
// while its breaker is open.
func TestCircuitBreakerOfHTTP(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m, asking(m, "hello", "circuitBreaker__failures=2", "circuitBreaker__pause=00:00:30"))
	get := func(query string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		if err := r.ServeFunction(w, httptest.NewRequest(http.MethodGet, "/api/hello"+query, nil), "hello", nil); err != nil {
			t.Fatal(err)
		}
		return w
	}
	for _, want := range []int{http.StatusInternalServerError, http.StatusInternalServerError, http.StatusServiceUnavailable} {
		if w := get("?do=panic"); w.Code != want {
			t.Errorf("%d %s, want %d", w.Code, w.Body, want)
		}
	}
	w := get("")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "30" || !strings.Contains(w.Body.String(), "circuit breaker") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

// TestStopWhileHeld: a host that stops does not wait for an open breaker, and what was
// held comes again.
func TestStopWhileHeld(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m, asking(m, "process", "circuitBreaker__failures=2", "circuitBreaker__pause=01:00:00", "circuitBreaker__longestPause=01:00:00"))
	m.Fail("upsert", 2, fault.New(fault.Unavailable, "container db/events", "connection refused"))
	m.Send("telemetry", 0, `{"id":"lost"}`)
	r.awaitFinished("process", 1)
	m.Send("telemetry", 0, `{"id":"held"}`)
	testkit.Eventually(t, limit, func() bool { return breakerOf(r, "process").State == breaker.Open }, "an open breaker")
	begun := time.Now()
	r.stop()
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("it took %v to stop", took)
	}
	start(t, m).awaitDocuments(1)
}

func breakerOf(r *rig, function string) breaker.Status {
	for _, f := range r.Functions() {
		if f.Name == function {
			return *f.Breaker
		}
	}
	return breaker.Status{}
}

// TestRedriveEnds: a context that ends lets the run that goes on end, and what becomes of
// its letter is kept.
func TestRedriveEnds(t *testing.T) {
	testkit.NoLeaks(t)
	m := endtest.New(1)
	r := start(t, m, asking(m, "retried", "deadLetter__container=dead"))
	m.Send("retried", 0, `{"id":"a"}`, `{"id":"b"}`, `{"id":"c","do":"fail"}`)
	testkit.Eventually(t, limit, func() bool { return len(m.Kept("dead", "retried")) == 3 }, "three letters")
	ctx, cancel := context.WithCancel(t.Context())
	err := r.Redrive(ctx, "retried", host.LetterQuery{}, func(host.Redriven) { cancel() })
	if err == nil || len(m.Kept("dead", "retried")) != 2 || len(m.Documents("db", "events")) != 1 {
		t.Errorf("%v; %d letters are left, %d documents", err, len(m.Kept("dead", "retried")), len(m.Documents("db", "events")))
	}
}
