package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestSettingsPrecedence: where a setting is said twice, the process's environment
// goes before the project file and that before local.settings.json, whatever the
// case and the separator of its name; a host.json value gives way to the setting
// that names it.
func TestSettingsPrecedence(t *testing.T) {
	const file, project, environ = "file", "project", "environment"
	for _, c := range []struct {
		name                   string
		file, project, environ string // under which name it is said there; "": not at all
		want                   string
	}{
		{name: "ONLY_FILE", file: "ONLY_FILE", want: file},
		{name: "ONLY_PROJECT", project: "ONLY_PROJECT", want: project},
		{name: "ONLY_ENV", environ: "ONLY_ENV", want: environ},
		{name: "FILE_PROJECT", file: "FILE_PROJECT", project: "FILE_PROJECT", want: project},
		{name: "FILE_ENV", file: "FILE_ENV", environ: "FILE_ENV", want: environ},
		{name: "PROJECT_ENV", project: "PROJECT_ENV", environ: "PROJECT_ENV", want: environ},
		{name: "ALL", file: "ALL", project: "ALL", environ: "ALL", want: environ},
		{name: "CASE", file: "Case", environ: "case", want: environ},
		{name: "a:b", file: "a:b", project: "A__B", want: project},
		{name: "ConnectionStrings:Db", file: "ConnectionStrings:Db", environ: "ConnectionStrings__Db", want: environ},
		{name: "NOWHERE"},
	} {
		o := host.Options{Name: "app", Dir: t.TempDir(), BuildDir: t.TempDir(), Listen: testkit.Loopback, Environ: []string{}, Settings: map[string]string{}}
		text := `{"IsEncrypted": false, "Values": {`
		if c.file != "" {
			text += `"` + c.file + `": "` + file + `"`
		}
		if c.project != "" {
			o.Settings[c.project] = project
		}
		if c.environ != "" {
			o.Environ = append(o.Environ, c.environ+"="+environ)
		}
		for name, text := range map[string]string{"main.go": "package main", "local.settings.json": text + "}}"} {
			if err := os.WriteFile(filepath.Join(o.Dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		h, err := host.New(o)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Settings().Get(c.name); got != c.want {
			t.Errorf("%s is that of the %q, want %q", c.name, got, c.want)
		}
		saidTwice := 0
		for _, e := range h.Settings().Environ() { // what the worker is started with
			if _, value, _ := strings.Cut(e, "="); value == file || value == project || value == environ {
				saidTwice++
			}
		}
		if want := min(len(c.want), 1); saidTwice != want {
			t.Errorf("%s: the environment holds %d values of it, want %d", c.name, saidTwice, want)
		}
	}
}
