package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/status"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// maxMessage is the largest message either side may send: batches of events
// and blobs travel whole, so the protocol's own limit is used.
const maxMessage = math.MaxInt32

// Server is the FunctionRpc endpoint that language workers dial. It listens
// on loopback only, and admits a stream only when it opens with the id of a
// worker that was just started.
type Server struct {
	funcrpc.UnimplementedFunctionRpcServer
	listener net.Listener
	log      *slog.Logger

	mu       sync.Mutex
	expected map[string]caller // guarded by mu; by worker id
}

// caller is who waits for a worker to dial in.
type caller struct {
	dialed chan *session // buffered: the caller may have given up
	onLog  func(*funcrpc.RpcLog)
}

// NewServer returns the endpoint on a loopback port, which is its from then on.
// Run serves it.
func NewServer(l net.Listener, log *slog.Logger) *Server {
	return &Server{listener: l, log: discard(log), expected: map[string]caller{}}
}

// Port returns the TCP port.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Run serves workers until ctx ends and then closes all streams.
func (s *Server) Run(ctx context.Context) error {
	buffers := &funcrpc.Pool{}
	g := grpc.NewServer(
		experimental.BufferPool(buffers), grpc.ForceServerCodecV2(funcrpc.NewCodec(buffers)),
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
		// Batches are larger than HTTP/2's default window of 64 KiB; without
		// these every batch waits for several round trips of window updates.
		grpc.InitialWindowSize(8<<20), grpc.InitialConnWindowSize(16<<20),
		grpc.WriteBufferSize(256<<10), grpc.ReadBufferSize(256<<10),
	)
	funcrpc.RegisterFunctionRpcServer(g, s)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		g.Stop()
	}()
	err := g.Serve(s.listener)
	if ctx.Err() != nil {
		err = nil
	} else {
		g.Stop()
		return fmt.Errorf("serve workers: %w", err)
	}
	<-stopped
	return err
}

// EventStream is the protocol's one method.
func (s *Server) EventStream(stream grpc.BidiStreamingServer[funcrpc.StreamingMessage, funcrpc.StreamingMessage]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	id := first.GetStartStream().GetWorkerId()
	s.mu.Lock()
	waiting, ok := s.expected[id]
	delete(s.expected, id)
	s.mu.Unlock()
	if !ok || id == "" {
		s.log.Warn("refused a worker stream that nobody waits for")
		return status.Error(codes.PermissionDenied, "the first message must be StartStream with the id of a worker started by this host")
	}
	ss := newSession(stream, s.log, waiting.onLog)
	ss.blocks = true
	waiting.dialed <- ss
	return ss.read()
}

// expect announces a worker. The channel yields its session once it dials in;
// forget withdraws the announcement.
func (s *Server) expect(onLog func(*funcrpc.RpcLog)) (id string, dialed <-chan *session, forget func()) {
	id = uuid.New()
	c := caller{make(chan *session, 1), onLog}
	s.mu.Lock()
	s.expected[id] = c
	s.mu.Unlock()
	return id, c.dialed, func() {
		s.mu.Lock()
		delete(s.expected, id)
		s.mu.Unlock()
	}
}

// errNoAnswer is the cause when a worker stays silent too long.
var errNoAnswer = errors.New("no answer in time")
