package items

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

const (
	keptQueries = 200
	keptText    = 32 << 10 // bytes of a query that is kept
)

// Asked is a query that somebody ran.
type Asked struct {
	ID        string    `json:"id"`
	Time      time.Time `json:"time"`
	Container string    `json:"container"` // as in the list of containers
	Text      string    `json:"query"`
	Rows      int       `json:"rows"` // of the first page
	More      bool      `json:"more"` // there were more
	Charge    float64   `json:"charge"`
	Millis    float64   `json:"durationMs"`
	Error     string    `json:"error,omitempty"`
	Times     int       `json:"times"` // how often in a row
}

// History is the last 200 queries that people ran. It is in the project's data
// folder and not in the browser: the queries belong to the data, another browser
// or another port shows them too, and they go when the data goes. It is a file of
// JSON lines to which a run appends one; a file that cannot be written costs the
// history and nothing else.
type History struct {
	path string
	log  *slog.Logger

	mu    sync.Mutex // guards what follows and the file
	all   []Asked    // oldest first
	lines int        // in the file
	torn  bool       // the file's last line has no end
}

// OpenHistory reads the history in a file that may be missing.
func OpenHistory(path string, log *slog.Logger) *History {
	h := &History{path: path, log: log}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("the history of queries cannot be read", "path", path, "error", err)
	}
	h.torn = len(text) > 0 && text[len(text)-1] != '\n'
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 8*keptText)
	for ; lines.Scan(); h.lines++ {
		var a Asked
		if json.Unmarshal(lines.Bytes(), &a) == nil && a.ID != "" { // a last line may be cut off
			h.put(a)
		}
	}
	return h
}

// put adds an entry, in place of one with its id.
func (h *History) put(a Asked) {
	h.all = slices.DeleteFunc(h.all, func(b Asked) bool { return a.ID == b.ID })
	if a.Container != "" { // otherwise it says that the entry is gone
		h.all = append(h.all, a)
	}
	h.all = h.all[max(len(h.all)-keptQueries, 0):]
}

// Add keeps a run. One of the same query as the last in its container takes that
// one's place.
func (h *History) Add(a Asked) {
	if len(a.Text) > keptText {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	a.ID, a.Times = uuid.New(), 1
	for i := len(h.all) - 1; i >= 0; i-- {
		if b := &h.all[i]; b.Container == a.Container {
			if b.Text == a.Text {
				a.ID, a.Times = b.ID, b.Times+1
			}
			break
		}
	}
	h.put(a)
	h.write(a)
}

// write appends a line, or writes the file anew when most of it is old.
func (h *History) write(a Asked) {
	lines, save := []Asked{a}, h.extend
	if h.lines >= 2*keptQueries {
		lines, save, h.lines = h.all, h.replace, 0
	}
	var text []byte
	for _, a := range lines {
		line, err := json.Marshal(a)
		if err != nil {
			return // an Asked is always JSON
		}
		text = append(append(text, line...), '\n')
	}
	h.lines += len(lines)
	err := os.MkdirAll(filepath.Dir(h.path), 0o700)
	if err == nil {
		err = save(text)
	}
	if err != nil {
		h.log.Warn("the history of queries cannot be kept", "path", h.path, "error", err)
	}
}

// extend writes lines at the end of the file; behind half a line, which a crash
// or a full disk has left, they begin a new one.
func (h *History) extend(text []byte) error {
	f, err := os.OpenFile(h.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if h.torn {
		text = append([]byte{'\n'}, text...)
	}
	n, err := f.Write(text)
	if n > 0 {
		h.torn = text[n-1] != '\n'
	}
	return errors.Join(err, f.Close())
}

// replace writes the file anew, so that a crash or a full disk leaves the old or
// the new one.
func (h *History) replace(text []byte) error {
	temporary := h.path + ".new"
	f, err := os.OpenFile(temporary, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(temporary, h.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	h.torn = false
	return nil
}

// Of returns the queries of a container, newest first; of all with "".
func (h *History) Of(container string) []Asked {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := []Asked{}
	for _, a := range slices.Backward(h.all) {
		if container == "" || a.Container == container {
			out = append(out, a)
		}
	}
	return out
}

// Remove forgets a query.
func (h *History) Remove(id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.ContainsFunc(h.all, func(a Asked) bool { return a.ID == id }) {
		return fault.New(fault.NotFound, "query "+id, "it is not in the history")
	}
	h.put(Asked{ID: id})
	h.write(Asked{ID: id})
	return nil
}

// remember keeps a query that a person ran, whatever came of it.
func (p page) remember(container string, q Query, got *Result, err error) {
	a := Asked{Time: time.Now().UTC(), Container: container, Text: q.Text}
	if err != nil {
		a.Error = err.Error()
	} else {
		a.Rows, a.More, a.Charge, a.Millis = len(got.Rows), got.Continuation != "", got.Charge, milliseconds(got.Duration)
	}
	p.History.Add(a)
}

// Queries is the answer to GET /api/queries.
type Queries struct {
	Queries []Asked `json:"queries"`
}

// listQueries serves GET /api/queries?container=DATABASE/CONTAINER.
func (p page) listQueries(w http.ResponseWriter, r *http.Request) error {
	portal.WriteJSON(w, http.StatusOK, Queries{p.History.Of(r.URL.Query().Get("container"))})
	return nil
}

// removeQuery serves DELETE /api/queries/{id}.
func (p page) removeQuery(w http.ResponseWriter, r *http.Request) error {
	if err := p.History.Remove(r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
