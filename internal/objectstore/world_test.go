package objectstore

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// world is a store on a file system, with one account and a container.
type world struct {
	t     testing.TB
	fs    vfs.FS
	clock *testkit.Clock
	set   func(*Options)
	db    *kv.DB
	s     *Store
	a     Account
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, fs: vfs.NewMem(), clock: testkit.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))}
	w.open()
	if _, err := w.a.CreateContainer(t.Context(), "c", PrivateAccess, nil); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) open() {
	w.t.Helper()
	o := Options{FS: w.fs, Dir: "blobs", Now: w.clock.Now, Log: testkit.Discard()}
	if w.set != nil {
		w.set(&o)
	}
	db, err := kv.Open(kv.Options{FS: w.fs, Dir: "db", Log: testkit.Discard(), Sync: o.Sync})
	if err != nil {
		w.t.Fatal(err)
	}
	w.db, o.DB = db, db
	if w.s, err = Open(o); err != nil {
		w.t.Fatal(err)
	}
	w.a = w.s.Account(1)
}

func (w *world) close() {
	w.t.Helper()
	if err := w.s.Close(); err != nil {
		w.t.Error(err)
	}
	if err := w.db.Close(); err != nil {
		w.t.Error(err)
	}
}

func (w *world) reopen() {
	w.t.Helper()
	w.close()
	w.open()
}

func at(blob string) Address { return Address{Container: "c", Blob: blob} }

// upload sends a text.
func (w *world) upload(text string) *Upload {
	w.t.Helper()
	u, err := w.a.NewUpload(w.t.Context(), int64(len(text)))
	if err == nil {
		_, err = u.ReadFrom(strings.NewReader(text))
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// tryPut puts a block blob.
func (w *world) tryPut(blob, text string, p Put) (Info, error) {
	w.t.Helper()
	u, err := w.a.NewUpload(w.t.Context(), int64(len(text)))
	if err != nil {
		return Info{}, err
	}
	defer u.Discard()
	if _, err := u.ReadFrom(strings.NewReader(text)); err != nil {
		return Info{}, err
	}
	p.Type = BlockBlob
	return w.a.PutBlob(w.t.Context(), at(blob), u, p)
}

func (w *world) put(blob, text string) Info {
	w.t.Helper()
	i, err := w.tryPut(blob, text, Put{})
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

// read returns the content of a blob.
func (w *world) read(addr Address) (string, error) {
	w.t.Helper()
	c, err := w.a.Open(w.t.Context(), addr, Conditions{})
	if err != nil {
		return "", err
	}
	defer c.Close()
	var b bytes.Buffer
	err = c.WriteRange(&b, 0, c.Info().Size)
	return b.String(), err
}

func (w *world) want(addr Address, text string) {
	w.t.Helper()
	if got, err := w.read(addr); err != nil || got != text {
		w.t.Fatalf("%+v holds %.80q (%d bytes), %v; want %.80q (%d)", addr, got, len(got), err, text, len(text))
	}
}

// wantCode demands an error of the code.
func wantCode(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

// names returns a listing in short: names, prefixes with a star behind, the
// snapshots and versions with a colon and their place among those of the name.
func (w *world) names(o ListOptions) (names []string) {
	w.t.Helper()
	for {
		page, next, err := w.a.List(w.t.Context(), "c", o)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range page {
			switch {
			case e.Prefix != "":
				names = append(names, e.Prefix+"*")
			case e.Blob.Snapshot != "":
				names = append(names, e.Blob.Blob+"@s")
			case e.Blob.Version != "" && !e.Blob.Current:
				names = append(names, e.Blob.Blob+"@v")
			default:
				names = append(names, e.Blob.Blob)
			}
			if e.Blob != nil && e.Blob.Deleted {
				names[len(names)-1] += "!"
			}
		}
		if o.Marker = next; next == "" {
			return names
		}
	}
}
