package host

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/tracecontext"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// invoker runs one function for its trigger.
type invoker struct {
	h *Host
	f *function
}

// Invoke applies the retry policy, the circuit breaker and the place for what the
// function failed on. ctx is the trigger's: once it ends no attempt begins, but one that
// has begun goes on (see Host.abort).
//
// While the breaker is open a batch that a trigger holds is not given up: it waits for
// its turn as a probe, and these attempts do not count.
func (i *invoker) Invoke(ctx context.Context, c trigger.Call) error {
	policy := i.f.decl.Retry
	if c.Settles {
		policy = nil // the queue's own rule counts, as in Azure
	}
	var last error
	for retry, runs, probes := 0, 1, 0; ; runs++ {
		pass, err := i.f.enter(ctx)
		if err != nil {
			return errors.Join(trigger.ErrCancelled, last)
		}
		a := attempt{call: c, retry: retry}
		if policy != nil {
			a.context = retryContext(retry, policy.Max, last)
		}
		_, last = i.h.attempt(ctx, i.f, a)
		if errors.Is(last, trigger.ErrCancelled) {
			pass.Return()
			return last
		}
		pass.Done(last)
		if pass.Probe() {
			probes++
		}
		switch {
		case last == nil:
			return nil
		case !c.Settles && i.f.holds(probes):
			continue
		case policy == nil || !policy.Allows(retry):
			return i.setAside(ctx, c, last, runs)
		}
		select {
		case <-time.After(policy.Wait(retry)):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", trigger.ErrCancelled, last)
		}
		retry++
	}
}

// retryContext tells the function which attempt it is in; the first has no
// exception.
func retryContext(retry, most int, last error) *funcrpc.RetryContext {
	c := &funcrpc.RetryContext{RetryCount: int32(retry), MaxRetryCount: int32(most)}
	if last != nil {
		c.Exception = &funcrpc.RpcException{Message: last.Error()}
	}
	return c
}

// attempt is one run of a function.
type attempt struct {
	call    trigger.Call
	retry   int
	context *funcrpc.RetryContext
	// onStart is called with the invocation id before the worker is asked.
	onStart func(id string)
	// leg is the request that the worker gets by HTTP, or nil.
	leg *httpLeg
	// direct asks the worker by that request alone; nil asks over the protocol.
	direct func(ctx context.Context, id, functionID, trace string) (*funcrpc.InvocationResponse, error)
	// on is the worker that is held for it; nil takes the one that runs.
	on *worker.Seat
	// giveUp is closed when nobody waits for the result any more; may be nil.
	giveUp <-chan struct{}
}

// FunctionError is a failure that the function itself reported.
type FunctionError struct {
	Message string
	Type    string // of the error in the function's language, "panic", or ""
	Stack   string // may be ""
}

// Error returns the function's message.
func (e *FunctionError) Error() string { return e.Message }

// errTimeout is the cause of a context that ran out of the function's time.
var errTimeout = errors.New("function timeout")

// attempt runs a function once and writes its outputs.
func (h *Host) attempt(ctx context.Context, f *function, a attempt) (*funcrpc.InvocationResponse, error) {
	pool, w := h.crews.of(f), a.on
	if w == nil {
		var err error
		if w, err = pool.Acquire(ctx); err != nil {
			return nil, fmt.Errorf("%w: %w", trigger.ErrCancelled, err)
		}
		defer func() { w.Release() }()
	}
	id, trace := uuid.New(), tracecontext.Child(a.call.TraceParent)
	begun := time.Now()
	h.running.start(id, f.decl.Name)
	defer h.running.end(id)
	if a.onStart != nil {
		a.onStart(id)
	}
	h.emit(InvocationStarted{
		Function: f.decl.Name, ID: id, Reason: a.call.Reason, Details: a.call.Details,
		Items: a.call.Items, Retry: a.retry, TraceParent: trace, Caller: a.call.TraceParent, At: begun,
		Source: f.source, Links: a.call.Links,
	})
	done := InvocationFinished{Function: f.decl.Name, ID: id, Items: a.call.Items, Input: Input{leg: a.leg}}
	if a.leg == nil {
		done.Input.data = a.call.Data(w.Info().Capabilities)
	}
	resp, err := h.ask(ctx, w, f, id, trace, a, done.Input.data)
	for a.on == nil && errors.Is(err, worker.ErrNotAsked) { // it went between being chosen and being asked
		next, acquired := pool.Acquire(ctx)
		if acquired != nil {
			err = fmt.Errorf("%w: %w", trigger.ErrCancelled, acquired)
			break
		}
		w.Release()
		w = next
		resp, err = h.ask(ctx, w, f, id, trace, a, done.Input.data)
	}
	if err == nil {
		writing := time.Now()
		var out output.Written
		out, err = h.writeOutputs(ctx, f, resp, a.call, underWay{id, trace, begun})
		done.Documents, done.Events = out.Documents, out.Events
		done.Outputs = time.Since(writing)
	}
	done.Err, done.At = err, time.Now()
	done.Duration = done.At.Sub(begun)
	h.answered(f, a, resp, &done)
	h.emit(done)
	return resp, err
}

