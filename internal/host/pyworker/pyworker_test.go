package pyworker

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/host/language"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// fakePython is an interpreter that says what it is told to.
func fakePython(t *testing.T, path, answer string) {
	t.Helper()
	write(t, path, "#!/bin/sh\n"+answer+"\n", 0o700)
}

// says is what an interpreter of a version answers to the question.
func says(version, path string) string {
	return `case "$1" in -c) echo '{"executable":"` + path + `","version":"` + version + `","functions":true}';; esac`
}

type rig struct {
	app  language.App
	said []string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("its interpreters are shell scripts")
	}
	testkit.NoLeaks(t)
	r := &rig{}
	bin := t.TempDir()
	t.Setenv("PATH", bin+":/bin:/usr/bin")
	r.app = language.App{
		Dir: t.TempDir(), Keep: t.TempDir(), Env: []string{"PATH=" + bin + ":/bin:/usr/bin"},
		Setting: func(string) string { return "" }, Say: func(s string) { r.said = append(r.said, s) },
	}
	fakePython(t, filepath.Join(bin, "python3"), says("3.9.1", filepath.Join(bin, "python3")))
	return r
}

// venv makes a virtual environment of a version in root.
func venv(t *testing.T, root, version string, functions bool) {
	t.Helper()
	write(t, filepath.Join(root, "pyvenv.cfg"), "home = /usr\nversion = "+version+"\n", 0o600)
	fakePython(t, filepath.Join(root, "bin", "python"), "exit 1")
	if functions {
		write(t, filepath.Join(root, "lib", "python3.11", "site-packages", "azure", "functions", "__init__.py"), "", 0o600)
	}
}

func TestVirtualEnvironmentsOfTheUser(t *testing.T) {
	r := newRig(t)
	repository := r.app.Dir
	r.app.Dir = filepath.Join(repository, "src", "functions")
	write(t, filepath.Join(repository, ".git", "HEAD"), "", 0o600)
	write(t, filepath.Join(r.app.Dir, "function_app.py"), "", 0o600)
	activated := t.TempDir()
	venv(t, activated, "3.12.1", true)
	r.app.Env = append(r.app.Env, "VIRTUAL_ENV="+activated)
	expect := func(root string) {
		t.Helper()
		p, err := prepare(t.Context(), r.app)
		if err != nil || p.Path != filepath.Join(root, "bin", "python") || p.Dir != r.app.Dir || len(r.said) != 0 {
			t.Fatalf("%+v, %v, %q; want that of %s", p, err, r.said, root)
		}
		if !slices.Contains(p.Env, "VIRTUAL_ENV="+root) || !strings.HasPrefix(settingOf(p.Env, "PATH"), filepath.Join(root, "bin")+":") {
			t.Errorf("environment %q", p.Env)
		}
	}
	expect(activated)
	above := filepath.Join(repository, "venv")
	venv(t, above, "3.10.2", false)
	expect(above)
	beside := filepath.Join(r.app.Dir, ".venv")
	venv(t, beside, "3.13.0", false)
	expect(beside)
	venv(t, beside, "3.14.0", false)
	if _, err := prepare(t.Context(), r.app); err == nil || !strings.Contains(err.Error(), "Python 3.14.0 ("+filepath.Join(beside, "bin", "python")+") is too new: function apps run on Python 3.10 to 3.13") {
		t.Error(err)
	}
}

func TestInterpreters(t *testing.T) {
	r := newRig(t)
	bin := settingOf(r.app.Env, "PATH")
	bin, _, _ = strings.Cut(bin, ":")
	t.Setenv("PATH", bin) // of this process: what is looked up
	if _, err := prepare(t.Context(), r.app); err == nil || !strings.Contains(err.Error(), "Python 3.9.1 ("+filepath.Join(bin, "python3")+") is too old") {
		t.Error(err)
	}
	fakePython(t, filepath.Join(bin, "python3.12"), says("3.12.3", filepath.Join(bin, "python3.12")))
	if p, err := prepare(t.Context(), r.app); err != nil || p.Path != filepath.Join(bin, "python3.12") {
		t.Errorf("the first that fits: %+v, %v", p, err)
	}
	named := filepath.Join(t.TempDir(), "mine")
	fakePython(t, named, says("3.11.0", named))
	r.app.Setting = func(name string) string {
		if name == ExecutableSetting {
			return named
		}
		return ""
	}
	if p, err := prepare(t.Context(), r.app); err != nil || p.Path != named {
		t.Errorf("the one that is named: %+v, %v", p, err)
	}
	fakePython(t, named, "echo no; echo it is broken >&2; exit 3")
	if _, err := prepare(t.Context(), r.app); err == nil || !strings.Contains(err.Error(), "it is broken") {
		t.Error(err)
	}
	named = "no-such-program"
	if _, err := prepare(t.Context(), r.app); err == nil || !strings.Contains(err.Error(), ExecutableSetting) {
		t.Error(err)
	}
}

