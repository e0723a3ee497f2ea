package host_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// rawHandler is a custom handler without any library: it answers HTTP with
// what it was sent, and everything else with the answer that the environment
// holds. It runs in a process of its own: this test binary.
func rawHandler() error {
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"))
	if err != nil {
		return err
	}
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/cut" { // a response that breaks off
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		if r.Header.Get("Upgrade") != "" {
			c, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
				_, _ = io.Copy(c, c)
			}
			return
		}
		if strings.HasPrefix(r.URL.Path, "/echo/") {
			fmt.Fprint(w, r.Method, " ", r.RequestURI)
			return
		}
		if r.Method != http.MethodPost {
			return // the readiness request
		}
		var in struct{ Data map[string]json.RawMessage }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if extra := in.Data["extra"]; extra != nil {
			fmt.Fprintf(w, `{"Outputs":{"out":%s}}`, extra)
			return
		}
		if in.Data["req"] == nil {
			fmt.Fprint(w, os.Getenv("ANSWER"))
			return
		}
		text, _ := json.Marshal(string(in.Data["req"]))
		fmt.Fprintf(w, `{"Outputs":{"res":{"statusCode":200,"body":%s}}}`, text)
	}))
}

func startRawHandler(t *testing.T, m *endtest.Memory, answer string, functions map[string]string, options ...string) *rig {
	t.Helper()
	return startRawHandlerWith(t, m, answer, functions, func(*host.Options) {}, options...)
}

func startRawHandlerWith(t *testing.T, m *endtest.Memory, answer string, functions map[string]string, more func(*host.Options), options ...string) *rig {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path, _ := json.Marshal(exe)
	write(t, dir, "host.json", `{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":`+string(path)+`}`+strings.Join(options, "")+`}}`)
	for name, bindings := range functions {
		write(t, dir, name+"/function.json", `{"bindings":[`+bindings+`]}`)
	}
	return start(t, m, func(o *host.Options) {
		o.Dir, o.BuildDir = dir, t.TempDir()
		o.Settings["RAW_HANDLER"], o.Settings["ANSWER"] = "1", answer
		more(o)
	})
}

// TestStopEndsWebSockets: one that its client keeps open holds the stop no longer
// than an invocation may.
func TestStopEndsWebSockets(t *testing.T) {
	testkit.NoLeaks(t)
	r := startRawHandler(t, endtest.New(1), "", map[string]string{"socket": echo}, `,"enableForwardingHttpRequest":true`)
	served := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		defer close(served)
		_ = r.ServeFunction(w, req, "socket", nil)
	}))
	defer server.Close()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET /api/socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	in := bufio.NewReader(c)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp)
	}
	fmt.Fprint(c, "hello\n")
	if line, err := in.ReadString('\n'); line != "hello\n" {
		t.Fatal(line, err)
	}
	go r.stop()
	select {
	case <-served:
	case <-time.After(limit):
		c.Close()
		t.Error("the stop waits for the client")
	}
	r.stop()
}

// TestForwardedResponseThatBreaksOff: the client sees that the response is not
// whole, and the invocation ends, as a failed one.
func TestForwardedResponseThatBreaksOff(t *testing.T) {
	testkit.NoLeaks(t)
	r := startRawHandler(t, endtest.New(1), "", map[string]string{"cut": echo}, `,"enableForwardingHttpRequest":true`)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_ = r.ServeFunction(w, req, "cut", nil)
	}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	server.Start()
	defer server.Close()
	resp, err := server.Client().Get(server.URL + "/api/cut")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("half a response passed for a whole one: %q", body)
	}
	if err := r.awaitFinished("cut", 1)[0].Err; err == nil {
		t.Error("the invocation counts as a success")
	}
}

const echo = `{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous"},{"type":"http","direction":"out","name":"res"}`

// TestRequestOfACustomHandler holds the request object that a custom handler
// gets to the vendor's: what is binary is base64, query and identities are
// JSON inside a text, and headers are written as HTTP does and tell who called.
func TestRequestOfACustomHandler(t *testing.T) {
	testkit.NoLeaks(t)
	r := startRawHandler(t, endtest.New(1), "", map[string]string{"f": echo})
	for contentType, c := range map[string]struct{ body, want string }{
		"application/octet-stream":              {"\xff\x00\x01", `"/wAB"`},
		"Application/Octet-Stream; x=y":         {"\xff\x00\x01", `"/wAB"`},
		"multipart/form-data; boundary=x":       {"--x\r\n\r\n\xff\r\n--x--", `"LS14DQoNCv8NCi0teC0t"`},
		"text/plain":                            {"hi", `"hi"`},
		"application/json":                      {`{"a":1}`, `"{\"a\":1}"`},
		"application/octet-stream;charset=none": {"", "null"},
		"":                                      {"AAEC", `"AAEC"`},
	} {
		got := rawRequest(t, r, "POST", "/api/f?q=a+b", contentType, c.body)
		body := got["Body"]
		if body == nil {
			body = json.RawMessage("null")
		}
		if string(body) != c.want {
			t.Errorf("%q: body %s, want %s", contentType, body, c.want)
		}
	}
	got := rawRequest(t, r, "PUT", "/api/f?q=a+b", "text/plain", "")
	for name, want := range map[string]string{"Method": `"PUT"`, "Query": `"{\"q\":\"a b\"}"`, "Params": "{}"} {
		if string(got[name]) != want {
			t.Errorf("%s: %s, want %s", name, got[name], want)
		}
	}
	var headers map[string][]string
	var identities string
	if err := errors.Join(json.Unmarshal(got["Headers"], &headers), json.Unmarshal(got["Identities"], &identities)); err != nil {
		t.Fatal(err)
	}
	if !json.Valid([]byte(identities)) || !strings.Contains(identities, `"IsAuthenticated":false`) {
		t.Errorf("identities: %s", identities)
	}
	from := headers["X-Forwarded-For"]
	if diff := cmp.Diff([]string{"text/plain"}, headers["Content-Type"]); diff != "" || len(from) != 1 {
		t.Fatalf("headers %v:\n%s", headers, diff)
	}
	before, last, _ := strings.Cut(from[0], ", ")
	if ip, _, err := net.SplitHostPort(last); before != "203.0.113.9:44" || err != nil || ip != "127.0.0.1" {
		t.Errorf("X-Forwarded-For: %s", from[0])
	}
}

