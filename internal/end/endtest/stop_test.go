package endtest_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// TestStopWithABacklog stops every kind of pump inside its second invocation,
// with much more to read. What runs ends and counts, and nothing begins after
// the stop: a reader gives what is there without looking at the context, so
// every pump has to look itself.
func TestStopWithABacklog(t *testing.T) {
	hub := func(extra, hostJSON string) func(*testing.T, *endtest.Memory, *endtest.Recorder) (trigger.Trigger, error) {
		return func(t *testing.T, m *endtest.Memory, r *endtest.Recorder) (trigger.Trigger, error) {
			declaration := `{"name":"e","type":"eventHubTrigger","eventHubName":"h","connection":"H"` + extra + `}`
			return m.Triggers()[0].New(endtest.Setup(t, declaration, `{"version":"2.0","extensions":{"eventHubs":{`+hostJSON+`}}}`, r))
		}
	}
	for name, open := range map[string]func(*testing.T, *endtest.Memory, *endtest.Recorder) (trigger.Trigger, error){
		"event hub, batches":       hub(`,"cardinality":"many"`, `"maxEventBatchSize":1`),
		"event hub, one by one":    hub("", ""),
		"event hub, minimum batch": hub(`,"cardinality":"many"`, `"minEventBatchSize":2,"maxEventBatchSize":2`),
		"change feed": func(t *testing.T, m *endtest.Memory, r *endtest.Recorder) (trigger.Trigger, error) {
			return m.Triggers()[1].New(endtest.Setup(t, `{"name":"d","type":"cosmosDBTrigger","databaseName":"db","containerName":"c","connection":"D",`+
				`"startFromBeginning":true,"maxItemsPerInvocation":1}`, "", r))
		},
		"timer": func(t *testing.T, m *endtest.Memory, r *endtest.Recorder) (trigger.Trigger, error) {
			return m.Triggers()[2].New(endtest.Setup(t, `{"name":"t","type":"timerTrigger","schedule":"* * * * * *"}`, "", r))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := endtest.New(1)
				for i := range 50 {
					m.Send("h", 0, fmt.Sprint(i))
					m.Put(t, "db", "c", fmt.Sprintf(`{"id":"%d"}`, i))
				}
				ctx, stop := context.WithCancel(t.Context())
				r := &endtest.Recorder{Answer: func(_ context.Context, n int) error {
					if n == 2 {
						stop()
					}
					return nil
				}}
				tr, err := open(t, m, r)
				if err != nil {
					t.Fatal(err)
				}
				if err := tr.(trigger.Listener).Run(ctx); err != nil {
					t.Error(err)
				}
				if n := len(r.Calls()); n != 2 {
					t.Errorf("%d invocations, the stop came in the second", n)
				}
			})
		})
	}
}
