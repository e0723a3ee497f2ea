package functions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Main is what a function app's main function calls: it runs the app for
// whatever host started the program, and does not return. With the argument
// "gen" it writes the files of a custom handler deployment instead.
//
// It makes [NewLogHandler] slog's default, drains on SIGTERM, and leaves
// Ctrl-C to the host, which stops its workers in order. The exit code is 0
// after an orderly end and 1 after an error, which is printed.
func (a *App) Main() {
	if err := a.main(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (a *App) main(args []string) error {
	if len(args) > 0 && args[0] == "gen" {
		return a.genCommand(args[1:], os.Stdout)
	}
	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help" || args[0] == "help") {
		_, err := fmt.Fprint(os.Stdout, usage)
		return err
	}
	slog.SetDefault(slog.New(NewLogHandler(slog.NewTextHandler(os.Stderr, nil))))
	signal.Ignore(os.Interrupt)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return a.Run(ctx)
}

const usage = `This program is an Azure Functions app. A functions host starts it:

  lazuli up                  run it locally, in a project that names it
  APP gen [-dir DIR]         write host.json and function.json files, so that it
                             can be deployed to Azure as a custom handler
`

// ErrNoHost is returned by [App.Run] when the program was not started by a
// functions host.
var ErrNoHost = errors.New("functions: no functions host started this program: " +
	"run it with `lazuli up`, or with FUNCTIONS_CUSTOMHANDLER_PORT set as a custom handler")

// Run runs the app for the host that started the program, and blocks until the
// host ends it or ctx is done; then it lets running invocations finish. It
// returns nil after an orderly end, the registration errors of [App.Err], or
// [ErrNoHost].
//
// It reads the command line and the environment for the host's address, as
// described in the package comment. [App.Main] is Run with signals and logging
// set up.
func (a *App) Run(ctx context.Context) error {
	if err := a.Err(); err != nil {
		return err
	}
	if host, ok := parseHost(os.Args[1:]); ok {
		return a.runWorker(ctx, host)
	}
	if port := handlerPort(os.Getenv); port != "" {
		return a.runHandler(ctx, port, os.Getenv("FUNCTIONS_APP_ROOT_PATH"))
	}
	return ErrNoHost
}

// hostAddress is what a FunctionRpc host tells its workers on the command line.
type hostAddress struct {
	target   string // host:port
	workerID string
	request  string // the id that StartStream repeats
}

// parseHost finds the host in the arguments. Hosts pass two spellings of the
// same, and flags of later versions that are none of our business.
func parseHost(args []string) (hostAddress, bool) {
	flags := map[string]string{}
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		if !strings.HasPrefix(name, "-") {
			continue
		}
		if !joined && i+1 < len(args) && !strings.HasPrefix(args[i+1], "--") {
			i++
			value = args[i]
		}
		flags[strings.ToLower(strings.TrimLeft(name, "-"))] = value
	}
	first := func(names ...string) string {
		for _, n := range names {
			if flags[n] != "" {
				return flags[n]
			}
		}
		return ""
	}
	h := hostAddress{
		workerID: first("functions-worker-id", "workerid"),
		request:  first("functions-request-id", "requestid"),
	}
	if uri := first("functions-uri"); uri != "" {
		_, rest, isURI := strings.Cut(uri, "://")
		if !isURI {
			rest = uri
		}
		h.target, _, _ = strings.Cut(rest, "/")
	} else if flags["host"] != "" && flags["port"] != "" {
		h.target = flags["host"] + ":" + flags["port"]
	}
	return h, h.target != ""
}

// handlerPort is the port that a custom handler listens on, or "".
func handlerPort(getenv func(string) string) string {
	if p := getenv("FUNCTIONS_CUSTOMHANDLER_PORT"); p != "" {
		return p
	}
	return getenv("FUNCTIONS_HTTPWORKER_PORT")
}
