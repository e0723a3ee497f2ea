package function

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs/jobstest"
)

func TestSinkContract(t *testing.T) {
	jobstest.Sink(t, func(t *testing.T) jobstest.SinkLab {
		var mu sync.Mutex
		var rows []string
		var down atomic.Bool
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var batch []json.RawMessage
			if err := json.NewDecoder(r.Body).Decode(&batch); err != nil || r.URL.Path != "/api/take" {
				t.Errorf("%s: %v", r.URL, err)
			}
			if down.Load() {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for _, row := range batch {
				rows = append(rows, string(row))
			}
		}))
		t.Cleanup(server.Close)
		s, err := SinkKind(func(string) (App, error) { return App{URL: server.URL + "/api"}, nil }).Open(t.Context(), jobs.Output{Target: "app/take"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.(*sink).Close() })
		return jobstest.SinkLab{
			Sink: s, Delete: func() { down.Store(true) }, Make: func() { down.Store(false) },
			Rows: func() []string {
				mu.Lock()
				defer mu.Unlock()
				return slices.Sorted(slices.Values(rows))
			},
		}
	})
}
