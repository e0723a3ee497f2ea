// Package cli is the command line: one file per verb.
//
// A verb reads flags, finds the running instance, and calls; it holds no logic
// of the pipeline. Results go to standard output, everything said about them
// to standard error, and colour only to a terminal.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/outside"
	"github.com/lazuli-dev/lazuli/internal/terminal"
)

// Version is the release; the build sets it.
var Version = "dev"

// stdio is what a verb talks to. What it says to a person goes to out and err,
// which are guarded (package terminal); machine-readable results, whose bytes
// somebody asked for, go to data, and a progress bar draws on screen.
type stdio struct {
	in           io.Reader
	out, err     io.Writer
	data, screen io.Writer
}

func newStdio(in io.Reader, out, err io.Writer) stdio {
	return stdio{in: in, out: terminal.NewWriter(out), err: terminal.NewWriter(err), data: out, screen: err}
}

// session is what all verbs share.
type session struct {
	stdio
	// bare ends the handling of signals, for a verb that has its own, and
	// returns a context that none ends.
	bare    func() context.Context
	project string // --project: where to look for the running instance; "" when not given
}

// projectVariable names the project that --project names when it is not given.
// `lazuli exec` sets it: a lazuli in its program talks to the same instance.
const projectVariable = "LAZULI_PROJECT"

// running is the project whose instance is meant, or "". What makes or starts a
// project has --project alone: it is about the folder in which it is called.
func (s *session) running() string { return cmp.Or(s.project, os.Getenv(projectVariable)) }

// instance finds the running lazuli that a verb talks to: that of the project
// that was named, else the one of this folder.
func (s *session) instance() (instance.Info, error) {
	named := s.running()
	if named == "" {
		return instance.Here(".")
	}
	info, err := instance.Find(named)
	if err != nil && s.project == "" {
		err = fmt.Errorf("%w (%s names this project; --project DIR names another)", err, projectVariable)
	}
	return info, err
}

