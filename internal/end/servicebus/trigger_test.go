package servicebus

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

const patience = 20 * time.Second

func namespaces() *settings.Settings {
	return settings.New(map[string]string{
		"SB": "Endpoint=sb://mine.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=dg==", "AzureWebJobsServiceBus": "Endpoint=sb://other.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=dg==",
		"Here": "Endpoint=sb://localhost;SharedAccessKeyName=k;SharedAccessKey=dg==;UseDevelopmentEmulator=true", "Empty": "SharedAccessKey=dg==",
	})
}

func (p *peer) trigger(properties, hostJSON string, invoker trigger.Invoker) *Trigger {
	p.t.Helper()
	s := endtest.Setup(p.t, `{"name":"m","type":"serviceBusTrigger","connection":"SB"`+properties+`}`, `{"version":"2.0","extensions":{"serviceBus":{`+hostJSON+`}}}`, invoker)
	s.Settings = namespaces()
	tr, err := NewTrigger(End{Dial: p.dial}, s)
	if err != nil {
		p.t.Fatal(err)
	}
	return tr
}

func (p *peer) start(tr *Trigger) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- tr.Run(ctx) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() {
			cancel()
			select {
			case err = <-done:
			case <-time.After(patience):
				p.t.Error("the trigger does not stop")
			}
		})
		return err
	}
	p.t.Cleanup(func() { _ = stop() })
	return stop
}

func (p *peer) eventually(claim func() bool, what string) {
	p.t.Helper()
	for begun := time.Now(); !claim(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > patience {
			p.t.Fatalf("not after %v: %s", patience, what)
		}
	}
}

