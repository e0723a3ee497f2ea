//go:build unix

package lab

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// StandardPorts has a test hold the ports 443 and 5671 of 127.0.0.1 until it ends, which
// `lazuli exec` takes where it is allowed to: with others, or alone, when it needs that
// nobody has them. Packages run beside each other, so a file is what is locked.
func StandardPorts(t *testing.T, alone bool) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(os.TempDir(), "lazuli-standard-ports.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	how := syscall.LOCK_SH
	if alone {
		how = syscall.LOCK_EX
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		t.Fatal(err)
	}
}
