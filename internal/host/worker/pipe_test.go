package worker

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func stringData(s string) *funcrpc.TypedData {
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: s}}
}

// TestPipeValues: every kind of value that a result may be comes back as it was.
func TestPipeValues(t *testing.T) {
	w := launch(t, "pipe", "good", &seen{})
	request := &funcrpc.RpcHttp{
		Method: "POST", Url: "http://x/y?z=1", Headers: map[string]string{"a": "b"},
		Body: &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: []byte{0, 255}}},
	}
	inputs := map[string]*funcrpc.TypedData{
		"string": stringData("한글 \"q\" \x00"), "json": {Data: &funcrpc.TypedData_Json{Json: `{"a":1}`}},
		"bytes": {Data: &funcrpc.TypedData_Bytes{Bytes: []byte{0, 1, 0xfe}}},
		"int":   {Data: &funcrpc.TypedData_Int{Int: -1 << 60}}, "double": {Data: &funcrpc.TypedData_Double{Double: 0.1}},
		"strings": {Data: &funcrpc.TypedData_CollectionString{CollectionString: &funcrpc.CollectionString{String_: []string{"", "a"}}}},
		"blobs":   {Data: &funcrpc.TypedData_CollectionBytes{CollectionBytes: &funcrpc.CollectionBytes{Bytes: [][]byte{{1}, {}}}}},
		"ints":    {Data: &funcrpc.TypedData_CollectionSint64{CollectionSint64: &funcrpc.CollectionSInt64{Sint64: []int64{1, -1 << 62}}}},
		"doubles": {Data: &funcrpc.TypedData_CollectionDouble{CollectionDouble: &funcrpc.CollectionDouble{Double: []float64{0.5}}}},
		"http":    {Data: &funcrpc.TypedData_Http{Http: request}},
	}
	r := &funcrpc.InvocationRequest{
		InvocationId: "echo", FunctionId: "id-1", TriggerMetadata: map[string]*funcrpc.TypedData{"m": stringData("meta")},
		TraceContext: &funcrpc.RpcTraceContext{TraceParent: "00-1"},
		RetryContext: &funcrpc.RetryContext{RetryCount: 1, MaxRetryCount: -1, Exception: &funcrpc.RpcException{Message: "last"}},
	}
	for name, v := range inputs {
		r.InputData = append(r.InputData, &funcrpc.ParameterBinding{Name: name, RpcData: &funcrpc.ParameterBinding_Data{Data: v}})
	}
	resp, err := w.Invoke(t.Context(), r, nil)
	if err != nil || resp.GetResult().GetStatus() != funcrpc.StatusResult_Success {
		t.Fatalf("%v, %v", resp, err)
	}
	for _, o := range resp.GetOutputData() {
		if d := cmp.Diff(inputs[o.GetName()], o.GetData(), protocmp.Transform()); d != "" {
			t.Errorf("%s: %s", o.GetName(), d)
		}
	}
	if len(resp.GetOutputData()) != len(inputs) {
		t.Errorf("%d values of %d", len(resp.GetOutputData()), len(inputs))
	}
	for _, want := range []string{`"functionId":"id-1"`, `"trace":{"parent":"00-1"}`, `"retry":{"count":1,"max":-1,"exception":{"message":"last"}}`, `"metadata":{"m":`} {
		if !strings.Contains(resp.GetReturnValue().GetJson(), want) {
			t.Errorf("the worker was not told %s: %s", want, resp.GetReturnValue().GetJson())
		}
	}
}

// TestPipeRubbish: a worker that sends what is no frame is ended.
func TestPipeRubbish(t *testing.T) {
	for mode := range rubbish {
		t.Run(mode, func(t *testing.T) {
			l := launcher(t, "pipe", mode, patient, &seen{})
			begun := time.Now()
			w, err := l.Launch(t.Context())
			if err == nil {
				w.Stop(t.Context())
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), "ended during init") || time.Since(begun) > limit {
				t.Errorf("after %v: %v", time.Since(begun), err)
			}
		})
	}
}

// TestPipeLastWord: a worker that has said its last word is asked nothing more from
// that moment on, though its process and connection still live.
func TestPipeLastWord(t *testing.T) {
	w := launch(t, "pipe", "good", &seen{})
	resp, err := w.Invoke(t.Context(), request("last"), nil)
	if err != nil || resp.GetResult().GetException().GetMessage() != "it ends" {
		t.Fatal(resp, err)
	}
	select {
	case <-w.Lost():
	default:
		t.Error("it can still be chosen")
	}
	if _, err := w.Invoke(t.Context(), request("next"), nil); !errors.Is(err, ErrNotAsked) {
		t.Errorf("the next: %v", err)
	}
	stop, end := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer end()
	w.Stop(stop)
}

