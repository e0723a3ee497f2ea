package functions

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"runtime"
	"strconv"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// handle answers one message of the host. It runs on the goroutine that reads
// the stream, so nothing here waits for a handler.
func (w *worker) handle(m *funcrpc.StreamingMessage) {
	switch c := m.Content.(type) {
	case *funcrpc.StreamingMessage_InvocationRequest:
		w.invoke(m.RequestId, c.InvocationRequest)
	case *funcrpc.StreamingMessage_InvocationCancel:
		w.cancel(c.InvocationCancel)
	case *funcrpc.StreamingMessage_WorkerInitRequest:
		w.send(m.RequestId, &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_WorkerInitResponse{WorkerInitResponse: &funcrpc.WorkerInitResponse{
			Capabilities: w.http.capabilities(), WorkerMetadata: workerMetadata(), Result: success(),
		}}})
	case *funcrpc.StreamingMessage_FunctionsMetadataRequest:
		w.send(m.RequestId, &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionMetadataResponse{FunctionMetadataResponse: w.app.metadata()}})
	case *funcrpc.StreamingMessage_FunctionLoadRequest:
		w.send(m.RequestId, &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionLoadResponse{FunctionLoadResponse: w.load(c.FunctionLoadRequest)}})
	case *funcrpc.StreamingMessage_FunctionLoadRequestCollection:
		out := &funcrpc.FunctionLoadResponseCollection{}
		for _, r := range c.FunctionLoadRequestCollection.FunctionLoadRequests {
			out.FunctionLoadResponses = append(out.FunctionLoadResponses, w.load(r))
		}
		w.send(m.RequestId, &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionLoadResponseCollection{FunctionLoadResponseCollection: out}})
	case *funcrpc.StreamingMessage_WorkerStatusRequest:
		w.send(m.RequestId, &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_WorkerStatusResponse{WorkerStatusResponse: &funcrpc.WorkerStatusResponse{}}})
	case *funcrpc.StreamingMessage_WorkerWarmupRequest:
		w.send(m.RequestId, &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_WorkerWarmupResponse{WorkerWarmupResponse: &funcrpc.WorkerWarmupResponse{Result: success()}}})
	case *funcrpc.StreamingMessage_FunctionEnvironmentReloadRequest:
		w.send(m.RequestId, &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionEnvironmentReloadResponse{FunctionEnvironmentReloadResponse: w.reload(c.FunctionEnvironmentReloadRequest)}})
	default:
		w.log.Debug("message of the functions host has no meaning for this worker", "type", fmt.Sprintf("%T", c))
	}
}

// capabilities tells the host how this worker likes its data: binary bodies
// as bytes, lists as typed collections, header maps that tell empty from
// absent, requests once and not again in the metadata.
func capabilities() map[string]string {
	out := map[string]string{}
	for _, name := range []string{
		"RawHttpBodyBytes", "RpcHttpBodyOnly", "RpcHttpTriggerMetadataRemoved",
		"TypedDataCollection", "IncludeEmptyEntriesInMessagePayload",
		"UseNullableValueDictionaryForHttp", "SupportsLoadResponseCollection",
		"HandlesInvocationCancelMessage", "HandlesWorkerTerminateMessage",
		"HandlesWorkerWarmupMessage", "WorkerStatus", "EnableUserCodeException",
	} {
		out[name] = "true"
	}
	return out
}

func workerMetadata() *funcrpc.WorkerMetadata {
	return &funcrpc.WorkerMetadata{
		RuntimeName: "go", RuntimeVersion: runtime.Version(),
		WorkerVersion: "1", WorkerBitness: strconv.Itoa(strconv.IntSize),
		CustomProperties: map[string]string{"os": runtime.GOOS, "arch": runtime.GOARCH},
	}
}

func success() *funcrpc.StatusResult {
	return &funcrpc.StatusResult{Status: funcrpc.StatusResult_Success}
}

// metadata lists the app's functions for the host.
func (a *App) metadata() *funcrpc.FunctionMetadataResponse {
	out := &funcrpc.FunctionMetadataResponse{Result: success()}
	for _, f := range a.functions {
		m := &funcrpc.RpcFunctionMetadata{
			Name: f.name, FunctionId: f.id, Language: "go", EntryPoint: f.name, Status: success(), RetryOptions: f.retry.rpc(),
		}
		m.Properties = maps.Clone(f.properties)
		if f.trigger.kind() == "httpTrigger" && !f.streams() {
			if m.Properties == nil {
				m.Properties = map[string]string{}
			}
			m.Properties[bufferedProperty] = "true"
		}
		for _, b := range f.bindings("$return") {
			raw, err := json.Marshal(b)
			if err != nil {
				m.Status = status(context.Background(), err)
			}
			m.RawBindings = append(m.RawBindings, string(raw))
		}
		out.FunctionMetadataResults = append(out.FunctionMetadataResults, m)
	}
	return out
}

