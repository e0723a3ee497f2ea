// Package insights is the portal's pages over telemetry: transactions and what one of
// them did from end to end, live metrics, and queries in the Kusto language.
//
// The one idea: every page but live metrics is a query, of which this room writes the text. It has a
// limit of rows and of time, and ends when the browser goes. What is in the rows was
// written by strangers: it is sent as text and never put into a query but as a literal.
package insights

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry/live"
)

// Component is what telemetry was sent to.
type Component struct {
	Name   string
	AppID  string
	Tables func() kql.Tables
	Live   *live.Component
}

// Config is what the pages ask. All of it is required.
type Config struct {
	// Components are those that there are, the project's own first: at least one.
	Components func() ([]Component, error)
	Past       Past
}

type page struct {
	Config
	running chan struct{} // a token for each query
}

// Pages returns the pages. They are no lists: rows come through addresses of their own.
func Pages(c Config) []portal.Page {
	p := page{c, make(chan struct{}, atOnce)}
	return []portal.Page{{Routes: []portal.Route{
		{Pattern: "GET /api/insights", Serve: p.list},
		{Pattern: "GET /api/insights/search", Serve: p.search},
		{Pattern: "GET /api/insights/counts", Serve: p.count},
		{Pattern: "GET /api/insights/values", Serve: p.values},
		{Pattern: "GET /api/insights/operations/{id}", Serve: p.operation},
		{Pattern: "GET /api/insights/items/{id}", Serve: p.item},
		{Pattern: "GET /api/insights/failures", Serve: p.failures},
		{Pattern: "GET /api/insights/performance", Serve: p.performance},
		{Pattern: "GET /api/insights/durations", Serve: p.durations},
		{Pattern: "GET /api/insights/map", Serve: p.serveMap},
		{Pattern: "POST /api/insights/live", Serve: p.live},
		{Pattern: "POST /api/insights/query", Serve: p.query},
		{Pattern: "POST /api/insights/check", Serve: p.check},
		{Pattern: "POST /api/insights/export", Serve: p.export},
		{Pattern: "GET /api/insights/schema", Serve: p.schema},
		{Pattern: "GET /api/insights/queries", Serve: p.asked},
		{Pattern: "DELETE /api/insights/queries/{id}", Serve: p.forget},
	}}}
}

// List is the answer to GET /api/insights.
type List struct {
	Components []About `json:"components"`
}

// About is a component.
type About struct {
	Name  string `json:"name"`
	AppID string `json:"appId"`
}

func (p page) list(w http.ResponseWriter, _ *http.Request) error {
	all, err := p.Components()
	if err != nil {
		return err
	}
	out := List{Components: []About{}}
	for _, c := range all {
		out.Components = append(out.Components, About{c.Name, c.AppID})
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}
