package pyworker

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/language"
)

// TestTaken: files that the requirements take in are watched, whatever they are called,
// also those that are named later.
func TestTaken(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("requirements.txt", "-r deps/other.txt\nazure-functions\n")
	put("deps/other.txt", "-r ../more.in\n")
	put("notes.txt", "")
	files := &takenFiles{app: language.App{Dir: dir}}
	expect := func(want map[string]bool) {
		t.Helper()
		for path, taken := range want {
			if files.has(path) != taken {
				t.Errorf("%s: taken %t", path, !taken)
			}
		}
	}
	expect(map[string]bool{filepath.Join("deps", "other.txt"): true, "more.in": true, "notes.txt": false, "requirements.txt": true})
	put("deps/other.txt", "-r ../notes.txt # another length\n")
	files.looked = time.Time{} // a second has passed
	expect(map[string]bool{"notes.txt": true, "more.in": false})
}
