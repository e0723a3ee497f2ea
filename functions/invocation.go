package functions

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
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
	// http is the same where there is no host between, else nil.
	http *HTTPExchange

	mu   sync.Mutex   // guards what follows
	done bool         // the handler has returned: outputs are closed
	out  []collection // by output; nil, or with nils, where nothing came yet
	err  error        // the first value that could not be encoded
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

func newCall(f *function, req *funcrpc.InvocationRequest, log logSink) *call {
	c := &call{fn: f, request: req, log: log, logName: "Function." + f.name + ".User"}
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
	answer, err := c.invoke(context.WithValue(ctx, callKey{}, c))
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
	if answer != nil {
		resp.ReturnValue = &funcrpc.TypedData{Data: &funcrpc.TypedData_Http{Http: answer}}
	}
	for i, values := range c.out {
		if values == nil {
			continue
		}
		if data := values.data(); data != nil {
			resp.OutputData = append(resp.OutputData, &funcrpc.ParameterBinding{
				Name:    numbered("output", i+1),
				RpcData: &funcrpc.ParameterBinding_Data{Data: data},
			})
		}
	}
	return resp
}

// invoke takes the request through the middleware to the handler. answer is
// what an HTTP function responded, where the host wants it whole.
func (c *call) invoke(ctx context.Context) (answer *funcrpc.RpcHttp, err error) {
	defer recovered(&err)
	in, err := c.fn.trigger.decode(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := c.fn.handler()(ctx, in); err != nil {
		return nil, err
	}
	if x, ok := in.(HTTPExchange); ok {
		if w, ok := x.Response.(*responseBuffer); ok {
			return w.rpc()
		}
	}
	return nil, nil
}

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
	var p *PanicError
	if errors.As(err, &p) {
		s.Exception.Type, s.Exception.StackTrace = "panic", strings.ToValidUTF8(string(p.Stack), "\uFFFD")
	}
	if errors.Is(context.Cause(ctx), ErrCancelled) && errors.Is(err, context.Canceled) {
		s.Status = funcrpc.StatusResult_Cancelled
	}
	return s
}
