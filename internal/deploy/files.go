package deploy

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/project"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// ignoreFile names what stays out of a zip.
const ignoreFile = ".funcignore"

// never are names that stay out wherever they are: what Azure's tools leave out, and
// what is of use on this machine alone.
var never = []string{
	".git", ".vscode", ignoreFile, ".gitignore", settings.LocalFile, "appsettings.json", "project.lock.json",
	".lazuli", "lazuli.yaml", "__pycache__", ".DS_Store",
}

// ofGo are the names, in the app's folder, of what a program in Go is made of.
var ofGo = []string{"go.mod", "go.sum", "vendor", "third_party"}

// walker collects the files of a folder.
type walker struct {
	f       *folder
	ignored ignore
	out     string // the zip itself
	files   []entry
	inside  []string // folders, without links, that are being walked
}

// files lists what goes into the zip. out is the zip's own name.
func (f *folder) files(out string) ([]entry, error) {
	w := &walker{f: f}
	var err error
	if w.out, err = filepath.Abs(out); err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(filepath.Dir(w.out)); err == nil {
		w.out = filepath.Join(real, filepath.Base(w.out))
	}
	text, err := os.ReadFile(filepath.Join(f.dir, ignoreFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if w.ignored, err = parseIgnore(string(text)); err != nil {
		return nil, fault.Wrap(fault.Invalid, filepath.Join(f.dir, ignoreFile), err, "read what stays out")
	}
	if w.ignored.asks(settings.LocalFile) {
		return nil, fault.New(fault.Invalid, filepath.Join(f.dir, ignoreFile), "it asks for %s, which is never packed: its values are secrets; they become app settings of the function app", settings.LocalFile)
	}
	return w.files, errors.Join(w.folder(f.dir, ""), nil)
}

func (w *walker) folder(dir, name string) error {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	if slices.Contains(w.inside, real) {
		return fault.New(fault.Invalid, dir, "it is a link that leads to a folder around it; a zip would have no end")
	}
	w.inside = append(w.inside, real)
	all, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, d := range all {
		if err := w.take(filepath.Join(dir, d.Name()), path.Join(name, d.Name())); err != nil {
			return err
		}
	}
	w.inside = w.inside[:len(w.inside)-1]
	return nil
}

// take adds a file, or what is in a folder, unless it stays out.
func (w *walker) take(at, name string) error {
	info, err := os.Lstat(at)
	if err != nil {
		return err
	}
	if at == w.out || slices.Contains(never, path.Base(name)) || w.ofProgram(name) {
		return nil
	}
	link := info.Mode()&fs.ModeSymlink != 0
	if link {
		if info, err = w.follow(at); err != nil || w.ignored.match(name, info != nil && info.IsDir()) {
			if w.ignored.match(name, false) || w.ignored.match(name, true) {
				return nil
			}
			return err
		}
	}
	switch {
	case w.ignored.match(name, info.IsDir()):
		return nil
	case !utf8.ValidString(name):
		return fault.New(fault.Invalid, at, "its name is not UTF-8, which names in a zip are")
	case info.IsDir():
		if _, err := os.Stat(filepath.Join(at, "pyvenv.cfg")); err == nil { // a virtual environment, of this machine
			return nil
		}
		return w.folder(at, name)
	case !info.Mode().IsRegular():
		return fault.New(fault.Invalid, at, "it is neither a file nor a folder; name it in %s", ignoreFile)
	}
	w.files = append(w.files, entry{name, at, info.Mode()&0o100 != 0})
	return nil
}

// follow is what a link leads to: something in the app's folder.
func (w *walker) follow(at string) (fs.FileInfo, error) {
	real, err := filepath.EvalSymlinks(at)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, at, err, "it is a link that leads nowhere; name it in "+ignoreFile)
	}
	if real != w.f.dir && !strings.HasPrefix(real, w.f.dir+string(filepath.Separator)) {
		return nil, fault.New(fault.Invalid, at, "it is a link that leads out of the app's folder, to %s; name it in %s, or copy what it leads to", real, ignoreFile)
	}
	return os.Stat(real)
}

// ofProgram reports whether a file is what a compiled program is made of.
func (w *walker) ofProgram(name string) bool {
	if w.f.kind != project.Go && !w.f.goCode {
		return false
	}
	return slices.Contains(ofGo, name) || strings.HasSuffix(name, ".go")
}
