package insights

import (
	"context"
	"net/http"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // which exporters compress with
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Limits of OTLP over gRPC, whose library reads a message before anybody is asked.
const (
	maxMessage   = 16 << 20 // as it comes, and unpacked
	exportsOnce  = 8        // that are read at a time; others wait
	serviceStart = "opentelemetry.proto.collector."
)

// grpcServices are OTLP's services, and the signals that they take.
var grpcServices = map[string]string{
	serviceStart + "trace.v1.TraceService":     "/v1/traces",
	serviceStart + "logs.v1.LogsService":       "/v1/logs",
	serviceStart + "metrics.v1.MetricsService": "/v1/metrics",
}

func isGRPC(r *http.Request) bool {
	return r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
}

// serveGRPC takes what exporters of OpenTelemetry send over gRPC, on the port that takes
// the rest. https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
func (s *Service) serveGRPC(w http.ResponseWriter, r *http.Request) {
	s.grpcOnce.Do(func() {
		s.exports = make(chan struct{}, exportsOnce)
		s.grpc = grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage))
		for name, path := range grpcServices {
			s.grpc.RegisterService(&grpc.ServiceDesc{
				ServiceName: name, HandlerType: (*any)(nil),
				Methods: []grpc.MethodDesc{{MethodName: "Export", Handler: s.export(signals[path])}},
			}, s)
		}
	})
	select {
	case s.exports <- struct{}{}:
		defer func() { <-s.exports }()
		s.grpc.ServeHTTP(w, r)
	case <-r.Context().Done():
	}
}

// export is the method Export of a service. Its reply is written by hand, as that of
// HTTP is.
func (s *Service) export(kind signal) grpc.MethodHandler {
	return func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		about, _ := metadata.FromIncomingContext(ctx)
		c, err := s.meant(first(about, keyHeader), tokenOf(first(about, "Authorization")))
		if err != nil {
			return nil, grpcError(err)
		}
		sent := kind.sent()
		if err := decode(sent); err != nil {
			return nil, err
		}
		a, err := kept(c, kind, sent)
		if err != nil {
			return nil, grpcError(err)
		}
		reply := &emptypb.Empty{}
		reply.ProtoReflect().SetUnknown(a.reply(false, ""))
		return reply, nil
	}
}

func first(about metadata.MD, name string) string {
	if all := about.Get(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// grpcError is an error as gRPC has it. What is over a limit for now is said to be
// unavailable: that is what exporters try again.
func grpcError(err error) error {
	code := codeOf(err)
	if fault.Is(err, fault.Throttled) {
		code = codes.Unavailable
	}
	return status.Error(code, err.Error())
}
