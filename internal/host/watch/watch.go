// Package watch notices that files of a folder change, by looking: no more is
// needed for the sources of an app, and it works on every file system. Folders
// that hold no sources (those of tools, of dependencies, of what is built) are
// passed over.
package watch

import (
	"context"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// How often is looked, and how long files must have been still before a change
// counts: an editor writes several, and one in several steps.
const (
	period = 400 * time.Millisecond
	still  = 200 * time.Millisecond
)

// maxFiles bounds what is looked at each time.
const maxFiles = 20000

// passedOver are folders without sources, besides those that begin with a dot.
var passedOver = []string{"node_modules", "vendor", "third_party", "__pycache__", "bin", "obj", "dist", "target", "testdata", "venv", "site-packages"}

// stamp is what tells that a file changed.
type stamp struct {
	size int64
	time time.Time
}

// Watcher remembers the files of a folder as they were.
type Watcher struct {
	dir    string
	wanted func(path string) bool
	enter  func(folder string) bool // although it is passed over; may be nil
	seen   map[string]stamp
}

// New returns a watcher of the files below dir that are wanted, as they are now. enter
// reports folders with sources although their name says that they have none; may be nil.
func New(dir string, wanted, enter func(path string) bool) (*Watcher, error) {
	w := &Watcher{dir: dir, wanted: wanted, enter: enter}
	var err error
	w.seen, err = w.look()
	return w, err
}

// Next waits until files have changed, come or gone since the last call, and have
// been still for a moment. It returns their paths below the folder, in order.
func (w *Watcher) Next(ctx context.Context) ([]string, error) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
		now, err := w.look()
		if err != nil {
			return nil, err
		}
		if maps.Equal(now, w.seen) {
			continue
		}
		if now, err = w.settle(ctx, now); err != nil {
			return nil, err
		}
		changed := w.differences(now)
		w.seen = now
		if len(changed) > 0 {
			return changed, nil
		}
	}
}

// settle looks again until nothing changes any more.
func (w *Watcher) settle(ctx context.Context, last map[string]stamp) (map[string]stamp, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(still):
		}
		now, err := w.look()
		if err != nil || maps.Equal(now, last) {
			return now, err
		}
		last = now
	}
}

func (w *Watcher) differences(now map[string]stamp) []string {
	var changed []string
	for path, s := range now {
		if before, ok := w.seen[path]; !ok || before != s {
			changed = append(changed, path)
		}
	}
	for path := range w.seen {
		if _, ok := now[path]; !ok {
			changed = append(changed, path)
		}
	}
	slices.Sort(changed)
	return changed
}

// look stamps the files. One that vanishes meanwhile is not there.
func (w *Watcher) look() (map[string]stamp, error) {
	files := map[string]stamp{}
	root := w.dir
	if real, err := filepath.EvalSymlinks(w.dir); err == nil { // a walk does not enter a root that is a link
		root = real
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // it went while we looked, or is closed to us
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if rel == "." || !strings.HasPrefix(d.Name(), ".") && (!slices.Contains(passedOver, d.Name()) || w.enter != nil && w.enter(rel)) {
				return nil
			}
			return filepath.SkipDir
		}
		if !w.wanted(rel) {
			return nil
		}
		if info, err := d.Info(); err == nil {
			files[rel] = stamp{info.Size(), info.ModTime()}
		}
		if len(files) > maxFiles {
			return fault.New(fault.TooLarge, w.dir, "it holds more than %d sources", maxFiles)
		}
		return nil
	})
	return files, err
}
