//go:build unix

package file

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// TestReferenceIsNoPipe: reference data is not waited for.
func TestReferenceIsNoPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	long := time.Now().Add(-time.Hour) // it is left alone
	if err := os.Chtimes(path, long, long); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { _, err := open(t, path).Snapshots(t.Context()); done <- err }()
	select {
	case err := <-done:
		if !errors.Is(err, textfile.ErrNotRegular) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for a writer")
	}
}