// TestEnvironmentIsMadeOnce: for an interpreter and requirements, and pip's reason
// is told when it fails.
func TestEnvironmentIsMadeOnce(t *testing.T) {
	r := newRig(t)
	bin, _, _ := strings.Cut(settingOf(r.app.Env, "PATH"), ":")
	python := filepath.Join(bin, "python3")
	fakePython(t, python, `case "$1 $2" in
"-c "*) echo '{"executable":"`+python+`","version":"3.11.7","ensurepip":true}';;
"-m venv") mkdir -p "$4/bin"; printf '#!/bin/sh\necho Collecting things\n[ ! -e `+bin+`/broken ] || { echo "ERROR: No matching distribution found for x" >&2; exit 1; }\n' > "$4/bin/python"; chmod +x "$4/bin/python";;
esac`)
	write(t, filepath.Join(r.app.Dir, "requirements.txt"), "-r more.txt\n", 0o600)
	write(t, filepath.Join(r.app.Dir, "more.txt"), "a\n", 0o600)
	write(t, filepath.Join(bin, "broken"), "", 0o600)
	if _, err := prepare(t.Context(), r.app); err == nil || !strings.HasSuffix(err.Error(), "pip does not install it\nERROR: No matching distribution found for x") {
		t.Errorf("%v", err)
	}
	if err := os.Remove(filepath.Join(bin, "broken")); err != nil {
		t.Fatal(err)
	}
	first, err := prepare(t.Context(), r.app)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(r.said, "installing requirements.txt: Collecting things") || !strings.HasPrefix(r.said[0], "making a virtual environment for Python 3.11.7") {
		t.Errorf("said %q", r.said)
	}
	r.said = nil
	if again, err := prepare(t.Context(), r.app); err != nil || again.Path != first.Path || len(r.said) != 0 {
		t.Errorf("made again: %v, %v, %q", again.Path, err, r.said)
	}
	write(t, filepath.Join(r.app.Dir, "more.txt"), "a\nb\n", 0o600)
	if other, err := prepare(t.Context(), r.app); err != nil || other.Path == first.Path || len(r.said) == 0 {
		t.Errorf("other requirements have the same environment: %v, %v", other.Path, err)
	}
}

// TestWorkerIsPrivate: only the user reads what is written.
func TestWorkerIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "python")
	path, err := writeWorker(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := writeWorker(dir); err != nil || again != path {
		t.Errorf("%s, %v", again, err)
	}
	files := 0
	err = filepath.WalkDir(path, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v", path, info.Mode())
		}
		if strings.HasSuffix(path, ".py") {
			files++
		}
		return nil
	})
	if err != nil || files < 10 {
		t.Errorf("%d files, %v", files, err)
	}
}

func TestCode(t *testing.T) {
	for path, want := range map[string]bool{
		"function_app.py": true, "a/b.py": true, "a/function.json": true, "requirements.txt": true, "requirements-dev.txt": true,
		"data.json": false, "notes.txt": false, "a.pyc": false,
	} {
		if isCode(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}

// TestPlaces: an error of an app has a place in the app's own files, and none in those of
// the worker, which are in the app's folder where lazuli was started in it.
func TestPlaces(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	app := t.TempDir()
	path, err := writeWorker(filepath.Join(app, ".lazuli", "python"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(app, "function_app.py"), "def broken():\n    raise ValueError('its own')\n", 0o600)
	const probe = `
import sys
sys.path[:0] = sys.argv[1:]
from lazuli_worker.faults import cut, place
import function_app
for call in (function_app.broken, lambda: cut(5)):
    try:
        call()
    except Exception as error:
        print(place(error, sys.argv[1]))
`
	out, err := exec.CommandContext(t.Context(), python, "-B", "-c", probe, app, path).CombinedOutput()
	if got, want := string(out), "('function_app.py', 2)\nNone\n"; err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
}
