package functions

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRunAsCustomHandler runs the app as Azure's host would start it, on a
// real port, and ends it in the middle of an invocation.
func TestRunAsCustomHandler(t *testing.T) {
	started, letGo := make(chan struct{}), make(chan struct{})
	app := New()
	app.HTTP("slow", HTTPTrigger{}, func(w http.ResponseWriter, _ *http.Request) {
		close(started)
		<-letGo
		_, _ = io.WriteString(w, "done")
	})
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "host.json"), []byte(`{"extensions":{"http":{"routePrefix":"v1"}}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	l := listen(t)
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FUNCTIONS_CUSTOMHANDLER_PORT", port)
	t.Setenv("FUNCTIONS_APP_ROOT_PATH", root)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()

	answer := make(chan string, 1)
	go func() { answer <- get("http://127.0.0.1:" + port + "/v1/slow") }()
	<-started
	stop()
	close(letGo)
	if got := <-answer; got != "200 done" {
		t.Errorf("answer %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

// get asks until somebody listens.
func get(url string) string {
	for end := time.Now().Add(deadline); time.Now().Before(end); {
		resp, err := http.Get(url)
		if errors.Is(err, syscall.ECONNREFUSED) {
			continue
		}
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		content, err := io.ReadAll(resp.Body)
		if err != nil {
			return err.Error()
		}
		return resp.Status[:4] + string(content)
	}
	return "nobody listens"
}

func TestRunOnATakenPort(t *testing.T) {
	l := listen(t)
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("FUNCTIONS_CUSTOMHANDLER_PORT", port)
	if err := New().Run(t.Context()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("Run: %v", err)
	}
}

func TestRunWithAHostThatIsGone(t *testing.T) {
	l := listen(t)
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	err := New().runWorker(t.Context(), hostAddress{target: address, workerID: "w"})
	if err == nil || !strings.Contains(err.Error(), address) {
		t.Errorf("runWorker: %v", err)
	}
}

func TestGenCommandExplainsItself(t *testing.T) {
	var out bytes.Buffer
	if err := New().genCommand([]string{"-h"}, &out); err != nil || !strings.Contains(out.String(), "-dir") {
		t.Errorf("gen -h: %v\n%s", err, &out)
	}
	if err := New().genCommand([]string{"-nosuch"}, &out); err == nil {
		t.Error("an unknown flag was accepted")
	}
	if err := New().genCommand([]string{"folder"}, &out); err == nil || !strings.Contains(err.Error(), "-dir folder") {
		t.Errorf("a folder without -dir: %v", err)
	}
}
