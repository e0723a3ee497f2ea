// Package project finds out what kind of function app a folder holds, and
// builds it when it is a Go program.
//
// The kind is told by files, as no project should need a setting for it. Kinds
// that are recognised but cannot run are refused by name.
package project

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// Kind is a kind of function app.
type Kind string

// The kinds that run.
const (
	Go     Kind = "go"     // a main package built on the functions package, or a binary of one
	Custom Kind = "custom" // an executable that serves HTTP (customHandler in host.json)
	Python Kind = "python" // function_app.py, or a folder with function.json for each function
	Node   Kind = "node"   // a package.json that asks for @azure/functions
)

// Supported says in one phrase what can run, for messages.
const Supported = "apps in Go, Python, JavaScript and TypeScript and custom handlers are supported now"

// WayOut says what to do with an app of another kind.
const WayOut = "run it with Azure's `func start` beside this and the connection strings of `lazuli env`, or give it a customHandler in host.json"

// others are the kinds that are known by their files only.
var others = []struct{ pattern, name string }{
	{"package.json", "a Node.js app that does not ask for @azure/functions"},
	{"*.csproj", "a .NET app"},
	{"*.fsproj", "a .NET app"},
	{"pom.xml", "a Java app"},
	{"build.gradle", "a Java app"},
	{"profile.ps1", "a PowerShell app"},
	{filepath.Join("*", "index.js"), "a Node.js app of the older programming model"}, // a folder and a function.json each
	{filepath.Join("*", "run.ps1"), "a PowerShell app"},
}

// runtimes are the values of FUNCTIONS_WORKER_RUNTIME that can run.
var runtimes = []string{"", "custom", "native", "go", "golang"}

// languages are the kinds that an interpreter runs: by the value of
// FUNCTIONS_WORKER_RUNTIME, and by files where that says nothing.
var languages = []struct {
	kind  Kind
	files []string
	names string // what one of the files must hold; "": anything
}{
	{kind: Node, files: []string{"package.json"}, names: `"@azure/functions"`},
	{kind: Python, files: []string{"function_app.py", "requirements.txt", filepath.Join("*", "__init__.py")}},
}

// Detect returns the kind of app in dir. runtime is the setting
// FUNCTIONS_WORKER_RUNTIME, binary whether a built worker was given.
func Detect(dir string, c *hostjson.Config, runtime string, binary bool) (Kind, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", fault.New(fault.NotFound, dir, "no such folder; a function app's path must be a folder")
	}
	if c.CustomHandler != nil {
		return Custom, nil
	}
	for _, l := range languages {
		if !binary && strings.EqualFold(runtime, string(l.kind)) {
			return l.kind, nil
		}
	}
	if binary || hasMainPackage(dir) {
		return Go, nil
	}
	if slices.Contains(runtimes, strings.ToLower(runtime)) {
		for _, l := range languages {
			if slices.ContainsFunc(l.files, func(pattern string) bool { return holds(dir, pattern, l.names) }) {
				return l.kind, nil
			}
		}
	}
	for _, o := range others {
		if found, _ := filepath.Glob(filepath.Join(dir, o.pattern)); len(found) > 0 {
			return "", fault.New(fault.Invalid, dir, "%s names %s, which cannot run here; %s; %s", filepath.Base(found[0]), o.name, Supported, WayOut)
		}
	}
	if !slices.Contains(runtimes, strings.ToLower(runtime)) {
		return "", fault.New(fault.Invalid, dir, "FUNCTIONS_WORKER_RUNTIME is %q, which cannot run here; %s; %s", runtime, Supported, WayOut)
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "*.go")); len(found) > 0 {
		return "", fault.New(fault.Invalid, dir, "its Go files are no main package; a function app is a program (package main)")
	}
	return "", fault.New(fault.Invalid, dir, "no function app found: no main package in Go, no function_app.py, no package.json that asks for @azure/functions, and no customHandler in host.json; %s; `lazuli func init` makes an app", Supported)
}

// holds reports whether dir has a file of that name with that text.
func holds(dir, pattern, text string) bool {
	found, _ := filepath.Glob(filepath.Join(dir, pattern))
	return slices.ContainsFunc(found, func(path string) bool {
		if text == "" {
			return true
		}
		content, err := textfile.ReadFollowed(path, textfile.Source)
		return err == nil && strings.Contains(string(content), text)
	})
}

// marks are files that only the folder of a function app has.
var marks = []string{"host.json", "function_app.py", "local.settings.json", filepath.Join("*", "function.json")}

// Mark returns the file by which dir looks like the folder of a function app, of
// whatever kind, or "".
func Mark(dir string) string {
	for _, pattern := range marks {
		if found, _ := filepath.Glob(filepath.Join(dir, pattern)); len(found) > 0 {
			if rel, err := filepath.Rel(dir, found[0]); err == nil {
				return rel
			}
		}
	}
	for _, m := range []struct{ file, text string }{
		{"package.json", `"@azure/functions"`},
		{"requirements.txt", "azure-functions"},
		{"go.mod", functionsModule},
		{"go.mod", microsoftModule},
	} {
		content, err := textfile.ReadFollowed(filepath.Join(dir, m.file), textfile.Source)
		if err == nil && strings.Contains(string(content), m.text) && (m.file != "go.mod" || hasMainPackage(dir)) {
			return m.file
		}
	}
	return ""
}

// The modules of what Go apps are built on: our functions package, or Microsoft's
// worker, which speaks the same protocol.
const (
	functionsModule = "github.com/lazuli-dev/lazuli/functions"
	microsoftModule = "github.com/azure/azure-functions-golang-worker"
)

// hasMainPackage reports whether dir's Go files are a program. Only package
// clauses are read.
func hasMainPackage(dir string) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := textfile.ReadFollowed(f, textfile.Source)
		if err != nil {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f, text, parser.PackageClauseOnly)
		if err == nil && parsed.Name.Name == "main" {
			return true
		}
	}
	return false
}
