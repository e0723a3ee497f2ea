package portal

import (
	"net/http"
	"time"
)

// Instance is a running lazuli of the same user.
type Instance struct {
	Name      string    `json:"name"`
	Dir       string    `json:"dir"` // of its project
	URL       string    `json:"url"` // of its portal
	StartedAt time.Time `json:"startedAt"`
	Self      bool      `json:"self"` // the one that answers
}

// getInstances serves GET /api/instances: those that run now, this one too.
func (s *Server) getInstances(w http.ResponseWriter, _ *http.Request) error {
	all := []Instance{}
	if s.cfg.Instances != nil {
		found, err := s.cfg.Instances()
		if err != nil {
			return err
		}
		all = append(all, found...)
	}
	WriteJSON(w, http.StatusOK, all)
	return nil
}
