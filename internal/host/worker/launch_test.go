package worker

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/run"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

const limit = 20 * time.Second

// seen collects what hooks were told.
type seen struct {
	mu    sync.Mutex
	lines []string // guarded by mu
	logs  []string // guarded by mu
}

func (s *seen) hooks() Hooks {
	return Hooks{
		Log: func(l *funcrpc.RpcLog) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.logs = append(s.logs, l.GetInvocationId()+": "+l.GetMessage())
		},
		Output: func(o Output) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.lines = append(s.lines, o.Stream+": "+o.Line)
		},
	}
}

func index(reported []*funcrpc.RpcFunctionMetadata) ([]*binding.Function, error) {
	var out []*binding.Function
	for _, m := range reported {
		f, err := binding.FromMetadata(m)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// transports are the ways in which a worker speaks with the host: all do the
// same.
func transports(t *testing.T, test func(t *testing.T, over string)) {
	for _, over := range []string{"grpc", "pipe"} {
		t.Run(over, func(t *testing.T) { test(t, over) })
	}
}

// patient are times that no test waits for.
var patient = Timeouts{Start: limit, Init: limit, Metadata: limit, Load: limit, Grace: limit}

// launcher starts fake workers that misbehave as mode says.
func launcher(t *testing.T, over, mode string, times Timeouts, s *seen) Launcher {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := run.Program{Path: exe, Dir: t.TempDir(), Env: append(os.Environ(), "FAKE_WORKER="+mode)}
	app := App{Index: index, HostVersion: "4"}
	if over == "pipe" {
		testkit.NoLeaks(t)
		return &Pipe{Program: program, App: app, Timeouts: times, Hooks: s.hooks(), Log: testkit.Logger(t)}
	}
	return &RPC{Server: server(t), Program: program, App: app, Timeouts: times, Hooks: s.hooks(), Log: testkit.Logger(t)}
}

// server is a running FunctionRpc endpoint.
func server(t *testing.T) *Server {
	t.Helper()
	testkit.NoLeaks(t)
	server := NewServer(testkit.Listen(t), testkit.Logger(t))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return server
}

func launch(t *testing.T, over, mode string, s *seen) Worker {
	t.Helper()
	w, err := launcher(t, over, mode, patient, s).Launch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		w.Stop(ended)
	})
	return w
}

func request(id string) *funcrpc.InvocationRequest {
	return &funcrpc.InvocationRequest{InvocationId: id, FunctionId: "id-1"}
}

func TestLaunchAndInvoke(t *testing.T) { transports(t, testLaunchAndInvoke) }

func testLaunchAndInvoke(t *testing.T, over string) {
	s := &seen{}
	w := launch(t, over, "good", s)
	info := w.Info()
	if info.IDs["f1"] != "id-1" || info.IDs["f2"] != "id-2" || len(info.LoadErrors) != 0 || info.PID == 0 {
		t.Errorf("%+v", info)
	}
	if !info.Capabilities.Has("Extra") || info.Capabilities.Has("Missing") {
		t.Errorf("capabilities: %v", info.Capabilities)
	}
	r, err := w.Invoke(t.Context(), request("one"), nil)
	if err != nil || r.GetResult().GetStatus() != funcrpc.StatusResult_Success {
		t.Fatalf("%v, %v", r, err)
	}
	s.mu.Lock()
	if len(s.logs) != 1 || s.logs[0] != "one: working" {
		t.Errorf("logs when the response was there: %v", s.logs)
	}
	s.mu.Unlock()
	if exit := w.Stop(t.Context()); exit.Code != 0 || !exit.Quiet() {
		t.Errorf("exit: %+v", exit)
	}
	if _, err := w.Invoke(t.Context(), request("late"), nil); !IsLost(err) {
		t.Errorf("after the end: %v", err)
	}
	if len(s.lines) != 1 || s.lines[0] != "stdout: a line on stdout" {
		t.Errorf("output: %v", s.lines)
	}
}

func TestCancellation(t *testing.T) { transports(t, testCancellation) }

func testCancellation(t *testing.T, over string) {
	w := launch(t, over, "good", &seen{})
	giveUp := make(chan struct{})
	close(giveUp)
	r, err := w.Invoke(t.Context(), request("wait-1"), giveUp)
	if err != nil || r.GetResult().GetStatus() != funcrpc.StatusResult_Cancelled {
		t.Errorf("given up: %v, %v", r, err)
	}
	mine := errors.New("mine")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(mine)
	if _, err := w.Invoke(ctx, request("wait-2"), nil); !errors.Is(err, mine) {
		t.Errorf("ended: %v", err)
	}
}

