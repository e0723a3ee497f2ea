//go:build unix

package localrun

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// within runs what must not wait for anybody.
func within(t *testing.T, read func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- read() }()
	select {
	case err := <-done:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for a writer")
		return nil
	}
}

// TestFilesAreReadWithoutWaiting: a query, each file of a project, and those of
// tests are regular files of a bounded size, or refused.
func TestFilesAreReadWithoutWaiting(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "asaproj.json")
	for _, path := range []string{pipe, filepath.Join(dir, "q.asaql"), filepath.Join(dir, "job.asaproj")} {
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Skip(err)
		}
	}
	for name, read := range map[string]func() error{
		"query":         func() error { _, err := ReadQuery(filepath.Join(dir, "q.asaql")); return err },
		"project":       func() error { _, err := OpenProject(dir, ""); return err },
		"Visual Studio": func() error { _, err := readVisualStudio(filepath.Join(dir, "job.asaproj")); return err },
		"test case": func() error {
			_, err := runCase(t.Context(), dir, filepath.Join(dir, "q.asaql"), testCase{}, "")
			return err
		},
	} {
		if err := within(t, read); !errors.Is(err, textfile.ErrNotRegular) {
			t.Errorf("%s: %v", name, err)
		}
	}
	large := put(t, dir, "large.asaql", strings.Repeat("-", streamsql.MaxTextBytes+1))
	if _, err := ReadQuery(large); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a large query: %v", err)
	}
	if text, err := ReadQuery(put(t, dir, "bom.asaql", "\xef\xbb\xbfSELECT 1")); err != nil || text != "SELECT 1" {
		t.Errorf("%q, %v", text, err)
	}
}
