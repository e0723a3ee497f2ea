// Command compiles checks that every package of ours, with its tests, passes
// the type checker on other systems: `go run ./internal/release/compiles windows
// darwin`. It reads everything from source, so that nothing is compiled for a system
// on which nothing will run; of what others wrote it reads the declarations alone.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	failed := false
	for _, system := range os.Args[1:] {
		faults, err := check(system)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", system, err)
			os.Exit(1)
		}
		for _, f := range faults {
			fmt.Fprintf(os.Stderr, "GOOS=%s: %v\n", system, f)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// check returns what the packages below the working folder, and those of the
// functions module, fail by.
func check(system string) (faults []packages.Error, err error) {
	here, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	ours := func(file string) bool { return strings.HasPrefix(file, here+string(filepath.Separator)) }
	loaded, err := packages.Load(&packages.Config{
		Mode:  packages.LoadAllSyntax,
		Env:   append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system),
		Tests: true,
		ParseFile: func(set *token.FileSet, name string, text []byte) (*ast.File, error) {
			return parse(set, name, text, ours(name))
		},
	}, "./...", "github.com/lazuli-dev/lazuli/functions/...")
	if err != nil {
		return nil, err
	}
	if len(loaded) == 0 {
		return nil, fmt.Errorf("no packages below the working folder")
	}
	seen := map[packages.Error]bool{}
	packages.Visit(loaded, nil, func(p *packages.Package) {
		if len(p.GoFiles) > 0 && !ours(p.GoFiles[0]) {
			return // without bodies it seems to import what it does not use
		}
		for _, e := range p.Errors {
			if !seen[e] {
				faults, seen[e] = append(faults, e), true
			}
		}
	})
	return faults, nil
}

// parse reads a file, and forgets what its functions do unless that is to be
// checked too.
func parse(set *token.FileSet, name string, text []byte, bodies bool) (*ast.File, error) {
	file, err := parser.ParseFile(set, name, text, parser.AllErrors|parser.SkipObjectResolution)
	if file == nil || bodies {
		return file, err
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			f.Body = nil
		}
	}
	return file, err
}
