package queues

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

func in64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// TestSourceKeepsTheContract holds a queue of the engine to what pumps rest on.
func TestSourceKeepsTheContract(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.put("inbox")
		q, err := w.account.Queue("inbox")
		if err != nil {
			t.Fatal(err)
		}
		source := w.trigger("", &endtest.Recorder{}).source(local{q, func() error { return nil }})
		endtest.Queues(t, source, func(bodies ...string) { w.put("inbox", bodies...) }, time.Sleep)
		if got := w.visible("inbox-poison"); !cmp.Equal(got, []string{"b"}) {
			t.Errorf("the poison queue has %q", got)
		}
	})
}

// TestMessage is what a function is told of a message.
func TestMessage(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		r := &endtest.Recorder{}
		w.put("inbox", in64(`{"id":"a","n":1,"list":[1],"nothing":null,"deep":{"x":"y"}}`))
		if err := endtest.Run(t, w.trigger("", r), nil); err != nil {
			t.Error(err)
		}
		c := r.Calls()[0]
		if got := c.Data(nil).GetString_(); !strings.HasPrefix(got, `{"id":"a"`) {
			t.Errorf("data %q", got)
		}
		got := map[string]string{}
		for name, v := range c.Metadata {
			got[name] = v.GetString_() + v.GetJson()
		}
		if len(got["Id"]) != 36 || len(got["PopReceipt"]) == 0 {
			t.Errorf("id %q, receipt %q", got["Id"], got["PopReceipt"])
		}
		delete(got, "Id")
		delete(got, "PopReceipt")
		want := map[string]string{ // the bubble's time begins with the year 2000
			"DequeueCount": "1", "QueueTrigger": `{"id":"a","n":1,"list":[1],"nothing":null,"deep":{"x":"y"}}`,
			"InsertionTime": `"2000-01-01T00:00:00+00:00"`, "ExpirationTime": `"2000-01-08T00:00:00+00:00"`, "NextVisibleTime": `"2000-01-01T00:00:30+00:00"`,
			"id": "a", "n": "1", "deep": `{"x":"y"}`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for name, want := range map[string]string{"deep.x": "y", "queueTrigger": want["QueueTrigger"], "dequeueCount": "1"} {
			if v, ok := c.Values(name); !ok || v != want {
				t.Errorf("{%s} is %q", name, v)
			}
		}
		if _, ok := c.Metadata["DequeueCount"].GetData().(*funcrpc.TypedData_Json); !ok {
			t.Error("a number is not JSON, which Python cannot take")
		}
		if n := w.length("inbox"); n != 0 {
			t.Errorf("%d messages are left", n)
		}
	})
}

// TestEncoding: messages are base64 unless host.json says that they are none, and what
// is no base64 is set aside without a run.
func TestEncoding(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		r := &endtest.Recorder{}
		w.put("inbox", "not base64!", in64("\xff\x00"))
		if err := endtest.Run(t, w.trigger("", r, `"dataType":"binary"`), nil); err != nil {
			t.Error(err)
		}
		if calls := r.Calls(); len(calls) != 1 || string(calls[0].Data(nil).GetBytes()) != "\xff\x00" {
			t.Errorf("%d runs", len(calls))
		}
		if got := w.visible("inbox-poison"); !cmp.Equal(got, []string{"not base64!"}) {
			t.Errorf("poison %q", got)
		}
		w.put("inbox", "plain")
		if err := endtest.Run(t, w.trigger(`"messageEncoding":"none"`, r), nil); err != nil {
			t.Error(err)
		}
		if got := r.Calls()[1].Data(nil).GetString_(); got != "plain" {
			t.Errorf("%q", got)
		}
	})
}

// TestFailures: a message is tried MaxDequeueCount times, with VisibilityTimeout
// between, and then it is in the poison queue as it was put.
func TestFailures(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var times []time.Duration
		begun := time.Now()
		r := &endtest.Recorder{Answer: func(context.Context, int) error {
			times = append(times, time.Since(begun))
			return errors.New("no")
		}}
		w.put("inbox", in64("x"))
		if err := endtest.Run(t, w.trigger(`"maxDequeueCount":3,"visibilityTimeout":"00:00:10"`, r), func() { time.Sleep(time.Minute) }); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]time.Duration{0, 10 * time.Second, 20 * time.Second}, times); diff != "" {
			t.Error(diff)
		}
		if got := w.visible("inbox-poison"); !cmp.Equal(got, []string{in64("x")}) || w.length("inbox") != 0 {
			t.Errorf("poison %q, left %d", got, w.length("inbox"))
		}
	})
}

