// Package logs is the portal's page of log lines: what the process and its
// functions said, newest first, followed while they come, counted over time.
//
// It reads telemetry.Logs and writes nothing. Lines are data of strangers: they
// are sent as they were written, and the page shows what a terminal would obey.
package logs

import (
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
)

// maxTails is how many browsers may follow at a time.
const maxTails = 64

type page struct {
	logs  *telemetry.Logs
	tails chan struct{} // a token for each that is open
}

// Pages returns the page. It is no list: lines come through its own addresses.
func Pages(logs *telemetry.Logs) []portal.Page {
	p := page{logs, make(chan struct{}, maxTails)}
	return []portal.Page{{Routes: []portal.Route{
		{Pattern: "GET /api/logs", Serve: p.search},
		{Pattern: "GET /api/logs/{seq}", Serve: p.around},
		{Pattern: "GET /api/logs/counts", Serve: p.count},
		{Pattern: "GET /api/logs/tail", Serve: p.tail},
		{Pattern: "GET /api/logs/export", Serve: p.export},
	}}}
}

// previewBytes is how much of a line's text a list holds.
const previewBytes = 1 << 10

// Line is a log line.
type Line struct {
	ID     string     `json:"id"` // counts from 1
	At     int64      `json:"t"`  // unix milliseconds
	Level  string     `json:"level"`
	Source string     `json:"source"`
	Text   string     `json:"text"`
	More   int        `json:"more,omitempty"` // bytes of the text that are not here
	Cut    int        `json:"cut,omitempty"`  // bytes that were not even kept
	Run    string     `json:"run,omitempty"`  // id of the function's invocation
	Fields [][]string `json:"fields,omitempty"`
}

// Page is the answer to GET /api/logs.
type Page struct {
	Lines  []Line `json:"lines"`  // newest first
	Next   string `json:"next"`   // the before of the page behind, or ""
	Newest string `json:"newest"` // line of all there are, for a tail
}

// Tail is a message of GET /api/logs/tail.
type Tail struct {
	Lines []Line `json:"lines"` // oldest first
	Left  int    `json:"left"`  // that came too fast to be sent
}

// Around is the answer to GET /api/logs/{seq}: a line whole, and its neighbours.
type Around struct {
	Line  Line   `json:"line"`
	Lines []Line `json:"lines"` // oldest first, the line among them
}

// Counts is the answer to GET /api/logs/counts.
type Counts struct {
	From    int64            `json:"from"` // unix milliseconds
	Step    int64            `json:"step"` // milliseconds
	Levels  map[string][]int `json:"levels"`
	Sources map[string]int   `json:"sources"`
	Lines   int              `json:"lines"`
}