func TestCrashFailsWhatRuns(t *testing.T) { transports(t, testCrashFailsWhatRuns) }

func testCrashFailsWhatRuns(t *testing.T, over string) {
	w := launch(t, over, "crash", &seen{})
	var wait sync.WaitGroup
	for _, id := range []string{"wait-1", "wait-2", "boom"} {
		wait.Go(func() {
			if _, err := w.Invoke(t.Context(), request(id), nil); !IsLost(err) {
				t.Errorf("%s: %v", id, err)
			}
		})
	}
	wait.Wait()
	<-w.Lost()
	if exit := w.Stop(t.Context()); exit.Code != 5 || exit.Quiet() {
		t.Errorf("exit: %+v", exit)
	}
}

func TestNonsenseIsIgnored(t *testing.T) { transports(t, testNonsenseIsIgnored) }

func testNonsenseIsIgnored(t *testing.T, over string) {
	w := launch(t, over, "nonsense", &seen{})
	r, err := w.Invoke(t.Context(), request("x"), nil)
	if err != nil || r.GetResult() != nil {
		t.Errorf("%v, %v", r, err)
	}
}

func TestStubbornWorkerIsKilled(t *testing.T) { transports(t, testStubbornWorkerIsKilled) }

func testStubbornWorkerIsKilled(t *testing.T, over string) {
	w := launch(t, over, "stubborn", &seen{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if exit := w.Stop(ctx); exit.Code != -1 {
		t.Errorf("exit: %+v", exit)
	}
}

func TestBadLoadKeepsOthers(t *testing.T) { transports(t, testBadLoadKeepsOthers) }

func testBadLoadKeepsOthers(t *testing.T, over string) {
	w := launch(t, over, "bad-load", &seen{})
	info := w.Info()
	if info.IDs["f1"] == "" || info.IDs["f2"] != "" || info.LoadErrors["f2"] == nil ||
		!strings.Contains(info.LoadErrors["f2"].Error(), "cannot import it") {
		t.Errorf("%+v", info)
	}
}

func TestStartsThatFail(t *testing.T) { transports(t, testStartsThatFail) }

func testStartsThatFail(t *testing.T, over string) {
	for mode, want := range map[string]string{
		"exit-at-once": "exit code 4",
		"silent":       "did not connect",
		"stranger":     "before it connected",
		"mute":         "waiting for init",
		"bad-init":     "no such module",
		"bad-uri":      "no HTTP address",
		"bad-metadata": "syntax error",
	} {
		t.Run(mode, func(t *testing.T) {
			times := patient
			switch mode {
			case "silent":
				times.Start = 500 * time.Millisecond
			case "mute":
				times.Init = 500 * time.Millisecond
			case "stranger":
				if over == "pipe" { // it is turned away, and may try for as long as it likes
					times.Start, want = 500*time.Millisecond, "did not connect"
				}
			}
			l := launcher(t, over, mode, times, &seen{})
			w, err := l.Launch(t.Context())
			if err == nil {
				w.Stop(t.Context())
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want one with %q", err, want)
			}
		})
	}
}

func TestMissingProgram(t *testing.T) {
	missing := run.Program{Path: "/nowhere/worker"}
	for _, l := range []Launcher{&RPC{Server: server(t), Program: missing}, &Pipe{Program: missing}} {
		if _, err := l.Launch(t.Context()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("error: %v", err)
		}
	}
}

// TestDeafWorker: one that reads nothing more holds up neither who invokes it beyond
// the time that he has, nor its own end.
func TestDeafWorker(t *testing.T) { transports(t, testDeafWorker) }

func testDeafWorker(t *testing.T, over string) {
	w := launch(t, over, "deaf", &seen{})
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errNoAnswer)
	defer cancel()
	large := &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: make([]byte, 32<<20)}}
	var all sync.WaitGroup
	for _, id := range []string{"a", "b", "c"} {
		all.Go(func() {
			r := request(id)
			r.InputData = []*funcrpc.ParameterBinding{{Name: "body", RpcData: &funcrpc.ParameterBinding_Data{Data: large}}}
			if _, err := w.Invoke(ctx, r, nil); !errors.Is(err, errNoAnswer) && !IsLost(err) {
				t.Errorf("%s: %v", id, err)
			}
		})
	}
	all.Wait()
	stopped, end := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer end()
	w.Stop(stopped)
	if _, err := w.Invoke(t.Context(), request("late"), nil); !IsLost(err) {
		t.Errorf("after the end: %v", err)
	}
}
