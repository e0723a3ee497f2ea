//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// binaries are the programs under test, built once for all tests of the
// package. LAZULI_BINARY is the path of a lazuli that is built already.
type binaries struct {
	lazuli, telemetry string
	err               error
}

var build = sync.OnceValue(func() binaries {
	dir, err := os.MkdirTemp("", "lazuli-test-")
	if err != nil {
		return binaries{err: err}
	}
	b := binaries{lazuli: filepath.Join(dir, "lazuli"), telemetry: filepath.Join(dir, "telemetry")}
	lazuli := exec.Command("go", "build", "-o", b.lazuli, "./cmd/lazuli")
	if path := os.Getenv("LAZULI_BINARY"); path != "" {
		lazuli = exec.Command("cp", path, b.lazuli) // where other users may be let in
	}
	for _, cmd := range []*exec.Cmd{lazuli, exec.Command("go", "build", "-o", b.telemetry, "./examples/telemetry/app")} {
		cmd.Dir = filepath.Join("..", "..")
		if text, err := cmd.CombinedOutput(); err != nil {
			return binaries{err: fmt.Errorf("%v: %w\n%s", cmd.Args, err, text)}
		}
	}
	return b
})

func TestMain(m *testing.M) {
	code := m.Run()
	if b := build(); b.lazuli != "" {
		os.RemoveAll(filepath.Dir(b.lazuli))
	}
	os.Exit(code)
}

// freePorts is the head of a project file whose ports clash with nobody's.
const freePorts = `
eventHubs: {amqpPort: 0, amqpsPort: 0, hubs: {telemetry_events: {partitions: 2}}}
cosmos:
  port: 0
  databases:
    serverless_db:
      containers:
        events: {partitionKey: /deviceId}
        leases: {partitionKey: /id}
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
`

// project makes a project folder with the text as its file. With app, it has
// the telemetry example's functions, built before.
func project(t *testing.T, text string, app bool) string {
	t.Helper()
	b := build()
	if b.err != nil {
		t.Fatal(b.err)
	}
	if app {
		path, err := filepath.Abs("../../examples/telemetry/app")
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("functions: {port: 0, apps: {telemetry: {path: %q, binary: %q}}}\n", path, b.telemetry)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "lazuli.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// process is a running lazuli.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	info   instance.Info
	output *syncBuffer
	ended  chan struct{} // closed when the process is gone
	err    error         // how it ended
}

// up starts lazuli on the folder and waits until it is ready.
func up(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	p := start(t, dir, args...)
	p.waitReady(filepath.Join(dir, ".lazuli", instance.File))
	return p
}

// waitReady waits until the instance file says that everything runs.
func (p *process) waitReady(file string) {
	p.t.Helper()
	testkit.Eventually(p.t, 90*time.Second, func() bool { // an app may be built first
		select {
		case <-p.ended:
			p.t.Fatalf("lazuli ended: %v\n%s", p.err, p.output)
		default:
		}
		data, err := os.ReadFile(file)
		return err == nil && json.Unmarshal(data, &p.info) == nil && p.info.Ready && p.info.PID == p.cmd.Process.Pid
	}, "lazuli was not ready:\n%s", p.output)
}

// start starts lazuli without waiting.
func start(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	return startAs(t, nil, dir, args...)
}

// startAs starts lazuli as another user, when as is not nil.
func startAs(t *testing.T, as *syscall.Credential, dir string, args ...string) *process {
	t.Helper()
	p := &process{t: t, output: &syncBuffer{}, ended: make(chan struct{})}
	p.cmd = exec.Command(build().lazuli, append([]string{"up", dir, "--log-format", "text"}, args...)...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	p.launch(filepath.Join(dir, "run"))
	return p
}

// launch starts the command, and kills it when the test ends.
func (p *process) launch(runDir string) {
	p.t.Helper()
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	p.cmd.Env = append(os.Environ(), "LAZULI_RUN_DIR="+runDir)
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	p.t.Cleanup(p.kill)
}

// kill ends the process as a power cut would, and waits until it is gone.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

// stop asks the process to drain, and returns how it ended.
func (p *process) stop() error {
	p.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-p.ended:
		return p.err
	case <-time.After(20 * time.Second):
		p.kill()
		return errors.New("did not stop within 20s of an interrupt")
	}
}

// waitEnd waits for a process that should end by itself, and returns its exit
// status.
func (p *process) waitEnd(limit time.Duration) int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(limit):
		p.kill()
		p.t.Fatalf("still runs after %v:\n%s", limit, p.output)
	}
	var exit *exec.ExitError
	if errors.As(p.err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

// command runs another verb against the process's project.
func (p *process) command(ctx context.Context, args ...string) (stdout, stderr string, err error) {
	cmd := exec.CommandContext(ctx, build().lazuli, append([]string{"--project", p.info.Dir}, args...)...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	cmd.Env = p.cmd.Env
	err = cmd.Run()
	return out.String(), errOut.String(), err
}

// syncBuffer is a buffer that a process writes while a test reads it.
type syncBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
