package portal

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// The push interface has the shape of Power BI's "Push Datasets - Datasets
// PostRows": POST /v1.0/myorg/datasets/{id}/tables/{table}/rows with
// {"rows":[{…}]} answers 200 with an empty body, or with a note where rows are
// kept and will not show as they are. The dataset's id is its name in
// a dashboard, the table's name is not looked at: a dataset here has one table.
// No token is asked for. Left out: datasets made over HTTP (a dashboard declares
// them), groups, schemas and relationships.
const (
	maxPush     = 8 << 20
	maxPushRows = 10_000 // of one request, as there
)

func (s *Server) pushRows(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Rows []json.RawMessage `json:"rows"`
	}
	d, err := s.cfg.Boards.Push(r.PathValue("dataset"))
	if err != nil {
		return err
	}
	if err := ReadJSON(w, r, maxPush, &body); err != nil {
		return err
	}
	if len(body.Rows) > maxPushRows {
		return fault.New(fault.TooLarge, "rows", "%d in one request; at most %d", len(body.Rows), maxPushRows)
	}
	rows := make([][]byte, len(body.Rows))
	for i, row := range body.Rows {
		if len(row) == 0 || row[0] != '{' {
			return fault.New(fault.Invalid, "rows", "row %d is not an object", i)
		}
		rows[i] = row
	}
	how := d.Push(rows, time.Now())
	if how.Note == "" {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	WriteJSON(w, http.StatusOK, how)
	return nil
}

// clearRows serves DELETE of the same address: all rows go.
func (s *Server) clearRows(w http.ResponseWriter, r *http.Request) error {
	d, err := s.cfg.Boards.Push(r.PathValue("dataset"))
	if err != nil {
		return err
	}
	d.Clear()
	w.WriteHeader(http.StatusOK)
	return nil
}

// listDatasets serves GET /v1.0/myorg/datasets.
func (s *Server) listDatasets(w http.ResponseWriter, _ *http.Request) error {
	type dataset struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		AddRows bool   `json:"addRowsAPIEnabled"`
	}
	list := []dataset{}
	for _, d := range s.cfg.Boards.Datasets() {
		if n := len(list); n > 0 && list[n-1].Name == d.Name {
			list[n-1].AddRows = list[n-1].AddRows || d.Spec.Push
			continue
		}
		list = append(list, dataset{d.Name, d.Name, d.Spec.Push})
	}
	WriteJSON(w, http.StatusOK, map[string]any{"value": list})
	return nil
}
