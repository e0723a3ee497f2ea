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
	for name, read := range map[string]func(string, int) ([]byte, error){"in its folder": ReadPath, "followed": ReadFollowed} {
		done := make(chan error, 1)
		go func() {
			_, err := read(pipe, 8)
			done <- err
		}()
		select {
		case err := <-done:
			if !errors.Is(err, ErrNotRegular) {
				t.Error(name, err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal(name, "it waits for a writer")
		}
	}
}
