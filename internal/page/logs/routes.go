package logs

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// Limits of what a browser may ask for.
const (
	defaultLines = 200
	maxLines     = 1000
	maxAround    = 200
	maxSteps     = 400
	heartbeat    = 15 * time.Second
)

// show is a line as the page gets it. whole is for the one that is looked at.
func show(l *telemetry.Line, whole bool) Line {
	out := Line{
		ID: strconv.FormatUint(l.Seq, 10), At: l.Time.UnixMilli(), Level: telemetry.LevelName(l.Level),
		Source: l.Source, Text: l.Text, Cut: l.Cut, Run: l.Invocation,
	}
	if !whole && len(out.Text) > previewBytes {
		out.Text = strings.ToValidUTF8(out.Text[:previewBytes], "")
		out.More = len(l.Text) - len(out.Text)
	}
	for _, a := range l.Fields() {
		if !whole && len(a.Value) > previewBytes {
			a.Value = strings.ToValidUTF8(a.Value[:previewBytes], "") + "…"
		}
		out.Fields = append(out.Fields, []string{a.Key, a.Value})
	}
	return out
}

func showAll(lines []telemetry.Line) []Line {
	out := make([]Line, len(lines))
	for i := range lines {
		out[i] = show(&lines[i], false)
	}
	return out
}

// query reads q, run, from and to (unix milliseconds) of a request.
func query(r *http.Request) (q telemetry.LogQuery, err error) {
	if q.Match, err = compile(r.URL.Query().Get("q")); err != nil {
		return q, err
	}
	q.Invocation = r.URL.Query().Get("run")
	for name, to := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		ms, err := portal.Number(r, name, 0)
		if err != nil {
			return q, err
		}
		if ms > 0 {
			*to = time.UnixMilli(ms)
		}
	}
	return q, nil
}

// search serves GET /api/logs?q=&run=&from=&to=&before=&limit=.
func (p page) search(w http.ResponseWriter, r *http.Request) error {
	q, err := query(r)
	if err != nil {
		return err
	}
	before, err := portal.Number(r, "before", 0)
	if err != nil {
		return err
	}
	limit, err := portal.Number(r, "limit", defaultLines)
	if err != nil {
		return err
	}
	newest := p.logs.Newest() // before the search: a tail from here leaves nothing out
	lines, next := p.logs.Search(q, uint64(before), int(min(max(limit, 1), maxLines)))
	out := Page{Lines: showAll(lines), Newest: strconv.FormatUint(newest, 10)}
	if next > 0 {
		out.Next = strconv.FormatUint(next, 10)
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// around serves GET /api/logs/{seq}?n=50.
func (p page) around(w http.ResponseWriter, r *http.Request) error {
	seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 63)
	if err != nil {
		return fault.New(fault.NotFound, "line "+r.PathValue("seq"), "lines have numbers")
	}
	n, err := portal.Number(r, "n", 0)
	if err != nil {
		return err
	}
	lines := p.logs.Around(seq, int(min(n, maxAround)))
	out := Around{Lines: showAll(lines)}
	for i := range lines {
		if lines[i].Seq == seq {
			out.Line = show(&lines[i], true)
		}
	}
	if out.Line.ID == "" {
		return fault.New(fault.Gone, "line "+r.PathValue("seq"), "it gave way to newer lines, or was written before the last start")
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// count serves GET /api/logs/counts?q=&run=&from=&to=&steps=.
func (p page) count(w http.ResponseWriter, r *http.Request) error {
	q, err := query(r)
	if err != nil {
		return err
	}
	steps, err := portal.Number(r, "steps", 60)
	if err != nil {
		return err
	}
	c := p.logs.Count(q, int(min(max(steps, 1), maxSteps)))
	out := Counts{Step: c.Step.Milliseconds(), Levels: c.Levels, Sources: c.Sources, Lines: c.Lines}
	if !c.From.IsZero() {
		out.From = c.From.UnixMilli()
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// tail serves GET /api/logs/tail?q=&run=&after=: a Tail a line of NDJSON, until
// the browser leaves.
func (p page) tail(w http.ResponseWriter, r *http.Request) error {
	q, err := query(r)
	if err != nil {
		return err
	}
	after, err := portal.Number(r, "after", int64(p.logs.Newest()))
	if err != nil {
		return err
	}
	select {
	case p.tails <- struct{}{}:
		defer func() { <-p.tails }()
	default:
		return fault.New(fault.Throttled, "logs", "%d browsers follow the log already", maxTails)
	}
	out := portal.NewAnswer(w, portal.NDJSON)
	defer out.Close()
	send := func(t Tail) error {
		if err := out.Value(t); err != nil {
			return err
		}
		return out.Flush()
	}
	if send(Tail{Lines: []Line{}}) != nil {
		return nil
	}
	q.Pulse = heartbeat
	_ = p.logs.Tail(r.Context(), q, uint64(after), func(lines []telemetry.Line, left int) error {
		return send(Tail{showAll(lines), left})
	}) // it ends when the browser leaves
	return nil
}

// export serves GET /api/logs/export?q=&run=&from=&to=&format=ndjson|text:
// every line that the filter leaves, whole, oldest first.
func (p page) export(w http.ResponseWriter, r *http.Request) error {
	q, err := query(r)
	if err != nil {
		return err
	}
	format, ok := formats[r.URL.Query().Get("format")]
	if !ok {
		return fault.New(fault.Invalid, "format", "it is ndjson or text")
	}
	lines, _ := p.logs.Search(q, 0, telemetry.KeptLines)
	w.Header().Set("Content-Disposition", `attachment; filename="lazuli-log.`+format.ending+`"`)
	out := portal.NewAnswer(w, format.media)
	defer out.Close()
	for i := len(lines) - 1; i >= 0; i-- {
		if _, err := out.Write(format.line(show(&lines[i], true))); err != nil {
			return nil // the browser left
		}
	}
	return nil
}
