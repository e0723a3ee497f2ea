package pythonapps

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// TestOlderModel: functions of function.json files; those that do not load leave
// the others running, and say why in the vendor's words.
func TestOlderModel(t *testing.T) {
	r, ok := up(t, "apps/v1")
	if !ok {
		return
	}
	if got := r.get(t, "/api/Greet?name=Azure"); got != "Hello Azure from Greet" {
		t.Error(got)
	}
	a := r.call(t, http.MethodPost, "/api/store", `{"id":"s1"}`)
	if a.StatusCode != http.StatusOK || a.body != `{"stored": "s1"}` {
		t.Errorf("%s %s", a.Status, a.body)
	}
	if rows := r.Run(t, "query", "SELECT c.id FROM c", "--db", "db", "--container", "docs", "--json"); !strings.Contains(rows, `{"id":"s1"}`) {
		t.Error(rows)
	}
	if events := r.Run(t, "tail", "stored", "--from-start", "--count", "1"); !strings.Contains(events, "s1") {
		t.Error(events)
	}
	for id, want := range map[string]string{"s1": "s1 of 1", "s2": "none of 1"} {
		if got := r.get(t, "/api/find/"+id); got != want {
			t.Errorf("find %s: %s", id, got)
		}
	}
	for _, text := range []string{
		"Missing/__init__.py:1: ModuleNotFoundError: No module named 'not_there'; check that requirements.txt names its package",
		"cannot load the Extra function: the following parameters are declared in Python but not in the function definition (function.json or function decorators):  {'more'}",
	} {
		r.says(t, text)
	}
}

// broken are apps that do not load, and what is said of them.
var broken = map[string]struct{ script, says string }{
	"syntax error":      {"import azure.functions as func\n\ndef f(:\n    pass\n", "function_app.py:3: SyntaxError: invalid syntax"},
	"missing module":    {"import azure.functions\nimport nowhere.at_all\n", "function_app.py:2: ModuleNotFoundError: No module named 'nowhere'; check that requirements.txt names its package"},
	"two apps":          {"import azure.functions as func\na = func.FunctionApp()\nb = func.FunctionApp()\n", "More than one FunctionApp or other top level function app instances are defined."},
	"no app":            {"import azure.functions\n", "Could not find top level function app instances in function_app.py."},
	"error in a module": {"import helper\n", "helper.py:3: ZeroDivisionError: division by zero"},
	"ends the process":  {"import sys\nsys.exit(4)\n", "function_app.py:2: SystemExit: the file ends the process (4) while it is loaded"},
	"kills the process": {"import os\nos._exit(4)\n", "exit code 4"},
	"two with one name": {`import azure.functions as func
app = func.FunctionApp()
@app.route(route="a")
def twin(req): pass
@app.route(route="b")
def twin(req): pass
`, "Function twin does not have a unique function name."},
	"no UTF-8": {"# -*- coding: utf-8 -*-\nx = '\xff'\n", "function_app.py:"},
}

// TestBroken: an app that does not load says what is wrong with it, file and line
// first, and runs as soon as the file is mended.
func TestBroken(t *testing.T) {
	fine, err := os.ReadFile("apps/fine/function_app.py")
	if err != nil {
		t.Fatal(err)
	}
	r, ok := up(t, "apps/fine")
	if !ok {
		return
	}
	script := filepath.Join(r.dir, "function_app.py")
	write(t, filepath.Join(r.dir, "helper.py"), "# a helper\n\n1 / 0\n")
	for name, b := range broken {
		t.Run(name, func(t *testing.T) {
			write(t, script, b.script)
			r.says(t, b.says)
			if got := r.get(t, "/api/fine"); got != "first" {
				t.Errorf("the old code does not run on: %s", got)
			}
			write(t, script, string(fine)+"\n# "+name+"\n")
		})
	}
	begun := time.Now()
	write(t, script, strings.Replace(string(fine), "first", "second", 1))
	eventually(t, func() bool { return r.get(t, "/api/fine") == "second" }, "the new code answers")
	t.Logf("new code took over within %v", time.Since(begun))
}

