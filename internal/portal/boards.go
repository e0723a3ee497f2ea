package portal

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
)

// BoardEntry is a dashboard in the list "dashboards".
type BoardEntry struct {
	ID       string         `json:"id"` // the name again
	Name     string         `json:"name"`
	Title    dashboard.Text `json:"title"`
	Subtitle dashboard.Text `json:"subtitle,omitempty"`
	File     string         `json:"file"` // in the folder dashboards
	Tiles    int            `json:"tiles"`
	Problems int            `json:"problems"`
	State    string         `json:"state"` // ok, warn with a broken tile, bad when the file is no dashboard
}

// BoardDetail is the answer to GET /api/dashboards/{board}. Its ETag is of the
// file, for saving it.
type BoardDetail struct {
	Name       string               `json:"name"`
	File       string               `json:"file"`
	ETag       string               `json:"etag"`
	Rev        string               `json:"rev"` // as in the views
	Definition dashboard.Definition `json:"definition"`
	Former     bool                 `json:"former"` // the definition is that of before; the file cannot be read
	Problems   []dashboard.Problem  `json:"problems"`
}

// BoardFile is a dashboard's file: the answer to GET …/file, and with an empty
// ETag the body of POST /api/dashboards.
type BoardFile struct {
	Name string `json:"name"`
	ETag string `json:"etag"`
	Text string `json:"text"`
}

// BoardSources are what a dashboard can show: the answer to GET
// /api/dashboard-sources.
type BoardSources struct {
	Containers []string `json:"containers"`
	Datasets   []string `json:"datasets"` // those that rows are pushed to
}

func entry(b *dashboard.Board) BoardEntry {
	d := &b.Definition
	e := BoardEntry{b.Name, b.Name, d.Title, d.Subtitle, b.File, len(d.Tiles), len(b.Problems), "ok"}
	for _, p := range b.Problems {
		if p.Tile < 0 {
			e.State = "bad"
		} else if e.State == "ok" {
			e.State = "warn"
		}
	}
	return e
}

// boardsPage is the list of dashboards.
func boardsPage(boards *dashboard.Set) Page {
	return Page{
		Kind: "dashboards",
		Rows: func(*Rates) (rows []Row) {
			for _, b := range boards.Boards() {
				rows = append(rows, Row{b.Name, entry(b)})
			}
			return rows
		},
		Count: func() int { return len(boards.Boards()) },
		Failing: func() (n int) {
			for _, b := range boards.Boards() {
				if len(b.Problems) > 0 {
					n++
				}
			}
			return n
		},
		Troubles: func(report func(Trouble)) {
			for _, b := range boards.Boards() {
				if len(b.Problems) > 0 {
					report(Trouble{
						Kind: "board-broken", Subject: b.Name, Detail: b.Problems[0].String(), State: "bad",
						To: "/dashboards/" + url.PathEscape(b.Name), Count: int64(len(b.Problems)),
					})
				}
			}
		},
	}
}

// listBoards serves GET /api/dashboards.
func (s *Server) listBoards(w http.ResponseWriter, _ *http.Request) error {
	list := []BoardEntry{}
	for _, b := range s.cfg.Boards.Boards() {
		list = append(list, entry(b))
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
	problems := b.Problems
	if problems == nil {
		problems = []dashboard.Problem{}
	}
	tag(w, b.ETag)
	WriteJSON(w, http.StatusOK, BoardDetail{b.Name, b.File, b.ETag, b.Rev(), b.Definition, b.Former, problems})
	return nil
}

// getBoardFile serves GET …/file: the text as it is on the disk now.
func (s *Server) getBoardFile(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("board")
	text, etag, err := s.cfg.Boards.Text(name)
	if err != nil {
		return err
	}
	tag(w, etag)
	WriteJSON(w, http.StatusOK, BoardFile{name, etag, string(text)})
	return nil
}

const maxBoard = 1 << 20

// putBoard serves PUT /api/dashboards/{board}: the body is the file, If-Match the
// ETag of the one that it replaces. The answer is 412 when that was changed
// meanwhile.
func (s *Server) putBoard(w http.ResponseWriter, r *http.Request) error {
	etag, err := match(r)
	if err != nil {
		return err
	}
	text, err := boardText(w, r)
	if err != nil {
		return err
	}
	if err := readable(text); err != nil {
		return err
	}
	name := r.PathValue("board")
	if etag, err = s.cfg.Boards.Save(name, etag, text); err != nil {
		return err
	}
	tag(w, etag)
	WriteJSON(w, http.StatusOK, BoardFile{Name: name, ETag: etag})
	return nil
}

// boardText is a body that is a dashboard's file.
func boardText(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := OnlyJSON(r); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBoard))
	if err != nil {
		return nil, fault.New(fault.TooLarge, "body", "more than %d bytes", maxBoard)
	}
	return text, nil
}