// legPatience is how long the answer of a forwarded request may take to pass
// here once the function has ended.
const legPatience = 200 * time.Millisecond

// answered notes how an HTTP function answered.
func (h *Host) answered(f *function, a attempt, resp *funcrpc.InvocationResponse, done *InvocationFinished) {
	if f.httpTrigger() == nil {
		return
	}
	if a.leg != nil {
		a.leg.await(legPatience)
		done.Status, done.Answer = a.leg.came()
		return
	}
	if done.Err != nil {
		done.Status = http.StatusInternalServerError
		return
	}
	answer, err := httpOf(responseValue(f, resp), f.http != nil)
	if err != nil {
		return
	}
	if done.Status, err = statusCode(answer.GetStatusCode()); err == nil && done.Status >= http.StatusInternalServerError {
		body, _ := bodyOf(answer.GetBody())
		done.Answer = string(body[:min(len(body), keptAnswer)])
	}
}

// ask sends the request to the worker and judges the answer. A function that
// overruns its time takes its worker down: nothing else ends running code.
func (h *Host) ask(ctx context.Context, w *worker.Seat, f *function, id, trace string, a attempt, data *funcrpc.TypedData) (*funcrpc.InvocationResponse, error) {
	info := w.Info()
	functionID, ok := info.IDs[f.decl.Name]
	if !ok {
		if err := info.LoadErrors[f.decl.Name]; err != nil {
			return nil, err
		}
		return nil, fault.New(fault.NotFound, "function "+f.decl.Name, "the worker no longer has it")
	}
	run, cancel := h.detach(ctx)
	defer cancel()
	if limit := h.setup().config.FunctionTimeout; limit > 0 {
		var stop context.CancelFunc
		run, stop = context.WithTimeoutCause(run, limit, errTimeout)
		defer stop()
	}
	resp, err := h.tell(run, w, f, id, functionID, trace, a, data)
	switch {
	case errors.Is(err, errTimeout):
		reason := fmt.Sprintf("function %s ran longer than %v (functionTimeout in host.json)", f.decl.Name, h.setup().config.FunctionTimeout)
		h.crews.replace(w, reason)
		return nil, fault.New(fault.Unavailable, "", "%s; its worker was restarted", reason)
	case err != nil && h.abort.Err() != nil:
		return nil, fmt.Errorf("%w: %w", trigger.ErrCancelled, err)
	case err != nil:
		return nil, err
	}
	return resp, judge(resp)
}

// tell asks the worker in the way that the attempt has, and waits for its response.
func (h *Host) tell(run context.Context, w *worker.Seat, f *function, id, functionID, trace string, a attempt, data *funcrpc.TypedData) (*funcrpc.InvocationResponse, error) {
	if a.direct != nil {
		return a.direct(run, id, functionID, trace)
	}
	if data == nil {
		data = a.call.Data(w.Info().Capabilities)
	}
	given, err := readInputs(run, f, a.call, data)
	if err != nil {
		return nil, err
	}
	return w.Invoke(run, &funcrpc.InvocationRequest{
		InvocationId:    id,
		FunctionId:      functionID,
		InputData:       given,
		TriggerMetadata: a.call.Metadata,
		TraceContext:    &funcrpc.RpcTraceContext{TraceParent: trace},
		RetryContext:    a.context,
	}, a.giveUp)
}

