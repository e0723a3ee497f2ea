package instance

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// project makes a project folder.
func project(t *testing.T, parent, name string) string {
	t.Helper()
	dir := filepath.Join(parent, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, projectFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, dir string, pid int) Info {
	t.Helper()
	data := filepath.Join(dir, ".lazuli")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	i := Info{PID: pid, Dir: dir, DataDir: data, Addresses: map[string]string{AMQP: "127.0.0.1:5672", FunctionsPrefix + "app": "127.0.0.1:7071"}}
	if err := Write(i); err != nil {
		t.Fatal(err)
	}
	return i
}

// TestNamedProjectIsReachedOrNone: --project never leads to another instance.
func TestNamedProjectIsReachedOrNone(t *testing.T) {
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	root := t.TempDir()
	a := project(t, root, "a")
	write(t, a, os.Getpid())
	b := project(t, root, "b")
	nested := project(t, a, "nested")
	inside := filepath.Join(a, "app", "deep")
	link := filepath.Join(root, "link")
	if err := errors.Join(os.MkdirAll(inside, 0o700), os.Symlink(a, link)); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{a, inside, link, filepath.Join(a, ".lazuli"), filepath.Join(a, "lazuli.yaml")} {
		if got, err := Find(dir); err != nil || got.Dir != a {
			t.Errorf("%s: %v, %v", dir, got.Dir, err)
		}
	}
	for _, dir := range []string{b, nested, root} {
		if got, err := Find(dir); err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "does not run") || !strings.Contains(err.Error(), a) {
			t.Errorf("%s: %v, %v", dir, got.Dir, err)
		}
	}
	if _, err := Find(filepath.Join(root, "nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// TestHereIsTheFoldersOwnOrTheOnlyOne: who names nothing gets what is meant by
// where he stands, and never another project from within one.
func TestHereIsTheFoldersOwnOrTheOnlyOne(t *testing.T) {
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	root := t.TempDir()
	if _, err := Here(root); !errors.Is(err, ErrNone) {
		t.Fatalf("nothing runs, got %v", err)
	}
	a, b := project(t, root, "a"), project(t, root, "b")
	one := write(t, a, os.Getpid())
	if got, err := Here(root); err != nil || got.Dir != a {
		t.Fatalf("the only instance: %v, %v", got.Dir, err)
	}
	if got := one.Functions(); got["app"] != "127.0.0.1:7071" || len(got) != 1 {
		t.Errorf("function apps %v", got)
	}
	deep := filepath.Join(b, "deep", "inside")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := Here(deep); err == nil || !strings.Contains(err.Error(), b) {
		t.Errorf("from inside b, which does not run: %v, %v", got.Dir, err)
	}
	write(t, b, os.Getpid())
	if got, err := Here(deep); err != nil || got.Dir != b {
		t.Errorf("from inside b: %v, %v", got.Dir, err)
	}
	if _, err := Here(root); err == nil || !strings.Contains(err.Error(), "--project") {
		t.Errorf("two instances and no hint: %v", err)
	}
	if err := Remove(one); err != nil {
		t.Fatal(err)
	}
	if got, err := Here(root); err != nil || got.Dir != b {
		t.Errorf("after a stopped: %v, %v", got.Dir, err)
	}
}

func TestDeadInstancesArePassedOver(t *testing.T) {
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	dir := t.TempDir()
	write(t, dir, 1<<22+1) // above the kernel's largest process id
	if _, err := Here(dir); !errors.Is(err, ErrNone) {
		t.Errorf("a dead instance was found: %v", err)
	}
}
