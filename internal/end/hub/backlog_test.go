package hub_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/scale"
)

// TestBacklog: what comes after the checkpoints counts, whoever wrote them, and all of a
// partition that has none.
func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(2)
		hold := make(chan struct{})
		r := &endtest.Recorder{Answer: func(context.Context, int) error { <-hold; return nil }}
		m.Send("h", 0, "a", "b", "c")
		m.Send("h", 1, "d", "e")
		set(t, m, blob, map[string]string{"offset": "100", "sequencenumber": "0"})
		tr := hubTrigger(t, m, r, many, `"targetUnprocessedEventThreshold":7`)
		if _, err := tr.Backlog(t.Context()); err == nil {
			t.Error("a trigger that does not run tells a backlog")
		}
		err := endtest.Run(t, tr, func() {
			got, err := tr.Backlog(t.Context())
			if want := (scale.Backlog{Kind: scale.EventHubs, Length: 4, Target: 7, Partitions: 2}); err != nil || got != want {
				t.Errorf("%+v, %v; want %+v", got, err, want)
			}
			close(hold)
			time.Sleep(time.Minute)
			if got, err := tr.Backlog(t.Context()); err != nil || got.Length != 0 {
				t.Errorf("after the runs: %+v, %v", got, err)
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
}
