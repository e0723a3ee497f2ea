//go:build unix

package host_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/language"
	"github.com/lazuli-dev/lazuli/internal/host/nodeworker"
	"github.com/lazuli-dev/lazuli/internal/host/project"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// TestNamedPipesAreNotWaitedFor: one in the place of any file of an app's folder
// does not hold the host.
func TestNamedPipesAreNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Mkdir(at("f"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{settings.LocalFile, hostjson.File, "package.json", "go.mod", "main.go", "requirements.txt", "f/function.json"} {
		if err := syscall.Mkfifo(at(name), 0o600); err != nil {
			t.Skip(err)
		}
	}
	for name, read := range map[string]func() error{
		"settings":  func() error { _, err := settings.ReadLocal(at(settings.LocalFile)); return err },
		"host.json": func() error { _, err := hostjson.Load(at(hostjson.File), nil); return err },
		"kind": func() error {
			_, err := project.Detect(dir, &hostjson.Config{}, "dotnet", false)
			return err
		},
		"function.json": func() error {
			_, broken, _ := binding.Scan(dir, "python")
			return broken[0].Err
		},
		"package.json": func() error {
			_, err := nodeworker.Language().Prepare(t.Context(), language.App{Dir: dir, Keep: t.TempDir(), Env: os.Environ(), Setting: func(string) string { return "" }, Say: func(string) {}})
			return err
		},
	} {
		done := make(chan error, 1)
		go func() { done <- read() }()
		select {
		case err := <-done:
			if err == nil {
				t.Errorf("%s: it was read", name)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: it waits for a writer", name)
		}
	}
}
