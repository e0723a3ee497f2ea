package nodeapps

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// broken are entry files that do not load, and what is said of them.
var broken = map[string]struct{ script, says string }{
	"syntax error":      {"import { app } from '@azure/functions';\n\nconst x = ;\n", "index.js:3: SyntaxError: Unexpected token ';'"},
	"missing package":   {"import 'nowhere-at-all';\n", "Cannot find package 'nowhere-at-all'"},
	"error in a module": {"import './helper.js';\n", "helper.js:3:1: ReferenceError: nope is not defined"},
	"ends the process":  {"\nprocess.exit(4);\n", "process.exit(4) was called at index.js:2:9"},
}

// TestBroken: an app that does not load says what is wrong, file and line first,
// what ran before runs on, and new code runs as soon as the file is mended.
func TestBroken(t *testing.T) {
	fine, err := os.ReadFile("apps/fine/index.js")
	if err != nil {
		t.Fatal(err)
	}
	a, ok := up(t, "apps/fine")
	if !ok {
		return
	}
	script := filepath.Join(a.Dir, "index.js")
	write(t, filepath.Join(a.Dir, "helper.js"), "// a helper\n\nnope();\n")
	for name, b := range broken {
		t.Run(name, func(t *testing.T) {
			write(t, script, b.script)
			a.Says(t, b.says)
			if got := a.Get(t, "/api/fine"); got != "first" {
				t.Errorf("the old code does not run on: %s", got)
			}
			write(t, script, string(fine)+"\n// "+name+"\n")
		})
	}
	begun := time.Now()
	write(t, script, strings.Replace(string(fine), "first", "second", 1))
	lab.Eventually(t, func() bool { return a.Get(t, "/api/fine") == "second" }, "the new code answers")
	t.Logf("new code took over within %v", time.Since(begun))
}

// TestTwoOfOneName: the first function of a name runs, and the other is told with
// both places.
func TestTwoOfOneName(t *testing.T) {
	app := t.TempDir()
	if err := os.CopyFS(app, os.DirFS("apps/fine")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(app, "index.js"), "import { app } from '@azure/functions';\napp.get('twin', () => ({ body: 'one' }));\napp.get('twin', () => ({ body: 'two' }));\n")
	a, ok := up(t, app)
	if !ok {
		return
	}
	if got := a.Get(t, "/api/twin"); got != "one" {
		t.Errorf("twin answers %s", got)
	}
	a.Says(t, `index.js:3:5: a function named`)
	a.Says(t, `has already been registered, at index.js:2:5; give each its own name`)
}

// TestBrokenAtStart: what does not load from the start says so, and runs once it is
// mended.
func TestBrokenAtStart(t *testing.T) {
	fine, err := os.ReadFile("apps/fine/index.js")
	if err != nil {
		t.Fatal(err)
	}
	app := t.TempDir()
	if err := os.CopyFS(app, os.DirFS("apps/fine")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(app, "index.js"), "import '@azure/functions';\nnope();\n")
	a, ok := up(t, app)
	if !ok {
		return
	}
	a.Says(t, "index.js:2:1: ReferenceError: nope is not defined")
	write(t, filepath.Join(a.Dir, "index.js"), string(fine))
	lab.Eventually(t, func() bool { return a.Call(t, http.MethodGet, "/api/fine", "").Text == "first" }, "it runs", a.Said)
}

// TestInstalls: packages that are missing are installed with npm, by the lock file
// where there is one; later starts need no network; a package that does not exist
// is told by name.
func TestInstalls(t *testing.T) {
	if _, ok := up(t, "apps/fine"); !ok { // there are Node, npm and a registry
		return
	}
	dir := copyApp(t, "apps/fine")
	a := serve(t, dir)
	lab.Eventually(t, func() bool { return a.Call(t, http.MethodGet, "/api/fine", "").Text == "first" }, "it runs", a.Said)
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@azure", "functions")); err != nil {
		t.Error(err)
	}
	write(t, filepath.Join(dir, "package.json"), `{"type": "module", "main": "index.js", "dependencies": {"@azure/functions": "^4.0.0", "@lazuli-dev/there-is-no-such-package": "1.0.0"}}`)
	a.Says(t, "`npm install` fails")
	a.Says(t, "@lazuli-dev/there-is-no-such-package")
	if got := a.Get(t, "/api/fine"); got != "first" {
		t.Errorf("the old code does not run on: %s", got)
	}
}

// TestTypeScript: an app in TypeScript is compiled by its own build before it
// starts and when its sources change, and its errors name the sources' lines.
func TestTypeScript(t *testing.T) {
	if _, ok := up(t, "apps/fine"); !ok {
		return
	}
	dir := copyApp(t, "apps/typed")
	a := serve(t, dir)
	lab.Eventually(t, func() bool { return a.Call(t, http.MethodGet, "/api/typed?name=you", "").Text == "Hello, you!" }, "it runs", a.Said)
	a.Says(t, "compiling with npm run build")
	a.Call(t, http.MethodGet, "/api/fail", "")
	a.Says(t, filepath.Join("src", "functions", "typed.ts")+":13:")
	source := filepath.Join(dir, "src", "functions", "typed.ts")
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	write(t, source, strings.Replace(string(text), "Hello", "Bye", 1))
	lab.Eventually(t, func() bool { return a.Get(t, "/api/typed?name=you") == "Bye, you!" }, "the new code answers", a.Said)
	write(t, source, string(text)+"\nconst n: number = 'text';\n")
	a.Says(t, "src/functions/typed.ts(18,7): error TS2322")
}