// readInputs are the trigger's data and what the input bindings read.
func readInputs(ctx context.Context, f *function, c trigger.Call, data *funcrpc.TypedData) ([]*funcrpc.ParameterBinding, error) {
	all := make([]*funcrpc.ParameterBinding, 1, 1+len(f.inputs))
	all[0] = &funcrpc.ParameterBinding{Name: f.trigger.Name, RpcData: &funcrpc.ParameterBinding_Data{Data: data}}
	for _, in := range f.inputs {
		v, err := in.Read(ctx, expr.Values{Function: f.decl.Name, Now: time.Now(), Lookup: c.Values})
		if err != nil {
			return nil, fmt.Errorf("input binding %s: %w", in.name, err)
		}
		all = append(all, &funcrpc.ParameterBinding{Name: in.name, RpcData: &funcrpc.ParameterBinding_Data{Data: v}})
	}
	return all, nil
}

// detach returns a context that outlives ctx, so that stopping lets running
// functions end, but not the time allowed for draining.
func (h *Host) detach(ctx context.Context) (context.Context, context.CancelFunc) {
	run, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(h.abort, func() { cancel(trigger.ErrCancelled) })
	return run, func() {
		stop()
		cancel(nil)
	}
}

// judge turns a response's status into an error. One without a status is
// nonsense and counts as failed.
func judge(r *funcrpc.InvocationResponse) error {
	if r.GetResult() == nil {
		return fault.New(fault.Invalid, "worker", "sent a response without a result")
	}
	switch r.GetResult().GetStatus() {
	case funcrpc.StatusResult_Success:
		return nil
	case funcrpc.StatusResult_Cancelled:
		return &FunctionError{Message: "the function was cancelled"}
	}
	e := r.GetResult().GetException()
	message := e.GetMessage()
	if message == "" {
		message = "the function failed without saying why"
	}
	return &FunctionError{Message: message, Type: e.GetType(), Stack: e.GetStackTrace()}
}

// underWay is an invocation that runs.
type underWay struct {
	id, trace string
	at        time.Time
}

// writeOutputs hands the function's results to its output bindings. Any that
// fails, or an output nobody declared, fails the invocation.
func (h *Host) writeOutputs(ctx context.Context, f *function, r *funcrpc.InvocationResponse, c trigger.Call, of underWay) (output.Written, error) {
	values := map[string]*funcrpc.TypedData{binding.Return: r.GetReturnValue()}
	for _, p := range r.GetOutputData() {
		if f.decl.Binding(p.GetName()) == nil {
			return output.Written{}, fault.New(fault.Invalid, "function "+f.decl.Name, "the worker returned an output %q that the function does not declare", p.GetName())
		}
		values[strings.ToLower(p.GetName())] = p.GetData()
	}
	detached, cancel := h.detach(ctx)
	defer cancel()
	var all output.Written
	for _, o := range f.outputs {
		n, err := h.writeOutput(detached, f, o, values[strings.ToLower(o.name)], c, of)
		all.Documents += n.Documents
		all.Events += n.Events
		if err != nil {
			return all, fmt.Errorf("output binding %s: %w", o.name, err)
		}
	}
	return all, nil
}

// writeOutput hands a result to one output binding, as a call within the invocation.
func (h *Host) writeOutput(ctx context.Context, f *function, o boundOutput, v *funcrpc.TypedData, c trigger.Call, of underWay) (output.Written, error) {
	trace, begun := tracecontext.Child(of.trace), time.Now()
	n, err := o.Write(output.Traced(ctx, trace), v, expr.Values{Function: f.decl.Name, Now: of.at, Lookup: c.Values})
	if n != (output.Written{}) || err != nil {
		h.emit(OutputWritten{
			Function: f.decl.Name, ID: of.id, Binding: o.name, Type: o.kind, Place: o.Place(), TraceParent: trace,
			Written: n, Err: err, Duration: time.Since(begun), At: begun,
		})
	}
	return n, err
}
