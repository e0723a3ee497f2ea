package portal

import (
	"net/http"
	"time"
)

// Summary is the topic "summary": what every page shows, and the rates of the
// whole.
type Summary struct {
	At        int64              `json:"t"` // unix milliseconds
	Name      string             `json:"name"`
	Version   string             `json:"version"`
	StartedAt time.Time          `json:"startedAt"`
	Build     string             `json:"build"`   // of the pages: another one means that an open page is old
	Counts    map[string]int     `json:"counts"`  // rows of each list
	Failing   map[string]int     `json:"failing"` // of these, those that fail now; without those of which none does
	Totals    map[string]float64 `json:"totals"`  // rates per second, over the last four
	Levels    map[string]int64   `json:"levels"`  // numbers that go up and down: connections
}

// summary reads what every page shows. Rates are those of the newest tick.
func (s *Server) summary(now time.Time) *Summary {
	sum := &Summary{
		At: now.UnixMilli(), Name: s.cfg.Name, Version: s.cfg.Version, StartedAt: s.cfg.Started.UTC(),
		Build: s.build, Counts: map[string]int{}, Failing: map[string]int{}, Totals: s.totals, Levels: map[string]int64{},
	}
	for i := range s.cfg.Pages {
		p := &s.cfg.Pages[i]
		if p.Count != nil {
			sum.Counts[p.Kind] = p.Count()
		}
		if p.Failing != nil {
			if n := p.Failing(); n > 0 {
				sum.Failing[p.Kind] = n
			}
		}
		if p.Levels != nil {
			p.Levels(func(name string, v int64) { sum.Levels[name] += v })
		}
	}
	return sum
}

// getSummary serves GET /api/summary.
func (s *Server) getSummary(w http.ResponseWriter, _ *http.Request) error {
	s.rates.mu.Lock()
	sum := s.summary(time.Now())
	s.rates.mu.Unlock()
	WriteJSON(w, http.StatusOK, sum)
	return nil
}

// count adds up the counters of all pages, for the history and the summary.
// Several pages may add to one total.
func (s *Server) count(now time.Time) {
	totals, single := map[string]int64{}, map[string]int64{}
	for i := range s.cfg.Pages {
		p := &s.cfg.Pages[i]
		if p.Totals != nil {
			p.Totals(func(name string, v int64) { totals[name] += v })
		}
		if p.Series != nil {
			p.Series(func(name string, v int64) { single[name] += v })
		}
	}
	s.totals = make(map[string]float64, len(totals))
	rates := make(map[string]float64, len(totals)+len(single))
	for name, v := range totals {
		s.totals[name] = s.rates.from0("total/"+name, v)
		rates[name] = s.totals[name]
	}
	for name, v := range single {
		rates[name] = s.rates.from0("series/"+name, v)
	}
	s.history.add(now, rates)
}
