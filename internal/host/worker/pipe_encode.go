package worker

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// encodeMessage is what the host says, as it travels on a pipe.
func encodeMessage(s *funcrpc.StreamingMessage) (*pipeMessage, error) {
	switch c := s.GetContent().(type) {
	case *funcrpc.StreamingMessage_InvocationRequest:
		return encodeInvocation(c.InvocationRequest), nil
	case *funcrpc.StreamingMessage_InvocationCancel:
		return &pipeMessage{Verb: "cancel", ID: c.InvocationCancel.GetInvocationId()}, nil
	case *funcrpc.StreamingMessage_WorkerInitRequest:
		r := c.WorkerInitRequest
		return &pipeMessage{
			Verb: "init", HostVersion: r.GetHostVersion(), AppDir: r.GetFunctionAppDirectory(),
			WorkerDir: r.GetWorkerDirectory(), Capabilities: r.GetCapabilities(),
		}, nil
	case *funcrpc.StreamingMessage_FunctionsMetadataRequest:
		return &pipeMessage{Verb: "index", AppDir: c.FunctionsMetadataRequest.GetFunctionAppDirectory()}, nil
	case *funcrpc.StreamingMessage_FunctionLoadRequest:
		f := encodeFunction(c.FunctionLoadRequest.GetMetadata())
		f.ID = c.FunctionLoadRequest.GetFunctionId()
		return &pipeMessage{Verb: "load", Function: f}, nil
	case *funcrpc.StreamingMessage_WorkerStatusRequest:
		return &pipeMessage{Verb: "status"}, nil
	case *funcrpc.StreamingMessage_WorkerTerminate:
		return &pipeMessage{Verb: "terminate", Grace: c.WorkerTerminate.GetGracePeriod().AsDuration().Seconds()}, nil
	case *funcrpc.StreamingMessage_FunctionEnvironmentReloadRequest:
		r := c.FunctionEnvironmentReloadRequest
		return &pipeMessage{Verb: "reload", AppDir: r.GetFunctionAppDirectory(), Environment: r.GetEnvironmentVariables()}, nil
	}
	return nil, fault.New(fault.Internal, "worker", "a pipe has no verb for %T", s.GetContent())
}

func encodeInvocation(r *funcrpc.InvocationRequest) *pipeMessage {
	m := &pipeMessage{Verb: "invoke", ID: r.GetInvocationId(), FunctionID: r.GetFunctionId()}
	for _, p := range r.GetInputData() {
		m.Inputs = append(m.Inputs, pipeBound{p.GetName(), m.encode(p.GetData())})
	}
	if len(r.GetTriggerMetadata()) > 0 {
		m.Metadata = make(map[string]*pipeValue, len(r.GetTriggerMetadata()))
		for name, v := range r.GetTriggerMetadata() {
			m.Metadata[name] = m.encode(v)
		}
	}
	if t := r.GetTraceContext(); t != nil {
		m.Trace = &pipeTrace{t.GetTraceParent(), t.GetTraceState(), t.GetAttributes()}
	}
	if c := r.GetRetryContext(); c != nil {
		m.Retry = &pipeRetry{c.GetRetryCount(), c.GetMaxRetryCount(), encodeException(c.GetException())}
	}
	return m
}

func encodeException(e *funcrpc.RpcException) *pipeError {
	if e == nil {
		return nil
	}
	return &pipeError{e.GetMessage(), e.GetType(), e.GetStackTrace(), e.GetSource(), e.GetIsUserException()}
}

func encodeFunction(f *funcrpc.RpcFunctionMetadata) *pipeFunction {
	return &pipeFunction{
		ID: f.GetFunctionId(), Name: f.GetName(), Directory: f.GetDirectory(), ScriptFile: f.GetScriptFile(),
		EntryPoint: f.GetEntryPoint(), Language: f.GetLanguage(), Bindings: f.GetRawBindings(), Properties: f.GetProperties(),
	}
}

// decodeMessage is what a worker said, as the protocol has it.
func decodeMessage(m *pipeMessage) (*funcrpc.StreamingMessage, error) {
	switch m.Verb {
	case "invoke":
		return decodeInvocation(m)
	case "log":
		return decodeLog(m.Log)
	case "init":
		r := &funcrpc.WorkerInitResponse{Capabilities: m.Capabilities, Result: m.result()}
		if v := m.Runtime; v != nil {
			r.WorkerMetadata = &funcrpc.WorkerMetadata{RuntimeName: v.Name, RuntimeVersion: v.Version, WorkerVersion: v.Worker}
		}
		return &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_WorkerInitResponse{WorkerInitResponse: r}}, nil
	case "index":
		return decodeIndex(m)
	case "load":
		return &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionLoadResponse{
			FunctionLoadResponse: &funcrpc.FunctionLoadResponse{FunctionId: m.ID, Result: m.result()},
		}}, nil
	case "status":
		return &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_WorkerStatusResponse{WorkerStatusResponse: &funcrpc.WorkerStatusResponse{}}}, nil
	case "reload":
		return &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionEnvironmentReloadResponse{
			FunctionEnvironmentReloadResponse: &funcrpc.FunctionEnvironmentReloadResponse{Result: m.result(), Capabilities: m.Capabilities},
		}}, nil
	}
	return nil, fault.New(fault.Invalid, "worker", "it said %q, which no worker says", clip([]byte(m.Verb)))
}

