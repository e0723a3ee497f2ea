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
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/page/functions"
	"github.com/lazuli-dev/lazuli/internal/page/hubs"
	"github.com/lazuli-dev/lazuli/internal/page/items"
	pagejobs "github.com/lazuli-dev/lazuli/internal/page/jobs"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/portal/signin"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// dashboardsFolder holds a project's dashboards, one JSON file each.
const dashboardsFolder = "dashboards"

// addDashboards reads the project's dashboards. They come before the stream
// jobs, which may write to their datasets.
func (a *App) addDashboards() error {
	boards, err := readDashboards(filepath.Join(a.opts.Config.Dir, dashboardsFolder))
	if err == nil {
		a.boards, err = dashboard.New(boards, items.Feeds{Account: a.storage.account})
	}
	return err
}

// addPortal takes the portal's port and builds what shows everything that was
// built before.
func (a *App) addPortal() error {
	cfg := a.opts.Config
	log := a.log.With("component", "portal")
	if cfg.Portal.Password != "" || !cfg.OnLoopback() {
		a.signIn = signin.New(cfg.Portal.Password)
		a.doors.tokens[instance.Portal] = a.signIn.Token()
	}
	var err error
	a.portal, err = portal.New(portal.Config{
		Name: cfg.Name, Version: a.opts.Version, Started: a.counts.Started, Pages: a.pages(), Boards: a.boards, Log: log, SignIn: a.signIn,
	})
	if err != nil {
		return err
	}
	a.doors.Route(door.Route{Type: typePortal, HTTP: func(resource.Account) http.Handler { return a.portal }})
	return a.doors.open(instance.Portal, cfg.Portal.Port, door.Port{
		Title: "Portal", Key: "portal.port", TLS: a.doors.webTLS, EndAtOnce: true, Log: log, Account: a.doors.account(typePortal, cfg.Name),
	})
}

// pages are what the portal shows, in the order of its navigation.
func (a *App) pages() (all []portal.Page) {
	apps := functions.Config{Counts: a.counts}
	for _, app := range a.apps {
		apps.Apps = append(apps.Apps, functions.App{Host: app.host, URL: "http://" + clientHost(app.address, "")})
	}
	jobs := make([]pagejobs.Job, len(a.jobs))
	for i, j := range a.jobs {
		jobs[i] = pagejobs.Of(j, broker.DefaultGroup)
	}
	all = append(all, hubs.Pages(hubs.Config{
		Namespace: a.storage.hubsID, Hubs: a.storage.hubs, Counts: a.counts, Consumers: a.hubConsumers,
	})...)
	all = append(all, items.Pages(items.Config{
		Account: a.storage.account, Counts: a.counts, Query: explorer{a.account}.query, Positions: apps.Positions,
	})...)
	all = append(all, functions.Pages(apps)...)
	return append(all, pagejobs.Pages(jobs)...)
}

// hubConsumers are the functions that read hubs.
func (a *App) hubConsumers() (all []hubs.Consumer) {
	for _, app := range a.apps {
		for _, f := range app.host.Functions() {
			if f.Source.Group != "" {
				all = append(all, hubs.Consumer{App: app.name, Function: f.Name, Hub: f.Source.Target, Group: f.Source.Group})
			}
		}
	}
	return all
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
