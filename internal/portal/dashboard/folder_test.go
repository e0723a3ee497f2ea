package dashboard

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

const small = `{"name":%q,"datasets":{"d":{"push":true}},"tiles":[{"type":"number","title":"n","dataset":"d","aggregate":%q}]}`

// project writes files of a folder of dashboards.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), FolderName)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

func TestSaveKeepsModeAndDemandsTheETag(t *testing.T) {
	dir := project(t, map[string]string{"one.json": fmt.Sprintf(small, "b", "count")})
	path := filepath.Join(dir, "one.json")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	s := New(Options{Dir: dir})
	_, tag, err := s.Text("b")
	if err != nil {
		t.Fatal(err)
	}
	next := fmt.Sprintf(small, "b", "rate")
	if _, err := s.Save("b", "another", []byte(next)); !fault.Is(err, fault.PreconditionFailed) {
		t.Errorf("another ETag: %v", err)
	}
	saved, err := s.Save("b", tag, []byte(next))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	info, serr := os.Stat(path)
	if err != nil || serr != nil || string(text) != next || info.Mode().Perm() != 0o640 {
		t.Errorf("%s %v: %s %v %v", path, info.Mode(), text, err, serr)
	}
	b, err := s.Board("b")
	if err != nil || b.ETag != saved || b.Definition.Tiles[0].Aggregate != "rate" {
		t.Errorf("not loaded at once: %+v %v", b, err)
	}
	if _, err := s.Save("b", tag, []byte(next)); !fault.Is(err, fault.PreconditionFailed) {
		t.Errorf("the ETag of before: %v", err)
	}
	if err := s.Remove("b", saved); err != nil {
		t.Error(err)
	}
	if _, err := s.Board("b"); !fault.Is(err, fault.NotFound) {
		t.Errorf("deleted: %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left over: %v %v", left, err)
	}
}

func TestCreateStaysInTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), FolderName) // which is missing
	s := New(Options{Dir: dir})
	for _, name := range []string{"", "../x", "a/b", ".x", "a b", "a.b", strings.Repeat("x", 64), "x\x00", `a\b`} {
		if _, err := s.Create(name, []byte("{}")); !fault.Is(err, fault.Invalid) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	if _, err := s.Create("new", fmt.Appendf(nil, small, "new", "count")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "new.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	for _, name := range []string{"new", "other"} {
		write(t, filepath.Join(dir, "other.json"), `{"name":"third","tiles":[]}`)
		if _, err := s.Create(name, []byte("{}")); !fault.Is(err, fault.Conflict) {
			t.Errorf("a file that is there, %s: %v", name, err)
		}
	}
}

func TestSymbolicLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege there")
	}
	dir := project(t, map[string]string{"real.json": fmt.Sprintf(small, "real", "count")})
	outside := filepath.Join(filepath.Dir(dir), "secret.json")
	write(t, outside, `{"name":"secret","tiles":[]}`)
	for name, to := range map[string]string{"inside.json": "real.json", "out.json": "../secret.json", "gone.json": "none"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s := New(Options{Dir: dir})
	told := map[string]string{}
	for _, b := range s.Boards() {
		for _, p := range b.Problems {
			told[b.File] += p.Message
		}
	}
	if !strings.Contains(told["out.json"], "leads out of the folder") || !strings.Contains(told["gone.json"], "or nowhere") || !strings.Contains(told["real.json"], "already") {
		t.Errorf("%v", told)
	}
	if _, _, err := s.Text("out"); err == nil {
		t.Error("a file outside of the folder is read")
	}
	inside, err := s.Board("real")
	if err != nil || inside.File != "inside.json" {
		t.Fatalf("%+v %v", inside, err)
	}
	if _, err := s.Save("real", inside.ETag, []byte("{}")); !fault.Is(err, fault.Conflict) {
		t.Errorf("written through a link: %v", err)
	}
}

// TestFilesAreFollowed: what appears, changes and goes shows without a restart,
// and a file that is being written is waited for.
func TestFilesAreFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), FolderName)
		s := New(Options{Dir: dir})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.Run(ctx) }()
		defer func() { cancel(); <-done }()
		names := func() string {
			time.Sleep(time.Second) // of the bubble's clock
			var all []string
			for _, b := range s.Boards() {
				all = append(all, fmt.Sprintf("%s:%d:%d", b.Name, len(b.Definition.Tiles), len(b.Problems)))
			}
			return strings.Join(all, " ")
		}
		path := filepath.Join(dir, "a.json")
		text := fmt.Sprintf(small, "first", "count")
		steps := []struct {
			what string
			do   func() error
			want string
		}{
			{"nothing", func() error { return nil }, ""},
			{"a folder", func() error { return os.Mkdir(dir, 0o755) }, ""},
			{"a file", func() error { return os.WriteFile(path, []byte(text), 0o600) }, "first:1:0"},
			{"half of it", func() error { return os.WriteFile(path, []byte(text[:40]), 0o600) }, "first:1:0"},
			{"the rest", func() error { return os.WriteFile(path, []byte(fmt.Sprintf(small, "second", "rate")), 0o600) }, "second:1:0"},
			{"a mistake", func() error { return os.WriteFile(path, []byte(`{"name":"second",`), 0o600) }, "second:1:0"},
			{"that stays", func() error { time.Sleep(patience); return nil }, "second:1:1"},
			{"another file", func() error { return os.WriteFile(filepath.Join(dir, "b.json"), []byte(text), 0o600) }, "second:1:1 first:1:0"},
			{"one goes", func() error { return os.Remove(path) }, "first:1:0"},
			{"no dashboard", func() error { return os.WriteFile(filepath.Join(dir, ".c.json"), []byte(text), 0o600) }, "first:1:0"},
		}
		for _, step := range steps {
			if err := step.do(); err != nil {
				t.Fatal(err)
			}
			if got := names(); got != step.want {
				t.Errorf("%s: %q, want %q", step.what, got, step.want)
			}
		}
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