// TestMessages: a message is completed when its function succeeded and given back when
// it failed, until the service sets it aside.
func TestMessages(t *testing.T) {
	testkit.NoLeaks(t)
	p := newPeer(t)
	p.put("q", "", `{"id":"a","n":1}`, "b")
	var mu sync.Mutex
	failed := false
	r := &endtest.Recorder{}
	r.Answer = func(_ context.Context, n int) error {
		mu.Lock()
		defer mu.Unlock()
		if c := r.Calls()[n-1]; !failed && c.Data(nil).GetString_() == "b" {
			failed = true
			return errors.New("no")
		}
		return nil
	}
	stop := p.start(p.trigger(`,"queueName":"q"`, `"maxConcurrentCalls":2`, r))
	want := []string{`{"id":"a","n":1}:accepted `, "b:modified accepted "}
	p.eventually(func() bool { return slices.Equal(p.told("q"), want) }, "both are completed")
	if err := stop(); err != nil {
		t.Error(err)
	}
	i := slices.IndexFunc(r.Calls(), func(c trigger.Call) bool { return strings.HasPrefix(c.Data(nil).GetString_(), "{") })
	c := r.Calls()[i]
	got := map[string]string{}
	for name, v := range c.Metadata {
		got[name] = v.GetString_() + v.GetJson()
	}
	for name, want := range map[string]string{
		"MessageId": `id-{"id":"a","n":1}`, "DeliveryCount": "1", "SequenceNumber": "7", "EnqueuedTimeUtc": "2026-01-01T00:00:00.1230000Z", "Subject": "subject", "Label": "subject",
		"ContentType": "text/plain", "UserProperties": `{"kind":"test","n":3}`, "ApplicationProperties": `{"kind":"test","n":3}`, "id": "a", "State": "0",
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	for name, want := range map[string]string{"id": "a", "subject": "subject", "DeliveryCount": "1"} {
		if v, ok := c.Values(name); !ok || v != want {
			t.Errorf("{%s} is %q", name, v)
		}
	}
	if _, ok := c.Metadata["CorrelationId"]; ok {
		t.Error("what is not said is told")
	}
}

// TestBatches: a batch is one invocation, settled together, with a lock that is renewed
// while it runs.
func TestBatches(t *testing.T) {
	testkit.NoLeaks(t)
	p := newPeer(t)
	p.put("t/Subscriptions/s", "", "a", "b", "c")
	r := &endtest.Recorder{Answer: func(context.Context, int) error {
		p.eventually(func() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.requests["com.microsoft:renew-lock"] > 0 }, "locks are renewed")
		return nil
	}}
	stop := p.start(p.trigger(`,"topicName":"t","subscriptionName":"s","cardinality":"many"`, `"minMessageBatchSize":3,"maxBatchWaitTime":"00:00:10"`, r))
	want := []string{"a:accepted ", "b:accepted ", "c:accepted "}
	p.eventually(func() bool { return slices.Equal(p.told("t/Subscriptions/s"), want) }, "all are completed")
	if err := stop(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]int{3}, r.Items()); diff != "" {
		t.Fatal(diff)
	}
	c := r.Calls()[0]
	if got := c.Data(worker.Capabilities{worker.TypedDataCollection: "true"}).GetCollectionString().GetString_(); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("data %q", got)
	}
	for name, want := range map[string]string{"MessageIdArray": `["id-a","id-b","id-c"]`, "UserPropertiesArray": `[{"kind":"test","n":3},{"kind":"test","n":3},{"kind":"test","n":3}]`, "CorrelationIdArray": "[null,null,null]"} {
		if got := c.Metadata[name].GetJson(); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestSessions: the messages of a session come in order, one at a time, and sessions
// beside each other.
func TestSessions(t *testing.T) {
	testkit.NoLeaks(t)
	p := newPeer(t)
	p.put("q", "x", "x1", "x2", "x3")
	p.put("q", "y", "y1", "y2")
	var mu sync.Mutex
	order, running := map[string]string{}, map[string]bool{}
	both := make(chan struct{})
	r := &endtest.Recorder{}
	r.Answer = func(_ context.Context, n int) error {
		body := r.Calls()[n-1].Data(nil).GetString_()
		session := body[:1]
		mu.Lock()
		if running[session] {
			t.Error("two messages of a session at once")
		}
		running[session] = true
		order[session] += body[1:]
		if running["x"] && running["y"] {
			select {
			case <-both:
			default:
				close(both)
			}
		}
		mu.Unlock()
		select {
		case <-both: // each waits until both sessions run
		case <-time.After(patience):
			t.Error("sessions do not run beside each other")
		}
		mu.Lock()
		running[session] = false
		mu.Unlock()
		return nil
	}
	stop := p.start(p.trigger(`,"queueName":"q","isSessionsEnabled":true`, `"maxConcurrentSessions":2,"sessionIdleTimeout":"00:00:00.2"`, r))
	p.eventually(func() bool { return len(r.Calls()) == 5 }, "all come")
	p.put("q", "z", "z1")
	p.eventually(func() bool { return slices.Contains(p.told("q"), "z1:accepted ") }, "a session that comes later is taken")
	if err := stop(); err != nil {
		t.Error(err)
	}
	if order["x"] != "123" || order["y"] != "12" {
		t.Errorf("%v", order)
	}
}

// TestNotCompleted: where host.json or the binding says so messages are not completed.
func TestNotCompleted(t *testing.T) {
	testkit.NoLeaks(t)
	p := newPeer(t)
	p.put("q", "", "a")
	r := &endtest.Recorder{}
	stop := p.start(p.trigger(`,"queueName":"q","autoCompleteMessages":false`, "", r))
	p.eventually(func() bool { return len(r.Calls()) == 1 }, "it comes")
	if err := stop(); err != nil || !slices.Equal(p.told("q"), []string{"a:"}) {
		t.Errorf("%v, %q", err, p.told("q"))
	}
	if tr := p.trigger(`,"queueName":"q"`, `"messageHandlerOptions":{"autoComplete":false}`, nil); tr.complete {
		t.Error("the older shape of host.json")
	}
}

// TestMissingQueue: a queue that does not exist ends the trigger with a word about it.
func TestMissingQueue(t *testing.T) {
	testkit.NoLeaks(t)
	p := newPeer(t)
	if err := p.trigger(`,"queueName":"nowhere"`, "", &endtest.Recorder{}).Run(t.Context()); !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "queue nowhere") {
		t.Error(err)
	}
}

