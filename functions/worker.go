package functions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/experimental"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

const (
	// maxMessage is what hosts tell workers to allow: a batch may be large.
	maxMessage = math.MaxInt32
	// queueLength bounds the messages that wait for the stream; a handler that
	// logs faster than the host reads waits in its log call.
	queueLength = 1024
	// stopGrace is how long invocations may go on when SIGTERM or the loss of
	// the host, rather than the host's own request, ends the app.
	stopGrace = 5 * time.Second
	// goodbye is how long the worker waits for the host to end the stream.
	goodbye = 2 * time.Second
	// abandonAfter is how long Run waits for handlers that ignore their
	// cancelled contexts.
	abandonAfter = time.Second
)

// runWorker is the app as a FunctionRpc worker.
func (a *App) runWorker(ctx context.Context, host hostAddress) error {
	buffers := &funcrpc.Pool{}
	conn, err := grpc.NewClient("passthrough:///"+host.target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		experimental.WithBufferPool(buffers),
		// HTTP/2's default window of 64 KiB would make a batch wait for
		// several round trips of window updates.
		grpc.WithInitialWindowSize(8<<20), grpc.WithInitialConnWindowSize(16<<20),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(funcrpc.NewCodec(buffers)),
			grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)))
	if err != nil {
		return fmt.Errorf("functions host %s: %w", host.target, err)
	}
	err = a.serve(ctx, funcrpc.NewFunctionRpcClient(conn), host)
	return errors.Join(err, conn.Close())
}

// worker is one conversation with a host. One goroutine reads the stream, one
// writes it, and each invocation has its own.
type worker struct {
	app  *App
	log  *slog.Logger
	host hostAddress
	http *httpSide // nil: no function takes forwarded requests

	out     chan *funcrpc.StreamingMessage
	finish  chan struct{} // closed: write what is queued, then close the stream
	written chan struct{} // closed: the writer is gone, further messages are dropped

	base context.Context // parent of every handler's context; ends with ErrStopping
	stop context.CancelCauseFunc

	running sync.WaitGroup

	mu       sync.Mutex // guards what follows
	loaded   map[string]*function
	cancels  map[string]context.CancelCauseFunc // by invocation id
	draining bool
}

// serve talks to the host until it ends the conversation or ctx does.
func (a *App) serve(ctx context.Context, client funcrpc.FunctionRpcClient, host hostAddress) error {
	forwarded, err := a.openHTTP(ctx)
	if err != nil {
		return fmt.Errorf("listen for forwarded requests: %w", err)
	}
	defer func() { _ = forwarded.close() }() // what it cut off was being abandoned
	// The stream outlives ctx, because running invocations report on it.
	streamCtx, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	stream, err := client.EventStream(streamCtx, grpc.WaitForReady(false))
	if err != nil {
		return fmt.Errorf("functions host %s: %w", host.target, err)
	}
	w := &worker{
		app: a, log: slog.Default(), host: host, http: forwarded,
		out:     make(chan *funcrpc.StreamingMessage, queueLength),
		finish:  make(chan struct{}),
		written: make(chan struct{}),
		loaded:  map[string]*function{},
		cancels: map[string]context.CancelCauseFunc{},
	}
	w.base, w.stop = context.WithCancelCause(context.WithoutCancel(ctx))
	defer w.stop(ErrStopping)
	if forwarded != nil {
		forwarded.worker.Store(w)
	}

	w.send("", &funcrpc.StreamingMessage{RequestId: host.request, Content: &funcrpc.StreamingMessage_StartStream{
		StartStream: &funcrpc.StartStream{WorkerId: host.workerID},
	}})
	writeErr := make(chan error, 1)
	go func() { writeErr <- w.write(stream) }()
	ends := make(chan ending, 2)
	go func() { defer close(ends); w.read(stream, ends) }()

	end := ending{orderly: true, grace: stopGrace}
	select {
	case end = <-ends:
	case <-ctx.Done():
	}
	drainErr := w.drain(end.grace)
	close(w.finish)
	err = <-writeErr
	// Hanging up throws away what gRPC has not written yet, so the host gets
	// the time to read the last responses and to end the stream itself.
	last := time.AfterFunc(goodbye, hangUp)
	defer last.Stop()
	for range ends { // until the reader is gone
	}
	if end.orderly {
		return errors.Join(drainErr, err)
	}
	return errors.Join(fmt.Errorf("functions host %s ended the conversation: %w", host.target, end.err), drainErr)
}

// ending is why a conversation is over.
type ending struct {
	orderly bool
	grace   time.Duration
	err     error
}

// read handles messages until the stream ends. The host's wish to end the
// worker is only reported: cancellations may still come.
func (w *worker) read(stream funcrpc.FunctionRpc_EventStreamClient, ends chan<- ending) {
	asked := false
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		switch {
		case err != nil:
			ends <- ending{err: err}
			return
		case m.GetWorkerTerminate() == nil:
			w.handle(m)
		case !asked:
			asked = true
			ends <- ending{orderly: true, grace: grace(m.GetWorkerTerminate())}
		}
	}
}

func grace(t *funcrpc.WorkerTerminate) time.Duration {
	if t.GracePeriod == nil {
		return stopGrace
	}
	return t.GracePeriod.AsDuration()
}

// write sends queued messages in order until finish is closed.
func (w *worker) write(stream funcrpc.FunctionRpc_EventStreamClient) error {
	defer close(w.written)
	for {
		select {
		case m := <-w.out:
			if err := stream.Send(m); err != nil {
				return fmt.Errorf("functions host %s: %w", w.host.target, err)
			}
		case <-w.finish:
			return w.flush(stream)
		}
	}
}

func (w *worker) flush(stream funcrpc.FunctionRpc_EventStreamClient) error {
	for {
		select {
		case m := <-w.out:
			if err := stream.Send(m); err != nil {
				return fmt.Errorf("functions host %s: %w", w.host.target, err)
			}
		default:
			return stream.CloseSend()
		}
	}
}

// send queues a message behind all earlier ones. A request id given replaces
// the message's.
func (w *worker) send(requestID string, m *funcrpc.StreamingMessage) {
	if requestID != "" {
		m.RequestId = requestID
	}
	select {
	case w.out <- m:
	case <-w.written:
	}
}

// drain lets running invocations finish within the grace period, then cancels
// them. It returns an error that names the functions which did not end.
func (w *worker) drain(grace time.Duration) error {
	w.mu.Lock()
	w.draining = true
	w.mu.Unlock()
	idle := make(chan struct{})
	go func() { w.running.Wait(); close(idle) }()
	for _, wait := range []time.Duration{grace, abandonAfter} {
		t := time.NewTimer(wait)
		select {
		case <-idle:
			t.Stop()
			return nil
		case <-t.C:
			w.stop(ErrStopping)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var ids []string
	for id := range w.cancels {
		ids = append(ids, id)
	}
	return fmt.Errorf("functions: %d invocations ignored their cancelled context: %s", len(ids), strings.Join(ids, ", "))
}
