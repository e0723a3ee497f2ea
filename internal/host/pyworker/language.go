package pyworker

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/host/language"
	"github.com/lazuli-dev/lazuli/internal/host/project"
	"github.com/lazuli-dev/lazuli/internal/run"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// Language is Python.
func Language() language.Language {
	return language.Language{Kind: project.Python, Code: isCode, Also: taken, Prepare: prepare, Warm: warmth()}
}

// warmth is what the system lets Python do. Elsewhere than on Linux a fork of what
// has imported packages is not safe, or there is none.
func warmth() language.Warmth {
	if runtime.GOOS == "linux" {
		return language.Fork
	}
	return language.Spare
}

// packagesFolder is where packages lie beside the code in an app that was made
// ready for Azure.
var packagesFolder = filepath.Join(".python_packages", "lib", "site-packages")

// isCode reports whether a file's change changes what the app does.
func isCode(path string) bool {
	name := filepath.Base(path)
	return strings.HasSuffix(name, ".py") || name == "function.json" || isRequirements(name)
}

// prepare finds or makes the interpreter's environment and says how a worker
// starts in it.
func prepare(ctx context.Context, app language.App) (run.Program, error) {
	code, err := writeWorker(filepath.Join(app.Keep, "python"))
	if err != nil {
		return run.Program{}, err
	}
	e, err := environmentOf(ctx, app)
	if err != nil {
		return run.Program{}, err
	}
	return run.Program{Name: "python", Path: e.python, Args: []string{code}, Dir: app.Dir, Env: e.env(app.Env)}, nil
}

// environment is an interpreter with packages.
type environment struct {
	python string
	root   string // of the virtual environment; "": none
}

// env is the environment of a program in it.
func (e environment) env(base []string) []string {
	out := slices.Clone(base)
	if e.root == "" {
		return out
	}
	out = slices.DeleteFunc(out, func(v string) bool { return strings.HasPrefix(v, "VIRTUAL_ENV=") })
	for i, v := range out {
		if name, path, _ := strings.Cut(v, "="); strings.EqualFold(name, "PATH") {
			out[i] = name + "=" + filepath.Dir(e.python) + string(os.PathListSeparator) + path
		}
	}
	return append(out, "VIRTUAL_ENV="+e.root)
}

// environmentOf chooses the app's environment: one of the user's as it is, else
// one of ours.
func environmentOf(ctx context.Context, app language.App) (environment, error) {
	if root := nearest(app.Dir, ".venv", "venv"); root != "" {
		return ofUser(ctx, root, app)
	}
	if root := settingOf(app.Env, "VIRTUAL_ENV"); root != "" && hasPackage(root, "azure", "functions") {
		return ofUser(ctx, root, app)
	}
	wanted, wrong := requirementsOf(app.Dir, func(name string) string { return settingOf(app.Env, name) })
	key := interpreterKey(app)
	if wrong == nil && wanted.file != "" && !wanted.unseen {
		if e, ok := madeBefore(app, key, wanted); ok {
			return e, nil
		}
	}
	found, err := findInterpreter(ctx, app)
	if err != nil {
		return environment{}, err
	}
	if wrong != nil {
		return environment{}, wrong
	}
	language.Remember(app, interpreterFile, key, found)
	switch {
	case exists(filepath.Join(app.Dir, packagesFolder, "azure", "functions")):
		return environment{python: found.Executable}, nil
	case wanted.file == "" && found.Functions:
		return environment{python: found.Executable}, nil
	}
	return makeEnvironment(ctx, app, found, wanted)
}

// interpreterFile keeps which interpreter was found.
var interpreterFile = filepath.Join("python", "interpreter.json")

// madeBefore is the environment of the interpreter that was found last time, when
// it is complete: nothing has to be asked then.
func madeBefore(app language.App, key string, wanted requirements) (environment, bool) {
	p, ok := language.Recall[interpreter](app, interpreterFile, key)
	if !ok || exists(filepath.Join(app.Dir, packagesFolder, "azure", "functions")) {
		return environment{}, false
	}
	root := filepath.Join(app.Keep, "python", "venv-"+wanted.key(p.Executable))
	e := environment{python: pythonOf(root), root: root}
	if !exists(filepath.Join(root, installed)) || !exists(e.python) {
		return environment{}, false
	}
	return e, markUsed(root) == nil
}

// ofUser is a virtual environment that somebody else keeps.
func ofUser(ctx context.Context, root string, app language.App) (environment, error) {
	e := environment{python: pythonOf(root), root: root}
	version, ok := configVersion(root)
	if !ok {
		p, err := probe(ctx, e.python, app.Env)
		if err != nil {
			return e, err
		}
		version = p.Version
	}
	return e, checkVersion(version, e.python)
}

// pythonOf is the interpreter of a virtual environment.
func pythonOf(root string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(root, "Scripts", "python.exe")
	}
	return filepath.Join(root, "bin", "python")
}

// nearest finds a virtual environment beside the app or above it, as far as the
// root of its repository.
func nearest(dir string, names ...string) string {
	for _, at := range foldersUp(dir) {
		for _, name := range names {
			root := filepath.Join(at, name)
			if exists(filepath.Join(root, "pyvenv.cfg")) && exists(pythonOf(root)) {
				return root
			}
		}
	}
	return ""
}

// foldersUp is dir, and the folders above it up to the one that holds .git; dir
// alone where there is none.
func foldersUp(dir string) []string {
	var all []string
	for at := dir; ; at = filepath.Dir(at) {
		all = append(all, at)
		if exists(filepath.Join(at, ".git")) {
			return all
		}
		if at == filepath.Dir(at) {
			return []string{dir}
		}
	}
}

// hasPackage reports whether a virtual environment has a package.
func hasPackage(root string, path ...string) bool {
	for _, lib := range []string{filepath.Join(root, "lib", "python3.*"), filepath.Join(root, "Lib")} {
		found, _ := filepath.Glob(filepath.Join(lib, "site-packages", filepath.Join(path...)))
		if len(found) > 0 {
			return true
		}
	}
	return false
}

// configVersion is the version that a virtual environment says it has.
func configVersion(root string) (string, bool) {
	text, err := textfile.ReadFollowed(filepath.Join(root, "pyvenv.cfg"), textfile.Source)
	if err != nil {
		return "", false
	}
	version := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, "="); ok {
			version[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	v := cmp.Or(version["version"], version["version_info"])
	return v, v != ""
}

func settingOf(env []string, name string) string {
	for _, v := range env {
		if n, value, ok := strings.Cut(v, "="); ok && n == name {
			return value
		}
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
