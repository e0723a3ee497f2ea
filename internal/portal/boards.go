package portal

import (
	"net/http"
	"strconv"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
)

// BoardEntry is a dashboard in the answer to GET /api/dashboards.
type BoardEntry struct {
	Name     string         `json:"name"`
	Title    dashboard.Text `json:"title"`
	Subtitle dashboard.Text `json:"subtitle,omitempty"`
	Tiles    int            `json:"tiles"`
}

// listBoards serves GET /api/dashboards: names and titles.
func (s *Server) listBoards(w http.ResponseWriter, _ *http.Request) error {
	list := []BoardEntry{}
	for _, b := range s.cfg.Boards.Boards() {
		d := &b.Definition
		list = append(list, BoardEntry{d.Name, d.Title, d.Subtitle, len(d.Tiles)})
	}
	WriteJSON(w, http.StatusOK, list)
	return nil
}

// getBoard serves GET /api/dashboards/{board}: the definition with its
// defaults. The tiles' data comes over the stream.
func (s *Server) getBoard(w http.ResponseWriter, r *http.Request) error {
	b, err := s.cfg.Boards.Board(r.PathValue("board"))
	if err != nil {
		return err
	}
	WriteJSON(w, http.StatusOK, b.Definition)
	return nil
}

// getTileHistory serves GET …/tiles/{tile}/history?key=…: the last hour of a
// site of a map.
func (s *Server) getTileHistory(w http.ResponseWriter, r *http.Request) error {
	b, err := s.cfg.Boards.Board(r.PathValue("board"))
	if err != nil {
		return err
	}
	tile, err := strconv.Atoi(r.PathValue("tile"))
	if err != nil {
		return fault.New(fault.NotFound, "tile "+r.PathValue("tile"), "is not a number")
	}
	past, err := b.Site(tile, r.URL.Query().Get("key"), time.Now())
	if err != nil {
		return err
	}
	WriteJSON(w, http.StatusOK, past)
	return nil
}
