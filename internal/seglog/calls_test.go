package seglog

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The calls that change files, and those that make the change durable, in
// order: a sync that disappears shows here.
func TestFileCalls(t *testing.T) {
	var mu sync.Mutex
	var calls strings.Builder
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(&calls, format+"\n", args...)
	}
	fs := vfs.WithFaults(vfs.NewMem(), vfs.InjectorFunc(func(op vfs.Op) error {
		if name, ok := vfs.ChangeName(op.Kind); ok {
			say("  %-9s %s", name, op.Path)
		}
		return nil
	}))
	for _, policy := range []vfs.SyncPolicy{vfs.SyncAlways, vfs.SyncNone} {
		at := fmt.Sprintf("logs/%v", policy)
		opts := Options{FS: fs, SegmentBytes: 800, Dir: at, Sync: policy}
		say("# sync %v\nopen a new log", policy)
		l := start(t, opts)
		say("append")
		l.mustAppend("", strings.Repeat("a", 100))
		say("append")
		l.mustAppend("", strings.Repeat("b", 100))
		say("append a small one, with zeros ahead of it")
		l.mustAppend("", "c")
		say("append another")
		l.mustAppend("", "d")
		say("append what needs a new segment")
		l.mustAppend("", strings.Repeat("e", 400))
		say("retain")
		if _, err := l.Retain(Retention{Bytes: 400}); err != nil {
			t.Fatal(err)
		}
		say("close")
		l.stop()
		say("open and close again")
		start(t, opts).stop()
	}
	const golden = "testdata/calls.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(calls.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), calls.String()); diff != "" {
		t.Errorf("file calls differ (-want +got); -update accepts them\n%s", diff)
	}
}

// On a real disk nobody else can read the log.
func TestPermissions(t *testing.T) {
	root := t.TempDir()
	l := start(t, Options{FS: vfs.Default, Dir: root + "/a/b"})
	l.mustAppend("", "secret")
	for name, want := range map[string]os.FileMode{"/a": 0o700, "/a/b": 0o700, "/a/b/" + segmentName(1): 0o600} {
		info, err := os.Stat(root + name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode().Perm(), err, want)
		}
	}
}
