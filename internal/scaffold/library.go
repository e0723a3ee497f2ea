package scaffold

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	_ "embed" // the archives
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

//go:generate go run ./pack library
//go:generate go run ./pack vendor

// packed is the module of the functions package without its tests, and vendored
// the vendor folder of an app without that package: modules.txt, and of each
// other module the files that a target platform compiles, with their licences.
// A module's files can be embedded by no other module, so both are archives that
// `go generate ./internal/scaffold` makes; a test finds a stale one.
//
//go:embed library.tar.gz
var packed []byte

//go:embed vendor.tar.gz
var vendored []byte

// The module of the functions package, and where an app has it.
const (
	module     = "github.com/lazuli-dev/lazuli/functions"
	libraryDir = "third_party/lazuli"
)

// library are the files of the functions package's module.
func library() ([]file, error) { return unpack(packed) }

// appModule are the go.mod and go.sum of an app, the functions package where
// they point, and the vendor folder.
func appModule(name string) ([]file, error) {
	files, err := unvendored(name)
	if err != nil {
		return nil, err
	}
	ours, err := library()
	if err != nil {
		return nil, err
	}
	for _, f := range ours {
		if f.name != "go.mod" && f.name != "go.sum" {
			files = append(files, file{"vendor/" + module + "/" + f.name, f.text})
		}
	}
	others, err := unpack(vendored)
	for _, f := range others {
		files = append(files, file{"vendor/" + f.name, f.text})
	}
	return files, err
}

// unvendored is the same without the vendor folder.
func unvendored(name string) ([]file, error) {
	ours, err := library()
	if err != nil {
		return nil, err
	}
	mod, err := appMod(name, ours)
	if err != nil {
		return nil, err
	}
	files := []file{{"go.mod", mod}, {"go.sum", slices.Clone(find(ours, "go.sum"))}}
	for _, f := range ours {
		files = append(files, file{libraryDir + "/" + f.name, f.text})
	}
	return files, nil
}

// Unvendored writes an app that imports all packages of ours and has no vendor
// folder yet, for pack to make one.
func Unvendored(dir string) error {
	files, err := unvendored("example.org/app")
	if err != nil {
		return err
	}
	program := fmt.Sprintf("package main\n\nimport (\n\t_ %q\n\t_ %q\n)\n\nfunc main() {}\n", module, module+"/functionstest")
	_, err = writeNew(dir, append(files, file{"main.go", []byte(program)}))
	return err
}

// Packs reports whether a file of the module, by its name below the module's
// folder, is one that apps get.
func Packs(name string) bool {
	switch {
	case name == "go.mod", name == "go.sum", name == "LICENSE":
		return true
	case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
		return false
	}
	return !strings.Contains(name, "testdata/")
}

// unpack returns the files of an archive.
func unpack(archive []byte) ([]file, error) {
	unzip, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, fmt.Errorf("the archive of modules: %w", err)
	}
	var files []file
	for in := tar.NewReader(unzip); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the archive of modules: %w", err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("the archive of modules: %w", err)
		}
		files = append(files, file{header.Name, text})
	}
}