// TestOftenHandedOut: a message whose attempts took the host down each time is set
// aside without another.
func TestOftenHandedOut(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.put("inbox", in64("x"))
		q, err := w.account.Queue("inbox")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got, err := q.Get(t.Context(), 1, time.Second); len(got) != 1 || err != nil {
				t.Fatal(got, err)
			}
			time.Sleep(time.Second)
		}
		r := &endtest.Recorder{}
		if err := endtest.Run(t, w.trigger(`"maxDequeueCount":2`, r), nil); err != nil {
			t.Error(err)
		}
		if len(r.Calls()) != 0 || len(w.visible("inbox-poison")) != 1 {
			t.Errorf("%d runs, poison %q", len(r.Calls()), w.visible("inbox-poison"))
		}
	})
}

// TestLongRun: a message stays hidden for as long as its function runs, and is given
// back at once when the host stops.
func TestLongRun(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		r := &endtest.Recorder{Answer: func(ctx context.Context, n int) error {
			if n == 1 {
				time.Sleep(20 * Hold)
				return nil
			}
			<-ctx.Done()
			return trigger.ErrCancelled
		}}
		w.put("inbox", in64("x"))
		if err := endtest.Run(t, w.trigger("", r), func() { time.Sleep(21 * Hold); w.put("inbox", in64("y")) }); err != nil {
			t.Error(err)
		}
		if n := len(r.Calls()); n != 2 {
			t.Errorf("%d runs", n)
		}
		if got := w.visible("inbox"); !cmp.Equal(got, []string{in64("y")}) {
			t.Errorf("after the stop %q can be had", got)
		}
	})
}

// TestAtOnce: as many run at a time as a batch and the threshold make together, and no
// message is taken that would only wait.
func TestAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var running, most atomic.Int32
		r := &endtest.Recorder{Answer: func(ctx context.Context, n int) error {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			time.Sleep(time.Duration(n) * time.Second)
			return nil
		}}
		for range 20 {
			w.put("inbox", in64("x"))
		}
		waiting := -1
		if err := endtest.Run(t, w.trigger(`"batchSize":4,"newBatchThreshold":2`, r), func() {
			waiting = len(w.visible("inbox"))
			time.Sleep(10 * time.Minute)
		}); err != nil {
			t.Error(err)
		}
		if most.Load() != 6 || waiting != 16 || len(r.Calls()) != 20 {
			t.Errorf("%d at a time, %d left at first, %d runs", most.Load(), waiting, len(r.Calls()))
		}
	})
}

// rising is a limit that one invocation more is let in by, each second.
type rising struct{ begun time.Time }

func (l *rising) Most() int { return 1 + int(time.Since(l.begun)/time.Second) }

func (l *rising) Free(pending int) (int, <-chan struct{}) {
	changed := make(chan struct{})
	time.AfterFunc(time.Second, func() { close(changed) })
	return max(0, l.Most()-pending), changed
}

func (*rising) Begin() func() { return func() {} }

// TestLimit: where concurrency is dynamic as many run as the limit says, as soon as it
// says so, whatever host.json has for batches; and that is what scaling divides by.
func TestLimit(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var running atomic.Int32
		r := &endtest.Recorder{Answer: func(context.Context, int) error {
			running.Add(1)
			defer running.Add(-1)
			time.Sleep(time.Minute)
			return nil
		}}
		for range 50 {
			w.put("inbox", in64("x"))
		}
		tr := w.trigger(`"batchSize":4,"newBatchThreshold":2`, r)
		l := &rising{time.Now()}
		tr.limit = l
		if err := endtest.Run(t, tr, func() {
			for s := range 20 {
				time.Sleep(500 * time.Millisecond)
				if got := int(running.Load()); got != l.Most() {
					t.Errorf("second %d: %d run, want %d", s, got, l.Most())
				}
				b, err := tr.Backlog(t.Context())
				if err != nil || b.Length != 50 || b.Target != l.Most() {
					t.Errorf("second %d: backlog %+v, %v", s, b, err)
				}
				time.Sleep(500 * time.Millisecond)
			}
			time.Sleep(10 * time.Minute)
		}); err != nil {
			t.Error(err)
		}
		if len(r.Calls()) != 50 {
			t.Errorf("%d runs", len(r.Calls()))
		}
	})
}

