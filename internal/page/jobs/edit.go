package jobs

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/trial"
)

// Editing is what a job's query is changed with.
type Editing struct {
	File  func() (jobs.File, error)
	Check func(text string) (jobs.Checked, error)
	Try   func(ctx context.Context, text string) (jobs.Tried, error)
	Save  func(ctx context.Context, etag, text, start string) (jobs.File, error)
}

func editingOf(j *jobs.Job, command []string) Editing {
	return Editing{
		File: j.File, Check: j.Check, Save: j.Save,
		Try: func(ctx context.Context, text string) (jobs.Tried, error) {
			if len(command) == 0 {
				return jobs.Tried{}, fault.New(fault.Unavailable, "test", "this program does not know where it lies, so it cannot run a query apart")
			}
			return j.Try(ctx, text, func(ctx context.Context, r trial.Request) (trial.Result, error) {
				return trial.Run(ctx, command, r)
			})
		},
	}
}

const maxQuery = 1 << 20

// QueryFile is the answer to GET and PUT /api/jobs/{job}/query.
type QueryFile struct {
	File string `json:"file"` // its name
	Text string `json:"text"`
	ETag string `json:"etag"`
}

// QueryText is the body of POST …/check and …/test.
type QueryText struct {
	Query string `json:"query"`
}

// QuerySave is the body of PUT …/query.
type QuerySave struct {
	Text string `json:"text"`
	// Start begins the job anew with the text: last, now, all or an RFC 3339 time.
	// Empty leaves it as it is.
	Start string `json:"start"`
}

// QueryCheck is the answer to POST …/check.
type QueryCheck struct {
	Problems []portal.Problem `json:"problems"` // with their place, where they have one
	// What follows is of a text without problems.
	Explain   string `json:"explain"`
	LanesText string `json:"lanesText"`
	// Same says that a start from the last checkpoint is possible.
	Same bool `json:"same"`
}

// getQuery serves GET /api/jobs/{job}/query: the text as it is on the disk now.
func (p page) getQuery(w http.ResponseWriter, r *http.Request) error {
	j, err := p.find(r.PathValue("job"))
	if err != nil {
		return err
	}
	f, err := j.File()
	if err != nil {
		return err
	}
	writeFile(w, f)
	return nil
}

func writeFile(w http.ResponseWriter, f jobs.File) {
	w.Header().Set("ETag", `"`+f.ETag+`"`)
	portal.WriteJSON(w, http.StatusOK, QueryFile{filepath.Base(f.Path), f.Text, f.ETag})
}

// putQuery serves PUT /api/jobs/{job}/query, with the ETag of the text that is
// replaced in If-Match. The answer is 412 when that was changed meanwhile.
func (p page) putQuery(w http.ResponseWriter, r *http.Request) error {
	j, err := p.find(r.PathValue("job"))
	if err != nil {
		return err
	}
	etag := strings.Trim(r.Header.Get("If-Match"), `"`)
	if etag == "" || etag == "*" {
		return fault.New(fault.Invalid, "If-Match", "it is missing: say with the file's ETag which version is to be replaced")
	}
	var body QuerySave
	if err := portal.ReadJSON(w, r, maxQuery, &body); err != nil {
		return err
	}
	f, err := j.Save(r.Context(), etag, body.Text, body.Start)
	if err != nil {
		return placed(err)
	}
	writeFile(w, f)
	return nil
}

// checkQuery serves POST /api/jobs/{job}/check: whether a text compiles as the
// job's query.
func (p page) checkQuery(w http.ResponseWriter, r *http.Request) error {
	j, err := p.find(r.PathValue("job"))
	if err != nil {
		return err
	}
	var body QueryText
	if err := portal.ReadJSON(w, r, maxQuery, &body); err != nil {
		return err
	}
	c, err := j.Check(body.Query)
	answer := QueryCheck{[]portal.Problem{}, c.Explain, c.Lanes, c.Same}
	if err != nil {
		answer.Problems = append(answer.Problems, problemOf(err))
	}
	portal.WriteJSON(w, http.StatusOK, answer)
	return nil
}

func problemOf(err error) portal.Problem {
	var syntax *portal.SyntaxError
	if errors.As(placed(err), &syntax) {
		return portal.Problem{Error: syntax.Message, Kind: "syntax", Place: syntax.Place}
	}
	return portal.Problem{Error: err.Error(), Kind: fault.KindOf(err).String()}
}

// placed gives a mistake in a query its place.
func placed(err error) error {
	s := jobs.SyntaxOf(err)
	if s == nil {
		return err
	}
	return &portal.SyntaxError{Message: s.Msg, Place: portal.Place{Line: s.Line, Col: s.Col, Start: s.Start, End: s.End}}
}
