package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/run"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// HTTP launches custom handlers: processes that serve HTTP on a port we
// choose. Their functions are declared in files.
type HTTP struct {
	Program   run.Program
	FixedPort int // 0 picks a free port
	// Listen takes a free port of the loopback interface. Required unless
	// FixedPort is set.
	Listen      func() (net.Listener, error)
	AppDir      string
	HostVersion string
	Index       Index
	Timeouts    Timeouts
	Hooks       Hooks
	Log         *slog.Logger
}

// Launch starts the process and waits until it answers HTTP: any status will
// do, only a refused connection means that it is not ready.
func (l *HTTP) Launch(ctx context.Context) (Worker, error) {
	t := l.Timeouts.withDefaults(customHandlerStartTimeout)
	functions, err := l.Index(nil)
	if err != nil {
		return nil, err
	}
	port, err := l.port()
	if err != nil {
		return nil, err
	}
	p := l.Program
	id := uuid.New()
	p.Env = append(append([]string{}, p.Env...),
		"FUNCTIONS_CUSTOMHANDLER_PORT="+port, "FUNCTIONS_CUSTOMHANDLER_WORKER_ID="+id,
		"FUNCTIONS_HTTPWORKER_PORT="+port, "FUNCTIONS_HTTPWORKER_ID="+id)
	proc, err := run.Start(p, l.Hooks.lines())
	if err != nil {
		return nil, err
	}
	w := l.worker(proc, "http://"+net.JoinHostPort("127.0.0.1", port), functions, t.Grace)
	if err := w.awaitReady(ctx, t.Start); err != nil {
		proc.Kill()
		w.client.CloseIdleConnections()
		return nil, err
	}
	go w.watch()
	return w, nil
}

// port finds a port for the handler. It is free now; that nobody takes it in
// between cannot be promised, and then the start fails and is tried again.
func (l *HTTP) port() (string, error) {
	if l.FixedPort != 0 {
		return strconv.Itoa(l.FixedPort), nil
	}
	probe, err := l.Listen()
	if err != nil {
		return "", fmt.Errorf("find a port for the custom handler: %w", err)
	}
	defer probe.Close()
	return strconv.Itoa(probe.Addr().(*net.TCPAddr).Port), nil
}

func (l *HTTP) worker(proc *run.Process, base string, functions []*binding.Function, grace time.Duration) *httpWorker {
	w := &httpWorker{
		proc: proc, base: base, grace: grace, version: l.HostVersion, hooks: l.Hooks,
		functions: map[string]*binding.Function{}, lost: make(chan struct{}),
		client: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		info: Info{
			PID: proc.PID(), IDs: map[string]string{}, HTTPEndpoint: base,
			Capabilities: Capabilities{RawHTTPBodyBytes: "true"},
		},
	}
	w.lose = sync.OnceFunc(func() { close(w.lost) })
	for _, f := range functions {
		w.functions[f.Metadata.GetFunctionId()] = f
		w.info.IDs[f.Name] = f.Metadata.GetFunctionId()
	}
	return w
}

// httpWorker is a running custom handler.
type httpWorker struct {
	proc      *run.Process
	base      string
	functions map[string]*binding.Function // by id
	client    *http.Client
	info      Info
	grace     time.Duration
	version   string
	hooks     Hooks
	lost      chan struct{} // closed when it cannot be invoked any more
	lose      func()        // closes it
}

// watch tells of the end of the process.
func (w *httpWorker) watch() {
	select {
	case <-w.proc.Exited():
		w.lose()
	case <-w.lost:
	}
}

func (w *httpWorker) Info() Info            { return w.info }
func (w *httpWorker) Lost() <-chan struct{} { return w.lost }

func (w *httpWorker) Stop(ctx context.Context) Exit {
	ctx, cancel := context.WithTimeout(ctx, w.grace)
	defer cancel()
	defer w.client.CloseIdleConnections()
	defer w.lose()
	return exitOf(w.proc.Stop(ctx))
}

func (w *httpWorker) awaitReady(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errNoAnswer)
	defer cancel()
	tick := time.NewTicker(customHandlerReadinessPeriod)
	defer tick.Stop()
	for {
		err := w.ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-w.proc.Exited():
			return fault.New(fault.Unavailable, "custom handler",
				"the process ended (exit code %d) before it answered; its output is above", w.proc.Exit().Code)
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errNoAnswer) {
				return fault.Wrap(fault.Unavailable, "custom handler", err,
					"did not answer on %s within %v; it must listen on the port in FUNCTIONS_CUSTOMHANDLER_PORT", w.base, limit)
			}
			return ctx.Err()
		}
	}
}

// ping asks for / and is content with any answer. The answer is read, within
// bounds, for what is left unread is a reset connection to the handler, and
// Python's http.server prints a traceback for it.
func (w *httpWorker) ping(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base+"/", nil)
	if err != nil {
		return err
	}
	resp, err := w.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	defer time.AfterFunc(readinessPatience, cancel).Stop()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxReadinessAnswer)) // it has answered, however that ends
	return nil
}

// What of the answer to the readiness request is read, and for how long.
const (
	maxReadinessAnswer = 1 << 20
	readinessPatience  = time.Second
)
