package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// stream is a worker's connection: a gRPC stream, or a pipe. Send is called by
// one goroutine at a time, and Recv by another.
//
// An error of Send is the end of the stream, but for unsent.
type stream interface {
	Send(*funcrpc.StreamingMessage) error
	Recv() (*funcrpc.StreamingMessage, error)
}

// unsent is why one message cannot be sent: it is too large, or has no form on the
// wire. The worker is well.
type unsent struct{ error }

// session is one worker's stream. One goroutine reads it;
// logs are passed on from there, so that an invocation's logs come before its
// response as they were sent.
type session struct {
	stream stream
	log    *slog.Logger
	onLog  func(*funcrpc.RpcLog)
	leaves chan struct{} // closed when the worker shall be asked nothing more
	lost   chan struct{} // closed when the stream has ended, after leaves

	blocks bool       // Send waits for the worker to read
	sendMu sync.Mutex // serialises Send

	mu sync.Mutex // guards the fields below
	// answers waits for control messages by kind and, for loads, function.
	answers map[string]chan *funcrpc.StreamingMessage
	// running waits for responses by invocation id.
	running map[string]chan *funcrpc.InvocationResponse
	closed  bool
	hangUp  chan struct{} // closed to end the stream from our side
}

func newSession(s stream, log *slog.Logger, onLog func(*funcrpc.RpcLog)) *session {
	return &session{
		stream: s, log: log, leaves: make(chan struct{}), lost: make(chan struct{}), hangUp: make(chan struct{}),
		onLog:   onLog,
		answers: map[string]chan *funcrpc.StreamingMessage{},
		running: map[string]chan *funcrpc.InvocationResponse{},
	}
}

// read handles messages until the stream ends or close is called. gRPC ends
// the stream when it returns.
func (s *session) read() error {
	ended := make(chan error, 1)
	go func() {
		for {
			m, err := s.stream.Recv()
			if err != nil {
				ended <- err
				return
			}
			s.handle(m)
		}
	}()
	var err error
	select {
	case err = <-ended:
	case <-s.hangUp:
	}
	s.leave()
	close(s.lost)
	return err
}

// leave says that no more invocations are taken: the worker ends, or has ended. Those
// that run go on. It may be called more than once.
func (s *session) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.leaves)
	}
}

// close ends the stream. It may be called more than once.
func (s *session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.hangUp:
	default:
		close(s.hangUp)
	}
}

func (s *session) handle(m *funcrpc.StreamingMessage) {
	switch c := m.GetContent().(type) {
	case *funcrpc.StreamingMessage_RpcLog:
		s.onLog(c.RpcLog)
	case *funcrpc.StreamingMessage_InvocationResponse:
		s.respond(c.InvocationResponse)
	case *funcrpc.StreamingMessage_WorkerInitResponse:
		s.answer(answerInit, m)
	case *funcrpc.StreamingMessage_FunctionMetadataResponse:
		s.answer(answerMetadata, m)
	case *funcrpc.StreamingMessage_FunctionLoadResponse:
		s.answer(answerLoad+c.FunctionLoadResponse.GetFunctionId(), m)
	case *funcrpc.StreamingMessage_FunctionLoadResponseCollection:
		for _, r := range c.FunctionLoadResponseCollection.GetFunctionLoadResponses() {
			s.answer(answerLoad+r.GetFunctionId(), &funcrpc.StreamingMessage{
				Content: &funcrpc.StreamingMessage_FunctionLoadResponse{FunctionLoadResponse: r},
			})
		}
	case *funcrpc.StreamingMessage_WorkerStatusResponse, *funcrpc.StreamingMessage_WorkerHeartbeat:
	default:
		s.log.Warn("ignored a message that no worker should send", "type", fmt.Sprintf("%T", c))
	}
}

// Keys of answers.
const (
	answerInit     = "init"
	answerMetadata = "metadata"
	answerLoad     = "load:"
)

func (s *session) answer(key string, m *funcrpc.StreamingMessage) {
	s.mu.Lock()
	ch := s.answers[key]
	delete(s.answers, key)
	s.mu.Unlock()
	if ch == nil {
		s.log.Warn("ignored an answer that was not asked for", "answer", key)
		return
	}
	ch <- m
}

