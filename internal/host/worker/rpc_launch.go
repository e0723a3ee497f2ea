package worker

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/run"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// RPC launches language workers: processes that speak FunctionRpc.
type RPC struct {
	Server   *Server
	Program  run.Program // the protocol's arguments are appended
	App      App
	Timeouts Timeouts
	Hooks    Hooks
	Log      *slog.Logger
}

// App is what a worker is told of the app that it is to run.
type App struct {
	Dir         string
	WorkerDir   string // FUNCTIONS_WORKER_DIRECTORY
	HostVersion string
	Index       Index
}

// Launch starts the process and takes it through the protocol: StartStream,
// init, metadata, load. On any failure the process is ended.
func (l *RPC) Launch(ctx context.Context) (Worker, error) {
	t := l.Timeouts.withDefaults(workerStartTimeout)
	id, dialed, forget := l.Server.expect(l.Hooks.log)
	defer forget()
	p := l.Program
	p.Args = append(append([]string{}, p.Args...), l.arguments(id)...)
	proc, err := run.Start(p, l.Hooks.lines())
	if err != nil {
		return nil, err
	}
	s, err := await(ctx, t.Start, proc, dialed)
	if err != nil {
		proc.Kill()
		return nil, err
	}
	return greeted(ctx, t, s, proc, l.App)
}

// greeted takes a worker that has dialed in through the protocol.
func greeted(ctx context.Context, t Timeouts, s *session, proc *run.Process, app App) (Worker, error) {
	w := &rpcWorker{session: s, proc: proc, grace: t.Grace}
	var err error
	if w.info, err = app.introduce(ctx, t, s); err != nil {
		ended := false
		select {
		case <-s.lost:
			ended = true
		default:
		}
		s.close()
		exit := exitOf(proc.Kill())
		if !exit.Quiet() && exit.Code > 0 {
			err = fmt.Errorf("%w (exit code %d)", err, exit.Code)
		}
		if ended {
			err = endedEarly{err}
		}
		return nil, err
	}
	w.info.PID = proc.PID()
	go w.watch()
	return w, nil
}

// endedEarly is the error of a worker that ended by itself before it was ready.
type endedEarly struct{ error }

func (e endedEarly) Unwrap() error { return e.error }

// arguments are both spellings of the protocol's command line: Python reads
// the first, Node and Go the second, and each ignores the other's.
func (l *RPC) arguments(id string) []string {
	port := strconv.Itoa(l.Server.Port())
	request, limit := uuid.New(), strconv.Itoa(maxMessage)
	return []string{
		"--host", "127.0.0.1", "--port", port, "--workerId", id, "--requestId", request,
		"--grpcMaxMessageLength", limit,
		"--functions-uri", "http://127.0.0.1:" + port + "/", "--functions-worker-id", id,
		"--functions-request-id", request, "--functions-grpc-max-message-length", limit,
	}
}

