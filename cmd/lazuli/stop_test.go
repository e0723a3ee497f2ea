//go:build unix

package main

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestSecondInterruptKills: the first interrupt waits for a function that never
// ends, and says so; the second does not, and takes the function's process
// along. So it is also where a shell made interrupts ineffective.
func TestSecondInterruptKills(t *testing.T) {
	app, err := filepath.Abs("../../internal/host/testdata/app")
	if err != nil {
		t.Fatal(err)
	}
	worker := filepath.Join(t.TempDir(), "stop-test-app")
	if text, err := exec.Command("go", "build", "-o", worker, app).CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, text)
	}
	p := up(t, project(t, freePorts+"functions: {port: 0, apps: {a: {path: "+app+", binary: "+worker+"}}}\n", false))
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		if resp, err := http.Get("http://" + p.info.Addresses["functions/a"] + "/api/hello/x?do=hang"); err == nil {
			resp.Body.Close()
		}
	}()
	says := func(text string) func() bool {
		return func() bool { return strings.Contains(p.output.String(), text) }
	}
	testkit.Eventually(t, 10*time.Second, says("Executing 'Functions.hello'"), "the function does not run:\n%s", p.output)
	p.cmd.Process.Signal(syscall.SIGINT)
	testkit.Eventually(t, 10*time.Second, says("interrupt again to kill"), "the wait is not announced:\n%s", p.output)
	select {
	case <-p.ended:
		t.Fatalf("it did not wait for the function:\n%s", p.output)
	default:
	}
	p.cmd.Process.Signal(syscall.SIGINT)
	if code := p.waitEnd(5 * time.Second); code != 130 {
		t.Errorf("exit status %d, want 130", code)
	}
	<-answered
	testkit.Eventually(t, 10*time.Second, func() bool {
		return exec.Command("pgrep", "-f", worker).Run() != nil
	}, "the function's process lives on")
}