// bindings lists a function's bindings, ready for encoding as JSON. Deployed
// as a custom handler, a function has another name for its HTTP response.
func (f *function) bindings(response string) []any {
	out := []any{f.trigger.binding()}
	if f.trigger.kind() == "httpTrigger" {
		out = append(out, httpReturn(response))
	}
	for _, b := range f.bound {
		out = append(out, b.binding(b.name))
	}
	return out
}

// load prepares a function, found by the id we gave it or by its name.
func (w *worker) load(r *funcrpc.FunctionLoadRequest) *funcrpc.FunctionLoadResponse {
	resp := &funcrpc.FunctionLoadResponse{FunctionId: r.FunctionId, Result: success()}
	f := w.app.function(r.Metadata.GetName())
	for _, candidate := range w.app.functions {
		if candidate.id == r.FunctionId {
			f = candidate
		}
	}
	if f == nil {
		resp.Result = status(context.Background(), fmt.Errorf("this app has no function %s", quote(r.Metadata.GetName())))
		return resp
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loaded[r.FunctionId] = f
	return resp
}

// reload takes over settings that a host hands to a worker it started early.
func (w *worker) reload(r *funcrpc.FunctionEnvironmentReloadRequest) *funcrpc.FunctionEnvironmentReloadResponse {
	resp := &funcrpc.FunctionEnvironmentReloadResponse{
		Capabilities: w.http.capabilities(), WorkerMetadata: workerMetadata(), Result: success(),
	}
	for name, value := range r.EnvironmentVariables {
		if err := os.Setenv(name, value); err != nil {
			resp.Result = status(context.Background(), err)
			return resp
		}
	}
	if r.FunctionAppDirectory != "" {
		if err := os.Chdir(r.FunctionAppDirectory); err != nil {
			resp.Result = status(context.Background(), err)
		}
	}
	return resp
}

// invoke starts one invocation on a goroutine of its own.
func (w *worker) invoke(requestID string, req *funcrpc.InvocationRequest) {
	f, err := w.admit(req.FunctionId)
	if err != nil {
		w.respond(requestID, &funcrpc.InvocationResponse{InvocationId: req.InvocationId, Result: status(w.base, err)})
		return
	}
	ctx, cancel := context.WithCancelCause(w.base)
	w.mu.Lock()
	w.cancels[req.InvocationId] = cancel
	w.mu.Unlock()
	go func() {
		defer w.running.Done()
		if w.forwarded(f, req) {
			w.respond(requestID, w.runForwarded(ctx, cancel, f, req))
		} else {
			w.respond(requestID, newCall(f, req, w.sink).run(ctx))
		}
		w.mu.Lock()
		delete(w.cancels, req.InvocationId)
		w.mu.Unlock()
		cancel(context.Canceled)
	}()
}

// admit finds a loaded function and counts one more running invocation.
func (w *worker) admit(functionID string) (*function, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.loaded[functionID]
	switch {
	case f == nil:
		return nil, fmt.Errorf("function id %s was not loaded", quote(functionID))
	case w.draining:
		return nil, ErrStopping
	}
	w.running.Add(1)
	return f, nil
}

// cancel ends a handler's context. A host that gives up on an invocation that it told
// of by HTTP alone asks, by a grace period, for an answer in any case: it cannot know
// whether the request arrived, or its response was on the way.
func (w *worker) cancel(c *funcrpc.InvocationCancel) {
	w.mu.Lock()
	cancel := w.cancels[c.InvocationId]
	if cancel != nil {
		cancel(ErrCancelled)
	}
	w.mu.Unlock()
	if cancel == nil && c.GracePeriod != nil {
		w.respond("", &funcrpc.InvocationResponse{InvocationId: c.InvocationId, Result: &funcrpc.StatusResult{Status: funcrpc.StatusResult_Cancelled}})
	}
}

// sink queues a log record; since the response is queued after the handler
// returned, everything it logged reaches the host before.
func (w *worker) sink(record *funcrpc.RpcLog) {
	w.send("", &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_RpcLog{RpcLog: record}})
}

func (w *worker) respond(requestID string, resp *funcrpc.InvocationResponse) {
	w.send(requestID, &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_InvocationResponse{InvocationResponse: resp}})
}
