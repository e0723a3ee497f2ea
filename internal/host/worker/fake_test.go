package worker

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// The tests' own binary is also the worker that they start: with FAKE_WORKER
// set it speaks the protocol and misbehaves as told.

func TestMain(m *testing.M) {
	if mode := os.Getenv("FAKE_WORKER"); mode != "" {
		if err := fakeWorker(mode); err != nil {
			fmt.Fprintln(os.Stderr, "fake worker:", err)
			os.Exit(9)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fakeWorker reads the older spelling of the arguments, which the real Go
// worker does not.
func fakeWorker(mode string) error {
	fs := flag.NewFlagSet("worker", flag.ContinueOnError)
	host, port, id := fs.String("host", "", ""), fs.String("port", "", ""), fs.String("workerId", "", "")
	for _, ignored := range []string{
		"requestId", "grpcMaxMessageLength", "functions-uri", "functions-worker-id",
		"functions-request-id", "functions-grpc-max-message-length",
	} {
		fs.String(ignored, "", "")
	}
	if err := fs.Parse(os.Args[1:]); err != nil {
		return err
	}
	fmt.Println("a line on stdout")
	switch mode {
	case "exit-at-once":
		os.Exit(4)
	case "silent":
		select {}
	case "stranger":
		*id = "somebody else"
	}
	if address := os.Getenv(PipeAddress); address != "" {
		return fakePipe(mode, address)
	}
	conn, err := grpc.NewClient(*host+":"+*port, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	stream, err := funcrpc.NewFunctionRpcClient(conn).EventStream(context.Background())
	if err != nil {
		return err
	}
	f := &fake{mode: mode, stream: stream}
	f.send(&funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_StartStream{StartStream: &funcrpc.StartStream{WorkerId: *id}}})
	return f.serve()
}

func (f *fake) serve() error {
	for {
		m, err := f.stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		f.handle(m)
	}
}

type fake struct {
	mode   string
	stream stream
}

func (f *fake) send(m *funcrpc.StreamingMessage) {
	if err := f.stream.Send(m); err != nil {
		os.Exit(0) // the host hung up
	}
}

func result(ok bool, message string) *funcrpc.StatusResult {
	if ok {
		return &funcrpc.StatusResult{Status: funcrpc.StatusResult_Success}
	}
	return &funcrpc.StatusResult{Status: funcrpc.StatusResult_Failure, Exception: &funcrpc.RpcException{Message: message}}
}

func (f *fake) handle(m *funcrpc.StreamingMessage) {
	switch c := m.GetContent().(type) {
	case *funcrpc.StreamingMessage_WorkerInitRequest:
		f.init()
	case *funcrpc.StreamingMessage_FunctionsMetadataRequest:
		f.metadata()
	case *funcrpc.StreamingMessage_FunctionLoadRequest:
		id := c.FunctionLoadRequest.GetFunctionId()
		f.send(&funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionLoadResponse{FunctionLoadResponse: &funcrpc.FunctionLoadResponse{
			FunctionId: id, Result: result(f.mode != "bad-load" || id != "id-2", "cannot import it"),
		}}})
	case *funcrpc.StreamingMessage_InvocationRequest:
		if f.mode == "deaf" {
			select {} // it reads nothing more
		}
		f.invoke(c.InvocationRequest)
	case *funcrpc.StreamingMessage_InvocationCancel:
		f.respond(c.InvocationCancel.GetInvocationId(), &funcrpc.StatusResult{Status: funcrpc.StatusResult_Cancelled})
	case *funcrpc.StreamingMessage_WorkerTerminate:
		if f.mode != "stubborn" {
			os.Exit(0)
		}
	}
}

func (f *fake) init() {
	caps := map[string]string{HandlesWorkerTerminate: "true", HandlesInvocationCancel: "true"}
	if f.mode == "bad-uri" {
		caps[HTTPURI] = "ftp://here"
	}
	if f.mode == "mute" {
		return
	}
	f.send(&funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_WorkerInitResponse{WorkerInitResponse: &funcrpc.WorkerInitResponse{
		Capabilities: caps, AppCapabilities: map[string]string{"Extra": "1"}, Result: result(f.mode != "bad-init", "no such module"),
	}}})
}

func (f *fake) metadata() {
	r := &funcrpc.FunctionMetadataResponse{Result: result(f.mode != "bad-metadata", "syntax error")}
	for i := range 2 {
		r.FunctionMetadataResults = append(r.FunctionMetadataResults, &funcrpc.RpcFunctionMetadata{
			Name: fmt.Sprintf("f%d", i+1), FunctionId: fmt.Sprintf("id-%d", i+1),
			RawBindings: []string{`{"name":"req","type":"httpTrigger","direction":"in"}`},
			Properties:  map[string]string{"worker_indexed": "True"},
		})
	}
	f.send(&funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionMetadataResponse{FunctionMetadataResponse: r}})
}

func (f *fake) respond(id string, r *funcrpc.StatusResult) {
	f.send(&funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_InvocationResponse{
		InvocationResponse: &funcrpc.InvocationResponse{InvocationId: id, Result: r},
	}})
}

func (f *fake) invoke(r *funcrpc.InvocationRequest) {
	id := r.GetInvocationId()
	switch {
	case f.mode == "crash":
		os.Exit(5)
	case f.mode == "nonsense":
		f.respond("no such invocation", result(true, ""))
		f.send(&funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionLoadResponse{FunctionLoadResponse: &funcrpc.FunctionLoadResponse{FunctionId: "never asked"}}})
		f.send(&funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_InvocationRequest{InvocationRequest: r}})
		f.send(&funcrpc.StreamingMessage{})
		f.respond(id, nil)
	case strings.HasPrefix(id, "wait"):
	default:
		f.send(&funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_RpcLog{RpcLog: &funcrpc.RpcLog{InvocationId: id, Message: "working"}}})
		f.respond(id, result(true, ""))
	}
}
