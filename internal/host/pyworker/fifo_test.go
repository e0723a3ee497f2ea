//go:build unix

package pyworker

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// TestNamedPipesAreNotWaitedFor: one in the place of a file does not hold the host.
func TestNamedPipesAreNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{requirementsFile, "pyvenv.cfg"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Skip(err)
		}
	}
	done := make(chan error, 1)
	go func() {
		_, ok := configVersion(dir)
		if ok {
			t.Error("it says a version")
		}
		_, err := requirementsOf(dir, none)
		done <- err
	}()
	select {
	case err := <-done:
		if !errors.Is(err, textfile.ErrNotRegular) {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("it waits for a writer")
	}
}
