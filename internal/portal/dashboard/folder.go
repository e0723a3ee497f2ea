package dashboard

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
	"sync"

	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// FolderName is the folder of a project that holds its dashboards.
const FolderName = "dashboards"

const maxFile = 1 << 20

// File is a file of the folder as it was read.
type File struct {
	Name string // devices.json
	Text []byte
	ETag string
	Err  error // why it could not be read
}

// shown is a file's name as people know it.
func shown(name string) string { return FolderName + "/" + name }

func (f File) parse() *document {
	if f.Err != nil {
		return &document{file: shown(f.Name), def: Definition{Tiles: []Tile{}}, problems: []Problem{{File: shown(f.Name), Message: f.Err.Error(), Tile: -1}}}
	}
	return parse(shown(f.Name), f.Text)
}

// Folder reads and writes the files of the dashboards' folder, and nothing
// outside of it: a symbolic link that leads out is refused, and none is written
// through. The folder itself may be one.
type Folder struct {
	dir string
	mu  sync.Mutex // one writer at a time
}

// fileName reports whether the folder's dashboards may have this file's name.
func fileName(name string) bool {
	return filepath.Ext(name) == ".json" && !strings.HasPrefix(name, ".")
}

// Read returns all dashboards' files, in the order of their names. A folder
// that is missing holds none.
func (f *Folder) Read() []File {
	root, err := os.OpenRoot(f.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return []File{{Name: FolderName, Err: fmt.Errorf("the folder cannot be opened: %w", err)}}
	}
	defer root.Close()
	var files []File
	for name := range f.marks() {
		files = append(files, readFile(root, name))
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files
}

func readFile(root *os.Root, name string) File {
	out := File{Name: name}
	if out.Text, out.Err = textfile.Read(root, name, maxFile); out.Err != nil {
		out.Err = readable(out.Err)
		return out
	}
	out.ETag = etag(out.Text)
	return out
}

// readable says in plain words why a file cannot be opened.
func readable(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return fmt.Errorf("the file cannot be read: %w", at.Err)
	}
	return err
}

func etag(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:10])
}

// mark is by what a change of a file is seen.
type mark struct {
	size int64
	time int64
	mode fs.FileMode
}

// marks are those of all dashboards' files.
func (f *Folder) marks() map[string]mark {
	all := map[string]mark{}
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return all // missing, most often
	}
	for _, e := range entries {
		if e.IsDir() || !fileName(e.Name()) {
			continue
		}
		info, err := os.Stat(filepath.Join(f.dir, e.Name())) // of what a link leads to
		if err != nil {
			all[e.Name()] = mark{}
			continue
		}
		all[e.Name()] = mark{info.Size(), info.ModTime().UnixNano(), info.Mode()}
	}
	return all
}
