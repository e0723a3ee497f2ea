package pyworker

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/language"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// requirementsFile names the packages of an app.
const requirementsFile = "requirements.txt"

// Bounds of what requirements may take in.
const (
	maxIncluded  = 50    // files
	maxProject   = 20000 // files of a local project
	maxTextBytes = textfile.Source
)

// isRequirements reports whether a file may be one of those that name packages.
func isRequirements(name string) bool {
	return strings.HasSuffix(name, ".txt") && (strings.Contains(name, "requirements") || strings.Contains(name, "constraints"))
}

// requirements are the packages that an app asks for.
type requirements struct {
	file string // "": none
	text []byte // of the file and of what it takes in: files, and how local projects stand
	// unseen says that something is taken in that is not followed, so that the same
	// text may stand for other packages: pip must look.
	unseen bool

	variable func(name string) string
	seen     map[string]bool
}

// requirementsOf finds the app's requirements.txt, beside it or above it as far as
// the root of its repository. variable returns one of the environment, or "".
func requirementsOf(dir string, variable func(name string) string) (requirements, error) {
	for _, at := range foldersUp(dir) {
		path := filepath.Join(at, requirementsFile)
		if exists(path) {
			r := requirements{file: path, variable: variable, seen: map[string]bool{}}
			err := r.read(path, dir)
			return r, err
		}
	}
	return requirements{}, nil
}

// read adds the text of a file, and of what its lines take in. Packages of the
// app's folder dir are named from there, as pip runs in it.
func (r *requirements) read(path, dir string) error {
	if r.seen[path] {
		return nil
	}
	if r.seen[path] = true; len(r.seen) > maxIncluded {
		r.unseen = true
		return nil
	}
	text, err := textfile.ReadFollowed(path, maxTextBytes-len(r.text))
	var large textfile.TooLargeError
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission):
		r.unseen = true // pip tells of it
		return nil
	case errors.As(err, &large):
		return fault.New(fault.Invalid, path, "the requirements have more than %d MiB", maxTextBytes>>20)
	case err != nil:
		return fault.Wrap(fault.Invalid, path, err, "read the requirements")
	}
	r.text = append(append(r.text, text...), 0)
	for _, written := range logicalLines(string(text)) {
		full := r.expand(written)
		if full != written {
			r.text = append(append(r.text, full...), 0)
		}
		if err := r.take(parseLine(full), path, dir); err != nil {
			return err
		}
	}
	return nil
}

// take follows what a line names.
func (r *requirements) take(l line, path, dir string) error {
	switch l.kind {
	case unknown:
		r.unseen = true
	case include:
		if strings.Contains(l.value, ":") && !filepath.IsAbs(l.value) { // of a web server, or file:
			r.unseen = true
			return nil
		}
		return r.read(from(filepath.Dir(path), l.value), dir)
	case local:
		r.local(from(dir, l.value), from(filepath.Dir(path), l.value))
	case editable:
		r.editable(from(dir, l.value))
	case packages:
		if archive := from(dir, l.value); strings.Contains(l.value, ".") && exists(archive) {
			r.local(archive)
		}
	}
	return nil
}

// editable adds how the files stand that name what a local project needs. Its code
// is used where it is.
func (r *requirements) editable(root string) {
	r.unseen = r.unseen || !exists(root)
	for _, pattern := range []string{"*.toml", "setup.*", "*.txt", "requirements/*"} {
		found, _ := filepath.Glob(filepath.Join(root, pattern))
		for _, path := range found {
			if info, err := os.Stat(path); err == nil {
				r.text = append(r.text, stampOf(path, info)...)
			}
		}
	}
}

// from is a path that is meant from a folder.
func from(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// local adds how a local project or archive stands that is at one of the paths.
func (r *requirements) local(paths ...string) {
	found := false
	for _, path := range slices.Compact(paths) {
		root, err := filepath.EvalSymlinks(path)
		if err != nil {
			continue
		}
		found = true
		sum, err := sumOf(root)
		if err != nil {
			r.unseen = true
		}
		r.text = append(r.text, sum...)
	}
	r.unseen = r.unseen || !found
}

// sumOf is a sum of the sizes and times of the files below root, without those
// that tools make of them. It fails when not all could be looked at.
func sumOf(root string) ([]byte, error) {
	files, sum := 0, sha256.New()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != root && isMade(root, path) {
				return filepath.SkipDir
			}
			return nil
		}
		if files++; files > maxProject {
			return errors.New("too many files")
		}
		info, err := d.Info()
		if err == nil {
			sum.Write([]byte(stampOf(path, info)))
		}
		return err
	})
	return sum.Sum(nil), err
}

// isMade reports a folder of what tools make of a project.
func isMade(root, path string) bool {
	name := filepath.Base(path)
	return strings.HasPrefix(name, ".") || name == "__pycache__" || name == "node_modules" || strings.HasSuffix(name, ".egg-info") ||
		filepath.Dir(path) == root && (name == "build" || name == "dist" || name == "venv")
}

// stampOf is what tells that a file changed.
func stampOf(path string, info fs.FileInfo) string {
	return fmt.Sprintf("%s %d %d\x00", path, info.Size(), info.ModTime().UnixNano())
}

// key tells environments apart: by the interpreter and the requirements.
func (r requirements) key(python string) string {
	sum := sha256.New()
	sum.Write([]byte(language.Identity(python) + "\x00"))
	sum.Write(r.text)
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
