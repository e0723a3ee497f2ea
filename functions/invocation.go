package functions

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/funcrpc"
)

// Invocation describes the run of a function that a context belongs to.
type Invocation struct {
	ID       string // the host's id of this run; each retry has its own
	Function string // the function's name

	// TraceParent and TraceState are the W3C trace context of the run, or empty.
	TraceParent, TraceState string

	// Retry is 0 on the first attempt and counts up from there; MaxRetries is
	// the policy's limit, RetryForever, or 0 without a policy.
	Retry, MaxRetries int
}

// FromContext returns the invocation that ctx belongs to; ok is false outside
// a handler.
func FromContext(ctx context.Context) (_ Invocation, ok bool) {
	c := callOf(ctx)
	if c == nil {
		return Invocation{}, false
	}
	return c.Invocation, true
}

// ErrCancelled is the [context.Cause] of a handler's context when the host
// cancelled the invocation.
var ErrCancelled = errors.New("the host cancelled the invocation")

// ErrStopping is the [context.Cause] of a handler's context when the app is
// stopping and the time it was given to finish is over.
var ErrStopping = errors.New("the function app is stopping")

// call is one invocation on its way through a handler.
type call struct {
	Invocation
	fn      *function
	request *funcrpc.InvocationRequest
	log     logSink
	logName string // category of its log records

	// exchange is the request and response of an HTTP function that the host
	// forwarded to, else nil.
	exchange *exchange

	// answer is what an HTTP function responded. Only the handler's goroutine
	// touches it.
	answer *funcrpc.RpcHttp

	mu   sync.Mutex // guards what follows
	done bool       // the handler has returned: outputs are closed
	docs []*documentList
	err  error // the first output that could not be encoded
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

func newCall(f *function, req *funcrpc.InvocationRequest, log logSink) *call {
	c := &call{fn: f, request: req, log: log, logName: "Function." + f.name + ".User", docs: make([]*documentList, len(f.outputs))}
	c.Invocation = Invocation{
		ID:          req.InvocationId,
		Function:    f.name,
		TraceParent: req.TraceContext.GetTraceParent(),
		TraceState:  req.TraceContext.GetTraceState(),
		Retry:       int(req.RetryContext.GetRetryCount()),
		MaxRetries:  int(req.RetryContext.GetMaxRetryCount()),
	}
	return c
}

// run calls the handler and returns the response for the host. It never
// panics: a panic in the handler is a failure with its stack.
func (c *call) run(ctx context.Context) *funcrpc.InvocationResponse {
	err := c.invoke(context.WithValue(ctx, callKey{}, c))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = true
	if err == nil {
		err = c.err
	}
	resp := &funcrpc.InvocationResponse{InvocationId: c.ID, Result: status(ctx, err)}
	if err != nil {
		return resp
	}
	if c.answer != nil {
		resp.ReturnValue = &funcrpc.TypedData{Data: &funcrpc.TypedData_Http{Http: c.answer}}
	}
	for i, list := range c.docs {
		if list == nil {
			continue
		}
		resp.OutputData = append(resp.OutputData, &funcrpc.ParameterBinding{
			Name:    outputName(i),
			RpcData: &funcrpc.ParameterBinding_Data{Data: jsonData(list.json())},
		})
	}
	return resp
}

func (c *call) invoke(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{value: v, stack: string(debug.Stack())}
		}
	}()
	return c.fn.trigger.invoke(ctx, c)
}

// emitReturned hands the documents that a handler returned to the function's
// first output.
func (c *call) emitReturned(docs Documents) error {
	if len(docs) == 0 {
		return nil
	}
	if len(c.fn.outputs) == 0 {
		return fmt.Errorf("the handler returned %d documents, but function %s has no output: register it with a CosmosOutput", len(docs), c.fn.name)
	}
	return c.emit(c.fn.outputs[0], docs)
}

func (c *call) emit(o *Output, docs []any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done {
		return fmt.Errorf("functions: Output.Add after function %s returned", c.fn.name)
	}
	for i, own := range c.fn.outputs {
		if own == o {
			return c.encode(i, docs)
		}
	}
	return fmt.Errorf("functions: function %s is not registered with the output %s", c.fn.name, o.target())
}

func (c *call) encode(i int, docs []any) error {
	if len(docs) == 0 || c.err != nil {
		return c.err
	}
	if c.docs[i] == nil {
		c.docs[i] = &documentList{anyValue: c.fn.outputs[i].toHub}
	}
	c.docs[i].grow(docs)
	for _, doc := range docs {
		if err := c.docs[i].add(doc); err != nil {
			c.err = fmt.Errorf("output %s: %w", c.fn.outputs[i].target(), err)
			return c.err
		}
	}
	return nil
}

// panicError is a handler's panic as an error.
type panicError struct {
	value any
	stack string
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// status says how an invocation ended. An error after the host's own
// cancellation is a cancellation.
func status(ctx context.Context, err error) *funcrpc.StatusResult {
	if err == nil {
		return &funcrpc.StatusResult{Status: funcrpc.StatusResult_Success}
	}
	s := &funcrpc.StatusResult{
		Status: funcrpc.StatusResult_Failure,
		Exception: &funcrpc.RpcException{
			Message:         strings.ToValidUTF8(err.Error(), "\uFFFD"),
			Type:            fmt.Sprintf("%T", err),
			IsUserException: true,
		},
	}
	var p *panicError
	if errors.As(err, &p) {
		s.Exception.Type, s.Exception.StackTrace = "panic", strings.ToValidUTF8(p.stack, "\uFFFD")
	}
	if errors.Is(context.Cause(ctx), ErrCancelled) && errors.Is(err, context.Canceled) {
		s.Status = funcrpc.StatusResult_Cancelled
	}
	return s
}
