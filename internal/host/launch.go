package host

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/project"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// launcher prepares for the app's workers and makes what starts them.
func (h *Host) launcher() (worker.Launcher, error) {
	if h.setup().kind == project.Custom {
		return h.launcherOf("", nil), nil
	}
	if h.o.Binary == "" && h.o.BuildDir == "" {
		return nil, fault.New(fault.Invalid, h.o.Dir, "the app needs a folder for what is made for it, or a binary")
	}
	if _, ok := languageOf(h.setup()); ok {
		return h.launcherOf("", nil), nil
	}
	l, err := h.o.Listen()
	if err != nil {
		return nil, fmt.Errorf("listen for workers: %w", err)
	}
	h.server = worker.NewServer(l, h.log)
	return h.launcherOf(h.workerPath(), nil), nil
}

// programOf is what the workers of a setup run; of a Go app without its path.
func (h *Host) programOf(s *setup) (run.Program, error) {
	if s.kind == project.Custom {
		return h.customProgram(s)
	}
	if _, ok := languageOf(s); ok {
		return run.Program{}, nil // it is prepared later
	}
	return run.Program{Dir: h.o.Dir, Env: h.workerEnv(s, filepath.Dir(h.workerPath()))}, nil
}

// launcherOf starts workers of the program at path, of a custom handler's own
// where that is what the app is. Their functions go into set; nil is the host's own.
// What it starts has been warmed up.
func (h *Host) launcherOf(path string, set *functionSet) worker.Launcher {
	index := h.index
	if set != nil {
		index = h.indexInto(set)
	}
	return &warming{h.coldLauncher(path, index), h, set}
}

func (h *Host) coldLauncher(path string, index worker.Index) worker.Launcher {
	hooks := h.hooks()
	s := h.setup()
	program := s.program
	if s.kind == project.Custom {
		timeouts := h.o.Timeouts
		timeouts.Start = cmp.Or(timeouts.Start, s.config.CustomHandler.StartTimeout)
		return &worker.HTTP{
			Program: program, Listen: h.o.Listen, FixedPort: s.config.CustomHandler.FixedPort, AppDir: h.o.Dir,
			HostVersion: RuntimeVersion, Index: index, Timeouts: timeouts, Hooks: hooks, Log: h.log,
		}
	}
	if _, ok := languageOf(s); ok {
		return &interpreted{h: h, program: h.prepared.Load(), index: index}
	}
	program.Path = path
	return &worker.RPC{
		Server:   h.server,
		Program:  program,
		App:      worker.App{Dir: h.o.Dir, WorkerDir: filepath.Dir(path), HostVersion: RuntimeVersion, Index: index},
		Timeouts: h.o.Timeouts,
		Hooks:    hooks,
		Log:      h.log,
	}
}

// hooks take what workers say.
func (h *Host) hooks() worker.Hooks {
	return worker.Hooks{Log: h.rpcLog, Output: func(o worker.Output) { h.emit(WorkerOutput(o)) }}
}

// workerPath is the binary of a Go app: given, or to be built.
func (h *Host) workerPath() string {
	if h.o.Binary != "" {
		if abs, err := filepath.Abs(h.o.Binary); err == nil {
			return abs
		}
		return h.o.Binary
	}
	name := "app"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if abs, err := filepath.Abs(filepath.Join(h.o.BuildDir, name)); err == nil {
		return abs
	}
	return filepath.Join(h.o.BuildDir, name)
}

// workerEnv is the environment of a worker: the process's own, the app's
// settings, and what the protocol promises.
func (h *Host) workerEnv(s *setup, workerDir string) []string {
	own := map[string]string{
		"FUNCTIONS_WORKER_DIRECTORY":       workerDir,
		"FUNCTIONS_APPLICATION_DIRECTORY":  h.o.Dir,
		"FUNCTIONS_WORKER_RUNTIME_VERSION": strings.TrimPrefix(runtime.Version(), "go"),
		"AzureWebJobsScriptRoot":           h.o.Dir,
	}
	h.tellWhere(own)
	if s.kind == project.Custom {
		own["FUNCTIONS_APP_ROOT_PATH"] = h.o.Dir
	}
	// All settings are a layer, each under its own name.
	return settings.New(h.usual(s.kind), settings.Environ(s.settings.Environ()), own).Environ()
}

