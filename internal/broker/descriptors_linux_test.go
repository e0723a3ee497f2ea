package broker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// A partition costs a file descriptor from its first append on: a project of
// hundreds of them starts under a small limit.
func TestIdlePartitionsHoldNoFiles(t *testing.T) {
	dir := t.TempDir()
	open := func() int {
		t.Helper()
		links, err := filepath.Glob("/proc/self/fd/*")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, link := range links {
			if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, dir) {
				n++
			}
		}
		return n
	}
	b := start(t, Options{FS: vfs.Default, Dir: dir})
	b.ensure(HubConfig{Name: "many", Partitions: 30})
	if n := open(); n != 0 {
		t.Errorf("30 new partitions hold %d files", n)
	}
	appendTo(t, b.partition("many", 3), "", "x")
	if n := open(); n != 1 {
		t.Errorf("after one append %d files are open", n)
	}
	b.stop()
	b = start(t, Options{FS: vfs.Default, Dir: dir})
	if n := open(); n != 0 {
		t.Errorf("30 partitions that were opened again hold %d files", n)
	}
	appendTo(t, b.partition("many", 3), "", "y")
}