// TestOutput: text, bytes and JSON become messages of the vendor's content types.
func TestOutput(t *testing.T) {
	testkit.NoLeaks(t)
	p := newPeer(t)
	opened := &output.Opened[sinkKey, *sink]{}
	o, err := newOutput(End{Dial: p.dial}, output.Setup{Binding: endtest.Parse(t, `{"name":"o","type":"serviceBus","direction":"out","queueName":"to-{id}","connection":"SB"}`), Settings: namespaces()}, opened)
	if err != nil {
		t.Fatal(err)
	}
	values := expr.Values{Lookup: func(name string) (string, bool) { return "7", name == "id" }}
	for _, v := range []*funcrpc.TypedData{trigger.Text("text"), trigger.Bytes([]byte("bytes")), trigger.JSON(`{"a":1}`), trigger.JSON(`["x",{"b":2}]`), nil} {
		if _, err := o.Write(t.Context(), v, values); err != nil {
			t.Fatal(err)
		}
	}
	var contents []string // the peer takes note after it has settled
	p.eventually(func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		contents = slices.Clone(p.contents["to-7"])
		return len(contents) >= 5
	}, "all have come")
	if diff := cmp.Diff([]string{"text:", "bytes:", `{"a":1}:`, "x:", `{"b":2}:`}, p.told("to-7")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"text/plain", "application/octet-stream", "application/json", "text/plain", "application/json"}, contents); diff != "" {
		t.Error(diff)
	}
	key := sinkKey{"mine.servicebus.windows.net", "SB", "to-7"}
	if err := opened.Use(t.Context(), key, nil, func(s *sink) error { return s.client.Close(t.Context()) }); err != nil {
		t.Error(err)
	}
}

// TestRefusals: what a declaration asks for and cannot have is said by its name.
func TestRefusals(t *testing.T) {
	for properties, want := range map[string]string{
		`"connection":"SB"`:                                           "needs queueName, or topicName and subscriptionName",
		`"connection":"SB","topicName":"t"`:                           "needs queueName, or topicName and subscriptionName",
		`"connection":"Here","queueName":"q"`:                         "there is no Service Bus here",
		`"connection":"Empty","queueName":"q"`:                        "it names no namespace",
		`"connection":"Nothing","queueName":"q"`:                      "no setting Nothing",
		`"connection":"SB","queueName":"q","isSessionsEnabled":"yes"`: "isSessionsEnabled must be true or false",
	} {
		s := endtest.Setup(t, `{"name":"m","type":"serviceBusTrigger",`+properties+`}`, "", nil)
		s.Settings = namespaces()
		if _, err := NewTrigger(End{}, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", properties, err, want)
		}
	}
	s := endtest.Setup(t, `{"name":"m","type":"serviceBusTrigger","queueName":"q"}`, "", nil)
	s.Settings = namespaces()
	tr, err := NewTrigger(End{}, s)
	if err != nil || tr.Source().Host != "other.servicebus.windows.net" {
		t.Errorf("the default setting: %v", err)
	}
	if c, err := tr.ByHandMany([]string{"a", "b"}, time.Now()); !fault.Is(err, fault.Invalid) {
		t.Error(c, err)
	}
	if c, err := tr.ByHand("a", time.Unix(0, 0)); err != nil || c.Metadata["EnqueuedTimeUtc"].GetString_() != "1970-01-01T00:00:00.0000000Z" {
		t.Error(c, err)
	}
	_, err = newOutput(End{}, output.Setup{Binding: endtest.Parse(t, `{"name":"o","type":"serviceBus","queueName":"q","topicName":"t","connection":"SB"}`), Settings: namespaces()}, nil)
	if err == nil || !strings.Contains(err.Error(), "has both queueName and topicName") {
		t.Error(err)
	}
}