// usual is what a worker's environment says where neither the app's settings
// nor that of this process do. A Go app lives in a few megabytes and makes a
// hundred a second, all of it dead after the invocation: at Go's own 100 percent
// it would collect 30 times a second.
func (h *Host) usual(kind project.Kind) map[string]string {
	all := map[string]string{}
	if kind == project.Go {
		all["GOGC"] = "400"
	}
	if h.o.Deployed != nil {
		all["AZURE_FUNCTIONS_ENVIRONMENT"] = "Production"
	}
	return all
}

// customProgram resolves the executable of a custom handler: in the app's
// folder when it is there, else on the PATH. %NAME% in arguments stands for a
// setting, and for nothing when it is not set.
func (h *Host) customProgram(s *setup) (run.Program, error) {
	c := s.config.CustomHandler
	p := run.Program{Dir: h.o.Dir}
	if c.WorkingDirectory != "" {
		p.Dir = filepath.Join(h.o.Dir, c.WorkingDirectory)
		if filepath.IsAbs(c.WorkingDirectory) {
			p.Dir = c.WorkingDirectory
		}
	}
	executable := s.expandEnv(c.Executable)
	p.Path = executable
	if local := filepath.Join(h.o.Dir, executable); !filepath.IsAbs(executable) {
		if info, err := os.Stat(local); err == nil && !info.IsDir() {
			p.Path = local
		} else if p.Path, err = exec.LookPath(executable); err != nil {
			return p, fault.New(fault.NotFound, "custom handler",
				"%q is neither in %s nor on the PATH; build it first, then check customHandler.description.defaultExecutablePath", executable, h.o.Dir)
		}
	}
	for _, a := range c.Arguments {
		p.Args = append(p.Args, s.expandEnv(a))
	}
	if c.WorkerPath != "" {
		p.Args = append(p.Args, s.expandEnv(c.WorkerPath))
	}
	for _, a := range c.WorkerArguments {
		p.Args = append(p.Args, s.expandEnv(a))
	}
	p.Env = h.workerEnv(s, h.o.Dir)
	return p, nil
}

// expandEnv replaces %NAME% by the setting, or by nothing.
func (s *setup) expandEnv(text string) string {
	var out strings.Builder
	for {
		before, rest, open := strings.Cut(text, "%")
		out.WriteString(before)
		if !open {
			return out.String()
		}
		name, after, closed := strings.Cut(rest, "%")
		if !closed {
			return out.String() + "%" + rest
		}
		out.WriteString(s.settings.Get(name))
		text = after
	}
}

// rpcLevels are the protocol's log levels as slog's.
var rpcLevels = map[funcrpc.RpcLog_Level]slog.Level{
	funcrpc.RpcLog_Trace:       slog.LevelDebug - 4,
	funcrpc.RpcLog_Debug:       slog.LevelDebug,
	funcrpc.RpcLog_Information: slog.LevelInfo,
	funcrpc.RpcLog_Warning:     slog.LevelWarn,
	funcrpc.RpcLog_Error:       slog.LevelError,
	funcrpc.RpcLog_Critical:    slog.LevelError + 4,
}

// rpcLog passes a worker's log record on. A record of an invocation belongs
// to the function's user category.
func (h *Host) rpcLog(l *funcrpc.RpcLog) {
	level, ok := rpcLevels[l.GetLevel()]
	if !ok || l.GetLogCategory() == funcrpc.RpcLog_CustomMetric {
		return // level None, and metrics, are not for the log
	}
	e := LogWritten{
		ID: l.GetInvocationId(), Category: l.GetCategory(), Level: level, Message: l.GetMessage(),
		Exception: l.GetException().GetMessage(), Properties: l.GetProperties(), At: time.Now(),
	}
	if f := h.running.function(l.GetInvocationId()); f != "" && l.GetLogCategory() == funcrpc.RpcLog_User {
		e.Function, e.Category = f, "Function."+f+".User"
	} else if l.GetLogCategory() == funcrpc.RpcLog_System {
		e.Category = "Worker"
	}
	h.emit(e)
}