// TestPipeDeafWorker: a worker that reads nothing any more holds up neither the
// one who asks, beyond its time, nor the end.
func TestPipeDeafWorker(t *testing.T) {
	w := launch(t, "pipe", "good", &seen{})
	large := &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: make([]byte, 8<<20)}}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	for _, id := range []string{"deaf", "second"} {
		r := request(id)
		r.InputData = []*funcrpc.ParameterBinding{{Name: "x", RpcData: &funcrpc.ParameterBinding_Data{Data: large}}}
		if _, err := w.Invoke(ctx, r, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", id, err)
		}
	}
	stop, end := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer end()
	if exit := w.Stop(stop); exit.Code != -1 {
		t.Errorf("exit: %+v", exit)
	}
}

// TestPipeBadResults: a result that cannot be read fails its invocation alone.
func TestPipeBadResults(t *testing.T) {
	for name, m := range map[string]*pipeMessage{
		"missing part":  {Return: &pipeValue{Kind: "string", Part: 7}},
		"negative part": {Return: &pipeValue{Kind: "bytes", Part: -1}},
		"too many":      {Return: &pipeValue{Kind: "collection_string", Count: 1 << 40}},
		"unknown kind":  {Outputs: []pipeBound{{"o", &pipeValue{Kind: "wish"}}}},
		"no UTF-8":      {Return: &pipeValue{Kind: "json"}, parts: [][]byte{{0xff}}},
	} {
		m.Verb, m.ID, m.Status = "invoke", "i", "ok"
		s, err := decodeMessage(m)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if r := s.GetInvocationResponse(); r.GetResult().GetStatus() != funcrpc.StatusResult_Failure || r.GetResult().GetException().GetMessage() == "" {
			t.Errorf("%s: %v", name, s)
		}
	}
}

// TestPipeStrangers: only who knows the token comes in, whoever knocks before.
func TestPipeStrangers(t *testing.T) {
	testkit.NoLeaks(t)
	for _, kind := range []string{"unix", "tcp"} {
		t.Run(kind, func(t *testing.T) {
			if kind == "tcp" {
				t.Setenv("TMPDIR", longFolder(t))
			}
			d, err := openDoor(func() (net.Listener, error) { return testkit.Listen(t), nil }, testkit.Logger(t))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(d.address, kind+":") {
				t.Fatalf("address %s", d.address)
			}
			dialed, done := make(chan *pipeStream, 1), make(chan struct{})
			ctx, cancel := context.WithCancel(t.Context())
			go func() { defer close(done); d.admit(ctx, dialed) }()
			for _, says := range []string{"", "GET / HTTP/1.1\r\n\r\n", "\x00\x00\x00\x02{}", "\x7f\xff\xff\xff"} {
				knock(t, d.address, []byte(says))
			}
			hello, err := appendFrame(nil, &pipeMessage{Verb: "start", Token: d.token})
			if err != nil {
				t.Fatal(err)
			}
			conn := knock(t, d.address, hello)
			s := <-dialed
			d.close()
			cancel()
			<-done
			if _, err := conn.Write(hello); err != nil {
				t.Errorf("the worker's connection: %v", err)
			}
			if m, err := readFrame(s.in); err != nil || m.Token != d.token {
				t.Errorf("%+v, %v", m, err)
			}
			s.conn.Close()
			if d.folder != "" {
				if _, err := os.Stat(d.folder); !os.IsNotExist(err) {
					t.Errorf("the socket's folder is left: %v", err)
				}
			}
		})
	}
}

