// Command pack makes what a new function app carries: library.tar.gz, the module
// of the functions package, and vendor.tar.gz, the modules that it needs, from the
// module cache and the versions in its go.mod: `go generate ./internal/scaffold`.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/scaffold"
)

// targets are the platforms on which a new app builds.
var targets = []string{
	"linux/amd64", "linux/arm64", "linux/arm", "linux/386", "linux/riscv64",
	"darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64", "freebsd/amd64", "freebsd/arm64",
}

func main() {
	if err := pack(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func pack(what []string) error {
	switch {
	case slices.Equal(what, []string{"library"}):
		return packLibrary("library.tar.gz", "../../functions")
	case slices.Equal(what, []string{"vendor"}):
		return packVendor("vendor.tar.gz")
	}
	return errors.New("say library or vendor")
}

func packLibrary(out, module string) error {
	var archive bytes.Buffer
	err := write(&archive, module, func(name, _ string) bool { return scaffold.Packs(name) })
	if err != nil {
		return err
	}
	return os.WriteFile(out, archive.Bytes(), 0o644)
}

func packVendor(out string) error {
	dir, err := os.MkdirTemp("", "lazuli-pack")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := scaffold.Unvendored(dir); err != nil {
		return err
	}
	if err := tool(dir, nil, "mod", "vendor"); err != nil {
		return err
	}
	keep, err := compiled(dir)
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	err = write(&archive, filepath.Join(dir, "vendor"), func(name, path string) bool {
		ours := strings.HasPrefix(name, "github.com/lazuli-dev/")
		return !ours && (name == "modules.txt" || keep[path] || licence.MatchString(filepath.Base(path)))
	})
	if err != nil {
		return err
	}
	return os.WriteFile(out, archive.Bytes(), 0o644)
}

// compiled are the files of the vendor folder that some target compiles.
func compiled(dir string) (map[string]bool, error) {
	keep := map[string]bool{}
	for _, target := range targets {
		system, arch, _ := strings.Cut(target, "/")
		var list bytes.Buffer
		env := []string{"GOOS=" + system, "GOARCH=" + arch, "CGO_ENABLED=0", "GOFLAGS=-mod=vendor"}
		cmd := command(dir, env, "list", "-deps", "-json=Dir,GoFiles,SFiles,HFiles,EmbedFiles,Standard", "./...")
		cmd.Stdout = &list
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("go list for %s: %w", target, err)
		}
		for dec := json.NewDecoder(&list); ; {
			var p struct {
				Dir                                 string
				GoFiles, SFiles, HFiles, EmbedFiles []string
				Standard                            bool
			}
			if err := dec.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, err
			}
			for _, name := range slices.Concat(p.GoFiles, p.SFiles, p.HFiles, p.EmbedFiles) {
				keep[filepath.Join(p.Dir, name)] = !p.Standard
			}
		}
	}
	return keep, nil
}

// licence is what goes along with others' code.
var licence = regexp.MustCompile(`^(LICENSE|LICENCE|COPYING|NOTICE|PATENTS|AUTHORS)`)

// write archives the files of a folder to keep, each the same on every machine: in
// the order of their names, without times and owners.
func write(out io.Writer, folder string, keep func(name, path string) bool) error {
	zip, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(zip)
	err = filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if !keep(rel, path) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := archive.WriteHeader(&tar.Header{Name: rel, Mode: 0o644, Size: int64(len(text))}); err != nil {
			return err
		}
		_, err = archive.Write(text)
		return err
	})
	return errors.Join(err, archive.Close(), zip.Close())
}

func tool(dir string, env []string, args ...string) error { return command(dir, env, args...).Run() }

func command(dir string, env []string, args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, append(append(os.Environ(), "GOWORK=off"), env...), os.Stderr
	return cmd
}
