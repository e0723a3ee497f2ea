// Package scaffold writes new function apps, and functions into them.
//
// A new app is a Go module that builds with no network and anywhere: it carries
// the functions package of this very program and all that this needs. Its go.mod
// finds the package by replace in third_party/lazuli; its vendor folder, which Go
// reads by itself, holds the package once more beside gRPC and protobuf, which
// are cut down to the files that some target platform compiles (see pack).
//
// Nothing that exists is ever overwritten.
package scaffold

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// App is a function app to write.
type App struct {
	Dir    string // of the app; made if need be
	Module string // path of its module; "": example.org/ and the folder's name
}

// Init writes an app without functions and returns its own files, relative to
// its folder; the copies of others' code are not among them.
func Init(a App) ([]string, error) {
	dir, err := filepath.Abs(a.Dir)
	if err != nil {
		return nil, err
	}
	if a.Module == "" {
		a.Module = "example.org/" + moduleName(filepath.Base(dir))
	}
	if !modulePath.MatchString(a.Module) {
		return nil, fmt.Errorf("--module %q is no module path such as example.org/plant", a.Module)
	}
	own, err := appFiles(a.Module)
	if err != nil {
		return nil, err
	}
	mod, err := appModule(a.Module)
	if err != nil {
		return nil, err
	}
	own = append(mod[:2:2], own...) // go.mod and go.sum
	names, err := writeNew(dir, slices.Concat(own, mod[2:]))
	if err != nil {
		return nil, err
	}
	return names[:len(own)], nil
}

// modulePath is what a module may be called here: plain words and slashes.
var modulePath = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$`)

func moduleName(folder string) string {
	name := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(folder), "-"), "-")
	if name == "" {
		return "app"
	}
	return name
}
