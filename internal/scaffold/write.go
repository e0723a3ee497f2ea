package scaffold

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// file is a file to write, its name with forward slashes.
type file struct {
	name string
	text []byte
}

// writeNew writes files below dir and returns their names, or writes none when
// one of them is there already, lies behind a link that leads out of dir, or
// cannot be written.
func writeNew(dir string, files []file) (names []string, err error) {
	w := writer{dir: dir}
	if err := w.begin(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			w.undo()
		}
		err = errors.Join(err, w.root.Close())
	}()
	for _, f := range files {
		if _, err := w.root.Lstat(filepath.FromSlash(f.name)); err == nil {
			return nil, w.there(f.name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
	}
	for _, f := range files {
		if err := w.write(f); err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		names = append(names, f.name)
	}
	return names, nil
}

// writer makes files in a folder, and none outside of it.
type writer struct {
	dir  string
	root *os.Root
	made []string // folders and files, in the order of their making
}

func (w *writer) begin() (err error) {
	if err := os.MkdirAll(w.dir, 0o755); err != nil {
		return err
	}
	w.root, err = os.OpenRoot(w.dir)
	return err
}

func (w *writer) there(name string) error {
	return fmt.Errorf("%s has %s already; choose another folder, or remove it", w.dir, name)
}

// folder makes a folder and those that it is in.
func (w *writer) folder(name string) error {
	if name == "." {
		return nil
	}
	if info, err := w.root.Stat(name); err == nil && info.IsDir() {
		return nil
	}
	if err := w.folder(path.Dir(name)); err != nil {
		return err
	}
	err := w.root.Mkdir(name, 0o755)
	if err == nil {
		w.made = append(w.made, name)
	}
	return err
}

func (w *writer) write(f file) error {
	if err := w.folder(path.Dir(f.name)); err != nil {
		return err
	}
	out, err := w.root.OpenFile(f.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return w.there(f.name)
	}
	if err != nil {
		return err
	}
	w.made = append(w.made, f.name)
	_, err = out.Write(f.text)
	return errors.Join(err, out.Close())
}

// undo removes what was made, so that it can be tried again.
func (w *writer) undo() {
	for _, name := range slices.Backward(w.made) {
		_ = w.root.Remove(name) // the error that led here is the one to tell
	}
}

// rewrite replaces a file so that a crash or a full disk leaves the old or the
// new one. Where it is a link, what it leads to is replaced.
func rewrite(name string, text []byte) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	temporary := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+"."+rand.Text()[:8])
	out, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	if err == nil {
		err = out.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err == nil {
		err = os.Rename(temporary, name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return nil
}
