package app

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/end/dataset"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/page/items"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/portal/signin"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// dashboards are the project's dashboards. Stream jobs may write to their
// datasets. A mistake in one is shown on its page and stops nothing.
func dashboards(e *env) (parts, error) {
	e.Boards = dashboard.New(dashboard.Options{
		Dir: filepath.Join(e.Config.Dir, dashboard.FolderName), Log: e.Log.With("component", "dashboards"),
		Feeds: items.Feeds{
			Accounts:  e.accountsToFeed,
			Positions: e.positions,
		},
	})
	push := func(name string) (dataset.Dataset, error) { return e.Boards.Push(name) }
	return parts{Streams: jobs.Kinds{Sinks: []jobs.SinkKind{dataset.SinkKind(push, e.Boards.Broken)}}}, nil
}

// accountsToFeed are the accounts whose change feeds dashboards show.
func (e *env) accountsToFeed() (all []items.Named) {
	for _, a := range e.Exists.Accounts(resource.CosmosAccounts) {
		all = append(all, items.Named{Name: a.Name, Stored: e.Storage.docs.Account(a.ID)})
	}
	return all
}

// portalPages is the portal over the pages of all services above.
func portalPages(e *env) (parts, error) {
	cfg := e.Config
	log := e.Log.With("component", "portal")
	if cfg.Portal.Password != "" || !cfg.OnLoopback() {
		e.SignIn = signin.New(cfg.Portal.Password)
		e.Doors.tokens[instance.Portal] = e.SignIn.Token()
	}
	server, err := portal.New(portal.Config{
		Name: cfg.Name, Version: e.Version, Started: e.Counts.Started, Pages: e.Given.Pages, Boards: e.Boards, Log: log, SignIn: e.SignIn,
		Tasks: e.Tasks, Notices: e.Notices, Filters: portal.OpenFilters(filepath.Join(cfg.DataDir(), portalFolder, "filters.json")),
		Troubles: newTroubles(e).report, About: func() portal.About { return about(e) },
		Instances: func() ([]portal.Instance, error) { return instances(cfg.DataDir()) },
	})
	if err != nil {
		return parts{}, err
	}
	p := parts{
		Routes:  []door.Route{{Type: typePortal, HTTP: func(resource.Account) http.Handler { return server }}},
		Engines: []part{{name: "portal state", run: server.Run}},
	}
	return p, e.Doors.open(instance.Portal, cfg.Portal.Port, door.Port{
		Title: "Portal", Key: "portal.port", TLS: e.Doors.webTLS, EndAtOnce: true, People: true, Log: log,
		Account: resource.Account{Type: typePortal, Name: cfg.Name},
	})
}

// instances are the running projects of this user that have a portal, by their names.
func instances(self string) ([]portal.Instance, error) {
	all, err := instance.All()
	if err != nil {
		return nil, err
	}
	var out []portal.Instance
	for _, i := range all {
		if addr := i.Addresses[instance.Portal]; addr != "" {
			out = append(out, portal.Instance{
				Name: i.Name, Dir: i.Dir, URL: "http://" + connect.Host(addr, ""), StartedAt: i.StartedAt, Self: i.DataDir == self,
			})
		}
	}
	slices.SortStableFunc(out, func(a, b portal.Instance) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// startTask runs a task of the documents' page in the background.
func (e *env) startTask(t items.Task) (string, error) {
	return e.Tasks.Start(portal.Task{Kind: t.Kind, Subject: t.Subject, To: t.To}, func(ctx context.Context, p *portal.Progress) error {
		return t.Run(ctx, p)
	})
}

// explorer asks queries as the document REST dialect would, and manages what
// they are asked of.
type explorer struct{ *cosmos.Service }

// Describe implements items.Manager.
func (explorer) Describe(c *docstore.Container) (json.RawMessage, error) {
	return cosmos.DescribeContainer(c)
}

// Ask implements items.Asker.
func (e explorer) Ask(ctx context.Context, c *docstore.Container, q items.Query, maxBytes int) (*items.Result, error) {
	got, err := e.Explore(ctx, exploration(c, q, maxBytes))
	if err != nil {
		return nil, err
	}
	return &items.Result{
		Rows: got.Rows, Continuation: got.Continuation, Charge: got.Charge, Explain: got.Explain,
		By: got.Walks.By, Walks: got.Walks.Paths, WalkCount: got.Walks.Count,
		Entries: got.Stats.Entries, Documents: got.Stats.Documents, Bytes: got.Stats.DocBytes,
		Compile: got.Compiled, Duration: got.Duration,
	}, nil
}

// Check implements items.Asker.
func (e explorer) Check(c *docstore.Container, q items.Query) error {
	return e.CheckQuery(exploration(c, q, 0))
}

func exploration(c *docstore.Container, q items.Query, maxBytes int) cosmos.Exploration {
	params := make(map[string][]byte, len(q.Parameters))
	for name, value := range q.Parameters {
		params[name] = value
	}
	return cosmos.Exploration{
		Container: c, Text: q.Text, Parameters: params, MaxItems: q.Max, MaxBytes: maxBytes, Continuation: q.Continuation,
	}
}
