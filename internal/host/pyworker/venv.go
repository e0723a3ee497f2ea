package pyworker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/language"
)

// sdk is the package that every app needs; Azure brings it along, so an app may
// leave it out of its requirements.
const sdk = "azure-functions"

// installed, in a virtual environment of ours, says that all packages are in it.
const installed = ".lazuli-installed"

// makeEnvironment returns the virtual environment of an interpreter and the
// packages of an app, made unless it is there.
func makeEnvironment(ctx context.Context, app language.App, p interpreter, wanted requirements) (environment, error) {
	root := filepath.Join(app.Keep, "python", "venv-"+wanted.key(p.Executable))
	e := environment{python: pythonOf(root), root: root}
	m := &maker{app: app, python: p, root: root}
	made := exists(filepath.Join(root, installed)) && exists(e.python)
	if !made {
		if err := m.venv(ctx); err != nil {
			return e, err
		}
	}
	if !made || wanted.unseen {
		if err := m.install(ctx, e, wanted); err != nil {
			return e, err
		}
	}
	if err := markUsed(root); err != nil {
		return e, fault.Wrap(fault.Unavailable, root, err, "finish the virtual environment")
	}
	if !made {
		forgetOthers(root, app.Since)
	}
	return e, nil
}

// markUsed notes that an environment is complete, and used from now on.
func markUsed(root string) error {
	mark := filepath.Join(root, installed)
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		return err
	}
	now := time.Now()
	return os.Chtimes(mark, now, now) // writing nothing need not change the time
}

// maker makes one virtual environment.
type maker struct {
	app    language.App
	python interpreter
	root   string
}

// venv makes the environment, empty.
func (m *maker) venv(ctx context.Context) error {
	m.app.Say("making a virtual environment for Python " + m.python.Version)
	if err := os.MkdirAll(filepath.Dir(m.root), 0o700); err != nil {
		return fault.Wrap(fault.Unavailable, m.root, err, "make a virtual environment")
	}
	args := []string{"-m", "venv", "--clear", m.root}
	if m.pipReachesOut() {
		args = []string{"-m", "venv", "--clear", "--without-pip", m.root} // it saves seconds
	} else if !m.python.EnsurePip {
		return fault.New(fault.Unavailable, m.python.Executable,
			"it can make no virtual environment: it has neither pip nor ensurepip (on Debian and Ubuntu: apt install python3-venv python3-pip)")
	}
	said, err := m.app.Run(ctx, m.python.Executable, args, func(string) {})
	if err != nil {
		return told(ctx, m.python.Executable, err, said, "cannot make a virtual environment")
	}
	return nil
}

// pipReachesOut reports whether the interpreter's own pip can install into another
// environment, which it can from version 22.3.
func (m *maker) pipReachesOut() bool {
	major, minor := 0, 0
	_, err := fmt.Sscanf(m.python.Pip, "%d.%d", &major, &minor)
	return err == nil && (major > 22 || major == 22 && minor >= 3)
}

// install puts the packages in.
func (m *maker) install(ctx context.Context, e environment, wanted requirements) error {
	what := sdk
	args := []string{"-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"}
	python := e.python
	if m.pipReachesOut() {
		python = m.python.Executable
		args = append([]string{"-m", "pip", "--python", e.python}, args[2:]...)
	}
	if wanted.file != "" {
		what = requirementsFile
		args = append(args, "-r", wanted.file)
	}
	args = append(args, sdk)
	m.app.Say("installing " + what)
	said, err := m.app.Run(ctx, python, args, func(line string) { m.app.Say("installing " + what + ": " + line) })
	if err != nil {
		return told(ctx, cmp.Or(wanted.file, sdk), err, said, "pip does not install it")
	}
	return nil
}

// maxShown is how many lines of a program's output are shown.
const maxShown = 12

// told is an error with the program's own reason: its lines that begin with
// ERROR, else its last ones.
func told(ctx context.Context, resource string, err error, said, what string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var reasons, all []string
	for line := range strings.Lines(said) {
		line = strings.TrimRight(line, "\r\n ")
		if line == "" {
			continue
		}
		all = append(all, line)
		if strings.HasPrefix(line, "ERROR:") {
			reasons = append(reasons, line)
		}
	}
	if len(reasons) == 0 {
		reasons = all[max(0, len(all)-maxShown):]
	}
	if len(reasons) == 0 {
		return fault.Wrap(fault.Invalid, resource, err, "%s", what)
	}
	if strings.Contains(said, "WARNING: Retrying") {
		what += ": it cannot reach its package index (is there a network?)"
	}
	return fault.New(fault.Invalid, resource, "%s\n%s", what, strings.Join(reasons[:min(len(reasons), maxShown)], "\n"))
}

// coarse is how far off the time of a file may be.
const coarse = 2 * time.Second

// forgetOthers removes the environments of earlier requirements, except the one
// used last, and those used since the host was made: a worker may run in any of
// them, as one does when later code did not start.
func forgetOthers(root string, since time.Time) {
	found, _ := filepath.Glob(filepath.Join(filepath.Dir(root), "venv-*"))
	var last string
	var when time.Time
	for _, other := range found {
		info, err := os.Stat(filepath.Join(other, installed))
		if other == root || err != nil && !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && !info.ModTime().Before(since.Add(-coarse)) {
			continue
		}
		if err == nil && info.ModTime().After(when) {
			other, last, when = last, other, info.ModTime()
		}
		if other != "" {
			_ = os.RemoveAll(other) // what is left takes room, no more
		}
	}
}
