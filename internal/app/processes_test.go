package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// helperProgram prints its argument and environment, and ends at once, waits to
// be asked to end, or does not even then.
const helperProgram = `package main

import (
	"fmt"
	"os"
	"os/signal"
)

func main() {
	wd, _ := os.Getwd()
	fmt.Println("hello", os.Args[2], os.Getenv("GREETING"), wd)
	fmt.Fprintln(os.Stderr, "to the other side")
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, os.Interrupt)
	switch os.Args[1] {
	case "ends":
		os.Exit(3)
	case "waits":
		<-asked
		fmt.Println("goodbye")
	default:
		select {}
	}
}
`

func newProcess(t *testing.T, source string, args ...string) (part, *warnings) {
	t.Helper()
	cfg := config.Default(t.TempDir())
	dir := filepath.Join(cfg.Dir, "helper")
	for name, text := range map[string]string{"main.go": source, "go.mod": "module helper\n\ngo 1.26\n"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Processes = map[string]config.Process{
		"helper": {Path: "helper", Args: args, Env: map[string]string{"GREETING": "you"}},
		"other":  {Path: "absent", Disabled: true},
	}
	log := &warnings{}
	p, err := processes(&env{Config: cfg, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil || len(p.Work) != 1 {
		t.Fatalf("%d processes (%v)", len(p.Work), err)
	}
	return p.Work[0], log
}

// runProcess runs the process's part; end stops it and says how long that took.
func runProcess(t *testing.T, p part) (end func() time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.run(ctx) }()
	stopped := false
	end = func() time.Duration {
		if stopped {
			return 0
		}
		stopped = true
		begun := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the part ended with %v", err)
		}
		return time.Since(begun)
	}
	t.Cleanup(func() { end() })
	return end
}

func TestProcessIsAskedToStop(t *testing.T) {
	testkit.NoLeaks(t)
	p, log := newProcess(t, helperProgram, "waits", "world")
	end := runProcess(t, p)
	want := "hello world you " + os.TempDir()
	testkit.Eventually(t, time.Minute, func() bool {
		return strings.Contains(log.String(), want) && strings.Contains(log.String(), "to the other side")
	}, "%q in the log: %s", want, log)
	if took := end(); took > 20*time.Second {
		t.Errorf("it stopped after %v", took)
	}
	if text := log.String(); !strings.Contains(text, "goodbye") || strings.Contains(text, "level=WARN") || !strings.Contains(text, "process=helper") {
		t.Errorf("log: %s", text)
	}
}

// TestProcessIsKilled: a program that does not listen is killed.
func TestProcessIsKilled(t *testing.T) {
	testkit.NoLeaks(t)
	p, log := newProcess(t, helperProgram, "hangs", "world")
	end := runProcess(t, p)
	testkit.Eventually(t, time.Minute, func() bool { return strings.Contains(log.String(), "hello") }, "it does not start: %s", log)
	if took := end(); took > time.Minute {
		t.Errorf("it was killed after %v", took)
	}
}

// TestProcessIsStartedAgain: one that ends is started again, after a while.
func TestProcessIsStartedAgain(t *testing.T) {
	testkit.NoLeaks(t)
	p, log := newProcess(t, helperProgram, "ends", "world")
	end := runProcess(t, p)
	testkit.Eventually(t, time.Minute, func() bool { return strings.Count(log.String(), "hello") >= 2 }, "it is not started again: %s", log)
	if text := log.String(); !strings.Contains(text, "the process ended and is started again") || !strings.Contains(text, "exit status 3") || !strings.Contains(text, "after=500ms") {
		t.Errorf("log: %s", text)
	}
	end()
}

// TestProcessThatCannotBeBuilt says why and leaves everything else running.
func TestProcessThatCannotBeBuilt(t *testing.T) {
	testkit.NoLeaks(t)
	p, log := newProcess(t, "package main\n\nfunc main() { nonsense }\n")
	end := runProcess(t, p)
	testkit.Eventually(t, time.Minute, func() bool { return strings.Contains(log.String(), "cannot be built") }, "nothing is said: %s", log)
	if text := log.String(); !strings.Contains(text, "nonsense") {
		t.Errorf("log: %s", text)
	}
	end()
}

// TestGrandchildHoldsUpNobody: what a process leaves running, with its output
// open, ends with it and holds up neither the next start nor the stop.
func TestGrandchildHoldsUpNobody(t *testing.T) {
	testkit.NoLeaks(t)
	p, log := newProcess(t, `package main

import (
	"fmt"
	"os"
	"os/exec"
)

func main() {
	child := exec.Command("sleep", "600")
	child.Stdout = os.Stdout
	if err := child.Start(); err != nil {
		panic(err)
	}
	fmt.Println("left a child")
}
`)
	end := runProcess(t, p)
	testkit.Eventually(t, time.Minute, func() bool { return strings.Count(log.String(), "left a child") >= 2 }, "it is not started again: %s", log)
	if took := end(); took > time.Minute {
		t.Errorf("it stopped after %v", took)
	}
}