// await registers for an answer before its question is sent.
func (s *session) await(key string) <-chan *funcrpc.StreamingMessage {
	ch := make(chan *funcrpc.StreamingMessage, 1)
	s.mu.Lock()
	s.answers[key] = ch
	s.mu.Unlock()
	return ch
}

// receive waits for an answer.
func (s *session) receive(ctx context.Context, what string, ch <-chan *funcrpc.StreamingMessage) (*funcrpc.StreamingMessage, error) {
	select {
	case m := <-ch:
		return m, nil
	case <-s.lost:
		return nil, fault.New(fault.Unavailable, "worker", "the worker ended during %s", what)
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, "worker", context.Cause(ctx), "waiting for %s", what)
	}
}

func (s *session) send(m *funcrpc.StreamingMessage) error {
	s.sendMu.Lock()
	defer s.sendMu.Unlock()
	select {
	case <-s.lost:
		return ErrLost
	default:
	}
	err := s.stream.Send(m)
	var own unsent
	switch {
	case errors.As(err, &own):
		return own.error
	case err != nil:
		return fmt.Errorf("send to worker: %w: %w", ErrLost, err)
	}
	return nil
}

func (s *session) respond(r *funcrpc.InvocationResponse) {
	s.mu.Lock()
	ch := s.running[r.GetInvocationId()]
	delete(s.running, r.GetInvocationId())
	s.mu.Unlock()
	if ch == nil {
		s.log.Warn("ignored a response to an unknown invocation", "invocation_id", r.GetInvocationId())
		return
	}
	ch <- r
}

// invoke sends one invocation and waits for its response.
func (s *session) invoke(ctx context.Context, r *funcrpc.InvocationRequest, giveUp <-chan struct{}, cancelable bool) (*funcrpc.InvocationResponse, error) {
	ch, err := s.expect(r.GetInvocationId())
	if err != nil {
		return nil, err
	}
	if err := s.sendWithin(ctx, r); err != nil {
		s.abandon(r.GetInvocationId())
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	cancel := &funcrpc.InvocationCancel{InvocationId: r.GetInvocationId()}
	return s.outcome(ctx, cancel, ch, giveUp, cancelable)
}

// expect announces a response.
func (s *session) expect(id string) (<-chan *funcrpc.InvocationResponse, error) {
	ch := make(chan *funcrpc.InvocationResponse, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrNotAsked
	}
	s.running[id] = ch
	return ch, nil
}

// outcome waits for a response that is expected, and sends the cancellation when
// nobody wants it any more.
func (s *session) outcome(ctx context.Context, cancel *funcrpc.InvocationCancel, ch <-chan *funcrpc.InvocationResponse, giveUp <-chan struct{}, cancelable bool) (*funcrpc.InvocationResponse, error) {
	for {
		select {
		case resp := <-ch:
			return resp, nil
		case <-s.lost:
			select {
			case resp := <-ch: // it came with the last breath
				return resp, nil
			default:
			}
			s.abandon(cancel.GetInvocationId())
			return nil, ErrLost
		case <-giveUp:
			giveUp = nil
			go s.cancel(cancel, cancelable) // ends with the session at the latest
		case <-ctx.Done():
			s.abandon(cancel.GetInvocationId())
			go s.cancel(cancel, cancelable)
			return nil, context.Cause(ctx)
		}
	}
}

// sendWithin sends an invocation. A worker that has not read it when ctx ends hangs,
// and is hung up on: nothing else ends the sending.
func (s *session) sendWithin(ctx context.Context, r *funcrpc.InvocationRequest) error {
	if s.blocks {
		defer context.AfterFunc(ctx, s.close)()
	}
	return s.send(&funcrpc.StreamingMessage{
		Content: &funcrpc.StreamingMessage_InvocationRequest{InvocationRequest: r},
	})
}

// cancel asks the function to end early. Failing to ask is no failure: the
// session will say so itself.
func (s *session) cancel(c *funcrpc.InvocationCancel, cancelable bool) {
	if cancelable {
		_ = s.send(&funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_InvocationCancel{InvocationCancel: c}})
	}
}

func (s *session) abandon(id string) {
	s.mu.Lock()
	delete(s.running, id)
	s.mu.Unlock()
}
