package host

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/concurrency"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/project"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// setup is what host.json and local.settings.json say, and what follows from it.
// One that a worker runs with never changes: see reconfigure.
type setup struct {
	local     settings.LocalHost
	settings  *settings.Settings
	config    *hostjson.Config
	kind      project.Kind
	processes int         // worker processes of an instance
	program   run.Program // of the workers; of a Go app without its path
	scaling   scaling
	dynamic   concurrency.Config
}

// setupFiles are where a setup is read from, in the app's folder.
var setupFiles = []string{hostjson.File, settings.LocalFile}

// readSetup reads host.json and local.settings.json and detects the kind of app.
// A Go app may do without host.json: its functions are declared in code.
func (h *Host) readSetup() (*setup, error) {
	local, err := h.readLocal()
	if err != nil {
		return nil, err
	}
	s := &setup{local: local.Host}
	environ := settings.Environ(h.o.Environ)
	settings.Yield(environ, local.Values, h.o.Settings)
	s.settings = settings.New(h.o.Defaults, local.Values, h.o.Settings, environ).
		Named("what lazuli gives", settings.LocalFile, "the app in the project file", "the environment").Of(h.o.Name)
	overrides := s.settings.Section(hostjson.OverridePrefix)
	s.config, err = hostjson.Load(filepath.Join(h.o.Dir, hostjson.File), overrides)
	if fault.Is(err, fault.NotFound) {
		s.config, err = hostjson.Default(overrides)
	}
	if err != nil {
		return nil, err
	}
	for _, k := range h.triggers {
		if k.Check == nil {
			continue
		}
		if err := k.Check(s.config); err != nil {
			return nil, err
		}
	}
	s.kind, err = project.Detect(h.o.Dir, s.config, s.settings.Get("FUNCTIONS_WORKER_RUNTIME"), h.o.Binary != "")
	if err != nil {
		return nil, err
	}
	if s.processes, err = s.readProcesses(); err != nil {
		return nil, err
	}
	if s.scaling, err = s.readScaling(); err != nil {
		return nil, err
	}
	if s.dynamic, err = s.readDynamic(); err != nil {
		return nil, err
	}
	s.program, err = h.programOf(s)
	return s, err
}

// reconfigure reads the setup again after its files changed. It reports whether it
// says something else now, and returns what to go back to. An error leaves the
// setup as it was: the files do not parse, or say what is fixed while the app's
// door is open.
func (h *Host) reconfigure() (before *setup, changed bool, err error) {
	before = h.setup()
	next, err := h.readSetup()
	if err != nil {
		return before, false, err
	}
	if before.fixedPort() || next.fixedPort() {
		return before, false, h.atStart("the settings of a custom handler with a port of its own")
	}
	for what, same := range map[string]bool{
		"the host's ID":                     state.HostID(next.settings, h.o.Name) == h.hostID,
		"the kind of app":                   next.kind == before.kind,
		settings.HostStorage:                slices.Equal(storage(next), storage(before)), // where checkpoints, locks and keys are
		`"Host" in ` + settings.LocalFile:   next.local == before.local,
		`"concurrency" in ` + hostjson.File: next.dynamic == before.dynamic,
		`"http" in ` + hostjson.File:        reflect.DeepEqual(next.config.HTTP, before.config.HTTP),
	} {
		if !same {
			return before, false, h.atStart(what)
		}
	}
	if next.config.Same(before.config) && slices.Equal(next.settings.Environ(), before.settings.Environ()) {
		return before, false, nil
	}
	h.current.Store(next)
	h.warnOf(next)
	return before, true, nil
}

// warnOf tells of what a setup says in vain.
func (h *Host) warnOf(s *setup) {
	h.warnOfVaults(s)
	for _, n := range s.config.Notes() {
		h.log.Warn("a key of host.json has no effect", "key", n.Key, "at", n.At, "why", n.Why)
	}
}

// warnOfVaults tells of settings that mean secrets of a Key Vault. The app's code gets
// the text as it is, as on Azure where a reference cannot be resolved; a binding that
// uses one is refused.
func (h *Host) warnOfVaults(s *setup) {
	for _, name := range s.settings.VaultReferences() {
		h.log.Warn("a setting is a Key Vault reference, and there is no Key Vault here: give it the value itself", "setting", name)
	}
}

// storage is what the settings say of the account of the app's own state, in any of
// the forms.
func storage(s *setup) []string {
	return slices.DeleteFunc(s.settings.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return name != settings.HostStorage && !strings.HasPrefix(name, settings.HostStorage+"__")
	})
}

func (h *Host) atStart(what string) error {
	return fault.New(fault.Invalid, "function app "+h.o.Name,
		"%s changed, which is read at the start only: restart lazuli to apply it (Ctrl-C where it runs, then lazuli up)", what)
}

// setup is what the app runs with now, or is about to.
func (h *Host) setup() *setup { return h.current.Load() }

// ofSetup reports whether a changed file is one that a setup is read from.
func ofSetup(path string) bool { return slices.Contains(setupFiles, path) }
