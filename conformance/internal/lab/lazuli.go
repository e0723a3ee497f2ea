package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startLimit is how long lazuli may take to be ready on a busy machine.
const startLimit = 3 * time.Minute

// Root is the conformance folder.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// binary builds lazuli once for the test process. LAZULI_BINARY names one that
// is built already.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("LAZULI_BINARY"); path != "" {
		return filepath.Abs(path)
	}
	out := filepath.Join(Root(), "out", fmt.Sprintf("lazuli-%d", os.Getpid()))
	cmd := exec.Command("go", "build", "-o", out, "./cmd/lazuli")
	cmd.Dir = filepath.Join(Root(), "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is released; needs no C compiler
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build lazuli: %w\n%s", err, text)
	}
	return out, nil
})

// Main runs a package's tests and removes what the lab built. Call it from
// TestMain.
func Main(m *testing.M) {
	if err := os.MkdirAll(filepath.Join(Root(), "out"), 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if path, err := binary(); err == nil && os.Getenv("LAZULI_BINARY") == "" {
		os.Remove(path)
	}
	os.Exit(code)
}

// Lazuli is a running instance.
type Lazuli struct {
	Dir       string            // the project's folder
	Addresses map[string]string // service to host:port
	Tokens    map[string]string // what opens them, as in the instance file
	CAFile    string            // PEM file of the local authority

	cmd    *exec.Cmd
	output *output
	ended  chan struct{}
}

// Up starts lazuli on a new folder with the text as its project file, waits
// until it is ready and stops it with the test. On failure its log is shown.
func Up(t *testing.T, project string) *Lazuli {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	l := &Lazuli{Dir: t.TempDir(), output: &output{}, ended: make(chan struct{})}
	if err := os.WriteFile(filepath.Join(l.Dir, "lazuli.yaml"), []byte(project), 0o600); err != nil {
		t.Fatal(err)
	}
	l.start(t, path)
	t.Cleanup(func() { l.stop(t) })
	return l
}

// Again starts it anew on the same folder, after Kill.
func (l *Lazuli) Again(t *testing.T) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	l.ended = make(chan struct{})
	l.start(t, path)
}

func (l *Lazuli) start(t *testing.T, path string) {
	t.Helper()
	l.cmd = exec.Command(path, "up", l.Dir)
	l.cmd.Stdout, l.cmd.Stderr = l.output, l.output
	l.cmd.Env = append(os.Environ(), "LAZULI_RUN_DIR="+filepath.Join(l.Dir, "run"))
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd, ended := l.cmd, l.ended
	go func() {
		_ = cmd.Wait() // a bad exit shows in the tests and in the log
		close(ended)
	}()
	l.awaitReady(t)
}

// awaitReady polls the instance file.
func (l *Lazuli) awaitReady(t *testing.T) {
	t.Helper()
	deadline := time.After(startLimit)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var info struct {
			PID       int               `json:"pid"`
			Ready     bool              `json:"ready"`
			Addresses map[string]string `json:"addresses"`
			Tokens    map[string]string `json:"tokens"`
			CAFile    string            `json:"caFile"`
		}
		data, err := os.ReadFile(filepath.Join(l.Dir, ".lazuli", "run.json"))
		if err == nil && json.Unmarshal(data, &info) == nil && info.Ready && info.PID == l.cmd.Process.Pid {
			l.Addresses, l.Tokens, l.CAFile = info.Addresses, info.Tokens, info.CAFile
			return
		}
		select {
		case <-tick.C:
		case <-l.ended:
			t.Fatalf("lazuli ended before it was ready:\n%s", l.output)
		case <-deadline:
			t.Fatalf("lazuli was not ready within %v:\n%s", startLimit, l.output)
		}
	}
}

// Inside is a runner whose programs are run by `lazuli exec` with the flags. It
// returns false, after NotAllowed, where that cannot do all that it promises.
func (l *Lazuli) Inside(t *testing.T, flags ...string) (Runner, bool) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	StandardPorts(t, false)
	r := Runner{Env: []string{"LAZULI_RUN_DIR=" + filepath.Join(l.Dir, "run")}}
	r.Through = append(append([]string{path, "--project", l.Dir, "exec"}, flags...), "--")
	probe := exec.CommandContext(t.Context(), path, append(r.Through[1:], "true")...)
	probe.Env = append(os.Environ(), r.Env...)
	says, err := probe.CombinedOutput()
	if err != nil && !bytes.Contains(says, []byte("no room could be made")) {
		t.Fatalf("lazuli exec: %v\n%s", err, says)
	}
	if err != nil || bytes.Contains(says, []byte("lazuli hosts --write")) {
		NotAllowed(t, "a program's own view of the machine", string(says))
		return r, false
	}
	return r, true
}

// Env returns NAME=value of variables, as `lazuli env` says them.
func (l *Lazuli) Env(t *testing.T, names ...string) []string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "--project", l.Dir, "env", "--json")
	cmd.Env = append(os.Environ(), "LAZULI_RUN_DIR="+filepath.Join(l.Dir, "run"))
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("lazuli env: %v\n%s", err, text)
	}
	var all []struct{ Name, Value string }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatalf("lazuli env: %v\n%s", err, text)
	}
	var pairs []string
	for _, v := range all {
		if slices.Contains(names, v.Name) {
			pairs = append(pairs, v.Name+"="+v.Value)
		}
	}
	if len(pairs) != len(names) {
		t.Fatalf("lazuli env has not all of %v: %s", names, text)
	}
	return pairs
}

// Said is what it has printed, or the last megabyte of it.
func (l *Lazuli) Said() string { return l.output.String() }

// PID is the number of its process.
func (l *Lazuli) PID() int { return l.cmd.Process.Pid }

// Kill ends it as a crash does, so that it cleans up nothing.
func (l *Lazuli) Kill(t *testing.T) {
	t.Helper()
	if err := l.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-l.ended
}

// Run runs a lazuli command on the project.
func (l *Lazuli) Run(t *testing.T, args ...string) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, append([]string{"--project", l.Dir}, args...)...)
	cmd.Env = append(os.Environ(), "LAZULI_RUN_DIR="+filepath.Join(l.Dir, "run"))
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("lazuli %v: %v\n%s", args, err, text)
	}
	return string(text)
}

// LocalHost returns localhost and the port of a service, as clients on this
// machine write it.
func (l *Lazuli) LocalHost(t *testing.T, service string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(l.Addresses[service])
	if err != nil {
		t.Fatalf("lazuli has no service %q: %v", service, l.Addresses)
	}
	return net.JoinHostPort("localhost", port)
}

// stop asks lazuli to end and waits for it.
func (l *Lazuli) stop(t *testing.T) {
	_ = l.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-l.ended:
	case <-time.After(startLimit):
		_ = l.cmd.Process.Kill()
		t.Errorf("lazuli did not stop within %v", startLimit)
	}
	if t.Failed() {
		said := l.output.String()
		t.Logf("lazuli said:\n%s", said[max(0, len(said)-1<<20):])
	}
}

// output collects a process's output, the last megabytes of it.
type output struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.buf.Len() > 64<<20 {
		o.buf.Reset()
	}
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// NeedPort fails the test when a port that a vendor's test has written into it
// is taken.
func NeedPort(t *testing.T, port int, why string) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("port %d is in use, but %s: stop the emulator or lazuli that holds it (find it with: ss -ltnp 'sport = :%d')", port, why, port)
	}
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}
