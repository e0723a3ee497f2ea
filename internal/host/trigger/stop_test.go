package trigger_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/trigger/triggertest"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestStopWithABacklog stops every kind of pump inside its second invocation,
// with much more to read. What runs ends and counts, and nothing begins after
// the stop: a reader gives what is there without looking at the context, so
// every pump has to look itself.
func TestStopWithABacklog(t *testing.T) {
	type runner interface{ Run(context.Context) error }
	one := func(h *hostjson.EventHubs) { h.MaxEventBatchSize = 1 }
	for name, open := range map[string]func(t *testing.T, m *triggertest.Memory, r *recorder) runner{
		"event hub, batches": func(t *testing.T, m *triggertest.Memory, r *recorder) runner {
			return hubTrigger(t, m, r, many, one)
		},
		"event hub, one by one": func(t *testing.T, m *triggertest.Memory, r *recorder) runner {
			return hubTrigger(t, m, r, "", nil)
		},
		"event hub, minimum batch": func(t *testing.T, m *triggertest.Memory, r *recorder) runner {
			return hubTrigger(t, m, r, many, func(h *hostjson.EventHubs) { h.MinEventBatchSize, h.MaxEventBatchSize = 2, 2 })
		},
		"change feed": func(t *testing.T, m *triggertest.Memory, r *recorder) runner {
			return feedTrigger(t, m, r, "me", beginning+`,"maxItemsPerInvocation":1`)
		},
		"timer": func(t *testing.T, m *triggertest.Memory, r *recorder) runner {
			tr, err := trigger.NewTimer(trigger.TimerOptions{
				Binding:  parse(t, `{"name":"t","type":"timerTrigger","schedule":"* * * * * *"}`),
				Settings: settings.New(nil), Function: "f", Host: "me", Status: m, Invoker: r, Log: testkit.Discard(),
			})
			if err != nil {
				t.Fatal(err)
			}
			return tr
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := triggertest.New(1)
				for i := range 50 {
					m.Send("h", 0, fmt.Sprint(i))
					put(t, m, fmt.Sprintf(`{"id":"%d"}`, i))
				}
				ctx, stop := context.WithCancel(t.Context())
				r := &recorder{answer: func(_ context.Context, n int) error {
					if n == 2 {
						stop()
					}
					return nil
				}}
				if err := open(t, m, r).Run(ctx); err != nil {
					t.Error(err)
				}
				if len(r.calls) != 2 {
					t.Errorf("%d invocations, the stop came in the second", len(r.calls))
				}
			})
		})
	}
}
