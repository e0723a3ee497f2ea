package blobs

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// deleteBlob serves DELETE …/blob?name=…[&snapshot=…|&version=…][&etag=…]. Its snapshots
// go with it.
func (p *page) deleteBlob(w http.ResponseWriter, r *http.Request) error {
	t, err := p.blob(r)
	if err != nil {
		return err
	}
	o := objectstore.DeleteOptions{Conditions: ifMatch(r.URL.Query().Get("etag"))}
	if t.Snapshot == "" && t.Version == "" {
		o.Snapshots = objectstore.IncludeSnapshots
	}
	return done(w, http.StatusNoContent, t.Stored.Delete(r.Context(), t.Address, o))
}

// DeleteOrder names blobs, and folders with all that is in them.
type DeleteOrder struct {
	Blobs   []string `json:"blobs"`
	Folders []string `json:"folders"` // each ends with a slash
}

// Started is a task that was begun.
type Started struct {
	Task string `json:"task"` // its id
}

// maxDeletes bounds the names of an order.
const maxDeletes = 5000

// deleteMany serves POST …/delete: a task.
func (p *page) deleteMany(w http.ResponseWriter, r *http.Request) error {
	t, order, err := ordered[DeleteOrder](w, r, p.container)
	if err == nil {
		err = order.check()
	}
	if err != nil {
		return err
	}
	what := portal.Task{Kind: "delete", Subject: order.subject(t), To: portalAddress(t)}
	id, err := p.Tasks.Start(what, func(ctx context.Context, done *portal.Progress) error { return t.deleteAll(ctx, order, done) })
	return told(w, http.StatusAccepted, Started{id}, err)
}

func (o *DeleteOrder) check() error {
	if n := len(o.Blobs) + len(o.Folders); n == 0 || n > maxDeletes {
		return fault.New(fault.Invalid, "delete", "%d names; it can be 1 to %d", n, maxDeletes)
	}
	for _, name := range o.Blobs {
		if err := checkName(name); err != nil {
			return err
		}
	}
	for _, prefix := range o.Folders {
		if !below(prefix) { // a beginning that is no folder's holds more than was shown
			return fault.New(fault.Invalid, "folders", "%q does not end with a slash", prefix)
		}
	}
	return nil
}

// subject says in the list of tasks what is deleted.
func (o *DeleteOrder) subject(t target) string {
	switch {
	case len(o.Folders) == 1 && len(o.Blobs) == 0:
		return t.Container + "/" + o.Folders[0]
	case len(o.Folders) == 0 && len(o.Blobs) == 1:
		return t.Container + "/" + o.Blobs[0]
	}
	return t.Container
}

// deleters is how many blobs are deleted at a time: their commits share the disk's
// waits.
const deleters = 16

// shownRefusals is how many of what was not deleted an error names.
const shownRefusals = 3

// deleteAll deletes what an order names. One that is leased, or gone already, stops no
// other.
func (t target) deleteAll(ctx context.Context, order DeleteOrder, progress *portal.Progress) error {
	names := make(chan string)
	left := refusals{}
	var work sync.WaitGroup
	for range deleters {
		work.Go(func() {
			for name := range names {
				addr := objectstore.Address{Container: t.Container, Blob: name}
				err := t.Stored.Delete(ctx, addr, objectstore.DeleteOptions{Snapshots: objectstore.IncludeSnapshots})
				if err == nil || fault.Is(err, fault.NotFound) {
					progress.Add(1)
				} else {
					left.add(worded(err))
				}
			}
		})
	}
	err := t.walk(ctx, order, func(name string) { names <- name })
	close(names)
	work.Wait()
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = left.err()
	}
	return err
}

// walk calls use with each name of an order.
func (t target) walk(ctx context.Context, order DeleteOrder, use func(string)) error {
	for _, name := range order.Blobs {
		use(name)
	}
	for _, prefix := range order.Folders {
		err := t.each(ctx, prefix, func(b *objectstore.Info) bool {
			use(b.Blob)
			return ctx.Err() == nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// refusals are why some were not deleted.
type refusals struct {
	mu    sync.Mutex // guards the rest
	n     int
	first []error
}

func (f *refusals) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n++; f.n <= shownRefusals {
		f.first = append(f.first, err)
	}
}

func (f *refusals) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n == 0 {
		return nil
	}
	text := ""
	for _, err := range f.first {
		text += "; " + err.Error()
	}
	if f.n > len(f.first) {
		text += "; …"
	}
	return fault.New(fault.Conflict, "delete", "%s", fmt.Sprintf("%d were not deleted%s", f.n, text))
}
