package nodeworker

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestSourcesBehindALink: the folder of an app, and that of what is made, may be
// symbolic links.
func TestSourcesBehindALink(t *testing.T) {
	dir, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
	for _, name := range []string{"a.ts", "a.js"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(dir, link); err != nil {
		t.Skip(err)
	}
	if found, err := readSources(link); err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
	if newest(link, "*.js").IsZero() || newest(filepath.Dir(link), "link/*.js").IsZero() {
		t.Error("what is made is not found")
	}
}

// TestChangedWhileCompiled: what was written while the compiler ran is older than what
// that made, and yet not in it.
func TestChangedWhileCompiled(t *testing.T) {
	dir, mark := t.TempDir(), filepath.Join(t.TempDir(), "mark")
	source, began := filepath.Join(dir, "a.ts"), time.Now().Add(-time.Hour)
	write := func(at time.Time) sources {
		if err := errors.Join(os.WriteFile(source, nil, 0o600), os.Chtimes(source, at, at)); err != nil {
			t.Fatal(err)
		}
		found, err := readSources(dir)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	first := write(began)
	if made := began.Add(time.Minute); !first.made(made, mark) || first.made(began.Add(-time.Second), mark) {
		t.Error("without a mark the times decide")
	}
	if err := first.save(mark); err != nil {
		t.Fatal(err)
	}
	made := began.Add(30 * time.Second)
	if !first.made(made, mark) {
		t.Error("what was compiled is not made")
	}
	if second := write(began.Add(10 * time.Second)); second.made(made, mark) {
		t.Error("a change during the build is taken for what was built")
	}
}
