package dataset

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs/jobstest"
)

// table is a dataset.
type table struct{ rows []string }

func (d *table) Add(rows [][]byte, _ time.Time) {
	for _, r := range rows {
		d.rows = append(d.rows, string(r))
	}
}

func TestSinkContract(t *testing.T) {
	jobstest.Sink(t, func(t *testing.T) jobstest.SinkLab {
		all := map[string]*table{"d": {}}
		broken := false
		kind := SinkKind(func(name string) (Dataset, error) {
			if d := all[name]; d != nil {
				return d, nil
			}
			return nil, fault.New(fault.NotFound, "dataset "+name, "it does not exist")
		}, func() bool { return broken })
		broken = true
		if s, err := kind.Open(t.Context(), jobs.Output{Target: "other"}); err != nil || s == nil {
			t.Errorf("one that may come: %v", err)
		}
		broken = false
		if _, err := kind.Open(t.Context(), jobs.Output{Target: "other"}); !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "other") {
			t.Errorf("one that is not there: %v", err)
		}
		s, err := kind.Open(t.Context(), jobs.Output{Target: "d"})
		if err != nil {
			t.Fatal(err)
		}
		return jobstest.SinkLab{
			Sink: s, Delete: func() { delete(all, "d") }, Make: func() { all["d"] = &table{} },
			Rows: func() []string { return slices.Sorted(slices.Values(all["d"].rows)) },
		}
	})
}
