package dashboard

import (
	"fmt"
	"os"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// Text returns a dashboard's file as it is now, and its ETag.
func (s *Set) Text(name string) (text []byte, tag string, err error) {
	b, err := s.Board(name)
	if err != nil {
		return nil, "", err
	}
	if s.folder == nil {
		return nil, "", errNoFolder
	}
	f, err := s.folder.read(b.File)
	return f.Text, f.ETag, err
}

var errNoFolder = fault.New(fault.Unavailable, "dashboards", "this portal has no folder for them")

func (f *Folder) read(name string) (File, error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return File{}, fmt.Errorf("dashboards: %w", err)
	}
	defer root.Close()
	file := readFile(root, name)
	if file.Err != nil {
		return File{}, fault.New(fault.Conflict, shown(name), "%v", file.Err)
	}
	return file, nil
}

// Save writes a dashboard's file, if it still has the ETag, and returns the new
// one. Errors: fault.NotFound; fault.PreconditionFailed for another ETag;
// fault.Conflict for a file that must not be written. The file's mode stays.
func (s *Set) Save(name, tag string, text []byte) (string, error) {
	b, err := s.Board(name)
	if err != nil {
		return "", err
	}
	if s.folder == nil {
		return "", errNoFolder
	}
	defer s.Reload()
	return etag(text), s.folder.change(b.File, tag, text)
}

// Remove deletes a dashboard's file; errors are those of Save.
func (s *Set) Remove(name, tag string) error {
	b, err := s.Board(name)
	if err != nil {
		return err
	}
	if s.folder == nil {
		return errNoFolder
	}
	defer s.Reload()
	return s.folder.change(b.File, tag, nil)
}

// Create writes a new dashboard's file, NAME.json. Errors: fault.Invalid for a
// name; fault.Conflict when there is one.
func (s *Set) Create(name string, text []byte) (string, error) {
	if !boardName.MatchString(name) {
		return "", fault.New(fault.Invalid, "name", "%q is not of letters, digits, - and _, with a letter or a digit first", name)
	}
	if _, err := s.Board(name); err == nil {
		return "", fault.New(fault.Conflict, "dashboard "+name, "there is one of this name")
	}
	if s.folder == nil {
		return "", errNoFolder
	}
	defer s.Reload()
	return etag(text), s.folder.create(name+".json", text)
}

func (f *Folder) create(name string, text []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return fmt.Errorf("dashboards: %w", err)
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return fmt.Errorf("dashboards: %w", err)
	}
	defer root.Close()
	if _, err := root.Lstat(name); err == nil {
		return fault.New(fault.Conflict, shown(name), "there is such a file")
	}
	return textfile.Replace(root, name, text, 0o600)
}

// change replaces a file that has the ETag, or deletes it when text is nil.
func (f *Folder) change(name, tag string, text []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return fmt.Errorf("dashboards: %w", err)
	}
	defer root.Close()
	info, err := root.Lstat(name)
	switch {
	case err != nil:
		return fault.New(fault.PreconditionFailed, shown(name), "the file is gone")
	case !info.Mode().IsRegular():
		return fault.New(fault.Conflict, shown(name), "it is a symbolic link or no regular file; change what it leads to")
	}
	if have := readFile(root, name); have.Err != nil || have.ETag != tag {
		return fault.New(fault.PreconditionFailed, shown(name), "it was changed meanwhile, outside of this page")
	}
	if text == nil {
		return root.Remove(name)
	}
	return textfile.Replace(root, name, text, info.Mode().Perm())
}
