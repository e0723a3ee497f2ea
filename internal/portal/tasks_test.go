package portal_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestTasks: work goes on without a page, says how far it is, can be cancelled,
// and leaves the list when it is told to.
func TestTasks(t *testing.T) {
	testkit.NoLeaks(t)
	tasks := &portal.Tasks{}
	l := portaltest.ServeConfig(t, portal.Config{Tasks: tasks, Boards: dashboard.New(dashboard.Options{})})
	s := l.Listen("tasks")
	until := func(id string, good func(task map[string]any) bool) {
		t.Helper()
		for {
			for _, row := range s.Next("tasks").([]any) {
				if row := row.(map[string]any); row["id"] == id && good(row) {
					return
				}
			}
		}
	}
	start := func(work func(context.Context, *portal.Progress) error) string {
		t.Helper()
		id, err := tasks.Start(portal.Task{Kind: "export", Subject: "orders", To: "/data"}, work)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	step := make(chan struct{})
	export := start(func(_ context.Context, p *portal.Progress) error {
		p.Of(10)
		p.Add(4)
		<-step
		p.Add(6)
		p.Result("/api/exports/1")
		return nil
	})
	until(export, func(k map[string]any) bool { return k["state"] == "busy" && k["done"] == 4.0 && k["of"] == 10.0 })
	if code, got := l.Do("DELETE", "/api/tasks/"+export, ""); code != 409 {
		t.Errorf("a task that runs was forgotten: %d %v", code, got)
	}
	close(step)
	until(export, func(k map[string]any) bool {
		return k["state"] == "ok" && k["done"] == 10.0 && k["result"] == "/api/exports/1"
	})
	wrong := start(func(context.Context, *portal.Progress) error { return errors.New("the disk is full") })
	until(wrong, func(k map[string]any) bool { return k["state"] == "bad" && k["error"] == "the disk is full" })
	long := start(func(ctx context.Context, _ *portal.Progress) error { <-ctx.Done(); return ctx.Err() })
	if code, got := l.Do("POST", "/api/tasks/"+long+"/cancel", ""); code != 204 {
		t.Errorf("cancel: %d %v", code, got)
	}
	until(long, func(k map[string]any) bool { return k["state"] == "off" })
	if code, _ := l.Do("DELETE", "/api/tasks/"+export, ""); code != 204 {
		t.Error("an ended task stays")
	}
	if code, _ := l.Do("POST", "/api/tasks/none/cancel", ""); code != 404 {
		t.Error("a task that there is not was cancelled")
	}
	for range 16 {
		start(func(ctx context.Context, _ *portal.Progress) error { <-ctx.Done(); return nil })
	}
	if _, err := tasks.Start(portal.Task{}, nil); fault.KindOf(err) != fault.Throttled {
		t.Errorf("the 17th: %v", err)
	}
}

// TestNamesAndTroubles: names of all lists are found; what a page reports comes
// to the bell, and how many fail to the rail.
func TestNamesAndTroubles(t *testing.T) {
	type row struct {
		ID    string `json:"id"`
		State string `json:"state"`
	}
	l := newLab(t, portal.Page{
		Kind: "hubs", Count: func() int { return 2 }, Failing: func() int { return 1 },
		Rows: func(*portal.Rates) []portal.Row {
			return []portal.Row{{ID: "orders", Value: row{"orders", "bad"}}, {ID: "telemetry", Value: row{"telemetry", "ok"}}}
		},
		Troubles: func(report func(portal.Trouble)) {
			report(portal.Trouble{Kind: "hub-lagging", Subject: "orders", To: "/hubs/default/orders", State: "warn"})
		},
	}, portal.Page{}) // and one that is no list
	for _, path := range []string{"/api/stream?topic=", "/api/lists/%20"} {
		if code, got := l.Do("GET", path, ""); code != 404 {
			t.Errorf("%s: %d %v", path, code, got)
		}
	}
	code, got := l.Do("GET", "/api/names?q=ord", "")
	if names := got["names"].([]any); code != 200 || len(names) != 1 || names[0].(map[string]any)["state"] != "bad" {
		t.Errorf("names: %d %v", code, got)
	}
	if _, all := l.Do("GET", "/api/names?limit=1", ""); all["total"] != 3.0 || len(all["names"].([]any)) != 1 {
		t.Errorf("a page of names, of two hubs and a dashboard: %v", all)
	}
	s := l.Listen("notices", "summary")
	if sum := s.Next("summary").(map[string]any); sum["failing"].(map[string]any)["hubs"] != 1.0 {
		t.Errorf("summary: %v", sum)
	}
	notices := l.Listen("notices").Next("notices").(map[string]any)["notices"].([]any)
	if n := notices[0].(map[string]any); len(notices) != 1 || n["id"] != "hub-lagging/orders" || n["to"] != "/hubs/default/orders" {
		t.Errorf("notices: %v", notices)
	}
	if code, _ := l.Do("POST", "/api/notices/mute", `{"id":"hub-lagging/orders","minutes":60}`); code != 204 {
		t.Errorf("mute: %d", code)
	}
	if code, _ := l.Do("POST", "/api/notices/mute", `{"id":"hub-lagging/orders","minutes":1441}`); code != 400 {
		t.Errorf("mute for longer than a day: %d", code)
	}
}

// TestTaskThatPanics: it fails, and nothing else does.
func TestTaskThatPanics(t *testing.T) {
	testkit.NoLeaks(t)
	tasks := &portal.Tasks{}
	l := portaltest.ServeConfig(t, portal.Config{Tasks: tasks, Boards: dashboard.New(dashboard.Options{})})
	s := l.Listen("tasks")
	var none map[string]int
	if _, err := tasks.Start(portal.Task{Kind: "export"}, func(context.Context, *portal.Progress) error {
		none["x"] = 1
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for {
		for _, row := range s.Next("tasks").([]any) {
			task := row.(map[string]any)
			if said, _ := task["error"].(string); task["state"] == "bad" {
				if !strings.Contains(said, "nil map") || !strings.Contains(said, "tasks_test.go") {
					t.Errorf("error %q", said)
				}
				return
			}
		}
	}
}

// TestMisspeltFieldIsRefused: it is no order for less or more than was meant.
func TestMisspeltFieldIsRefused(t *testing.T) {
	l := portaltest.Serve(t, dashboard.New(dashboard.Options{}))
	for _, body := range []string{`{"ad":["hubs"]}`, `{"add":["hubs"]} {"drop":["hubs"]}`} {
		s := l.Listen("summary")
		if code, got := l.Do("POST", "/api/stream/"+s.ID, body); code != 400 || got["kind"] != "invalid" {
			t.Errorf("%s: %d %v", body, code, got)
		}
	}
}
