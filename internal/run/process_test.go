//go:build unix

package run

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

const limit = 20 * time.Second

// printed collects what a program prints.
type printed struct {
	mu    sync.Mutex
	lines []string // guarded by mu
}

func (p *printed) add(l Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, l.Stream+": "+l.Text)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

func (p *printed) await(t *testing.T, text string) {
	t.Helper()
	testkit.Eventually(t, limit, func() bool { return strings.Contains(p.String(), text) }, "%q, got %s", text, p)
}

func shell(t *testing.T, script string) (*Process, *printed) {
	t.Helper()
	out := &printed{}
	r, err := Start(Program{Path: "/bin/sh", Args: []string{"-c", script}, Dir: t.TempDir(), Env: []string{"PATH=/bin:/usr/bin", "GREETING=you"}}, out.add)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Kill() })
	return r, out
}

// alive says whether any process of the group lives.
func alive(group int) bool { return syscall.Kill(-group, 0) == nil }

func awaitEnd(t *testing.T, r *Process) Exit {
	t.Helper()
	select {
	case <-r.Exited():
	case <-time.After(limit):
		t.Fatal("it does not end")
	}
	return r.Exit()
}

func TestOutputAndExit(t *testing.T) {
	testkit.NoLeaks(t)
	r, out := shell(t, `echo hello $GREETING; echo; echo trouble >&2; printf unfinished; exit 3`)
	if e := awaitEnd(t, r); e.Code != 3 || e.Err == nil || !strings.Contains(e.Err.Error(), "exit status 3") {
		t.Errorf("exit %+v", e)
	}
	for _, want := range []string{"stdout: hello you", "stderr: trouble", "stdout: unfinished"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in %s", want, out)
		}
	}
	if strings.Count(out.String(), "\n") != 2 {
		t.Errorf("an empty line was passed on: %s", out)
	}
}

func TestLongLinesAreCut(t *testing.T) {
	testkit.NoLeaks(t)
	r, out := shell(t, `head -c 150000 /dev/zero | tr '\0' x; echo; echo after`)
	if e := awaitEnd(t, r); e.Err != nil {
		t.Error(e.Err)
	}
	if got := strings.Count(out.String(), "x"); got != 150000 || !strings.Contains(out.String(), "stdout: after") {
		t.Errorf("%d of 150000 bytes", got)
	}
}

// TestChildrenLeftBehind: when the leader ends, its children end with it, and
// the pipe that they held open holds up nobody.
func TestChildrenLeftBehind(t *testing.T) {
	testkit.NoLeaks(t)
	r, _ := shell(t, `sleep 600 & echo started; exit 0`)
	begun := time.Now()
	if e := awaitEnd(t, r); e.Err != nil {
		t.Error(e.Err)
	}
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	testkit.Eventually(t, limit, func() bool { return !alive(r.PID()) }, "a child outlives its program")
}

// TestChildThatLeftTheGroup: a daemon that has made a group of its own and
// keeps the output open is not ended, and not waited for.
func TestChildThatLeftTheGroup(t *testing.T) {
	testkit.NoLeaks(t)
	r, out := shell(t, `setsid sh -c 'echo daemon $$; exec sleep 60' & sleep 0.2; exit 0`)
	out.await(t, "daemon")
	_, pid, _ := strings.Cut(out.String(), "daemon ")
	if daemon, err := strconv.Atoi(strings.TrimSpace(pid)); err != nil {
		t.Fatal(err)
	} else {
		t.Cleanup(func() { _ = syscall.Kill(daemon, syscall.SIGKILL) })
	}
	begun := time.Now()
	awaitEnd(t, r)
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("the daemon was waited for: %v", took)
	}
}

// TestStopAsksTheWholeGroup: a shell's child is asked as well.
func TestStopAsksTheWholeGroup(t *testing.T) {
	testkit.NoLeaks(t)
	r, out := shell(t, `trap 'wait; echo goodbye; exit 0' TERM; (trap 'echo child too; exit 0' TERM; echo child ready; while :; do sleep 0.05; done) & echo ready; wait; wait`)
	out.await(t, "child ready")
	out.await(t, "stdout: ready")
	if e := r.Stop(t.Context()); e.Err != nil {
		t.Errorf("stopped: %+v", e)
	}
	if text := out.String(); !strings.Contains(text, "goodbye") || !strings.Contains(text, "child too") {
		t.Errorf("output %s", text)
	}
	if e := r.Stop(t.Context()); e.Err != nil { // again is no error
		t.Errorf("stopped again: %+v", e)
	}
}

// TestStopForces: who does not listen is forced, with all its children.
func TestStopForces(t *testing.T) {
	testkit.NoLeaks(t)
	r, out := shell(t, `trap '' TERM; (trap '' TERM; sleep 600) & echo ready; while :; do sleep 0.05; done`)
	out.await(t, "ready")
	patience, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if e := r.Stop(patience); e.Code != -1 || e.Err == nil {
		t.Errorf("exit %+v", e)
	}
	testkit.Eventually(t, limit, func() bool { return !alive(r.PID()) }, "a child is left")
}

func TestRunEndsWithItsContext(t *testing.T) {
	testkit.NoLeaks(t)
	out := &printed{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, Program{
			Path: "/bin/sh", Args: []string{"-c", `trap 'echo asked; exit 0' INT; echo ready; while :; do sleep 0.05; done`}, Interrupt: true,
		}, limit, out.add, nil)
	}()
	out.await(t, "ready")
	cancel()
	if err := <-done; err == nil || !strings.Contains(out.String(), "asked") {
		t.Errorf("%v, %s", err, out)
	}
	if err := Run(t.Context(), Program{Path: "/bin/true"}, limit, out.add, nil); err == nil || !strings.Contains(err.Error(), "ended by itself") {
		t.Errorf("one that ends: %v", err)
	}
}

func TestStartOfNothing(t *testing.T) {
	testkit.NoLeaks(t)
	if _, err := Start(Program{Name: "worker", Path: "/no/such/program"}, func(Line) {}); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "/no/such/program") {
		t.Errorf("%v", err)
	}
}

// TestEndsWithUs: when the process that started a program is killed, the program's
// whole group ends, though nobody asked it to.
func TestEndsWithUs(t *testing.T) {
	testkit.NoLeaks(t)
	if os.Getenv("RUN_AND_WAIT") != "" {
		r, err := Start(Program{Path: "/bin/sh", Args: []string{"-c", `trap '' TERM HUP; sleep 600 & wait; wait`}, Dir: "/", Env: os.Environ()}, func(Line) {})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond) // until it is watched over
		fmt.Println("group", r.PID())
		select {}
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^TestEndsWithUs$")
	cmd.Env = append(os.Environ(), "RUN_AND_WAIT=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	group := 0
	if _, err := fmt.Fscanf(out, "group %d", &group); err != nil || !alive(group) {
		t.Fatalf("%v, group %d", err, group)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	testkit.Eventually(t, limit, func() bool { return !alive(group) }, "the program outlives who started it")
}
