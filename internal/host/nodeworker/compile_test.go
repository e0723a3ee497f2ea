package nodeworker

import (
	"os"
	"path/filepath"
	"testing"
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
