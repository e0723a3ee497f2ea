package portal

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
)

// listBoards serves GET /api/dashboards: names and titles.
func (s *Server) listBoards(w http.ResponseWriter, _ *http.Request) {
	type board struct {
		Name     string         `json:"name"`
		Title    dashboard.Text `json:"title"`
		Subtitle dashboard.Text `json:"subtitle,omitempty"`
		Tiles    int            `json:"tiles"`
	}
	list := []board{}
	for _, b := range s.boards.Boards() {
		d := &b.Definition
		list = append(list, board{d.Name, d.Title, d.Subtitle, len(d.Tiles)})
	}
	writeJSON(w, http.StatusOK, list)
}

// getBoard serves GET /api/dashboards/{board}: the definition with its
// defaults. The tiles' data comes over the stream.
func (s *Server) getBoard(w http.ResponseWriter, r *http.Request) {
	b, err := s.boards.Board(r.PathValue("board"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, b.Definition)
}

// getTileHistory serves GET …/tiles/{tile}/history?key=…: the last hour of a
// site of a map.
func (s *Server) getTileHistory(w http.ResponseWriter, r *http.Request) {
	b, err := s.boards.Board(r.PathValue("board"))
	tile := -1
	if err == nil {
		if tile, err = strconv.Atoi(r.PathValue("tile")); err != nil {
			err = fault.New(fault.NotFound, "tile "+r.PathValue("tile"), "is not a number")
		}
	}
	var past *dashboard.LineView
	if err == nil {
		past, err = b.Site(tile, r.URL.Query().Get("key"), time.Now())
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, past)
}

// feeds opens change feeds for datasets.
type feeds struct{ store docstore.Account }

func (f feeds) Open(container string) (dashboard.Feed, error) {
	db, coll, _ := strings.Cut(container, "/")
	d, err := f.store.Database(db)
	if err != nil {
		return nil, err
	}
	c, err := d.Container(coll)
	if err != nil {
		return nil, err
	}
	return feed{c}, nil
}

type feed struct{ *docstore.Container }

func (f feed) Changes(ctx context.Context, after uint64, max int) ([][]byte, uint64, error) {
	items, last, err := f.Container.Changes(ctx, after, docstore.ChangeOptions{Max: max})
	docs := make([][]byte, len(items))
	for i := range items {
		docs[i] = items[i].Body
	}
	return docs, last, err
}
