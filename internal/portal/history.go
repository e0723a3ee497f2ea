package portal

import (
	"net/http"
	"sync"
	"time"
)

// historySeconds is how far back the small charts reach when a page opens.
const historySeconds = 300

// history keeps the rates of the last five minutes, a column for each.
type history struct {
	mu      sync.Mutex // guards the fields below
	times   []int64    // unix milliseconds, oldest first
	columns map[string]*column
}

// column is the values of one name, as many as there are times.
type column struct {
	values []float32
	quiet  int // how many of the newest are 0
}

// History is the answer to GET /api/history: rates per second by their names,
// those of the whole (events, documents, items, failures) and those of single
// things ("hub:orders"). A name that is missing was 0 throughout.
type History struct {
	Times  []int64              `json:"t"` // unix milliseconds, oldest first
	Series map[string][]float32 `json:"series"`
}

// add takes the rates of a second.
func (h *history) add(now time.Time, rates map[string]float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.columns == nil {
		h.columns = map[string]*column{}
	}
	h.times = last(append(h.times, now.UnixMilli()))
	for name, rate := range rates {
		if h.columns[name] == nil && rate > 0 {
			h.columns[name] = &column{values: make([]float32, len(h.times)-1, historySeconds+1)}
		}
	}
	for name, c := range h.columns {
		if c.quiet++; rates[name] > 0 {
			c.quiet = 0
		}
		c.values = last(append(c.values, float32(rates[name])))
		if c.quiet >= historySeconds {
			delete(h.columns, name)
		}
	}
}

// last keeps the newest values, in place.
func last[T any](values []T) []T {
	if n := len(values) - historySeconds; n > 0 {
		values = append(values[:0], values[n:]...)
	}
	return values
}

func (h *history) copy() History {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := History{Times: append([]int64{}, h.times...), Series: map[string][]float32{}}
	for name, c := range h.columns {
		out.Series[name] = append([]float32{}, c.values[max(0, len(c.values)-len(out.Times)):]...)
	}
	return out
}

// getHistory serves GET /api/history.
func (s *Server) getHistory(w http.ResponseWriter, _ *http.Request) error {
	WriteJSON(w, http.StatusOK, s.history.copy())
	return nil
}
