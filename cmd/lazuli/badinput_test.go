//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// refuses starts lazuli on a folder and demands that it ends soon, with status
// 1 and every one of the words, and without a stack trace.
func refuses(t *testing.T, p *process, words ...string) {
	t.Helper()
	if code := p.waitEnd(20 * time.Second); code != 1 {
		t.Errorf("exit status %d, want 1", code)
	}
	text := p.output.String()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("the message lacks %q:\n%s", w, text)
		}
	}
	if strings.Contains(text, "goroutine ") {
		t.Errorf("a stack trace in a user's face:\n%s", text)
	}
}

func TestPortInUse(t *testing.T) {
	l := testkit.Listen(t)
	port := l.Addr().(*net.TCPAddr).Port
	dir := project(t, strings.Replace(freePorts, "cosmos:\n  port: 0", fmt.Sprintf("cosmos:\n  port: %d", port), 1), false)
	refuses(t, start(t, dir), "Cosmos DB", fmt.Sprint(port), "in use", "cosmos.port")
}

func TestTwoProcessesOnOneDataFolder(t *testing.T) {
	dir := project(t, freePorts, false)
	first := up(t, dir)
	refuses(t, start(t, dir), "in use by another lazuli", fmt.Sprint(first.info.PID), "--data")
	if _, _, err := first.command(t.Context(), "status"); err != nil {
		t.Errorf("the first process suffered: %v\n%s", err, first.output)
	}
	if err := first.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestReadOnlyDataFolder(t *testing.T) {
	dir := project(t, freePorts, false)
	data := filepath.Join(dir, ".lazuli")
	if err := os.Mkdir(data, 0o500); err != nil {
		t.Fatal(err)
	}
	// Root may write anywhere; a user who may not is the case under test.
	var as *syscall.Credential
	if os.Geteuid() == 0 {
		as = &syscall.Credential{Uid: 65534, Gid: 65534}
		openFor(t, filepath.Dir(build().lazuli))
		openFor(t, dir)
	}
	refuses(t, startAs(t, as, dir), "data folder", "cannot be written", "--data")
}

// openFor lets other users pass through a folder and its parents, and read the
// files in it.
func openFor(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.Mode().IsRegular() {
			if err := os.Chmod(f, info.Mode()|0o055); err != nil {
				t.Fatal(err)
			}
		}
	}
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		info, err := os.Stat(d)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(d, info.Mode()|0o055); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDataFolderUnderAFile(t *testing.T) {
	dir := project(t, freePorts, false)
	refuses(t, start(t, dir, "--data", filepath.Join(dir, "lazuli.yaml", "data")), "data folder")
}

func TestBrokenProjectFile(t *testing.T) {
	dir := project(t, "evnetHubs: {}\n", false)
	refuses(t, start(t, dir), "evnetHubs: there is no such key; did you mean eventHubs?", "lazuli.yaml")
}

// TestFunctionAppThatDoesNotBuild keeps the other services running: they are
// of use without it, and the reason is on the screen.
func TestFunctionAppThatDoesNotBuild(t *testing.T) {
	dir := project(t, freePorts+"functions: {port: 0, apps: {broken: {path: ./app}}}\n", false)
	app := filepath.Join(dir, "app")
	if err := os.Mkdir(app, 0o700); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"go.mod":    "module broken\n\ngo 1.26\n",
		"main.go":   "package main\n\nfunc main() { undefinedName() }\n",
		"host.json": `{"version": "2.0"}`,
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(app, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := up(t, dir)
	testkit.Eventually(t, 20*time.Second, func() bool {
		text := p.output.String()
		return strings.Contains(text, "undefinedName") && strings.Contains(text, "main.go:3")
	}, "the compiler's message is not shown:\n%s", p.output)
	if out, _, err := p.command(t.Context(), "status"); err != nil || !strings.Contains(out, "cosmos") {
		t.Errorf("status: %v\n%s", err, out)
	}
}