// statuses are the protocol's by their names on the pipe; a message without one
// is judged by whether it has an error.
var statuses = map[string]funcrpc.StatusResult_Status{
	"ok": funcrpc.StatusResult_Success, "failed": funcrpc.StatusResult_Failure, "cancelled": funcrpc.StatusResult_Cancelled,
}

func (m *pipeMessage) result() *funcrpc.StatusResult {
	r := &funcrpc.StatusResult{Status: funcrpc.StatusResult_Success, Exception: decodeException(m.Error)}
	if m.Error != nil {
		r.Status = funcrpc.StatusResult_Failure
	}
	return r
}

func decodeException(e *pipeError) *funcrpc.RpcException {
	if e == nil {
		return nil
	}
	return &funcrpc.RpcException{Message: e.Message, Type: e.Type, StackTrace: e.Stack, Source: e.Source, IsUserException: e.User}
}

func decodeInvocation(m *pipeMessage) (*funcrpc.StreamingMessage, error) {
	r := &funcrpc.InvocationResponse{InvocationId: m.ID}
	if status, ok := statuses[m.Status]; ok {
		r.Result = &funcrpc.StatusResult{Status: status, Exception: decodeException(m.Error)}
	}
	err := func() (err error) {
		if r.ReturnValue, err = m.decode(m.Return); err != nil {
			return err
		}
		for _, o := range m.Outputs {
			v, err := m.decode(o.Value)
			if err != nil {
				return fmt.Errorf("output %s: %w", o.Name, err)
			}
			r.OutputData = append(r.OutputData, &funcrpc.ParameterBinding{Name: o.Name, RpcData: &funcrpc.ParameterBinding_Data{Data: v}})
		}
		return nil
	}()
	if err != nil { // it is the one invocation's failure, not the worker's
		r.Result = &funcrpc.StatusResult{Status: funcrpc.StatusResult_Failure, Exception: &funcrpc.RpcException{Message: err.Error()}}
		r.ReturnValue, r.OutputData = nil, nil
	}
	return &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_InvocationResponse{InvocationResponse: r}}, nil
}

func decodeIndex(m *pipeMessage) (*funcrpc.StreamingMessage, error) {
	r := &funcrpc.FunctionMetadataResponse{Result: m.result(), UseDefaultMetadataIndexing: m.UseFiles}
	for _, f := range m.Functions {
		if f == nil {
			return nil, fault.New(fault.Invalid, "worker", "it reported a function that is null")
		}
		out := &funcrpc.RpcFunctionMetadata{
			Name: f.Name, FunctionId: f.ID, Directory: f.Directory, ScriptFile: f.ScriptFile, EntryPoint: f.EntryPoint,
			Language: f.Language, RawBindings: f.Bindings, Properties: f.Properties, RetryOptions: f.Retry.decode(),
		}
		if f.Error != nil {
			out.Status = &funcrpc.StatusResult{Status: funcrpc.StatusResult_Failure, Exception: decodeException(f.Error)}
		}
		r.FunctionMetadataResults = append(r.FunctionMetadataResults, out)
	}
	return &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionMetadataResponse{FunctionMetadataResponse: r}}, nil
}

func (r *pipeRetryRule) decode() *funcrpc.RpcRetryOptions {
	if r == nil {
		return nil
	}
	out := &funcrpc.RpcRetryOptions{MaxRetryCount: r.Max}
	if r.Strategy == "fixed" {
		out.RetryStrategy, out.DelayInterval = funcrpc.RpcRetryOptions_fixed_delay, seconds(r.Delay)
		return out
	}
	out.MinimumInterval, out.MaximumInterval = seconds(r.Least), seconds(r.Most)
	return out
}

func seconds(s float64) *durationpb.Duration {
	s = max(-math.MaxInt32, min(s, math.MaxInt32)) // 68 years
	whole := int64(s)
	return &durationpb.Duration{Seconds: whole, Nanos: int32((s - float64(whole)) * 1e9)}
}

// logLevels are the protocol's by their names on the pipe.
var logLevels = map[string]funcrpc.RpcLog_Level{
	"trace": funcrpc.RpcLog_Trace, "debug": funcrpc.RpcLog_Debug, "information": funcrpc.RpcLog_Information,
	"warning": funcrpc.RpcLog_Warning, "error": funcrpc.RpcLog_Error, "critical": funcrpc.RpcLog_Critical, "none": funcrpc.RpcLog_None,
}

func decodeLog(l *pipeLog) (*funcrpc.StreamingMessage, error) {
	if l == nil {
		return nil, fault.New(fault.Invalid, "worker", "it sent a log that says nothing")
	}
	level, ok := logLevels[l.Level]
	if !ok {
		level = funcrpc.RpcLog_Information
	}
	out := &funcrpc.RpcLog{
		InvocationId: l.Invocation, Category: l.Category, Level: level, Message: l.Message,
		Exception: decodeException(l.Exception), Properties: l.Properties, LogCategory: funcrpc.RpcLog_User,
	}
	if l.System {
		out.LogCategory = funcrpc.RpcLog_System
	}
	return &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_RpcLog{RpcLog: out}}, nil
}
