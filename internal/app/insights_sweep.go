package app

import (
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// appFolder is the folder of a store: the component's application id.
var appFolder = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// sweepEvery is how soon the telemetry of a component that was deleted is off the disk.
const sweepEvery = 2 * time.Second

// sweep ends the stores of components that are gone, and removes the folders of stores
// that have ended. Without Resource Manager nothing is known of the components that it
// made, so that all is left alone.
func (t *telemetryStores) sweep() error {
	if t.e.Manager == nil {
		return nil
	}
	root := filepath.Join(t.e.Config.DataDir(), telemetryFolder)
	folders, err := t.e.Storage.fs.List(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	slices.Sort(folders)
	var b *componentBook
	for _, app := range folders {
		if !appFolder.MatchString(app) {
			continue // none of ours
		}
		if b == nil {
			if b, err = t.look(); err != nil {
				return err
			}
		}
		if _, there := b.byApp[app]; there {
			continue
		}
		if err := t.end(app, filepath.Join(root, app)); err != nil {
			return err
		}
	}
	return nil
}

// end closes the store of a component that is gone, or removes its folder where it is
// closed.
func (t *telemetryStores) end(app, folder string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.open[app]; c != nil {
		c.store.Close()
		return nil
	}
	return t.e.Storage.fs.RemoveAll(folder)
}
