package lab

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Limits of installing an SDK and of running a suite on it.
const (
	installLimit = 10 * time.Minute
	suiteLimit   = 10 * time.Minute
)

// runners are what the suites of a language share: a reporter for Node's test
// runner and a runner for Python's unittest.
//
//go:embed runner
var runners embed.FS

// Runner runs suites.
type Runner struct {
	Through []string // a command that the programs of the suites are given to
	Env     []string
}

// RunNode is Runner.RunNode, with nothing between.
func RunNode(t *testing.T, name, folder string, env []string) ([]Result, bool) {
	t.Helper()
	return Runner{Env: env}.RunNode(t, name, folder)
}

// RunPython is Runner.RunPython, with nothing between.
func RunPython(t *testing.T, name, folder string, atOnce int, env []string) ([]Result, bool) {
	t.Helper()
	return Runner{Env: env}.RunPython(t, name, folder, atOnce)
}

// RunNode runs the *.test.mjs files of a folder on Node's own test runner and
// returns their results. The folder has a package.json and a package-lock.json;
// it is copied to out/<name>, where the packages are installed once per lock
// file. It returns false, after Missing, when Node, npm or the registry is not
// to be had.
func (r Runner) RunNode(t *testing.T, name, folder string) ([]Result, bool) {
	t.Helper()
	node, ok := Tool(t, "node")
	if !ok {
		return nil, false
	}
	modules, ok := NodeModules(t, name, folder)
	if !ok {
		return nil, false
	}
	work := filepath.Dir(modules)
	files, err := filepath.Glob(filepath.Join(work, "*.test.mjs"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in %s: %v", folder, err)
	}
	args := append([]string{"--test", "--test-reporter=./reporter.mjs"}, files...)
	return r.run(t, work, node, args), true
}

// NodeModules is a node_modules folder in out/<name> with the packages of the
// folder's package-lock.json. It returns false, after Missing, when npm or the
// registry is not to be had.
func NodeModules(t *testing.T, name, folder string) (modules string, ok bool) {
	t.Helper()
	npm, ok := Tool(t, "npm")
	if !ok {
		return "", false
	}
	work := workFolder(t, name, folder, "reporter.mjs")
	install := exec.Command(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	return filepath.Join(work, "node_modules"), installOnce(t, work, "package-lock.json", "node_modules", install)
}

// RunPython runs the unittest tests of a folder, so many at a time, in a
// virtual environment in out/<name> with the packages of requirements.txt. It
// returns false, after Missing, when Python or the registry is not to be had.
func (r Runner) RunPython(t *testing.T, name, folder string, atOnce int) ([]Result, bool) {
	t.Helper()
	work := workFolder(t, name, folder, "run.py")
	if _, ok := pythonEnv(t, work); !ok {
		return nil, false
	}
	r.Env = append(r.Env[:len(r.Env):len(r.Env)], "PYTHONDONTWRITEBYTECODE=1", "PYTHONWARNINGS=ignore")
	return r.run(t, work, filepath.Join(work, "venv", "bin", "python"), []string{"run.py", strconv.Itoa(atOnce)}), true
}

// PythonEnv is a virtual environment in out/<name> with the packages of the
// folder's requirements.txt. It returns false, after Missing, when Python or the
// registry is not to be had.
func PythonEnv(t *testing.T, name, folder string) (venv string, ok bool) {
	t.Helper()
	return pythonEnv(t, workFolder(t, name, folder, "run.py"))
}

func pythonEnv(t *testing.T, work string) (venv string, ok bool) {
	t.Helper()
	python, ok := Tool(t, "python3")
	if !ok {
		return "", false
	}
	install := exec.Command("sh", "-c", `"$0" -m venv --clear venv && venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt`, python)
	return filepath.Join(work, "venv"), installOnce(t, work, "requirements.txt", "venv", install)
}

// workFolder copies the sources and their runner beside what is installed for
// them.
func workFolder(t *testing.T, name, folder, runner string) string {
	t.Helper()
	work := filepath.Join(Root(), "out", name)
	stale, err := filepath.Glob(filepath.Join(work, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stale {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := copyTree(work, folder); err != nil {
		t.Fatal(err)
	}
	text, err := runners.ReadFile("runner/" + runner)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(work, runner), text, 0o644); err != nil {
		t.Fatal(err)
	}
	return work
}

// installOnce runs the command unless what it installs is there for the
// present content of the lock file.
func installOnce(t *testing.T, work, lock, target string, cmd *exec.Cmd) bool {
	t.Helper()
	want, err := os.ReadFile(filepath.Join(work, lock))
	if err != nil {
		t.Fatal(err)
	}
	stamp := filepath.Join(work, target, ".installed-from")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, want) {
		return true
	}
	ctx, cancel := context.WithTimeout(t.Context(), installLimit)
	defer cancel()
	cmd = exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
	cmd.Dir = work
	if text, err := cmd.CombinedOutput(); err != nil {
		Missing(t, "the packages of "+lock, fmt.Sprintf("%v: %s", err, text))
		return false
	}
	if err := os.WriteFile(stamp, want, 0o644); err != nil {
		t.Fatal(err)
	}
	return true
}

// RunProgram runs a program that is a suite: it writes {"name","passed","output"}
// lines.
func (r Runner) RunProgram(t *testing.T, program string, args ...string) []Result {
	t.Helper()
	return r.run(t, t.TempDir(), program, args)
}

// run runs a suite that writes {"name","passed","output"} lines.
func (r Runner) run(t *testing.T, dir, program string, args []string) []Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), suiteLimit)
	defer cancel()
	words := append(append(slices.Clone(r.Through), program), args...)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), r.Env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	runErr := cmd.Run()
	var results []Result
	var rest strings.Builder
	lines := bufio.NewScanner(&stdout)
	lines.Buffer(nil, 64<<20) // a suite that prints more in a line has gone wrong, and is too short
	for lines.Scan() {
		var r Result
		if json.Unmarshal(lines.Bytes(), &r) == nil && r.Name != "" {
			results = append(results, r)
			continue
		}
		rest.Write(lines.Bytes())
		rest.WriteByte('\n')
	}
	if why := brokeOff(ctx, runErr, results); why != "" || len(results) == 0 {
		t.Errorf("the suite in %s broke off (%s) after %d tests\n%s\n%s", dir, cmp.Or(why, "no reason given"),
			len(results), end(rest.String()), end(stderr.String()))
	}
	return results
}
