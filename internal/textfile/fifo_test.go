//go:build unix

package textfile

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestANamedPipeIsNotWaitedFor: reading one is refused at once.
func TestANamedPipeIsNotWaitedFor(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	read := make(chan error, 1)
	go func() {
		_, err := ReadPath(pipe, 8)
		read <- err
	}()
	select {
	case err := <-read:
		if !errors.Is(err, ErrNotRegular) {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("it waits for a writer")
	}
}
