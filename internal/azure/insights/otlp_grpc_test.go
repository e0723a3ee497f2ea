package insights

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// TestOTLPByGRPC sends by gRPC's own client, over HTTP/2 without TLS.
func TestOTLPByGRPC(t *testing.T) {
	var good, old trace.TracesData
	if err := proto.Unmarshal(aTrace(t, time.Minute), &good); err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(aTrace(t, 100*time.Hour), &old); err != nil {
		t.Fatal(err)
	}
	huge := &trace.TracesData{ResourceSpans: []*trace.ResourceSpans{{SchemaUrl: strings.Repeat("x", maxMessage)}}}
	const traces, metrics = "trace.v1.TraceService/Export", "metrics.v1.MetricsService/Export"
	for name, c := range map[string]struct {
		method string
		sent   proto.Message
		about  []string
		closed bool
		room   int
		code   codes.Code
		told   string // contains, in the reply or the error
		kept   int
	}{
		"a trace":      {traces, &good, nil, false, -1, codes.OK, "", 1},
		"nothing":      {metrics, &emptypb.Empty{}, nil, false, -1, codes.OK, "", 0},
		"old":          {traces, &old, nil, false, -1, codes.OK, "48 hours ago", 0},
		"no room":      {traces, &good, nil, false, 0, codes.Unavailable, "no room", 0},
		"closed":       {traces, &good, nil, true, -1, codes.Unauthenticated, "", 0},
		"key":          {traces, &good, []string{keyHeader, labKey}, true, -1, codes.OK, "", 1},
		"unknown key":  {traces, &good, []string{keyHeader, "x"}, false, -1, codes.InvalidArgument, "no component", 0},
		"token":        {traces, &good, []string{keyHeader, otherKey, "Authorization", "Bearer " + labToken}, false, -1, codes.OK, "", 1},
		"no token":     {traces, &good, []string{keyHeader, otherKey}, false, -1, codes.Unauthenticated, "", 0},
		"too large":    {traces, huge, nil, false, -1, codes.ResourceExhausted, "", 0},
		"no method":    {"trace.v1.TraceService/Import", &good, nil, false, -1, codes.Unimplemented, "", 0},
		"no service":   {"profiles.v1development.ProfilesService/Export", &good, nil, false, -1, codes.Unimplemented, "", 0},
		"other fields": {traces, &trace.Span{Name: "\xff"[:0], TraceId: []byte("x")}, nil, false, -1, codes.Internal, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.closed, l.room = c.closed, c.room
			server := httptest.NewUnstartedServer(l)
			server.Config.Protocols = new(http.Protocols)
			server.Config.Protocols.SetUnencryptedHTTP2(true)
			server.Start()
			defer server.Close()
			conn, err := grpc.NewClient(server.Listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			reply := &emptypb.Empty{}
			ctx := metadata.NewOutgoingContext(t.Context(), metadata.Pairs(c.about...))
			err = conn.Invoke(ctx, "/"+serviceStart+c.method, c.sent, reply, grpc.UseCompressor("gzip"))
			told := string(reply.ProtoReflect().GetUnknown())
			if err != nil {
				told = err.Error()
			}
			if status.Code(err) != c.code || !strings.Contains(told, c.told) || len(l.got) != c.kept {
				t.Errorf("%v %q, %d kept; want %v, %q and %d", err, told, len(l.got), c.code, c.told, c.kept)
			}
		})
	}
}
