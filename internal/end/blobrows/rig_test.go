package blobrows

import (
	"bytes"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// rig is a storage account in memory with a container c.
type rig struct {
	t       testing.TB
	blobs   objectstore.Account
	changed chan struct{}
}

func newRig(t testing.TB) *rig {
	t.Helper()
	fs := vfs.NewMem()
	db, err := kv.Open(kv.Options{FS: fs, Dir: "db", Log: testkit.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	store, err := objectstore.Open(objectstore.Options{FS: fs, Dir: "blobs", DB: db, Log: testkit.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &rig{t, store.Account(1), make(chan struct{})}
	r.create()
	return r
}

func (r *rig) create() {
	r.t.Helper()
	if _, err := r.blobs.CreateContainer(r.t.Context(), "c", objectstore.PrivateAccess, nil); err != nil {
		r.t.Fatal(err)
	}
	r.change()
}

func (r *rig) drop() {
	r.t.Helper()
	if err := r.blobs.DeleteContainer(r.t.Context(), "c", objectstore.Conditions{}); err != nil {
		r.t.Fatal(err)
	}
	r.change()
}

func (r *rig) change() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// find is the only account, whose name is "".
func (r *rig) find(name string) (Account, error) {
	if name != "" {
		return Account{}, fault.New(fault.NotFound, "storage account "+name, "there is none")
	}
	return Account{
		Blobs: r.blobs,
		Need: func(container string) error {
			_, err := r.blobs.Container(r.t.Context(), container, objectstore.Conditions{})
			return err
		},
		Changed: func(string) <-chan struct{} { return r.changed },
	}, nil
}

// put writes a block blob.
func (r *rig) put(name, text string) objectstore.Info {
	r.t.Helper()
	return r.write(name, text, objectstore.Put{Type: objectstore.BlockBlob})
}

func (r *rig) write(name, text string, p objectstore.Put) objectstore.Info {
	r.t.Helper()
	u, err := r.blobs.NewUpload(r.t.Context(), int64(len(text)))
	if err != nil {
		r.t.Fatal(err)
	}
	defer u.Discard()
	if _, err := u.Write([]byte(text)); err != nil {
		r.t.Fatal(err)
	}
	info, err := r.blobs.PutBlob(r.t.Context(), objectstore.Address{Container: "c", Blob: name}, u, p)
	if err != nil {
		r.t.Fatal(err)
	}
	return info
}

func (r *rig) remove(name string) {
	r.t.Helper()
	if err := r.blobs.Delete(r.t.Context(), objectstore.Address{Container: "c", Blob: name}, objectstore.DeleteOptions{}); err != nil {
		r.t.Fatal(err)
	}
}

// texts are the container's blobs by name.
func (r *rig) texts() map[string]string {
	r.t.Helper()
	all := map[string]string{}
	page, _, err := r.blobs.List(r.t.Context(), "c", objectstore.ListOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range page {
		c, err := r.blobs.Open(r.t.Context(), objectstore.Address{Container: "c", Blob: e.Blob.Blob}, objectstore.Conditions{})
		if err != nil {
			r.t.Fatal(err)
		}
		var text bytes.Buffer
		if err := c.WriteRange(&text, 0, c.Info().Size); err != nil {
			r.t.Error(err)
		}
		c.Close()
		all[e.Blob.Blob] = text.String()
	}
	return all
}

// folder is the part of a name before the file.
func folder(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i]
	}
	return ""
}
