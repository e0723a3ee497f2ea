package host_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// streamingWorker is a language worker that takes HTTP requests itself, as
// the official Python, Node and Go workers can. It runs in a process of its
// own: this test binary, told by the environment.
func streamingWorker() error {
	fs := flag.NewFlagSet("worker", flag.ContinueOnError)
	port, id := fs.String("port", "", ""), fs.String("workerId", "", "")
	for _, ignored := range []string{
		"host", "requestId", "grpcMaxMessageLength", "functions-uri", "functions-worker-id",
		"functions-request-id", "functions-grpc-max-message-length",
	} {
		fs.String(ignored, "", "")
	}
	if err := fs.Parse(os.Args[1:]); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w := &streaming{waiting: map[string]chan *funcrpc.InvocationRequest{}}
	go func() { _ = http.Serve(l, w) }() // ends with the process
	conn, err := grpc.NewClient("127.0.0.1:"+*port, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	if w.stream, err = funcrpc.NewFunctionRpcClient(conn).EventStream(context.Background()); err != nil {
		return err
	}
	w.send(&funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_StartStream{StartStream: &funcrpc.StartStream{WorkerId: *id}}})
	for {
		m, err := w.stream.Recv()
		if err != nil {
			return nil // the host hung up
		}
		w.handle(m, "http://"+l.Addr().String())
	}
}

type streaming struct {
	stream grpc.BidiStreamingClient[funcrpc.StreamingMessage, funcrpc.StreamingMessage]

	mu      sync.Mutex
	waiting map[string]chan *funcrpc.InvocationRequest // guarded by mu; by invocation
}

func (w *streaming) send(m *funcrpc.StreamingMessage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.stream.Send(m) // Recv tells when the host is gone
}

func (w *streaming) handle(m *funcrpc.StreamingMessage, uri string) {
	ok := &funcrpc.StatusResult{Status: funcrpc.StatusResult_Success}
	switch c := m.GetContent().(type) {
	case *funcrpc.StreamingMessage_WorkerInitRequest:
		w.send(&funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_WorkerInitResponse{WorkerInitResponse: &funcrpc.WorkerInitResponse{
			Capabilities: announced(uri), Result: ok,
		}}})
	case *funcrpc.StreamingMessage_FunctionsMetadataRequest:
		w.send(&funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionMetadataResponse{FunctionMetadataResponse: &funcrpc.FunctionMetadataResponse{
			Result: ok, FunctionMetadataResults: []*funcrpc.RpcFunctionMetadata{{Name: "stream", FunctionId: "1", RawBindings: []string{
				`{"name":"req","type":"httpTrigger","direction":"in","route":"stream/{topic}"}`, `{"name":"$return","type":"http","direction":"out"}`,
			}}},
		}}})
	case *funcrpc.StreamingMessage_FunctionLoadRequest:
		w.send(&funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionLoadResponse{FunctionLoadResponse: &funcrpc.FunctionLoadResponse{FunctionId: "1", Result: ok}}})
	case *funcrpc.StreamingMessage_InvocationRequest:
		w.arrival(c.InvocationRequest.GetInvocationId()) <- c.InvocationRequest
	}
}

// announced are the capabilities of a worker that streams; those of Microsoft's Go
// worker (0.7 preview) where STREAMING_WORKER says go.
func announced(uri string) map[string]string {
	out := map[string]string{"HttpUri": uri, "RequiresRouteParameters": "true"}
	if os.Getenv("STREAMING_WORKER") == "go" {
		for _, name := range []string{
			"TypedDataCollection", "IncludeEmptyEntriesInMessagePayload", "WorkerStatus", "RpcHttpBodyOnly", "RawHttpBodyBytes",
			"RpcHttpTriggerMetadataRemoved", "UseNullableValueDictionaryForHttp", "HandlesWorkerTerminateMessage",
		} {
			out[name] = "true"
		}
	}
	return out
}

// arrival is where the two legs of an invocation meet.
func (w *streaming) arrival(id string) chan *funcrpc.InvocationRequest {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting[id] == nil {
		w.waiting[id] = make(chan *funcrpc.InvocationRequest, 1)
	}
	return w.waiting[id]
}

// ServeHTTP streams two lines, with a line from the client between them, and
// ends the invocation after the response.
func (w *streaming) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	id := r.Header.Get("x-ms-invocation-id")
	if err := http.NewResponseController(rw).EnableFullDuplex(); err != nil {
		return
	}
	in := <-w.arrival(id)
	req := in.GetInputData()[0].GetData().GetHttp()
	topic := req.GetParams()["topic"] + req.GetNullableParams()["topic"].GetValue()
	fmt.Fprintf(rw, "%s %s url=%q topic=%s\n", r.Method, r.URL.RequestURI(), req.GetUrl(), topic)
	if err := http.NewResponseController(rw).Flush(); err != nil {
		return
	}
	line, err := bufio.NewReader(r.Body).ReadString('\n')
	if err != nil {
		return
	}
	fmt.Fprint(rw, "you said "+line)
	w.send(&funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_InvocationResponse{InvocationResponse: &funcrpc.InvocationResponse{
		InvocationId: id, Result: &funcrpc.StatusResult{Status: funcrpc.StatusResult_Success},
	}}})
}

// TestForwardStreams: the response flows while the request is still open, the
// worker is told of the invocation without a URL, and both legs end it.
func TestForwardStreams(t *testing.T) {
	for _, worker := range []string{"1", "go"} {
		t.Run(worker, func(t *testing.T) { forwardStreams(t, worker) })
	}
}

func forwardStreams(t *testing.T, worker string) {
	testkit.NoLeaks(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, endtest.New(1), func(o *host.Options) {
		o.Binary = exe
		o.Settings["STREAMING_WORKER"], o.Settings["FUNCTIONS_WORKER_RUNTIME"] = worker, "native"
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if err := r.ServeFunction(w, req, "stream", map[string]string{"topic": "news"}); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "POST /api/stream/news?q=1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	first, err := lines.ReadString('\n')
	if want := "POST /api/stream/news?q=1 url=\"\" topic=news\n"; err != nil || first != want {
		t.Fatalf("first line %q, %v, want %q", first, err, want)
	}
	fmt.Fprint(conn, "3\r\nhi\n\r\n0\r\n\r\n")
	if second, err := lines.ReadString('\n'); err != nil || second != "you said hi\n" {
		t.Errorf("second line %q, %v", second, err)
	}
	if done := r.awaitFinished("stream", 1)[0]; done.Err != nil {
		t.Errorf("the invocation: %v", done.Err)
	}
}