// readable refuses a text that is no dashboard at all. Mistakes of tiles are
// saved: they show, and the others live.
func readable(text []byte) error {
	_, problems := dashboard.Parse("", text)
	for _, p := range problems {
		if p.Tile < 0 && p.Path == "" {
			return &SyntaxError{p.Message, Place{Line: p.Line, Col: p.Col}}
		}
	}
	return nil
}

// postBoard serves POST /api/dashboards: a new file, NAME.json.
func (s *Server) postBoard(w http.ResponseWriter, r *http.Request) error {
	var body BoardFile
	if err := ReadJSON(w, r, 2*maxBoard, &body); err != nil {
		return err
	}
	if err := readable([]byte(body.Text)); err != nil {
		return err
	}
	etag, err := s.cfg.Boards.Create(body.Name, []byte(body.Text))
	if err != nil {
		return err
	}
	tag(w, etag)
	WriteJSON(w, http.StatusCreated, BoardFile{Name: body.Name, ETag: etag})
	return nil
}

// deleteBoard serves DELETE /api/dashboards/{board}, with If-Match.
func (s *Server) deleteBoard(w http.ResponseWriter, r *http.Request) error {
	etag, err := match(r)
	if err == nil {
		err = s.cfg.Boards.Remove(r.PathValue("board"), etag)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func tag(w http.ResponseWriter, etag string) { w.Header().Set("ETag", `"`+etag+`"`) }

// match is the ETag of If-Match, which must be there: nobody shall write over
// what he has not seen.
func match(r *http.Request) (string, error) {
	etag := strings.Trim(r.Header.Get("If-Match"), `"`)
	if etag == "" || etag == "*" {
		return "", fault.New(fault.Invalid, "If-Match", "it is missing: say with the file's ETag which version is to be replaced")
	}
	return etag, nil
}

// getView serves GET …/view?from=…&to=…: all tiles over a time of the past, in
// unix milliseconds.
func (s *Server) getView(w http.ResponseWriter, r *http.Request) error {
	b, err := s.cfg.Boards.Board(r.PathValue("board"))
	if err != nil {
		return err
	}
	span, err := rangeOf(r)
	if err != nil {
		return err
	}
	WriteJSON(w, http.StatusOK, b.Evaluate(time.Now(), span))
	return nil
}

const longestRange = 366 * 24 * time.Hour

// rangeOf reads from and to of a query string; without both, the zero Range.
func rangeOf(r *http.Request) (out dashboard.Range, err error) {
	if out.From, err = Number(r, "from", 0); err != nil {
		return out, err
	}
	if out.To, err = Number(r, "to", 0); err != nil {
		return out, err
	}
	switch {
	case out == dashboard.Range{}:
	case out.From >= out.To:
		return out, fault.New(fault.Invalid, "from", "it is not before to")
	case out.To-out.From > longestRange.Milliseconds():
		return out, fault.New(fault.Invalid, "from", "it is more than 366 days before to")
	}
	return out, nil
}

// previewBoard serves POST /api/dashboard-preview?from=…&to=…: the body is a
// file that is not saved; the answer says what it would show.
func (s *Server) previewBoard(w http.ResponseWriter, r *http.Request) error {
	span, err := rangeOf(r)
	if err != nil {
		return err
	}
	text, err := boardText(w, r)
	if err != nil {
		return err
	}
	WriteJSON(w, http.StatusOK, s.cfg.Boards.Preview(r.Context(), text, time.Now(), span))
	return nil
}

// suggestBoards serves GET /api/dashboard-suggestions.
func (s *Server) suggestBoards(w http.ResponseWriter, r *http.Request) error {
	WriteJSON(w, http.StatusOK, s.cfg.Boards.Suggest(r.Context()))
	return nil
}

// listSources serves GET /api/dashboard-sources.
func (s *Server) listSources(w http.ResponseWriter, _ *http.Request) error {
	containers, datasets := s.cfg.Boards.Sources()
	WriteJSON(w, http.StatusOK, BoardSources{containers, datasets})
	return nil
}

// sampleFields serves GET /api/dashboard-fields?container=…, or ?dataset=….
func (s *Server) sampleFields(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	out, err := s.cfg.Boards.Sample(r.Context(), q.Get("container"), q.Get("dataset"))
	if err != nil {
		return err
	}
	WriteJSON(w, http.StatusOK, out)
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

// boardTopic is a dashboard's name, and the seconds up to now that its tiles
// show instead of their own windows: dashboard:NAME or dashboard:NAME@900.
var boardTopic = regexp.MustCompile(`^dashboard:([^@\x00-\x1f\x7f]{1,255})(?:@([1-9][0-9]{0,6}))?$`)

// boardOf reads the topic of a dashboard.
func boardOf(topic string) (name string, r dashboard.Range, ok bool) {
	m := boardTopic.FindStringSubmatch(topic)
	if m == nil {
		return "", r, false
	}
	if m[2] != "" {
		seconds, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			return "", r, false
		}
		r.From = seconds * 1000
	}
	return m[1], r, true
}
