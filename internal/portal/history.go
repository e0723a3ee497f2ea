package portal

import (
	"encoding/json"
	"net/http"
	"sync"
)

// historySeconds is how far back the small charts reach when a page opens.
const historySeconds = 300

// history keeps the latest snapshot, encoded, and the rates of the last five
// minutes.
type history struct {
	mu     sync.Mutex // guards the fields below
	body   []byte
	points []Point
}

// Point is the rates of one second.
type Point struct {
	At     int64              `json:"t"` // unix milliseconds
	Totals map[string]float64 `json:"totals"`
	Hubs   map[string]float64 `json:"hubs"` // events per second into each hub
}

func (h *history) add(s *Snapshot) {
	body, err := json.Marshal(s)
	if err != nil {
		body = nil // rates are finite, so this cannot be; a page then shows that it is stale
	}
	p := Point{At: s.At, Totals: s.Totals, Hubs: map[string]float64{}}
	for _, hub := range s.Hubs {
		p.Hubs[hub.Name] = hub.Events
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.body = body
	h.points = append(h.points, p)
	if len(h.points) > historySeconds {
		h.points = append(h.points[:0], h.points[len(h.points)-historySeconds:]...)
	}
}

func (h *history) latest() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.body
}

// getHistory serves GET /api/history: an array of Points, oldest first.
func (s *Server) getHistory(w http.ResponseWriter, _ *http.Request) {
	s.history.mu.Lock()
	points := append([]Point{}, s.history.points...)
	s.history.mu.Unlock()
	writeJSON(w, http.StatusOK, points)
}

// getStatus serves GET /api/status: the latest Snapshot.
func (s *Server) getStatus(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, json.RawMessage(s.history.latest()))
}
