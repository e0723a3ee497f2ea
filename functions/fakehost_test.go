package functions

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// fakeHost is the host's side of the protocol: it starts an app as its worker
// over a real gRPC connection, loads every function, and plays invocations.
type fakeHost struct {
	funcrpc.UnimplementedFunctionRpcServer

	t       testing.TB
	stream  funcrpc.FunctionRpc_EventStreamServer
	joined  chan struct{}
	release chan struct{} // closed: EventStream returns
	ended   chan error    // the result of the app's Run

	mu       sync.Mutex // guards what follows, and sending
	logs     []*funcrpc.RpcLog
	replies  map[string]chan *funcrpc.StreamingMessage // by request id
	metadata *funcrpc.FunctionMetadataResponse
	started  *funcrpc.StartStream
	init     *funcrpc.WorkerInitResponse
}

const deadline = 10 * time.Second

// startWorker runs the app against a new fake host until the test ends.
func startWorker(t testing.TB, app *App) *fakeHost {
	t.Helper()
	h := &fakeHost{
		t: t, joined: make(chan struct{}), release: make(chan struct{}), ended: make(chan error, 1),
		replies: map[string]chan *funcrpc.StreamingMessage{},
	}
	l := listen(t)
	srv := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	funcrpc.RegisterFunctionRpcServer(srv, h)
	served := make(chan struct{})
	go func() { defer close(served); _ = srv.Serve(l) }()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		h.ended <- app.runWorker(ctx, hostAddress{target: l.Addr().String(), workerID: "w1", request: "start"})
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-h.ended:
		case <-time.After(deadline):
			t.Error("the worker did not end")
		}
		h.hangUp()
		srv.Stop()
		<-served
	})
	select {
	case <-h.joined:
	case err := <-h.ended:
		h.ended <- err
		t.Fatalf("the worker ended before it joined: %v", err)
	}
	h.handshake()
	return h
}

func (h *fakeHost) hangUp() {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.release:
	default:
		close(h.release)
	}
}

// EventStream reads what the worker says until it or the test hangs up.
func (h *fakeHost) EventStream(stream funcrpc.FunctionRpc_EventStreamServer) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	h.started, h.stream = first.GetStartStream(), stream
	close(h.joined)
	done := make(chan error, 1)
	go func() { done <- h.read(stream) }()
	select {
	case err := <-done:
		return err
	case <-h.release:
		return errors.New("the fake host hung up")
	}
}

func (h *fakeHost) read(stream funcrpc.FunctionRpc_EventStreamServer) error {
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		h.mu.Lock()
		if l := m.GetRpcLog(); l != nil {
			h.logs = append(h.logs, l)
		}
		reply := h.replies[m.RequestId]
		h.mu.Unlock()
		if reply != nil && m.GetRpcLog() == nil {
			reply <- m
		}
	}
}

func (h *fakeHost) handshake() {
	h.init = h.ask("init", &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_WorkerInitRequest{
		WorkerInitRequest: &funcrpc.WorkerInitRequest{HostVersion: "4.0"},
	}}).GetWorkerInitResponse()
	h.metadata = h.ask("metadata", &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionsMetadataRequest{
		FunctionsMetadataRequest: &funcrpc.FunctionsMetadataRequest{},
	}}).GetFunctionMetadataResponse()
	for _, m := range h.metadata.FunctionMetadataResults {
		resp := h.ask("load "+m.Name, &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionLoadRequest{
			FunctionLoadRequest: &funcrpc.FunctionLoadRequest{FunctionId: m.FunctionId, Metadata: m},
		}}).GetFunctionLoadResponse()
		if resp.GetResult().GetStatus() != funcrpc.StatusResult_Success {
			h.t.Fatalf("load %s: %v", m.Name, resp)
		}
	}
}

// post sends a message; the answer to its request id arrives on the channel.
func (h *fakeHost) post(id string, m *funcrpc.StreamingMessage) <-chan *funcrpc.StreamingMessage {
	h.t.Helper()
	m.RequestId = id
	reply := make(chan *funcrpc.StreamingMessage, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.replies[id] = reply
	if err := h.stream.Send(m); err != nil {
		h.t.Fatal(err)
	}
	return reply
}

func (h *fakeHost) await(reply <-chan *funcrpc.StreamingMessage) *funcrpc.StreamingMessage {
	h.t.Helper()
	select {
	case m := <-reply:
		return m
	case <-time.After(deadline):
		h.t.Fatal("the worker did not answer")
		return nil
	}
}

func (h *fakeHost) ask(id string, m *funcrpc.StreamingMessage) *funcrpc.StreamingMessage {
	h.t.Helper()
	return h.await(h.post(id, m))
}

// start begins an invocation; its request id is its invocation id.
func (h *fakeHost) start(name string, req *funcrpc.InvocationRequest) <-chan *funcrpc.StreamingMessage {
	h.t.Helper()
	for _, m := range h.metadata.FunctionMetadataResults {
		if m.Name == name {
			req.FunctionId = m.FunctionId
		}
	}
	return h.post(req.InvocationId, &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_InvocationRequest{InvocationRequest: req}})
}

func (h *fakeHost) invoke(name string, req *funcrpc.InvocationRequest) *funcrpc.InvocationResponse {
	h.t.Helper()
	return h.await(h.start(name, req)).GetInvocationResponse()
}

func (h *fakeHost) terminate(grace time.Duration) {
	h.t.Helper()
	h.post("terminate", &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_WorkerTerminate{
		WorkerTerminate: &funcrpc.WorkerTerminate{GracePeriod: durationOf(grace)},
	}})
}

// logged returns the messages of an invocation so far.
func (h *fakeHost) logged(id string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, l := range h.logs {
		if l.InvocationId == id {
			out = append(out, l.Message)
		}
	}
	return out
}

// end waits for the worker to end by itself.
func (h *fakeHost) end() error {
	h.t.Helper()
	select {
	case err := <-h.ended:
		h.ended <- err
		return err
	case <-time.After(deadline):
		h.t.Fatal("the worker did not end")
		return nil
	}
}
