package app

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// TestFilesOfTheStart: a change of what is read at the start only is told until it
// is taken back, and logged once.
func TestFilesOfTheStart(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, at time.Time) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	then := time.Now().Add(-time.Hour)
	write("lazuli.yaml", "name: a\n", then)
	write("app/host.json", "{}", then)
	var log bytes.Buffer
	cfg := config.Config{Dir: dir}
	no := false
	cfg.Functions.Watch = &no
	cfg.Functions.Apps = map[string]config.App{"shop": {Path: filepath.Join(dir, "app")}}
	s := newStale(&cfg, slog.New(slog.NewTextHandler(&log, nil)))
	told := func() (all string) {
		s.report(func(p portal.Trouble) {
			if p.Kind != "restart-needed" || p.State != "warn" || !strings.Contains(p.Detail, "restart lazuli") {
				t.Errorf("%+v", p)
			}
			all += filepath.Base(p.Subject) + " " + p.To + ";"
		})
		return all
	}
	if got := told(); got != "" {
		t.Errorf("at the start: %s", got)
	}
	write("lazuli.yaml", "name: a\n", then.Add(time.Minute)) // saved again, the same
	if got := told(); got != "" {
		t.Errorf("after the same was saved again: %s", got)
	}
	write("lazuli.yaml", "name: b\n", then.Add(2*time.Minute))
	write("app/local.settings.json", "{}", then)
	for range 3 {
		if got := told(); got != "lazuli.yaml /settings;local.settings.json /functions/shop;" {
			t.Errorf("after changes: %s", got)
		}
	}
	write("lazuli.yaml", "name: a\n", then.Add(3*time.Minute))
	if got := told(); got != "local.settings.json /functions/shop;" {
		t.Errorf("after one was taken back: %s", got)
	}
	if n := strings.Count(log.String(), "restart lazuli to apply it"); n != 2 {
		t.Errorf("logged %d times, want 2:\n%s", n, log.String())
	}
	cfg.Functions.Watch = nil // apps take over what changes themselves
	s = newStale(&cfg, slog.New(slog.DiscardHandler))
	write("app/local.settings.json", `{"IsEncrypted":false}`, then.Add(time.Minute))
	if got := told(); got != "" {
		t.Errorf("where changes are watched: %s", got)
	}
}
