package textfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// What is wrong with a file that is there.
var (
	ErrNotRegular = errors.New("this is no regular file")
	ErrLink       = errors.New("this symbolic link leads out of the folder, or nowhere; put the file itself here")
)

// Read reads a file of the folder that has at most limit bytes. It waits for
// nobody, reads no more than it needs to know that a file is too large, and
// follows no symbolic link out of the folder.
//
// Errors: fs.ErrNotExist, ErrNotRegular, ErrLink, TooLargeError, and those of the
// system.
func Read(root *os.Root, name string, limit int) ([]byte, error) {
	in, err := root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if err != nil {
		if info, lerr := root.Lstat(name); lerr == nil && info.Mode()&fs.ModeSymlink != 0 {
			return nil, ErrLink
		}
		return nil, err
	}
	defer in.Close()
	return readOpen(in, limit)
}

// readOpen reads an open file.
func readOpen(in *os.File, limit int) ([]byte, error) {
	if info, err := in.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, ErrNotRegular
	}
	text, err := io.ReadAll(io.LimitReader(in, int64(limit)+1))
	if err == nil && len(text) > limit {
		return nil, TooLargeError(limit)
	}
	return text, err
}

// ReadPath is Read of a path: its folder may be reached by any links. Errors name
// the path.
func ReadPath(path string, limit int) ([]byte, error) {
	dir, name := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, of(path, err)
	}
	defer root.Close()
	text, err := Read(root, name, limit)
	if err != nil {
		return nil, of(path, err)
	}
	return text, nil
}

// ReadFollowed is ReadPath that follows symbolic links wherever they lead: for
// files that a person's own project names, and that are only read.
func ReadFollowed(path string, limit int) ([]byte, error) {
	in, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, of(path, err)
	}
	defer in.Close()
	text, err := readOpen(in, limit)
	if err != nil {
		return nil, of(path, err)
	}
	return text, nil
}

// Source is how many bytes the files of an app that the host reads may have.
const Source = 4 << 20

// of is an error of a file with the path by which it was asked for.
func of(path string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return &fs.PathError{Op: "open", Path: path, Err: err}
}

// TooLargeError is the limit that a file has passed, in bytes.
type TooLargeError int

// Error tells the limit.
func (e TooLargeError) Error() string {
	return fmt.Sprintf("the file is larger than %d bytes", int(e))
}
