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

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/portal/signin"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// dashboardsFolder holds a project's dashboards, one JSON file each.
const dashboardsFolder = "dashboards"

// buildPortal takes the portal's port, reads the project's dashboards and
// builds what shows everything that was built before.
func (a *App) buildPortal(meter *portal.Meter) error {
	cfg := a.opts.Config
	boards, err := readDashboards(filepath.Join(cfg.Dir, dashboardsFolder))
	if err != nil {
		return err
	}
	apps := make([]portal.App, len(a.apps))
	for i, app := range a.apps {
		apps[i] = portal.App{Host: app.host, URL: "http://" + clientHost(app.address, "")}
	}
	log := a.log.With("component", "portal")
	if cfg.Portal.Password != "" || !cfg.OnLoopback() {
		a.signIn = signin.New(cfg.Portal.Password)
		a.doors.tokens[instance.Portal] = a.signIn.Token()
	}
	a.portal, err = portal.New(portal.Config{
		Name: cfg.Name, Version: a.opts.Version, Hubs: a.storage.hubs, Codec: messageCodec{},
		Store: a.storage.account, Querier: explorer{a.account}, Apps: apps, Boards: boards, Meter: meter, Log: log, SignIn: a.signIn,
	})
	if err != nil {
		return err
	}
	a.doors.Route(door.Route{Type: typePortal, HTTP: func(resource.Account) http.Handler { return a.portal }})
	return a.doors.open(instance.Portal, cfg.Portal.Port, door.Port{
		Title: "Portal", Key: "portal.port", TLS: a.doors.webTLS, EndAtOnce: true, Log: log, Account: a.doors.account(typePortal, cfg.Name),
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

// meterHub counts what Event Hubs clients do.
func meterHub(m *portal.Meter) func(eventhubs.Event) {
	return func(e eventhubs.Event) {
		switch e := e.(type) {
		case eventhubs.Delivered:
			m.Delivered(e.Hub, e.Group, e.Count)
		case eventhubs.ConnOpened:
			m.Connected(1)
		case eventhubs.ConnClosed:
			m.Connected(-1)
		}
	}
}

// messageCodec shows stored messages as functions would see them, and makes
// messages of one Data section.
type messageCodec struct{}

func (messageCodec) Decode(r *broker.Record) (portal.Event, error) {
	out := portal.Event{Sequence: r.Sequence, Offset: r.Offset.String(), EnqueuedAt: r.EnqueuedAt, Key: r.Key}
	e, err := eventdata.Read(r.Body)
	if err != nil {
		return out, err
	}
	shown, err := e.Show()
	if err != nil {
		return out, err
	}
	out.Properties, out.System = shown.Properties, shown.System
	out.SetBody(e.Body)
	return out, nil
}

func (messageCodec) Encode(body []byte, contentType string) []byte {
	b, err := eventdata.Message{Body: body, ContentType: contentType}.Append(nil)
	if err != nil { // the type cannot be told: the body can
		return amqp.AppendDataSection(nil, body)
	}
	return b
}

// explorer asks queries as the document REST dialect would.
type explorer struct{ account *cosmos.Service }

func (e explorer) Query(ctx context.Context, c *docstore.Container, q portal.Query) (*portal.QueryPage, error) {
	params := make(map[string][]byte, len(q.Parameters))
	for name, value := range q.Parameters {
		params[name] = value
	}
	got, err := e.account.Explore(ctx, cosmos.Exploration{
		Container: c, Text: q.Text, Parameters: params, MaxItems: q.Max, MaxBytes: q.MaxBytes(), Continuation: q.Continuation,
	})
	if err != nil {
		return nil, err
	}
	page := &portal.QueryPage{
		Rows: make([]json.RawMessage, len(got.Rows)), Continuation: got.Continuation, Charge: got.Charge, Explain: got.Explain,
		Entries: got.Stats.Entries, Documents: got.Stats.Documents, Bytes: got.Stats.DocBytes,
	}
	for i, row := range got.Rows {
		page.Rows[i] = row
	}
	return page, nil
}
