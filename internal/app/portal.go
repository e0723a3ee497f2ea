package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
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

// dashboardsFolder holds a project's dashboards, one JSON file each.
const dashboardsFolder = "dashboards"

// dashboards are the project's dashboards. Stream jobs may write to their
// datasets.
func dashboards(e *env) (parts, error) {
	boards, err := readDashboards(filepath.Join(e.Config.Dir, dashboardsFolder))
	if err != nil {
		return parts{}, err
	}
	e.Boards, err = dashboard.New(boards, items.Feeds{Account: e.Storage.account})
	push := func(name string) (dataset.Dataset, error) { return e.Boards.Push(name) }
	return parts{Streams: jobs.Kinds{Sinks: []jobs.SinkKind{dataset.SinkKind(push)}}}, err
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
	})
	if err != nil {
		return parts{}, err
	}
	p := parts{
		Routes:  []door.Route{{Type: typePortal, HTTP: func(resource.Account) http.Handler { return server }}},
		Engines: []part{{name: "portal state", run: server.Run}},
	}
	return p, e.Doors.open(instance.Portal, cfg.Portal.Port, door.Port{
		Title: "Portal", Key: "portal.port", TLS: e.Doors.webTLS, EndAtOnce: true, Log: log,
		Account: resource.Account{Type: typePortal, Name: cfg.Name},
	})
}

// readDashboards reads every *.json of a folder, in the order of their names.
// A folder that is missing holds none.
func readDashboards(dir string) ([]dashboard.Definition, error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("dashboards: %w", err)
	}
	var all []dashboard.Definition
	for _, f := range files {
		if f.IsDir() || filepath.Ext(f.Name()) != ".json" {
			continue
		}
		path := filepath.Join(dir, f.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("dashboards: %w", err)
		}
		d, err := dashboard.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, d)
	}
	return all, nil
}

// explorer asks queries as the document REST dialect would.
type explorer struct{ account *cosmos.Service }

func (e explorer) query(ctx context.Context, c *docstore.Container, q items.Query, maxBytes int) (*items.Answer, error) {
	params := make(map[string][]byte, len(q.Parameters))
	for name, value := range q.Parameters {
		params[name] = value
	}
	got, err := e.account.Explore(ctx, cosmos.Exploration{
		Container: c, Text: q.Text, Parameters: params, MaxItems: q.Max, MaxBytes: maxBytes, Continuation: q.Continuation,
	})
	if err != nil {
		return nil, err
	}
	page := &items.Answer{
		Rows: make([]json.RawMessage, len(got.Rows)), Continuation: got.Continuation, Charge: got.Charge, Explain: got.Explain,
		Entries: got.Stats.Entries, Documents: got.Stats.Documents, Bytes: got.Stats.DocBytes,
	}
	for i, row := range got.Rows {
		page.Rows[i] = row
	}
	return page, nil
}
