package nodeworker

import (
	"context"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/language"
	"github.com/lazuli-dev/lazuli/internal/host/project"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// Language is JavaScript and TypeScript, on Node.
func Language() language.Language {
	return language.Language{Kind: project.Node, Code: isCode, Looks: built, Prepare: prepare, Warm: language.Spare, Alone: debugged}
}

// debugged reports a Node that opens a port for a debugger, which only one can have.
func debugged(setting func(name string) string) bool {
	return strings.Contains(setting(ArgumentsSetting), "--inspect")
}

// What an app is made of, by the ends of file names, and files of other names.
var (
	codeEnds  = []string{".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"}
	codeFiles = []string{packageFile, compilerFile, "function.json"}
)

// isCode reports whether a file's change changes what the app does.
func isCode(path string) bool {
	name := filepath.Base(path)
	return slices.Contains(codeFiles, name) || slices.Contains(codeEnds, filepath.Ext(name)) && !strings.HasSuffix(name, ".d.ts")
}

// prepare makes ready what the app's workers need and says how they are started.
func prepare(ctx context.Context, app language.App) (run.Program, error) {
	worker, err := fs.Sub(code, "worker")
	if err != nil {
		return run.Program{}, fault.Wrap(fault.Internal, "node worker", err, "read it")
	}
	folder, err := language.WriteWorker(worker, filepath.Join(app.Keep, "node"))
	if err != nil {
		return run.Program{}, err
	}
	node, err := findNode(ctx, app)
	if err != nil {
		return run.Program{}, err
	}
	pkg, err := readPackage(app.Dir)
	if err != nil {
		return run.Program{}, err
	}
	if err := pkg.fits(app.Dir); err != nil {
		return run.Program{}, err
	}
	tool := &npm{app: app, node: node, pkg: pkg}
	if err := tool.install(ctx); err != nil {
		return run.Program{}, err
	}
	if err := tool.compile(ctx); err != nil {
		return run.Program{}, err
	}
	args := append(strings.Fields(app.Setting(ArgumentsSetting)), filepath.Join(folder, "main.js"))
	return run.Program{Name: "node", Path: node, Args: args, Dir: app.Dir, Env: append(environment(app.Env), sdkOf(app.Dir)...)}, nil
}

// preload, in a worker's environment, is the package that it loads before it is told
// of its app, and a stamp, by which a worker that was begun with another is told apart.
const preload = "LAZULI_WORKER_PRELOAD"

// sdkOf names the vendor's package of an app, if it lies where npm puts it.
func sdkOf(dir string) []string {
	root := filepath.Join(dir, modules, "@azure", "functions")
	at := filepath.Join(root, packageFile)
	if !exists(at) {
		return nil
	}
	return []string{preload + "=" + root + "|" + language.Identity(at)}
}

// environment is that of a worker: apps read in it which language they run in.
func environment(base []string) []string {
	const runtime, version = "FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_WORKER_RUNTIME_VERSION"
	out := slices.DeleteFunc(slices.Clone(base), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.EqualFold(name, runtime) || strings.EqualFold(name, version) // the latter is the host's own
	})
	return append(out, runtime+"=node")
}
