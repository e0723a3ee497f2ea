package localrun

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

const exampleProject = "../../../examples/stream"

// The example is a project as the vendor's editor extension lays it out.
func TestOpenProject(t *testing.T) {
	p, err := OpenProject(exampleProject, "")
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
	results, err := Test(t.Context(), exampleProject, TestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if !r.Passed() {
			t.Errorf("%s: %v", r.Case, r.Differ)
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
				func() error { _, err := OpenProject(dir, ""); return err },
				func() error { _, err := Test(t.Context(), dir, TestOptions{}); return err },
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

// TestLevelAllTheSame: a project of an older level runs when that is asked for.
func TestLevelAllTheSame(t *testing.T) {
	dir := t.TempDir()
	copyFS(t, dir, exampleProject)
	put(t, dir, "JobConfig.json", `{"CompatibilityLevel": "1.1"}`)
	if _, err := OpenProject(dir, Level12); err != nil {
		t.Error(err)
	}
	if results, err := Test(t.Context(), dir, TestOptions{Level: Level12}); err != nil || len(results) == 0 {
		t.Errorf("%v, %v", results, err)
	}
}

// TestProjectsOfOtherTools: the name under the older key, and the project file of
// Visual Studio.
func TestProjectsOfOtherTools(t *testing.T) {
	const local = `{"InputAlias":"readings","Type":"Data Stream","Format":"Json","FilePath":"in.json","ScriptType":"InputMock"}`
	const config = `{"CompatibilityLevel":"1.2"}`
	for name, files := range map[string]map[string]string{
		"InputAlias": {"asaproj.json": `{"startFile":"q.asaql","configurations":[{"filePath":"JobConfig.json","subType":"JobConfig"},{"filePath":"Inputs/Local_readings.json","subType":"InputMock"},{"filePath":"Inputs/alarms.json","subType":"Input"}]}`},
		"Visual Studio": {"job.asaproj": "\xef\xbb\xbf" + `<?xml version="1.0" encoding="utf-8"?>
<Project ToolsVersion="14.0" xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
  <PropertyGroup><Name>job</Name><SubType>no item</SubType></PropertyGroup>
  <ItemGroup>
    <Script Include="q.asaql" />
    <Configure Include="JobConfig.json"><SubType>JobConfig</SubType></Configure>
    <Configure Include="Inputs\Local_readings.json"><SubType>InputMock</SubType></Configure>
    <Configure Include="Inputs\alarms.json" />
    <Configure Include="Output.json"><SubType>Output</SubType></Configure>
  </ItemGroup>
</Project>`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range files {
				put(t, dir, file, text)
			}
			put(t, dir, "JobConfig.json", config)
			put(t, dir, "Inputs/Local_readings.json", local)
			put(t, dir, "Inputs/alarms.json", `{"Name":"alarms","Type":"Reference Data","DataSourceType":"Blob Storage"}`)
			p, err := OpenProject(dir, "")
			if err != nil {
				t.Fatal(err)
			}
			want := &Project{
				Query: filepath.Join(dir, "q.asaql"), Inputs: map[string]string{"readings": filepath.Join(dir, "Inputs", "in.json")}, References: map[string]string{},
				Live: []streamsql.InputOptions{{Name: "alarms", Reference: true}},
			}
			if diff := cmp.Diff(want, p); diff != "" {
				t.Error(diff)
			}
			put(t, dir, "JobConfig.json", `{"CompatibilityLevel":"1.0"}`)
			if _, err := OpenProject(dir, ""); err == nil || !strings.Contains(err.Error(), "CompatibilityLevel 1.0") {
				t.Errorf("the level is not read: %v", err)
			}
		})
	}
}
