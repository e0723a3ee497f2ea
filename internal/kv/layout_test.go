package kv

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// TestLayoutIsPrefixFree: no space's keys can be another's, and each row says
// whose it is and what for.
func TestLayoutIsPrefixFree(t *testing.T) {
	rows := Layout()
	for i, row := range rows {
		if row.Name == "" || row.Prefix == "" || row.Owner == "" || row.Purpose == "" {
			t.Errorf("row %d is incomplete: %+v", i, row)
		}
		for j, other := range rows {
			if i == j {
				continue
			}
			if row.Name == other.Name {
				t.Errorf("two spaces are named %q", row.Name)
			}
			if strings.HasPrefix(row.Prefix, other.Prefix) {
				t.Errorf("keys of %q begin with %q, as those of %q", row.Name, other.Prefix, other.Name)
			}
		}
	}
}

func TestUnknownSpacePanics(t *testing.T) {
	db := open(t, Options{FS: vfs.NewMem()})
	defer db.Close()
	defer func() {
		if recover() == nil {
			t.Error("a space outside the layout was opened")
		}
	}()
	db.Space("datasets")
}

// TestOtherLayoutIsRefused: of the time before the mark, and of a time to come.
func TestOtherLayoutIsRefused(t *testing.T) {
	for name, mark := range map[string]string{"old": "", "new": `{"Version":99}`, "damaged": `{`} {
		t.Run(name, func(t *testing.T) {
			fs := vfs.NewMem()
			db := open(t, Options{FS: fs})
			b := db.NewBatch(0)
			b.Set([]byte("d\x00key"), []byte("value"))
			if b.Delete(layoutKey); mark != "" {
				b.Set(layoutKey, []byte(mark))
			}
			if err := b.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			_, err := Open(Options{FS: fs, Dir: "db", Log: testkit.Discard()})
			if err == nil || fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "layout") {
				t.Fatalf("opened with %v", err)
			}
			if name == "old" && !strings.Contains(err.Error(), "it has layout 1, this program reads layout 3") {
				t.Errorf("got %v", err)
			}
			if _, err := Open(Options{FS: fs, Dir: "db", Log: testkit.Discard()}); err == nil || !strings.Contains(err.Error(), "layout") {
				t.Errorf("a second try, so the folder was let go: %v", err)
			}
		})
	}
}

// TestLayoutBefore: a store of the layout before is taken as it is, until what one
// space held has moved; then it is one of this layout.
func TestLayoutBefore(t *testing.T) {
	fs := vfs.NewMem()
	db := open(t, Options{FS: fs})
	kept, moved := []byte("d\x00key"), db.Space(OldBlobMetadata).Key([]byte("container\x00blob"))
	b := db.NewBatch(0)
	b.Set(layoutKey, []byte(`{"Version":2}`))
	b.Set(kept, []byte("kept"))
	b.Set(moved, []byte("moved"))
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
	check := func(old bool) {
		t.Helper()
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db = open(t, Options{FS: fs})
		_, has, err := db.Get(nil, moved)
		if _, is, _ := db.Get(nil, kept); err != nil || db.Old() != old || has != old || !is {
			t.Errorf("old %v, holds what was to move: %v, what stays: %v, %v; want %v", db.Old(), has, is, err, old)
		}
	}
	check(true)
	check(true) // nobody has said that it is moved
	if err := db.Moved(); err != nil || db.Old() {
		t.Fatalf("old %v, %v", db.Old(), err)
	}
	check(false)
	_ = db.Close()
}
