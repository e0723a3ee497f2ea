//go:build unix

package outside

import (
	"path/filepath"
	"syscall"
	"testing"
)

// noBundles are files, and what is said of them, with a pipe that nobody writes
// and a device that has no end.
func noBundles(t *testing.T, all map[string]string) map[string]string {
	t.Helper()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	all[pipe], all["/dev/zero"] = "no regular file", "no regular file"
	return all
}
