package pyworker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/language"
)

// What Azure runs: these minor versions of Python 3.
const (
	oldest, newest = 10, 13
	supported      = "Python 3.10 to 3.13"
)

// ExecutableSetting names an interpreter, as in Azure's tools.
const ExecutableSetting = "languageWorkers__python__defaultExecutablePath"

// probeLimit bounds how long an interpreter may take to say what it is.
const probeLimit = 20 * time.Second

// question asks an interpreter what it is and has.
const question = `import importlib.util as u, json, sys
def has(name):
    try:
        return u.find_spec(name) is not None
    except ImportError:
        return False
try:
    from importlib.metadata import version
    pip = version("pip")
except Exception:
    pip = ""
print(json.dumps({"executable": sys.executable, "version": "%d.%d.%d" % sys.version_info[:3],
    "functions": has("azure.functions"), "pip": pip, "ensurepip": has("ensurepip")}))`

// interpreter is what one said of itself.
type interpreter struct {
	Executable string
	Version    string
	Functions  bool   // azure-functions can be imported
	Pip        string // version; "": none
	EnsurePip  bool
}

// findInterpreter takes the one that a setting names, else the first on the PATH
// of a version that runs.
func findInterpreter(ctx context.Context, app language.App) (interpreter, error) {
	if named := app.Setting(ExecutableSetting); named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return interpreter{}, fault.New(fault.NotFound, "python", "%s says %q, which is no program here", ExecutableSetting, named)
		}
		p, err := probe(ctx, path, app.Env)
		if err != nil {
			return p, err
		}
		return p, checkVersion(p.Version, p.Executable)
	}
	var unfit error
	for _, name := range names() {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		p, err := probe(ctx, path, app.Env)
		if err == nil {
			err = checkVersion(p.Version, p.Executable)
		}
		if err == nil || ctx.Err() != nil {
			return p, err
		}
		unfit = errors.Join(unfit, err)
	}
	if unfit != nil {
		return interpreter{}, unfit
	}
	return interpreter{}, fault.New(fault.NotFound, "python",
		"no python3 is on the PATH; install %s, or name an interpreter in the setting %s", supported, ExecutableSetting)
}

// interpreterKey is what changes when another interpreter would be found, or ""
// where that does not show.
func interpreterKey(app language.App) string {
	key := app.Setting(ExecutableSetting)
	for _, name := range append([]string{key}, names()...) {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if language.IsScript(path) {
			choice, ok := pyenvChoice(path, app.Env)
			if !ok {
				return ""
			}
			key += "\n" + choice
		}
		key += "\n" + path + " " + language.Identity(path)
	}
	return key
}

// names are what interpreters are called.
func names() []string {
	all := []string{"python3", "python"}
	if runtime.GOOS == "windows" {
		all = []string{"python", "python3"}
	}
	for minor := newest; minor >= oldest; minor-- {
		all = append(all, "python3."+strconv.Itoa(minor))
	}
	return all
}

// probe asks an interpreter.
func probe(ctx context.Context, path string, env []string) (interpreter, error) {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-c", question)
	cmd.Env = env
	var out, trouble bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &trouble
	err := cmd.Run()
	if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return interpreter{}, ctx.Err()
	}
	var p interpreter
	if err == nil {
		err = json.Unmarshal(out.Bytes(), &p)
	}
	if err != nil {
		return p, fault.New(fault.Unavailable, path, "it does not run as Python: %v: %s", err, lastLine(trouble.String()))
	}
	return p, nil
}

// checkVersion refuses what Azure does not run.
func checkVersion(version, path string) error {
	major, minor := 0, 0
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return fault.New(fault.Invalid, path, "it says that its version is %q", version)
	}
	switch {
	case major < 3 || major == 3 && minor < oldest:
		return fault.New(fault.Invalid, "python", "Python %s (%s) is too old: function apps run on %s; install one, or name it in the setting %s", version, path, supported, ExecutableSetting)
	case major > 3 || minor > newest:
		return fault.New(fault.Invalid, "python", "Python %s (%s) is too new: function apps run on %s; install one, or name it in the setting %s", version, path, supported, ExecutableSetting)
	}
	return nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
