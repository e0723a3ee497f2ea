package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// build is a program that was built, and what its packages say.
type build struct {
	target  target
	version version
	time    time.Time // of everything that is packed
	program []byte
	texts   []file // README, LICENSE, THIRD_PARTY_LICENSES
	bundled []bundled
}

// bundled is a package of npm whose code is in the portal's bundle, as
// web/vite.config.ts writes it.
type bundled struct {
	Name, Version, License, Text string
}

// packageReadme is what a package's page in a registry says.
const packageReadme = `# Lazuli

A whole Azure real-time pipeline in one program, on your machine, offline and
durable: Event Hubs, Functions, Cosmos DB with its change feed, Stream
Analytics, and a portal with live dashboards. Official Azure SDK clients work
against it unchanged.

    lazuli up demo
    lazuli send my_hub --count 5

` + "`lazuli help` and `lazuli VERB --help` have examples.\n"

// licences are the files among the texts that every package carries.
func (b build) licences() []file {
	var some []file
	for _, f := range b.texts {
		if strings.Contains(f.name, "LICENSE") {
			some = append(some, f)
		}
	}
	return some
}

// compile builds the program of a target: static, without paths of this machine.
func compile(ctx context.Context, root, folder string, t target, v version) ([]byte, error) {
	path := filepath.Join(folder, t.os, t.arch, t.program())
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X github.com/lazuli-dev/lazuli/internal/cli.Version="+v.plain, "-o", path, "./cmd/lazuli")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+t.os, "GOARCH="+t.arch, "GOAMD64=v1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build for %s: %w\n%s", t, err, out)
	}
	return os.ReadFile(path)
}

// readTexts reads what everybody who gets the program gets with it.
func readTexts(ctx context.Context, root string, web []bundled) ([]file, error) {
	var texts []file
	for _, name := range []string{"README.md", "LICENSE"} {
		body, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		texts = append(texts, file{name: name, body: body})
	}
	others, err := thirdParty(ctx, root, web)
	return append(texts, file{name: "THIRD_PARTY_LICENSES", body: others}), err
}

// thirdParty are the licences of all modules that are in the program of any
// target, and of what is in the portal's bundle.
func thirdParty(ctx context.Context, root string, web []bundled) ([]byte, error) {
	modules := map[string]string{} // name and version -> folder
	for _, t := range targets {
		cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-f", `{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}	{{.Dir}}{{end}}{{end}}`, "./cmd/lazuli")
		cmd.Dir, cmd.Stderr = root, os.Stderr
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+t.os, "GOARCH="+t.arch)
		list, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("list the modules of %s: %w", t, err)
		}
		for line := range strings.Lines(string(list)) {
			if name, folder, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
				modules[name] = folder
			}
		}
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		if err := writeLicences(&text, name, modules[name]); err != nil {
			return nil, err
		}
	}
	for _, w := range web {
		section(&text, w.Name+" "+w.Version, w.Text)
	}
	return []byte(text.String()), nil
}

// legal begins the names of the files that say what one may do with a module.
var legal = regexp.MustCompile(`(?i)^((un)?licen[cs]e|copying|notice)`)

func writeLicences(text *strings.Builder, name, folder string) error {
	files, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	found := false
	for _, f := range files {
		if f.IsDir() || !legal.MatchString(f.Name()) {
			continue
		}
		body, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			return err
		}
		section(text, name+": "+f.Name(), string(body))
		found = true
	}
	if !found {
		return fmt.Errorf("module %s has no licence file in %s: nobody may be given it", name, folder)
	}
	return nil
}

func section(text *strings.Builder, title, body string) {
	fmt.Fprintf(text, "%s\n%s\n\n%s\n\n", title, strings.Repeat("=", len(title)), strings.TrimSpace(body))
}

// readBundled reads what is in the portal's bundle.
func readBundled(root string) ([]bundled, error) {
	text, err := os.ReadFile(filepath.Join(root, "web", "dist", "licences.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("web/dist/licences.json is missing: run `make web`")
	}
	if err != nil {
		return nil, err
	}
	var all []bundled
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("web/dist/licences.json: %w", err)
	}
	return all, nil
}
