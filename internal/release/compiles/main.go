// Command compiles checks that every package of ours, with its tests, passes
// the type checker on other systems: `go run ./internal/release/compiles windows
// darwin`. It reads everything from source, so that nothing is compiled for a system
// on which nothing will run.
package main

import (
	"fmt"
	"os"

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
	loaded, err := packages.Load(&packages.Config{
		Mode:  packages.LoadAllSyntax,
		Env:   append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system),
		Tests: true,
	}, "./...", "github.com/lazuli-dev/lazuli/functions/...")
	if err != nil {
		return nil, err
	}
	if len(loaded) == 0 {
		return nil, fmt.Errorf("no packages below the working folder")
	}
	seen := map[packages.Error]bool{}
	packages.Visit(loaded, nil, func(p *packages.Package) {
		for _, e := range p.Errors {
			if !seen[e] {
				faults, seen[e] = append(faults, e), true
			}
		}
	})
	return faults, nil
}