// TestMissingQueue: a queue that does not exist is waited for and not made, at the
// start and after it was deleted, and the host is told meanwhile.
func TestMissingQueue(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		r := &endtest.Recorder{}
		tr, waits := w.trigger("", r), ""
		tr.o.Waits = func(clause string) { waits = clause }
		told := func(want string) {
			t.Helper()
			if synctest.Wait(); waits != want {
				t.Errorf("it waits for %q, want %q", waits, want)
			}
		}
		if err := endtest.Run(t, tr, func() {
			if w.length("inbox") != -1 {
				t.Error("the trigger made the queue")
			}
			told("the queue inbox does not exist")
			w.put("inbox", in64("a"))
			told("")
			if err := w.account.Delete(t.Context(), "inbox"); err != nil {
				t.Error(err)
			}
			told("the queue inbox does not exist")
			w.put("inbox", in64("b"))
			told("")
		}); err != nil {
			t.Error(err)
		}
		if len(r.Calls()) != 2 {
			t.Errorf("%d runs", len(r.Calls()))
		}
	})
}

// TestRefusals: what is wrong is said at the start.
func TestRefusals(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for declaration, want := range map[string]string{
			`{"name":"m","type":"queueTrigger"}`:                                          "names no queueName",
			`{"name":"m","type":"queueTrigger","queueName":"a_b"}`:                        "is no name of a queue",
			`{"name":"m","type":"queueTrigger","queueName":"abc","connection":"Missing"}`: "no setting Missing",
		} {
			_, err := NewTrigger(w.end(), endtest.Setup(t, declaration, "", &endtest.Recorder{}))
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", declaration, err)
			}
		}
		for section, want := range map[string]string{
			`"batchSize":33`:                       "extensions.queues.batchSize: must be between 1 and 32",
			`"newBatchThreshold":-1`:               "newBatchThreshold",
			`"maxDequeueCount":0`:                  "maxDequeueCount",
			`"visibilityTimeout":"8.00:00:00"`:     "visibilityTimeout: must be at most",
			`"messageEncoding":"utf-8"`:            "must be one of base64, none",
			`"maxPollingInterval":"00:00:00.0001"`: "must be at least",
		} {
			s := endtest.Setup(t, `{"name":"m","type":"queueTrigger","queueName":"abc"}`, `{"version":"2.0","extensions":{"queues":{`+section+`}}}`, nil)
			if err := w.end().Trigger().Check(s.Config); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", section, err)
			}
		}
	})
}

// TestPoisonOfALongName: the poison queue of a queue with the longest name has a lawful
// name.
func TestPoisonOfALongName(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		tr := w.trigger("", &endtest.Recorder{})
		tr.queue = strings.Repeat("a", 55) + "-" + strings.Repeat("b", 7)
		if name, err := queueName("", tr.poison()); err != nil || name != strings.Repeat("a", 55)+"-poison" {
			t.Errorf("%s, %v", name, err)
		}
	})
}

// TestOutput: how a function's value becomes messages.
func TestOutput(t *testing.T) {
	text := trigger.Text
	for name, c := range map[string]struct {
		value *funcrpc.TypedData
		want  []string
	}{
		"text":     {text("hi"), []string{in64("hi")}},
		"object":   {trigger.JSON(`{"a": 1}`), []string{in64(`{"a": 1}`)}},
		"array":    {trigger.JSON(`["a",{"b":1},null]`), []string{in64("a"), in64(`{"b":1}`)}},
		"bytes":    {trigger.Bytes([]byte{0xff}), []string{in64("\xff")}},
		"texts":    {trigger.Strings([]string{"a", "b"}), []string{in64("a"), in64("b")}},
		"nothing":  {nil, nil},
		"in text":  {text(`["a","b"]`), []string{in64("a"), in64("b")}},
		"no array": {text(`[broken`), []string{in64(`[broken`)}},
	} {
		inWorld(t, func(t *testing.T, w *world) {
			n, err := w.output("", "out-{id}").Write(t.Context(), c.value, values(map[string]string{"id": "X1"}))
			if got := w.visible("out-x1"); err != nil || !cmp.Equal(got, c.want) || n.Events != len(c.want) {
				t.Errorf("%s: %q, %d, %v", name, got, n.Events, err)
			}
		})
	}
	inWorld(t, func(t *testing.T, w *world) {
		if _, err := w.output(`"messageEncoding":"none"`, "out").Write(t.Context(), text("hi"), values(nil)); err != nil || !cmp.Equal(w.visible("out"), []string{"hi"}) {
			t.Errorf("plain: %q, %v", w.visible("out"), err)
		}
		_, err := w.output("", "out").Write(t.Context(), text(strings.Repeat("x", 50_000)), values(nil))
		if !fault.Is(err, fault.TooLarge) || !strings.Contains(err.Error(), "66668 bytes") {
			t.Errorf("too large: %v", err)
		}
		if _, err := w.output("", "a--{x}").Write(t.Context(), text("hi"), values(map[string]string{"x": "b"})); err == nil || !strings.Contains(err.Error(), "no name of a queue") {
			t.Errorf("a bad name: %v", err)
		}
	})
}
