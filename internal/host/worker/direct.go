package worker

import (
	"context"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// DirectHTTP is the capability of a worker that is told of an invocation by the
// HTTP request alone, which spares the other leg. Its value is what the host proves
// itself with. It answers over the protocol unless the response's head says that all
// is over, as it can for a function that succeeded, logged nothing and wrote little.
//
// Our own Go library has it; the headers are those below.
const DirectHTTP = "LazuliDirectHttp"

// Headers of requests to a worker with DirectHTTP, and of its responses.
const (
	DirectToken    = "X-Lazuli-Token"    // the value of DirectHTTP
	DirectFunction = "X-Lazuli-Function" // id under which it was loaded
	DirectTrace    = "X-Lazuli-Trace"    // W3C trace context of the invocation
	DirectParams   = "X-Lazuli-Params"   // route values, as a query; left out when there are none
	DirectEnded    = "X-Lazuli-Ended"    // of a response: the invocation has succeeded
)

// Direct is a worker that can have DirectHTTP.
type Direct interface {
	// Expect announces an invocation that the worker is told of by HTTP. It returns
	// ErrNotAsked when the worker is gone.
	Expect(id string) (*Expected, error)
}

// Expected is an invocation that a worker may answer over the protocol.
type Expected struct {
	s  *session
	id string
	ch <-chan *funcrpc.InvocationResponse
}

// Expect implements Direct.
func (w *rpcWorker) Expect(id string) (*Expected, error) {
	ch, err := w.session.expect(id)
	if err != nil {
		return nil, err
	}
	return &Expected{w.session, id, ch}, nil
}

// Forget says that no answer is to come.
func (e *Expected) Forget() { e.s.abandon(e.id) }

// Wait waits for the answer, as Worker's Invoke does. Once giveUp is closed the worker
// answers also when it does not know the invocation, or has ended it: the grace period
// of the cancellation, which has no other use, asks for that.
func (e *Expected) Wait(ctx context.Context, giveUp <-chan struct{}) (*funcrpc.InvocationResponse, error) {
	return e.s.outcome(ctx, &funcrpc.InvocationCancel{InvocationId: e.id, GracePeriod: &durationpb.Duration{}}, e.ch, giveUp, true)
}
