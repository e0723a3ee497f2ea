//go:build unix

package jobs

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestQueryFilesThatAreNone: a named pipe, a file without end and a symbolic link
// in place of a query or a function stop nothing: reading, starting and stopping
// the job answer, and it ends.
func TestQueryFilesThatAreNone(t *testing.T) {
	const query = `SELECT udf.f(x) AS x INTO o FROM i`
	pipe := func(path string) error { return syscall.Mkfifo(path, 0o600) }
	endless := func(path string) error {
		return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 1<<40))
	}
	link := func(path string) error { return os.Symlink("/etc/passwd", path) }
	for name, c := range map[string]struct {
		file  string // that is replaced
		with  func(path string) error
		read  fault.Kind // of the query's file, if it is refused
		start string
	}{
		"query: pipe":           {"q.asaql", pipe, fault.Conflict, "this is no regular file"},
		"query: endless":        {"q.asaql", endless, fault.TooLarge, "a query has at most 1048576 bytes"},
		"query: link":           {"q.asaql", link, fault.Conflict, "this symbolic link leads out of the folder"},
		"function: pipe":        {"Functions/f.js", pipe, 0, "this is no regular file"},
		"function: endless":     {"Functions/f.js", endless, 0, "a function has at most 1048576 bytes"},
		"function: link":        {"Functions/f.js", link, 0, "this symbolic link leads out of the folder"},
		"description: pipe":     {"Functions/f.js.json", pipe, 0, "this is no regular file"},
		"description: endless ": {"Functions/f.js.json", endless, 0, "the file is larger than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "q.asaql")
			err := errors.Join(os.WriteFile(path, []byte(query), 0o600), os.Mkdir(filepath.Join(dir, "Functions"), 0o700),
				os.WriteFile(filepath.Join(dir, "Functions", "f.js"), []byte("function main(x) { return x }"), 0o600))
			if err != nil {
				t.Fatal(err)
			}
			j := newFileJob(t, path)
			replaced := filepath.Join(dir, filepath.FromSlash(c.file))
			_ = os.Remove(replaced) // a description is not there
			if err := c.with(replaced); err != nil {
				t.Skip(err)
			}
			_, err = j.File()
			if refused := c.file == "q.asaql"; refused != (err != nil) || refused && !fault.Is(err, c.read) {
				t.Errorf("read: %v", err)
			}
			if c.file == "q.asaql" {
				if err := j.write(etag(query), "SELECT 1 AS x INTO o FROM i"); err == nil {
					t.Error("it is written over")
				}
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- j.Run(ctx) }()
			limited, end := context.WithTimeout(t.Context(), 20*time.Second)
			defer end()
			if err := j.Start(limited, "now"); err == nil || !strings.Contains(err.Error(), c.start) {
				t.Errorf("start: %v", err)
			}
			if err := j.Stop(limited); err != nil {
				t.Errorf("stop: %v", err)
			}
			cancel()
			select {
			case <-done:
			case <-limited.Done():
				t.Fatal("it does not end")
			}
		})
	}
}

func newFileJob(t *testing.T, query string) *Job {
	t.Helper()
	db, err := kv.Open(kv.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s := &absent{changed: make(chan struct{})}
	kinds := Kinds{
		Sources: []SourceKind{{Kind: "thing", Open: func(context.Context, Input, *slog.Logger) (Source, error) { return s, nil }}},
		Sinks:   []SinkKind{{Kind: "nowhere", Open: func(context.Context, Output) (stream.Sink, error) { return nowhere{}, nil }}},
	}
	spec := Spec{
		Name: "j", Query: query, Policy: stream.DefaultTimePolicy(),
		Inputs: []Input{{Name: "i", Kind: "thing", Target: "t"}}, Outputs: []Output{{Name: "o", Kind: "nowhere"}},
	}
	j, err := New(t.Context(), spec, kinds, NewStore(db, db.Space(kv.StreamCheckpoints), db.Space(kv.StreamJournals), "j"), testkit.Discard())
	if err != nil {
		t.Fatal(err)
	}
	return j
}
