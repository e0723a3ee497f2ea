package nodeworker_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/language"
	"github.com/lazuli-dev/lazuli/internal/host/nodeworker"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

const limit = 30 * time.Second

// sdk is the version of the vendor's package that the tests run with.
const sdk = "4.16.5"

// packageJSON asks for the vendor's package.
const packageJSON = `{"name": "app", "main": "MAIN", "dependencies": {"@azure/functions": "` + sdk + `"}}`

func TestMain(m *testing.M) {
	code := m.Run()
	if installed.dir != "" {
		_ = os.RemoveAll(installed.dir)
	}
	os.Exit(code)
}

// need fails in CI, and skips elsewhere, where a tool is missing.
func need(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			lacks(t, tool+" is not installed")
		}
	}
}

func lacks(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// installed is a folder with the vendor's package, as the product installs it.
var installed struct {
	once sync.Once
	dir  string
	said []string
	err  error
}

// modules returns a node_modules folder with the vendor's package.
func modules(t testing.TB) string {
	t.Helper()
	need(t, "node", "npm")
	installed.once.Do(func() {
		if installed.dir, installed.err = os.MkdirTemp("", "lazuli-nodeworker-test"); installed.err != nil {
			return
		}
		installed.err = os.WriteFile(filepath.Join(installed.dir, "package.json"), []byte(packageJSON), 0o600)
		if installed.err == nil {
			_, installed.err = nodeworker.Language().Prepare(context.Background(), language.App{
				Dir: installed.dir, Keep: filepath.Join(installed.dir, "keep"), Env: os.Environ(),
				Setting: func(string) string { return "" },
				Say:     func(doing string) { installed.said = append(installed.said, doing) },
			})
		}
	})
	if installed.err != nil {
		lacks(t, fmt.Sprintf("@azure/functions cannot be installed: %v", installed.err))
	}
	return filepath.Join(installed.dir, "node_modules")
}

// folder makes an app's folder of files by their paths. Without a package.json it
// gets one, whose main is the file main.
func folder(t testing.TB, main string, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(modules(t), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "package.json", strings.Replace(packageJSON, "MAIN", main, 1))
	for name, text := range files {
		write(t, dir, name, text)
	}
	return dir
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// prepare makes an app ready, with settings as pairs.
func prepare(t testing.TB, dir string, said *[]string, settings ...string) (worker.Pipe, error) {
	t.Helper()
	values := map[string]string{}
	env := os.Environ()
	for i := 0; i+1 < len(settings); i += 2 {
		values[settings[i]] = settings[i+1]
		env = append(env, settings[i]+"="+settings[i+1])
	}
	program, err := nodeworker.Language().Prepare(t.Context(), language.App{
		Dir: dir, Keep: filepath.Join(t.TempDir(), "keep"), Env: env,
		Setting: func(name string) string { return values[name] },
		Say:     func(doing string) { *said = append(*said, doing) },
	})
	return worker.Pipe{Program: program, Listen: testkit.Loopback, Log: testkit.Logger(t)}, err
}

// app is a running app.
type app struct {
	worker.Worker
	t         testing.TB
	functions map[string]*binding.Function

	mu    sync.Mutex
	logs  []*funcrpc.RpcLog // guarded by mu
	lines []string          // guarded by mu
	count int               // of invocations
}

// launch starts the app in a folder. The error is what the host would say.
func launch(t testing.TB, dir string, times worker.Timeouts, settings ...string) (*app, error) {
	t.Helper()
	a := &app{t: t, functions: map[string]*binding.Function{}}
	pipe, err := prepare(t, dir, new([]string), settings...)
	if err != nil {
		return a, err
	}
	pipe.App = worker.App{Dir: dir, HostVersion: "4.0.0", Index: a.index}
	pipe.Timeouts = times
	pipe.Hooks = worker.Hooks{
		Log:    func(l *funcrpc.RpcLog) { a.mu.Lock(); a.logs = append(a.logs, l); a.mu.Unlock() },
		Output: func(o worker.Output) { a.mu.Lock(); a.lines = append(a.lines, o.Line); a.mu.Unlock() },
	}
	if a.Worker, err = pipe.Launch(t.Context()); err == nil {
		t.Cleanup(func() { a.Stop(context.Background()) })
	}
	return a, err
}

// run starts an app that must run.
func run(t testing.TB, main string, files map[string]string, settings ...string) *app {
	t.Helper()
	a, err := launch(t, folder(t, main, files), worker.Timeouts{}, settings...)
	if err != nil {
		t.Fatalf("%v\n%s", err, a.said())
	}
	return a
}

func (a *app) index(reported []*funcrpc.RpcFunctionMetadata) ([]*binding.Function, error) {
	if reported == nil {
		return nil, errors.New("it wants function.json files to be read")
	}
	var all []*binding.Function
	for _, m := range reported {
		f, err := binding.FromMetadata(m)
		if err != nil {
			return nil, err
		}
		a.functions[f.Name] = f
		all = append(all, f)
	}
	return all, nil
}

// invoke runs a function with its trigger's data, as the host does. changes are
// made to the request first.
func (a *app) invoke(function string, data *funcrpc.TypedData, changes ...func(*funcrpc.InvocationRequest)) (*funcrpc.InvocationResponse, error) {
	a.t.Helper()
	f := a.functions[function]
	if f == nil {
		a.t.Fatalf("no function %s", function)
	}
	a.mu.Lock()
	a.count++
	r := &funcrpc.InvocationRequest{
		InvocationId: fmt.Sprintf("%s-%d", function, a.count), FunctionId: a.Info().IDs[function],
		InputData: []*funcrpc.ParameterBinding{{Name: f.Trigger().Name, RpcData: &funcrpc.ParameterBinding_Data{Data: data}}},
	}
	a.mu.Unlock()
	for _, change := range changes {
		change(r)
	}
	ctx, cancel := context.WithTimeout(a.t.Context(), limit)
	defer cancel()
	return a.Invoke(ctx, r, nil)
}

// ok is the response of an invocation that must succeed.
func (a *app) ok(function string, data *funcrpc.TypedData, changes ...func(*funcrpc.InvocationRequest)) *funcrpc.InvocationResponse {
	a.t.Helper()
	resp, err := a.invoke(function, data, changes...)
	if err != nil || resp.GetResult().GetStatus() != funcrpc.StatusResult_Success {
		a.t.Fatalf("%s: %v %v\n%s", function, err, resp, a.said())
	}
	return resp
}

// said is what was logged and printed.
func (a *app) said() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	for _, l := range a.logs {
		fmt.Fprintf(&b, "%s %s %v %v %s\n", l.GetInvocationId(), l.GetCategory(), l.GetLogCategory(), l.GetLevel(), l.GetMessage())
	}
	return b.String() + strings.Join(a.lines, "\n")
}

func text(s string) *funcrpc.TypedData {
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: s}}
}
