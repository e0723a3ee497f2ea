// Package deploy makes the zip of a function app's folder that Azure takes: what
// `az functionapp deployment source config-zip` uploads, or WEBSITE_RUN_FROM_PACKAGE
// names.
//
// The one idea: the same folder gives the same bytes, anywhere and at any time. Names
// are in order, times are fixed, modes are 0644 and 0755. What .funcignore names stays
// out, and so does local.settings.json in any case: its values are secrets, and become
// app settings.
//
// A Go app goes as a custom handler: it is compiled for linux/amd64, and its own verb
// gen writes the host.json and function.json that Azure's host reads. Packages of
// Python are not installed here: those in .python_packages go along, and without them
// Azure installs requirements.txt.
package deploy

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/project"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Packed tells what is in a zip.
type Packed struct {
	Kind  project.Kind
	Files int
	Bytes int64    // of the zip
	Notes []string // what a person should know
}

// entry is a file of the zip.
type entry struct {
	name string // with forward slashes
	path string // on this machine
	exec bool
}

// epoch is the time of every file in a zip, the first that zip can tell.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Pack writes the zip of the app in dir to the file out, which is replaced when all
// went well.
func Pack(ctx context.Context, dir, out string) (Packed, error) {
	app, err := readApp(dir)
	if err != nil {
		return Packed{}, err
	}
	made, err := os.MkdirTemp("", "lazuli-pack-")
	if err != nil {
		return Packed{}, err
	}
	defer os.RemoveAll(made)
	if err := app.prepare(ctx, made); err != nil {
		return Packed{}, err
	}
	files, err := app.files(out)
	if err != nil {
		return Packed{}, err
	}
	if files, err = overlay(files, made); err != nil {
		return Packed{}, err
	}
	if files, err = app.check(files); err != nil {
		return Packed{}, err
	}
	size, err := replace(out, files)
	return Packed{app.kind, len(files), size, app.notes}, err
}

// folder is the app's folder and what is known of it.
type folder struct {
	dir    string // without links
	kind   project.Kind
	config *hostjson.Config
	goCode bool // of a custom handler: its program is written in Go, here
	notes  []string
}

func readApp(dir string) (*folder, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return nil, err
	}
	f := &folder{dir: dir}
	f.config, err = hostjson.Load(filepath.Join(dir, hostjson.File), nil)
	missing := fault.Is(err, fault.NotFound)
	if missing {
		f.config, err = hostjson.Default(nil)
	}
	if err != nil {
		return nil, err
	}
	runtime := ""
	if local, err := settings.ReadLocal(filepath.Join(dir, settings.LocalFile)); err == nil { // an encrypted one says nothing
		runtime = settings.New(local.Values).Get("FUNCTIONS_WORKER_RUNTIME")
	}
	if f.kind, err = project.Detect(dir, f.config, runtime, false); err != nil {
		return nil, err
	}
	if missing && f.kind != project.Go {
		return nil, fault.New(fault.NotFound, dir, "there is no host.json, without which Azure takes no app; {\"version\": \"2.0\"} is one")
	}
	if f.kind == project.Custom {
		plain, err := hostjson.Default(nil)
		if err != nil {
			return nil, err
		}
		kind, err := project.Detect(dir, plain, "", false)
		f.goCode = err == nil && kind == project.Go
	}
	return f, nil
}

// overlay puts what was made in place of what is in the folder, and beside it.
func overlay(files []entry, made string) ([]entry, error) {
	err := filepath.WalkDir(made, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(made, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		files = slices.DeleteFunc(files, func(e entry) bool { return e.name == name })
		files = append(files, entry{name, path, info.Mode()&0o111 != 0})
		return nil
	})
	slices.SortFunc(files, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	return files, err
}

// replace writes the zip beside out and gives it that name at last.
func replace(out string, files []entry) (size int64, err error) {
	part, err := os.CreateTemp(filepath.Dir(out), ".lazuli-pack-*")
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part.Name()))
		}
	}()
	err = write(part, files)
	if err == nil {
		err = part.Chmod(0o644)
	}
	info, statErr := part.Stat()
	if err = errors.Join(err, statErr, part.Close()); err != nil {
		return 0, err
	}
	return info.Size(), os.Rename(part.Name(), out)
}

func write(to io.Writer, files []entry) error {
	z := zip.NewWriter(to)
	for _, e := range files {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: epoch}
		h.SetMode(0o644)
		if e.exec {
			h.SetMode(0o755)
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if err := copyFile(w, e.path); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return z.Close()
}

func copyFile(w io.Writer, path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, in)
	return errors.Join(err, in.Close())
}

// has reports whether a file is among those of the zip.
func has(files []entry, name string) bool {
	return slices.ContainsFunc(files, func(e entry) bool { return e.name == name })
}

// hasBelow reports whether a file below a folder is among those of the zip.
func hasBelow(files []entry, folder string) bool {
	return slices.ContainsFunc(files, func(e entry) bool { return strings.HasPrefix(e.name, folder+"/") })
}
