package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// TestNext: sources that change, come and go count, together; the rest does not.
func TestNext(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.go", "sub/b.go", "gone.go"} {
		write(t, dir, name, "1")
	}
	w, err := New(dir, func(path string) bool { return strings.HasSuffix(path, ".go") }, func(folder string) bool { return folder == "bin" })
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"notes.txt", ".git/x.go", ".lazuli/x.go", "node_modules/m/x.go", "vendor/x.go", "sub/__pycache__/x.go"} {
		write(t, dir, name, "2")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*period+2*still)
	defer cancel()
	if changed, err := w.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("what is no source counts: %v, %v", changed, err)
	}
	write(t, dir, "a.go", "22")
	write(t, dir, "sub/new.go", "2")
	if err := os.Remove(filepath.Join(dir, "gone.go")); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	changed, err := w.Next(t.Context())
	if want := []string{"a.go", "gone.go", filepath.Join("sub", "new.go")}; err != nil || !slices.Equal(changed, want) {
		t.Errorf("%v, %v, want %v", changed, err, want)
	}
	if took := time.Since(begun); took < still {
		t.Errorf("after %v: it was not waited until the files were still", took)
	}
}

// TestNextBehindALink: the folder of an app may be a symbolic link, which may come
// to lead elsewhere.
func TestNextBehindALink(t *testing.T) {
	dir, other, link := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "link")
	write(t, dir, "a.go", "1")
	write(t, other, "a.go", "333")
	if err := os.Symlink(dir, link); err != nil {
		t.Skip(err)
	}
	w, err := New(link, func(path string) bool { return strings.HasSuffix(path, ".go") }, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []func() error{
		func() error { write(t, dir, "a.go", "22"); return nil },
		func() error { return errors.Join(os.Remove(link), os.Symlink(other, link)) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		if changed, err := w.Next(ctx); err != nil || !slices.Equal(changed, []string{"a.go"}) {
			t.Errorf("%v, %v", changed, err)
		}
		cancel()
	}
}
