package worker

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// fakePipe is the fake worker on a pipe.
func fakePipe(mode, address string) error {
	network, at, _ := strings.Cut(address, ":")
	conn, err := net.Dial(network, at)
	if err != nil {
		return err
	}
	p := &pipeFake{conn: conn, in: bufio.NewReader(conn)}
	token := os.Getenv(PipeToken)
	if mode == "stranger" {
		token = "somebody else's"
	}
	if err := p.write(&pipeMessage{Verb: "start", Token: token}); err != nil {
		return err
	}
	if mode == "stranger" {
		select {}
	}
	if raw := rubbish[mode]; raw != "" {
		if _, err := io.WriteString(conn, raw); err != nil {
			return err
		}
		select {}
	}
	return (&fake{mode: mode, stream: p}).serve()
}

// rubbish is what only a pipe can carry.
var rubbish = map[string]string{
	"long-header":  "\xff\xff\xff\xffxxxx",
	"no-json":      framed("oops"),
	"bad-parts":    framed(`{"verb":"log","parts":[-1,3]}`),
	"huge-parts":   framed(`{"verb":"log","parts":[99999999999]}`),
	"not-an-array": framed(`{"verb":"log","parts":{}}`),
}

func framed(header string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(header)))) + header
}

// pipeFake is a worker's end of a pipe.
type pipeFake struct {
	conn net.Conn
	in   *bufio.Reader
}

func (p *pipeFake) write(m *pipeMessage) error {
	b, err := appendFrame(nil, m)
	if err != nil {
		return err
	}
	_, err = p.conn.Write(b)
	return err
}

// Send translates what the fake says.
func (p *pipeFake) Send(s *funcrpc.StreamingMessage) error {
	switch c := s.GetContent().(type) {
	case *funcrpc.StreamingMessage_WorkerInitResponse:
		caps := map[string]string{"Extra": "1"}
		for k, v := range c.WorkerInitResponse.GetCapabilities() {
			caps[k] = v
		}
		return p.write(&pipeMessage{Verb: "init", Capabilities: caps, Error: said(c.WorkerInitResponse.GetResult())})
	case *funcrpc.StreamingMessage_FunctionMetadataResponse:
		m := &pipeMessage{Verb: "index", Error: said(c.FunctionMetadataResponse.GetResult())}
		for _, f := range c.FunctionMetadataResponse.GetFunctionMetadataResults() {
			m.Functions = append(m.Functions, encodeFunction(f))
		}
		return p.write(m)
	case *funcrpc.StreamingMessage_FunctionLoadResponse:
		return p.write(&pipeMessage{Verb: "load", ID: c.FunctionLoadResponse.GetFunctionId(), Error: said(c.FunctionLoadResponse.GetResult())})
	case *funcrpc.StreamingMessage_InvocationResponse:
		r := c.InvocationResponse
		m := &pipeMessage{Verb: "invoke", ID: r.GetInvocationId(), Error: said(r.GetResult())}
		if r.Result != nil {
			m.Status = map[funcrpc.StatusResult_Status]string{0: "failed", 1: "ok", 2: "cancelled"}[r.GetResult().GetStatus()]
		}
		return p.write(m)
	case *funcrpc.StreamingMessage_RpcLog:
		return p.write(&pipeMessage{Verb: "log", Log: &pipeLog{Invocation: c.RpcLog.GetInvocationId(), Level: "information", Message: c.RpcLog.GetMessage()}})
	}
	return p.write(&pipeMessage{Verb: "nonsense"})
}

func said(r *funcrpc.StatusResult) *pipeError {
	if r.GetException() == nil || r.GetStatus() == funcrpc.StatusResult_Success {
		return nil
	}
	return &pipeError{Message: r.GetException().GetMessage()}
}

// Recv translates what the host says.
func (p *pipeFake) Recv() (*funcrpc.StreamingMessage, error) {
	m, err := readFrame(p.in)
	if err != nil {
		return nil, err
	}
	switch m.Verb {
	case "init":
		return &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_WorkerInitRequest{}}, nil
	case "index":
		return &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionsMetadataRequest{}}, nil
	case "load":
		return &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_FunctionLoadRequest{
			FunctionLoadRequest: &funcrpc.FunctionLoadRequest{FunctionId: m.Function.ID},
		}}, nil
	case "invoke":
		return &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_InvocationRequest{
			InvocationRequest: &funcrpc.InvocationRequest{InvocationId: m.ID, FunctionId: m.FunctionID},
		}}, p.echo(m)
	case "cancel":
		return &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_InvocationCancel{
			InvocationCancel: &funcrpc.InvocationCancel{InvocationId: m.ID},
		}}, nil
	case "terminate":
		return &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_WorkerTerminate{}}, nil
	}
	return nil, errors.New("the host said " + m.Verb)
}

// echo answers an invocation whose id begins with echo by its own inputs, one that
// begins with last as a process does that ends, but does not end, and one that begins
// with deaf never, and reads nothing more.
func (p *pipeFake) echo(m *pipeMessage) error {
	switch {
	case strings.HasPrefix(m.ID, "deaf"):
		time.Sleep(time.Hour)
	case strings.HasPrefix(m.ID, "last"):
		if err := p.write(&pipeMessage{Verb: "invoke", ID: m.ID, Status: "failed", Error: &pipeError{Message: "it ends"}, Ending: true}); err != nil {
			return err
		}
		time.Sleep(time.Hour)
	case strings.HasPrefix(m.ID, "echo"):
		inputs, err := json.Marshal(m)
		if err != nil {
			return err
		}
		out := &pipeMessage{Verb: "invoke", ID: m.ID, Status: "ok", Outputs: m.Inputs, parts: m.parts}
		out.Return = &pipeValue{Kind: "json", Part: out.put(inputs)}
		return p.write(out)
	}
	return nil
}