// await waits for a worker to dial in.
func await[S any](ctx context.Context, limit time.Duration, proc *run.Process, dialed <-chan S) (none S, err error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case s := <-dialed:
		return s, nil
	case <-proc.Exited():
		return none, fault.New(fault.Unavailable, "worker",
			"the process ended (exit code %d) before it connected to the host; its output is above", proc.Exit().Code)
	case <-timer.C:
		return none, fault.New(fault.Unavailable, "worker", "the process did not connect to the host within %v", limit)
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// introduce runs init, metadata and load.
func (a App) introduce(ctx context.Context, t Timeouts, s *session) (Info, error) {
	info := Info{IDs: map[string]string{}, LoadErrors: map[string]error{}}
	if err := a.init(ctx, t.Init, s, &info); err != nil {
		return info, err
	}
	functions, err := a.metadata(ctx, t.Metadata, s)
	if err != nil {
		return info, err
	}
	return info, a.load(ctx, t.Load, s, functions, &info)
}

func (a App) init(ctx context.Context, limit time.Duration, s *session, info *Info) error {
	m, err := ask(ctx, limit, s, "init", answerInit, &funcrpc.StreamingMessage{
		RequestId: uuid.New(),
		Content: &funcrpc.StreamingMessage_WorkerInitRequest{WorkerInitRequest: &funcrpc.WorkerInitRequest{
			HostVersion:          a.HostVersion,
			Capabilities:         map[string]string{"V2Compatable": "true"}, // the vendor's spelling
			WorkerDirectory:      a.WorkerDir,
			FunctionAppDirectory: a.Dir,
		}},
	})
	if err != nil {
		return err
	}
	r := m.GetWorkerInitResponse()
	if err := resultError("init", r.GetResult()); err != nil {
		return err
	}
	info.Capabilities = mergeCapabilities(r.GetCapabilities(), r.GetAppCapabilities())
	if uri := info.Capabilities[HTTPURI]; uri != "" {
		if u, err := url.Parse(uri); err != nil || u.Scheme != "http" || u.Host == "" {
			return fault.New(fault.Invalid, "worker", "the worker announced %s=%q, which is no HTTP address", HTTPURI, uri)
		}
		info.HTTPEndpoint = uri
	}
	return nil
}

func (a App) metadata(ctx context.Context, limit time.Duration, s *session) ([]*binding.Function, error) {
	m, err := ask(ctx, limit, s, "function metadata", answerMetadata, &funcrpc.StreamingMessage{
		RequestId: uuid.New(),
		Content: &funcrpc.StreamingMessage_FunctionsMetadataRequest{
			FunctionsMetadataRequest: &funcrpc.FunctionsMetadataRequest{FunctionAppDirectory: a.Dir},
		},
	})
	if err != nil {
		return nil, err
	}
	r := m.GetFunctionMetadataResponse()
	if err := resultError("function metadata", r.GetResult()); err != nil {
		return nil, err
	}
	reported := r.GetFunctionMetadataResults()
	if r.GetUseDefaultMetadataIndexing() {
		reported = nil
	} else if reported == nil {
		reported = []*funcrpc.RpcFunctionMetadata{}
	}
	return a.Index(reported)
}

// load loads every function, disabled ones last: they can still be run by
// hand. A function that fails to load does not keep the others from running.
func (a App) load(ctx context.Context, limit time.Duration, s *session, functions []*binding.Function, info *Info) error {
	ordered := make([]*binding.Function, 0, len(functions))
	for _, disabled := range []bool{false, true} {
		for _, f := range functions {
			if f.Disabled == disabled {
				ordered = append(ordered, f)
			}
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errNoAnswer)
	defer cancel()
	waiting := make([]<-chan *funcrpc.StreamingMessage, len(ordered))
	for i, f := range ordered {
		waiting[i] = s.await(answerLoad + f.Metadata.GetFunctionId())
	}
	for _, m := range loadRequests(ordered, info.Capabilities.Has(SupportsLoadCollection)) {
		if err := s.send(m); err != nil {
			return err
		}
	}
	for i, f := range ordered {
		m, err := s.receive(ctx, "loading function "+f.Name, waiting[i])
		if err != nil {
			return err
		}
		if err := resultError("load", m.GetFunctionLoadResponse().GetResult()); err != nil {
			info.LoadErrors[f.Name] = err
			continue
		}
		info.IDs[f.Name] = f.Metadata.GetFunctionId()
	}
	return nil
}

func loadRequests(functions []*binding.Function, together bool) []*funcrpc.StreamingMessage {
	all := make([]*funcrpc.FunctionLoadRequest, len(functions))
	for i, f := range functions {
		all[i] = &funcrpc.FunctionLoadRequest{FunctionId: f.Metadata.GetFunctionId(), Metadata: f.Metadata}
	}
	if together && len(all) > 0 {
		return []*funcrpc.StreamingMessage{{RequestId: uuid.New(), Content: &funcrpc.StreamingMessage_FunctionLoadRequestCollection{
			FunctionLoadRequestCollection: &funcrpc.FunctionLoadRequestCollection{FunctionLoadRequests: all},
		}}}
	}
	out := make([]*funcrpc.StreamingMessage, len(all))
	for i, r := range all {
		out[i] = &funcrpc.StreamingMessage{
			RequestId: uuid.New(),
			Content:   &funcrpc.StreamingMessage_FunctionLoadRequest{FunctionLoadRequest: r},
		}
	}
	return out
}

// ask sends a control message and waits for its answer.
func ask(ctx context.Context, limit time.Duration, s *session, what, key string, m *funcrpc.StreamingMessage) (*funcrpc.StreamingMessage, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errNoAnswer)
	defer cancel()
	ch := s.await(key)
	if err := s.send(m); err != nil && !IsLost(err) { // receive says it better: no function ran
		return nil, err
	}
	return s.receive(ctx, what, ch)
}

// resultError turns a worker's status into an error; an absent status counts
// as success, as several workers leave it out of control messages.
func resultError(step string, r *funcrpc.StatusResult) error {
	if r == nil || r.GetStatus() == funcrpc.StatusResult_Success {
		return nil
	}
	msg := r.GetException().GetMessage()
	if msg == "" {
		msg = "no reason given"
	}
	return fault.New(fault.Invalid, "worker", "%s failed: %s", step, msg)
}

// rpcWorker is a running language worker.
type rpcWorker struct {
	session *session
	proc    *run.Process
	info    Info
	grace   time.Duration
}

func (w *rpcWorker) Info() Info            { return w.info }
func (w *rpcWorker) Lost() <-chan struct{} { return w.session.leaves }

func (w *rpcWorker) Invoke(ctx context.Context, r *funcrpc.InvocationRequest, giveUp <-chan struct{}) (*funcrpc.InvocationResponse, error) {
	return w.session.invoke(ctx, r, giveUp, w.info.Capabilities.Has(HandlesInvocationCancel))
}

// watch hangs up when the process ends: its sockets may live on in children.
func (w *rpcWorker) watch() {
	select {
	case <-w.proc.Exited():
		w.session.close()
	case <-w.session.lost:
	}
}

// Stop asks the worker to terminate, which it may answer by exiting; one that
// cannot be asked is signalled.
func (w *rpcWorker) Stop(ctx context.Context) Exit {
	ctx, cancel := context.WithTimeout(ctx, w.grace)
	defer cancel()
	defer w.session.close()
	if w.info.Capabilities.Has(HandlesWorkerTerminate) {
		sent := make(chan error, 1)
		go func() { // it ends with the session at the latest
			sent <- w.session.send(&funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_WorkerTerminate{
				WorkerTerminate: &funcrpc.WorkerTerminate{GracePeriod: durationpb.New(w.grace)},
			}})
		}()
		var err error
		select {
		case err = <-sent:
		case <-ctx.Done(): // it does not read
		}
		if err == nil {
			select {
			case <-w.proc.Exited():
				return exitOf(w.proc.Exit())
			case <-ctx.Done():
				return exitOf(w.proc.Kill())
			}
		}
	}
	select {
	case <-w.session.lost: // it hung up, so it may be ending: how is worth knowing
		select {
		case <-w.proc.Exited():
			return exitOf(w.proc.Exit())
		case <-time.After(hungUpPatience):
		}
	default:
	}
	return exitOf(w.proc.Stop(ctx))
}

// hungUpPatience is how long a worker that hung up may take to end by itself.
const hungUpPatience = 250 * time.Millisecond