// outIsTerminal and errIsTerminal report whether a person reads there.
func (t stdio) outIsTerminal() bool { return isTerminal(t.data) }
func (t stdio) errIsTerminal() bool { return isTerminal(t.screen) }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd()) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// person reports whether somebody reads there, whatever colours he wants.
func person(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// Exit statuses.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// Main runs the command line and returns the exit status. The first interrupt
// ends the context, so that the verb drains; the second ends the process.
func Main(args []string) int {
	if len(args) > 0 && args[0] == outside.StageVerb {
		return outside.Stage(args[1:])
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	killing := context.AfterFunc(ctx, killOnSignal)
	s := &session{stdio: newStdio(os.Stdin, os.Stdout, os.Stderr)}
	s.bare = func() context.Context {
		killing()
		stop()
		return context.WithoutCancel(ctx)
	}
	root := newRootCmd(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var usage *usageError
	var start *outside.StartError
	var ended *endedError
	var az *azError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &ended):
		ended.Die()
		return ended.Code
	case errors.As(err, &az): // it has said why
		return az.status
	case errors.As(err, &start):
		s.complain(err)
		return start.Code
	case errors.As(err, &usage):
		s.complain(err)
		return exitUsage
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return exitInterrupted
	}
	s.complain(err)
	return exitFailed
}

// complain says why a verb failed. Servers and files have a say in the words.
func (s *session) complain(err error) {
	fmt.Fprintf(s.err, "lazuli: %s\n", terminal.Lines(err.Error()))
}

// killOnSignal ends the process at the next interrupt, also where the default
// effect is none, as in a shell's background job. Its children notice.
func killOnSignal() {
	again := make(chan os.Signal, 1)
	signal.Notify(again, os.Interrupt, syscall.SIGTERM)
	<-again
	os.Exit(exitInterrupted)
}

// usageError is a mistake in the command's words.
type usageError struct {
	cmd *cobra.Command
	err error
}

func (e *usageError) Error() string {
	return fmt.Sprintf("%v\nRun '%s --help' for usage.", e.err, e.cmd.CommandPath())
}

func (e *usageError) Unwrap() error { return e.err }

func newRootCmd(s *session) *cobra.Command {
	root := &cobra.Command{
		Use:   "lazuli",
		Short: "A complete Azure-compatible real-time pipeline in one program",
		Long: `Lazuli runs Event Hubs, Functions, Cosmos DB with its change feed and Stream
Analytics on this machine, durably and offline. Official Azure SDK clients work
against it unchanged.`,
		Example: `  lazuli up examples/telemetry                start a project
  lazuli send telemetry_events --count 5      send five events
  lazuli query 'SELECT TOP 10 * FROM c' --db serverless_db --container events
  lazuli env --shell                          connection strings for other programs`,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetVersionTemplate("lazuli {{.Version}}\n")
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetIn(s.in)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().StringVar(&s.project, "project", "", "folder of the running project, and of no other (default: that of LAZULI_PROJECT, else this folder's, else the only one that runs)")
	root.SetFlagErrorFunc(flagError)
	root.Args, root.RunE = knownVerb, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	root.AddCommand(
		newInitCmd(s),
		newUpCmd(s),
		newSendCmd(s),
		newTailCmd(s),
		newQueryCmd(s),
		newLogsCmd(s),
		newEnvCmd(s),
		newKeysCmd(s),
		newGatewayCmd(s),
		newRoleCmd(s),
		newDeleteCmd(s),
		newExecCmd(s),
		newHostsCmd(s),
		newTrustCmd(s),
		newStatusCmd(s),
		newFuncCmd(s),
		newStreamCmd(s),
		newStorageCmd(s),
		newAzCmd(s),
	)
	return root
}

// otherNames are what other tools call commands of this one.
var otherNames = map[string]string{
	"lazuli start": "lazuli up, or lazuli func start", "lazuli run": "lazuli up, or lazuli func run",
	"lazuli serve": "lazuli up", "lazuli dev": "lazuli up",
	"lazuli stop": "Ctrl-C where lazuli up runs", "lazuli down": "Ctrl-C where lazuli up runs",
	"lazuli create": "lazuli func init", "lazuli new": "lazuli func new",
	"lazuli version": "lazuli --version", "lazuli shell": "lazuli exec -- bash", "lazuli list": "lazuli status", "lazuli ps": "lazuli status",
	"lazuli functions": "lazuli func", "lazuli kql": "lazuli logs", "lazuli insights": "lazuli logs",
	"settings set": "lazuli func settings add", "settings remove": "lazuli func settings delete", "settings rm": "lazuli func settings delete", "settings get": "lazuli func settings list --show-values",
	"lazuli remove": "lazuli delete", "lazuli rm": "lazuli delete", "lazuli drop": "lazuli delete",
	"lazuli roles": "lazuli role", "storage copy": "lazuli storage cp", "storage list": "lazuli storage ls", "storage delete": "lazuli storage rm", "storage du": "lazuli storage usage",
	"lazuli blob": "lazuli storage", "lazuli blobs": "lazuli storage", "role create": "lazuli role assign", "role add": "lazuli role assign", "role delete": "lazuli role remove",
	"func create": "lazuli func init", "func add": "lazuli func new", "func invoke": "lazuli func run",
}

// knownVerb refuses words that are no verb, with those that are spelt alike.
func knownVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("there is no command %q", args[0])
	if meant := otherNames[cmd.Name()+" "+strings.ToLower(args[0])]; meant != "" {
		return &usageError{cmd, fmt.Errorf("%w; did you mean %s?", err, meant)}
	}
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w; did you mean %s?", err, strings.Join(near, " or "))
	}
	return &usageError{cmd, err}
}

// exactArgs is cobra.ExactArgs with a message that names what is missing.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return &usageError{cmd, fmt.Errorf("%s is missing", names[len(args)])}
		case len(args) > len(names):
			return &usageError{cmd, fmt.Errorf("unexpected argument %q", args[len(names)])}
		}
		return nil
	}
}

// atMostOne allows one optional argument.
func atMostOne(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return &usageError{cmd, fmt.Errorf("one %s at a time: unexpected argument %q", name, args[1])}
		}
		return nil
	}
}

// version is the release, or what the build knows of its source.
func version() string {
	if Version != "dev" {
		return Version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Version
	}
	revision, dirty := "", ""
	for _, kv := range info.Settings {
		switch {
		case kv.Key == "vcs.revision" && len(kv.Value) >= 12:
			revision = " " + kv.Value[:12]
		case kv.Key == "vcs.modified" && kv.Value == "true":
			dirty = " (modified)"
		}
	}
	return Version + revision + dirty + " " + info.GoVersion
}
