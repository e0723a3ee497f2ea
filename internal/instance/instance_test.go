package instance

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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

func TestFindPrefersTheFolderThenTheOnlyOne(t *testing.T) {
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	root := t.TempDir()
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")

	if _, err := Find(root); !errors.Is(err, ErrNone) {
		t.Fatalf("nothing runs, got %v", err)
	}
	one := write(t, a, os.Getpid())
	if got, err := Find(root); err != nil || got.Dir != a {
		t.Fatalf("the only instance: %v, %v", got.Dir, err)
	}
	if got := one.Functions(); got["app"] != "127.0.0.1:7071" || len(got) != 1 {
		t.Errorf("function apps %v", got)
	}
	write(t, b, os.Getpid())
	if got, err := Find(filepath.Join(b, "deep", "inside")); err != nil || got.Dir != b {
		t.Errorf("from inside b: %v, %v", got.Dir, err)
	}
	if _, err := Find(root); err == nil || !strings.Contains(err.Error(), "--project") {
		t.Errorf("two instances and no hint: %v", err)
	}
	if err := Remove(one); err != nil {
		t.Fatal(err)
	}
	if got, err := Find(root); err != nil || got.Dir != b {
		t.Errorf("after a stopped: %v, %v", got.Dir, err)
	}
}

func TestDeadInstancesArePassedOver(t *testing.T) {
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	dir := t.TempDir()
	write(t, dir, 1<<22+1) // above the kernel's largest process id
	if _, err := Find(dir); !errors.Is(err, ErrNone) {
		t.Errorf("a dead instance was found: %v", err)
	}
}