// longFolder is a folder whose name no socket can have.
func longFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strings.Repeat("x", 100))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func knock(t *testing.T, address string, says []byte) net.Conn {
	t.Helper()
	network, at, _ := strings.Cut(address, ":")
	conn, err := net.Dial(network, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := conn.Write(says); err != nil {
		t.Fatal(err)
	}
	return conn
}

func FuzzReadFrame(f *testing.F) {
	b, err := appendFrame(nil, &pipeMessage{Verb: "invoke", ID: "x", Status: "ok", Return: &pipeValue{Kind: "string"}, parts: [][]byte{[]byte("abc")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	for _, raw := range rubbish {
		f.Add([]byte(raw))
	}
	f.Add([]byte(framed(`{"verb":"index","functions":[null,{"retry":null}]}`)))
	f.Add([]byte(framed(`{"verb":"log","log":{}}`)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := bytes.NewReader(raw)
		for {
			m, err := readFrame(r)
			if err != nil {
				return
			}
			s, err := decodeMessage(m)
			if (s == nil) == (err == nil) {
				t.Fatalf("%v, %v", s, err)
			}
			if again, err := appendFrame(nil, m); err != nil {
				t.Fatal(err)
			} else if _, err := readFrame(bytes.NewReader(again)); err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
		}
	})
}

// TestPipeUnreadable: a frame that is whole and cannot be read fails whom it names,
// alone; the frames behind it are read as ever.
func TestPipeUnreadable(t *testing.T) {
	long := strings.Repeat("x", maxPipeHeader)
	for name, c := range map[string]struct{ header, says string }{
		"NaN":       {`{"parts":[3],"verb":"invoke","id":"a","return":{"kind":"double","double":NaN}}`, "not the JSON of a message"},
		"1e999":     {`{"parts":[3],"verb":"invoke","id":"a","return":{"kind":"double","double":1e999}}`, "not the JSON of a message"},
		"65 bits":   {`{"parts":[3],"verb":"invoke","id":"a","return":{"kind":"int","int":18446744073709551616}}`, "not the JSON of a message"},
		"cut short": {`{"parts":[3],"verb":"invoke","id":"a","return":{"ki`, "not the JSON of a message"},
		"too long":  {`{"parts":[3],"verb":"invoke","id":"a","status":"` + long + `"}`, "at most 16777216 are read"},
		"the index": {`{"parts":[3],"verb":"index","functions":[{"retry":{"max":100000000000000000000}}]}`, "not the JSON of a message"},
		"a log":     {`{"parts":[3],"verb":"log","log":{"message":"` + long + `"}}`, ""},
		"nobody's":  {`{"parts":[3],"verb":7}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			raw := framed(c.header) + "abc" + framed(`{"verb":"status","parts":[]}`)
			p := &pipeStream{in: bufio.NewReader(strings.NewReader(raw)), log: testkit.Logger(t)}
			m, err := p.Recv()
			if err != nil {
				t.Fatal(err)
			}
			if c.says != "" {
				r := m.GetInvocationResponse()
				if name != "the index" && r.GetInvocationId() != "a" {
					t.Errorf("whose: %v", m)
				}
				result := r.GetResult()
				if result == nil {
					result = m.GetFunctionMetadataResponse().GetResult()
				}
				if result.GetStatus() != funcrpc.StatusResult_Failure || !strings.Contains(result.GetException().GetMessage(), c.says) {
					t.Errorf("result: %v", result)
				}
				if m, err = p.Recv(); err != nil {
					t.Fatal(err)
				}
			}
			if m.GetWorkerStatusResponse() == nil {
				t.Errorf("behind it: %v", m)
			}
			if _, err := p.Recv(); !errors.Is(err, io.EOF) {
				t.Errorf("at the end: %v", err)
			}
		})
	}
}

// TestPipeTooMuchMetadata: what a worker cannot be sent fails its invocation; the
// worker is not lost.
func TestPipeTooMuchMetadata(t *testing.T) {
	w := launch(t, "pipe", "good", &seen{})
	r := request("large")
	r.TriggerMetadata = map[string]*funcrpc.TypedData{strings.Repeat("k", maxPipeHeader): stringData("v")}
	if _, err := w.Invoke(t.Context(), r, nil); IsLost(err) || !fault.Is(err, fault.TooLarge) || !strings.Contains(err.Error(), "at most 16777216") {
		t.Errorf("%v", err)
	}
	if r, err := w.Invoke(t.Context(), request("next"), nil); err != nil || r.GetResult().GetStatus() != funcrpc.StatusResult_Success {
		t.Errorf("%v, %v", r, err)
	}
}

// TestPipeCookieExpires: dates to the end of the calendar.
func TestPipeCookieExpires(t *testing.T) {
	for seconds, want := range map[float64]string{
		0.5: "1970-01-01T00:00:00.5Z", lastSecond: "9999-12-31T23:59:59Z", 1e300: "9999-12-31T23:59:59Z",
	} {
		if got := (pipeCookie{Expires: &seconds}).decode().GetExpires().GetValue().AsTime().Format(time.RFC3339Nano); got != want {
			t.Errorf("%v: %s", seconds, got)
		}
	}
}
