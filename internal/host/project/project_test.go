package project

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
)

func TestDetect(t *testing.T) {
	for name, c := range map[string]struct {
		files   map[string]string
		runtime string
		binary  bool
		custom  bool
		want    string // the kind, or part of the error
	}{
		"go program":         {files: map[string]string{"main.go": "package main"}, want: "go"},
		"go beside python":   {files: map[string]string{"main.go": "package main", "requirements.txt": ""}, want: "go"},
		"go library":         {files: map[string]string{"lib.go": "package lib", "x_test.go": "package main"}, want: "no main package"},
		"built":              {binary: true, want: "go"},
		"custom":             {custom: true, want: "custom"},
		"python":             {files: map[string]string{"function_app.py": ""}, want: "python"},
		"python by packages": {files: map[string]string{"requirements.txt": ""}, want: "python"},
		"python by setting":  {files: map[string]string{"main.go": "package main"}, runtime: "Python", want: "python"},
		"python, but node":   {files: map[string]string{"function_app.py": ""}, runtime: "dotnet", want: `FUNCTIONS_WORKER_RUNTIME is "dotnet", which cannot run here; apps in Go, Python, JavaScript and TypeScript and custom handlers`},
		"node":               {files: map[string]string{"package.json": `{"dependencies": {"@azure/functions": "^4"}}`, "requirements.txt": ""}, want: "node"},
		"node by setting":    {runtime: "node", want: "node"},
		"node, no functions": {files: map[string]string{"package.json": "{}"}, want: "a Node.js app that does not ask for @azure/functions"},
		"node, a folder":     {files: map[string]string{"hello/function.json": "{}", "hello/index.js": ""}, want: "index.js names a Node.js app of the older programming model"},
		"python, a folder":   {files: map[string]string{"hello/function.json": "{}", "hello/__init__.py": ""}, want: "python"},
		"dotnet":             {files: map[string]string{"x.csproj": ""}, want: "a .NET app"},
		"runtime only":       {runtime: "python", want: "python"},
		"nothing":            {want: "no function app found"},
	} {
		dir := t.TempDir()
		for file, text := range c.files {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		h, err := hostjson.Default(nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.custom {
			h.CustomHandler = &hostjson.CustomHandler{Executable: "x"}
		}
		kind, err := Detect(dir, h, c.runtime, c.binary)
		got := string(kind)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %s, want %q", name, got, c.want)
		}
	}
	if _, err := Detect("/nowhere/at/all", &hostjson.Config{}, "", false); err == nil || !strings.Contains(err.Error(), "no such folder") {
		t.Errorf("a missing folder: %v", err)
	}
}
