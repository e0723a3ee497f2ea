package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/lmittmann/tint"
	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/app"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/terminal"
)

// upFlags are the flags of `lazuli up`.
type upFlags struct {
	data      string
	logFormat string
	verbose   bool
	quiet     bool
	profile   string
	start     string // of stream jobs
	noWatch   bool   // changes of the functions' code are left alone
	anyPort   bool   // free ports instead of the usual ones
	port      uint16 // of the function app; 0: as configured
	functions bool   // without a function app there is nothing to start
	auth      bool   // functions ask for access keys
	arm       bool   // Resource Manager answers
}

func newUpCmd(s *session) *cobra.Command {
	var f upFlags
	cmd := &cobra.Command{
		Use:   "up [DIR]",
		Short: "Start everything in a project",
		Long: `Start everything that the project in DIR names (default: the current folder):
Event Hubs, Cosmos DB, stream jobs, and the function apps, built first if need
be. Without a lazuli.yaml all services start empty, and hubs are created on first
use; a folder that is itself a function app (host.json) is served as the one app.

When the code of a function app changes it is built again, and the new code takes
over; code that does not build or start is reported, and the old code runs on.

Ctrl-C drains and stops; a second Ctrl-C kills. What was acknowledged is on
disk either way.`,
		Example: `  lazuli up                        the project in this folder
  lazuli up examples/telemetry     another one
  lazuli up --data /srv/lazuli     state in a folder of your choice
  lazuli up --stream-start now     stream jobs without what came while they stood`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usageError{cmd, fmt.Errorf("one project at a time: unexpected argument %q", args[1])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := s.project
			if len(args) == 1 {
				dir = args[0]
			}
			return s.up(cmd.Context(), cmp.Or(dir, "."), f)
		},
	}
	cmd.Flags().StringVar(&f.data, "data", "", "folder for all state (default: .lazuli in the project)")
	cmd.Flags().StringVar(&f.logFormat, "log-format", "auto", "auto, text or json")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "log debug messages")
	cmd.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "log warnings and errors only, and print no screen")
	cmd.Flags().StringVar(&f.start, "stream-start", "", "start all stream jobs, also stopped ones, from last, now, all or an RFC 3339 time; all but last discard their checkpoints")
	cmd.Flags().BoolVar(&f.noWatch, "no-watch", false, "leave the function apps as they are when their code changes (or functions.watch: false)")
	cmd.Flags().BoolVar(&f.anyPort, "any-port", false, "listen on free ports, shown on the screen, instead of the usual ones; a port chosen for an app stays")
	authFlag(cmd, &f.auth)
	cmd.Flags().BoolVar(&f.arm, "arm", false, "answer as Azure Resource Manager too, for OpenTofu, Terraform and az under lazuli exec (or arm: true; without a lazuli.yaml it does)")
	cmd.Flags().StringVar(&f.profile, "cpu-profile", "", "write a CPU profile of the whole run to this file, for go tool pprof")
	return cmd
}

func (s *session) up(ctx context.Context, dir string, f upFlags) error {
	begin := time.Now()
	stopProfile, err := startProfile(f.profile)
	if err != nil {
		return err
	}
	defer stopProfile()
	cfg, notes, err := s.loadProject(dir, f)
	if err != nil {
		return err
	}
	live := s.errIsTerminal() && f.logFormat == "auto" && !f.quiet
	var screen io.Writer
	if live {
		screen = s.screen
	}
	lines := newLogWriter(s.err, screen)
	defer lines.close()
	log, err := s.newLogger(f, lines)
	if err != nil {
		return err
	}
	defer libraryLog(log)()
	a, err := app.Build(ctx, app.Options{
		Config:      cfg,
		Log:         log,
		Version:     version(),
		Begin:       begin,
		StreamStart: f.start,
		Notes:       notes,
		Trial:       trialCommand(),
		Ready:       func(sum app.Summary) { s.ready(sum, f, log, lines) },
	})
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() {
		log.Info("stopping: what runs is finished first; interrupt again to kill")
	})()
	telling, enough := context.WithCancel(ctx)
	var told sync.WaitGroup
	told.Go(func() { (&waits{lines: lines, log: log, pending: a.Pending, live: live}).run(telling) })
	err = a.Run(ctx)
	enough()
	told.Wait()
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		log.Info("stopped")
		return nil
	}
	return err
}

// loadProject reads the project in dir, or makes one of the function app there.
func (s *session) loadProject(dir string, f upFlags) (config.Config, []string, error) {
	if folder, name, found := app.ProjectOf(dir); found {
		fmt.Fprintf(s.err, "this folder is the function app %s of the project in %s, which is started\n", terminal.Clean(name), terminal.Clean(folder))
		dir = folder
	}
	cfg, err := config.Load(dir)
	if err != nil {
		return cfg, nil, err
	}
	cfg, notes, err := app.Adopt(cfg)
	if err != nil {
		return cfg, nil, err
	}
	if f.functions && len(cfg.Functions.Apps) == 0 {
		return cfg, nil, noFunctionApp(cfg.Dir, notes)
	}
	if f.data != "" {
		if cfg.Data.Folder, err = filepath.Abs(f.data); err != nil {
			return cfg, nil, err
		}
	}
	if f.anyPort {
		cfg.AnyPort()
	}
	if f.arm {
		cfg.Arm = &f.arm
	}
	if f.auth {
		for name, spec := range cfg.Functions.Apps {
			spec.EnableAuth = true
			cfg.Functions.Apps[name] = spec
		}
	}
	if f.noWatch {
		cfg.Functions.Watch = new(bool)
	}
	return cfg, notes, f.takePort(&cfg)
}

// ready says that everything runs, and what there is.
func (s *session) ready(sum app.Summary, f upFlags, log *slog.Logger, lines *logWriter) {
	switch {
	case f.logFormat == "json": // who reads it wants nothing else on the terminal
		for _, note := range sum.Notes {
			log.Warn("not served", "reason", note)
		}
		log.Info("ready", "version", version(), "data", sum.Info.DataDir)
	case f.quiet:
		for _, note := range sum.Notes {
			log.Warn("not served", "reason", note)
		}
	default:
		lines.setStatus("")
		lines.flush()
		s.printScreen(sum)
	}
}

// startProfile begins a CPU profile into the file; an empty name does nothing.
// The function it returns ends the profile.
func startProfile(file string) (stop func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--cpu-profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Close()
		return nil, err
	}
	return func() { pprof.StopCPUProfile(); f.Close() }, nil
}

// newLogger returns the log of `up`: coloured lines for a person, plain ones
// for a pipe, JSON for a machine.
func (s *session) newLogger(f upFlags, out io.Writer) (*slog.Logger, error) {
	level := slog.LevelInfo
	switch {
	case f.verbose:
		level = slog.LevelDebug
	case f.quiet:
		level = slog.LevelWarn
	}
	switch f.logFormat {
	case "json":
		return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level})), nil
	case "text":
		return slog.New(terminal.NewHandler(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}))), nil
	case "auto":
		return slog.New(terminal.NewHandler(tint.NewTextHandler(out, &tint.Options{
			Level:      level,
			TimeFormat: "15:04:05.000",
			NoColor:    !s.errIsTerminal(),
		}))), nil
	}
	return nil, fmt.Errorf("--log-format %q is not one of auto, text, json", f.logFormat)
}
