package scaffold

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// app makes an app's folder with a program.
func app(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	main := "package main\n\nimport \"github.com/lazuli-dev/lazuli/functions\"\n\nfunc main() {\n\tapp := functions.New()\n\tapp.Main()\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(main), 0o640); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestAFunctionIsBuiltOnEverySystem: no function's file has a name that Go takes
// for one of another system, processor or for a test.
func TestAFunctionIsBuiltOnEverySystem(t *testing.T) {
	for _, name := range []string{"orders-windows", "a_linux_arm64", "to-WASM", "x_js", "read_plan9", "a_test", "a_test_windows"} {
		dir := app(t)
		file, _, err := Add(Function{Dir: dir, Name: name, Trigger: "http"})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_function.go") {
			t.Errorf("%s is in %s", name, file)
		}
	}
	if file, _, err := Add(Function{Dir: app(t), Name: "windows", Trigger: "http"}); err != nil || file != "windows.go" {
		t.Errorf("%s %v", file, err) // without _ it is a plain name
	}
}

// TestNothingIsWrittenThroughALink: a folder of the app that is a link elsewhere
// gets no file.
func TestNothingIsWrittenThroughALink(t *testing.T) {
	elsewhere, dir := t.TempDir(), t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(dir, "vendor")); err != nil {
		t.Skip(err)
	}
	_, err := Init(App{Dir: dir})
	if err == nil {
		t.Error("written through the link")
	}
	for _, d := range []string{elsewhere, dir} {
		entries, err := os.ReadDir(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != "vendor" {
				t.Errorf("%s is left in %s", e.Name(), d)
			}
		}
	}
}

// TestAFailedInitCanBeRepeated: what is in the way of the later files keeps the
// earlier from being written too.
func TestAFailedInitCanBeRepeated(t *testing.T) {
	dir := t.TempDir()
	third := filepath.Join(dir, "third_party", "lazuli", "go.mod")
	if err := os.MkdirAll(filepath.Dir(third), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(third, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Init(App{Dir: dir}); err == nil || !strings.Contains(err.Error(), "third_party/lazuli/go.mod") {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
		t.Error("half an app is left")
	}
	if err := os.Remove(third); err != nil {
		t.Fatal(err)
	}
	if _, err := Init(App{Dir: dir}); err != nil {
		t.Error(err)
	}
}

// TestRegisterKeepsTheProgram: where the program cannot be written anew as a
// whole, it stays as it was, and no function is left that it does not know.
func TestRegisterKeepsTheProgram(t *testing.T) {
	dir := app(t)
	path := filepath.Join(dir, "main.go")
	old, err := os.Open(path) // as a crash would leave it
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if _, _, err := Add(Function{Dir: dir, Name: "one", Trigger: "http"}); err != nil {
		t.Fatal(err)
	}
	was, err := old.Stat()
	now, err2 := os.Stat(path)
	if err != nil || err2 != nil || os.SameFile(was, now) || now.Mode().Perm() != 0o640 {
		t.Errorf("main.go was emptied to be written anew: %v %v %v", err, err2, now.Mode())
	}
	if names, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(names) != 2 {
		t.Errorf("%v %v", names, err)
	}
}