// TestBrokenAtStart: what does not load from the start says so, and a function
// that cannot run leaves the others running.
func TestBrokenAtStart(t *testing.T) {
	fine, err := os.ReadFile("apps/fine/function_app.py")
	if err != nil {
		t.Fatal(err)
	}
	app := t.TempDir()
	write(t, filepath.Join(app, "function_app.py"), "import azure.functions as func\n\ndef f(:\n    pass\n")
	r, ok := up(t, app)
	if !ok {
		return
	}
	r.says(t, "function_app.py:3: SyntaxError: invalid syntax")
	write(t, filepath.Join(r.dir, "function_app.py"), string(fine)+`

@app.route(route="odd")
def odd(req: func.HttpRequest, other: int) -> str:
    return ""


@app.route(route="wrong")
@app.queue_output(arg_name="out", queue_name="q", connection="AzureWebJobsStorage")
def wrong(req: func.HttpRequest, out: str) -> str:
    return ""
`)
	eventually(t, func() bool { return r.call(t, http.MethodGet, "/api/fine", "").body == "first" }, "it runs", r.Said)
	r.says(t, "cannot load the odd function: the following parameters are declared in Python but not in the function definition (function.json or function decorators):  {'other'}")
	r.says(t, `cannot load the wrong function: binding out is declared to have the \"out\" direction, but its annotation in Python is not a subclass of azure.functions.Out`)
}

// TestRubbish: whatever a function does, its invocation ends and others run.
func TestRubbish(t *testing.T) {
	r, ok := up(t, "apps/rubbish")
	if !ok {
		return
	}
	before := r.get(t, "/api/pid")
	for _, c := range [][2]string{
		{"fork", "200 parent"},
		{"interrupt", "500 "},
		{"quit", "500 "},
		{"wrong", "500 "},
		{"repr", "500 "},
		{"nothing", "500 "},
		{"bytes", "500 "},
		{"closed", "200 closed"},
		{"pid", "200 "},
	} {
		path, want := c[0], c[1]
		a := r.call(t, http.MethodGet, "/api/"+path, "")
		if got := fmt.Sprintf("%d %s", a.StatusCode, a.body); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	for _, text := range []string{"KeyboardInterrupt: not the user", "SystemExit: 3", "Could not serialize original exception message"} {
		r.says(t, text)
	}
	eventually(t, func() bool { return r.call(t, http.MethodGet, "/api/megabyte", "").body == "written" }, "a megabyte is printed")
	if after := r.get(t, "/api/pid"); after != before {
		t.Errorf("the worker was started anew: %s, then %s", before, after)
	}
	if a := r.call(t, http.MethodGet, "/api/die", ""); a.StatusCode < http.StatusInternalServerError {
		t.Errorf("die: %s", a.Status)
	}
	eventually(t, func() bool {
		a := r.call(t, http.MethodGet, "/api/pid", "")
		return a.StatusCode == http.StatusOK && a.body != before
	}, "another worker answers")
}

// TestUnsendable: an answer that the wire cannot carry fails its invocation with the
// reason, and long texts are cut; what else runs goes on, in the same process.
func TestUnsendable(t *testing.T) {
	r, ok := up(t, "apps/rubbish")
	if !ok {
		return
	}
	before := r.get(t, "/api/pid")
	slow := make(chan answer)
	go func() { slow <- r.call(t, http.MethodGet, "/api/slow", "") }()
	for _, c := range [][3]string{
		{"log", "200 logged", "(16777216 more characters were cut)"},
		{"text", "500 ", "more characters were cut)"},
		{"header", "500 ", "at most 16777216 fit"},
		{"cookie?age=nan", "500 ", "Max-Age of the cookie a is nan"},
		{"cookie?age=1e999", "500 ", "Max-Age of the cookie a is inf"},
	} {
		a := r.call(t, http.MethodGet, "/api/"+c[0], "")
		if got := fmt.Sprintf("%d %s", a.StatusCode, a.body); !strings.HasPrefix(got, c[1]) {
			t.Errorf("%s: %s, want %s", c[0], got, c[1])
		}
		r.says(t, c[2])
	}
	if a := <-slow; a.body != "slow" {
		t.Errorf("what ran meanwhile: %s %s", a.Status, a.body)
	}
	if after := r.get(t, "/api/pid"); after != before {
		t.Errorf("the worker was started anew: %s, then %s", before, after)
	}
}

// TestInstall: lazuli makes the virtual environment itself, says so, and needs
// nothing when it starts again; what pip says is told when it fails.
func TestInstall(t *testing.T) {
	if _, ok := lab.PythonEnv(t, "pythonapps", "python"); !ok { // the registry is there
		return
	}
	t.Setenv("VIRTUAL_ENV", "")
	dir := copyApp(t, "apps/fine")
	write(t, filepath.Join(dir, "requirements.txt"), "azure-functions\n")
	r := running{lab.Up(t, strings.ReplaceAll(project, "DIR", dir)), dir}
	r.says(t, "prepared function app")
	if got := r.get(t, "/api/fine"); got != "first" {
		t.Error(got)
	}
	write(t, filepath.Join(dir, "requirements.txt"), "azure-functions\nno-such-package-of-lazuli==99.9\n")
	r.says(t, "ERROR: No matching distribution found for no-such-package-of-lazuli==99.9")
	if got := r.get(t, "/api/fine"); got != "first" {
		t.Errorf("what ran does not run on: %s", got)
	}
}
