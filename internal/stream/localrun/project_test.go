package localrun

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const exampleProject = "../../../examples/stream"

// The example is a project as the vendor's editor extension lays it out.
func TestOpenProject(t *testing.T) {
	p, err := OpenProject(exampleProject)
	if err != nil {
		t.Fatal(err)
	}
	want := &Project{
		Query:      filepath.Join(exampleProject, "hot.asaql"),
		Inputs:     map[string]string{"readings": filepath.Join(exampleProject, "data", "readings.json")},
		References: map[string]string{"limits": filepath.Join(exampleProject, "data", "limits.csv")},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
}

func TestExampleCasesPass(t *testing.T) {
	results, err := Test(t.Context(), exampleProject)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if !r.Passed {
			t.Errorf("%s: %v", r.Case, r.Detail)
		}
	}
}

// Settings that would change a query's meaning are refused with the file's name.
func TestProjectRefused(t *testing.T) {
	for name, c := range map[string]struct{ config, want string }{
		"old level":   {`{"CompatibilityLevel": "1.1"}`, "CompatibilityLevel 1.1"},
		"locale":      {`{"DataLocale": "de-DE"}`, "DataLocale de-DE"},
		"no JSON":     {`CompatibilityLevel = 1.2`, "not the JSON"},
		"wrong shape": {`{"CompatibilityLevel": 1.2}`, "not the JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			copyFS(t, dir, exampleProject)
			path := filepath.Join(dir, "JobConfig.json")
			if err := os.WriteFile(path, []byte(c.config), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, try := range []func() error{
				func() error { _, err := OpenProject(dir); return err },
				func() error { _, err := Test(t.Context(), dir); return err },
			} {
				if err := try(); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
					t.Errorf("got %v, want %q and the file's name", err, c.want)
				}
			}
		})
	}
}

func copyFS(t *testing.T, dir, from string) {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
