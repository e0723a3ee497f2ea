package function

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

func rows(texts ...string) []stream.OutputRow {
	out := make([]stream.OutputRow, len(texts))
	for i, s := range texts {
		out[i] = stream.OutputRow{JSON: []byte(s)}
	}
	return out
}

// TestFunctionSink posts arrays that the function can take: 413 halves them.
func TestFunctionSink(t *testing.T) {
	var got []int
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var batch []json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
			t.Error(err)
		}
		if len(batch) > 2 {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		got = append(got, len(batch))
		w.WriteHeader(status)
	}))
	defer server.Close()
	s := &sink{url: server.URL, client: server.Client()}
	if err := s.Write(t.Context(), stream.OutputBatch{Rows: rows(`{"a":1}`, `{"a":2}`, `{"a":3}`, `{"a":4}`)}); err != nil || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
	status = http.StatusInternalServerError
	if err := s.Write(t.Context(), stream.OutputBatch{Rows: rows(`{}`)}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a failing function: %v", err)
	}
	status = http.StatusRequestEntityTooLarge
	if err := s.Write(t.Context(), stream.OutputBatch{Rows: rows(`{}`)}); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a row that is too large: %v", err)
	}
}