func rawRequest(t *testing.T, r *rig, method, path, contentType, body string) map[string]json.RawMessage {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if err := r.ServeFunction(w, req, "f", map[string]string{}); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	req, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-For", "203.0.113.9:44")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatalf("%d %q: %v", resp.StatusCode, answer, err)
	}
	return got
}

// TestTextsOfACustomHandler: a text that is base64 stands for its bytes, the
// return value too, unless the binding says that it is binary already. A plain
// word of four letters is base64 as well; Azure's host takes it for bytes.
func TestTextsOfACustomHandler(t *testing.T) {
	testkit.NoLeaks(t)
	hubOut := func(name, more string) string {
		return `,{"name":"` + name + `","type":"eventHub","direction":"out","eventHubName":"` + more[:3] + `","connection":"Hub"` + more[3:] + `}`
	}
	trigger := `{"name":"e","type":"eventHubTrigger","direction":"in","eventHubName":"in","connection":"Hub","cardinality":"many"}`
	m := endtest.New(1)
	r := startRawHandler(t, m, `{"Outputs":{"a":"/wAB","b":"/wAB","c":"not base64"},"ReturnValue":"dGV 4\tdA=="}`, map[string]string{
		"f": trigger + hubOut("a", "aaa") + hubOut("b", `bbb,"dataType":"binary"`) + hubOut("c", "ccc") + hubOut("$return", "ret"),
	})
	m.Send("in", 0, "x")
	if done := r.awaitFinished("f", 1)[0]; done.Err != nil {
		t.Fatal(done.Err)
	}
	for hub, want := range map[string]string{"aaa": "\xff\x00\x01", "bbb": "/wAB", "ccc": "not base64", "ret": "text"} {
		if events := m.Events(hub); len(events) != 1 || !bytes.Equal(events[0].Body, []byte(want)) {
			t.Errorf("%s: %+v, want %q", hub, events, want)
		}
	}
}

// TestReadinessRequestReadsTheAnswer: a handler that answers in two writes can
// make both, and sees the end of the connection and not its reset.
func TestReadinessRequestReadsTheAnswer(t *testing.T) {
	testkit.NoLeaks(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path, _ := json.Marshal(exe)
	write(t, dir, "host.json", `{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":`+string(path)+`}}}`)
	write(t, dir, "f/function.json", `{"bindings":[`+echo+`]}`)
	r := start(t, endtest.New(1), func(o *host.Options) {
		o.Dir, o.BuildDir = dir, t.TempDir()
		o.Settings["SLOW_HANDLER"] = "1"
	})
	said := func() string {
		r.Told()
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, e := range r.events {
			if o, ok := e.(host.WorkerOutput); ok && strings.HasPrefix(o.Line, "first request: ") {
				return o.Line
			}
		}
		return ""
	}
	testkit.Eventually(t, limit, func() bool { return said() != "" }, "the handler's word")
	if said() != "first request: read to its end" {
		t.Error(said())
	}
}

// slowHandler answers the first request in pieces, by hand, and prints how the
// host took that.
func slowHandler() error {
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"))
	if err != nil {
		return err
	}
	c, err := l.Accept()
	if err != nil {
		return err
	}
	fmt.Println("first request: " + answerSlowly(c))
	select {} // the host ends the process
}

func answerSlowly(c net.Conn) string {
	if _, err := c.Read(make([]byte, 4096)); err != nil {
		return err.Error()
	}
	fmt.Fprint(c, "HTTP/1.0 501 Unsupported method\r\n\r\n")
	for range 4 {
		time.Sleep(20 * time.Millisecond) // a process of its own, which the host must wait for
		if _, err := c.Write(bytes.Repeat([]byte("<p>"), 1000)); err != nil {
			return err.Error()
		}
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		return err.Error()
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return fmt.Sprint(err)
	}
	return "read to its end"
}
